// The ledger of what strict clients try: each feature that the issuer offers has a test by each library, or a reason why the library cannot.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openOauth, send } from './support/oauth.ts'
import { BEYOND, EACH, FORMATS, OFFERED, type Tried } from './support/strict-features.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const TITLE = /\btest(?:\.\w+)?\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g
/** Of a file whose tests are done by one library after the other. */
const BY_EACH = 'of [WEB_API, OPENID_CLIENT]'

function problemsOf([feature, tried]: readonly [string, Tried]): string[] {
  return Object.entries(tried).flatMap(([library, trial]: [string, Tried[keyof Tried]]) => {
    if ('cannot' in trial) return trial.cannot.length > 20 ? [] : [`${feature}: no reason why ${library} cannot`]
    const [file, title] = trial
    const text = readFileSync(join(root, file), 'utf8')
    const titles = [...text.matchAll(TITLE)].map(([, , found = '']) => found)
    return [
      ...(titles.some((each) => each.includes(title)) ? [] : [`${feature}: no test of ${file} says "${title}"`]),
      ...(text.includes(BY_EACH) || text.includes(`from '${library}'`) ? [] : [`${feature}: ${file} does not use ${library}`]),
    ]
  })
}

async function offered(): Promise<string[]> {
  const world = await openOauth({
    certificateHost: true,
    definition: { edDsa: true, registration: { dynamic: 'anyone', documents: true } },
  })
  try {
    const found = JSON.parse((await send(world, { path: '/.well-known/openid-configuration' })).body) as Record<string, unknown>
    return Object.entries(found).flatMap(([member, value]) => {
      if (value === false) return []
      return EACH.has(member) && Array.isArray(value) ? value.map((each) => `${member} ${each}`) : [member]
    })
  } finally {
    await world.stop()
  }
}

test('strict clients try every feature of the discovery document, or it is said why they cannot', async () => {
  assert.deepEqual(Object.keys(OFFERED).toSorted(), (await offered()).toSorted())
  assert.deepEqual(
    [OFFERED, FORMATS, BEYOND].flatMap((table) => Object.entries(table).flatMap(problemsOf)),
    [],
  )
})

test('and a row whose test is not there, or is not by that library, is noticed', () => {
  const known = ['test/http/oauth.test.ts', 'a strict client signs a person in'] as const
  const nowhere = ['test/http/oauth.test.ts', 'what no test says'] as const
  const rows: [string, Tried][] = [
    ['lost', { oauth4webapi: nowhere, 'openid-client': { cannot: '' } }],
    ['one alone', { oauth4webapi: known, 'openid-client': known }],
  ]
  assert.deepEqual(rows.flatMap(problemsOf), [
    'lost: no test of test/http/oauth.test.ts says "what no test says"',
    'lost: no reason why openid-client cannot',
    'one alone: test/http/oauth.test.ts does not use openid-client',
  ])
})
