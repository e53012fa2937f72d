import assert from 'node:assert/strict'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { createLogger } from '#kernel/log.ts'
import { entriesOf } from '../../../test/support/zip.ts'
import { until } from '../../../test/support/until.ts'
import { appEntries } from './app-entries.ts'
import type { OwnDataEntry, OwnDataHook } from './contract.ts'
import { zipOf } from './zip.ts'

const limits = { waitMs: 50, entries: 5 }

function opened(hook: OwnDataHook, entryBytes = 1000) {
  const lines: string[] = []
  const logger = createLogger({ level: 'info', stream: { write: (line) => void lines.push(line) } })
  const entries = appEntries(hook, { clock: { now: () => 1_700_000_000_000 }, logger, limits: { ...limits, entryBytes } }) ?? assert.fail()
  return { lines, zip: zipOf(entries(systemCall('auth'), 'ada')) }
}

const giving = (...entries: unknown[]): OwnDataHook =>
  async function* () {
    for (const entry of entries) yield entry as OwnDataEntry
  }

test('an app gives text, bytes and what comes bit by bit, under names that are safe', async () => {
  let asked: unknown
  const { zip, lines } = opened(async function* ({ call, now }, accountId) {
    asked = [call.principal.kind, now, accountId]
    yield { path: 'orders.json', content: '[1]' }
    yield { path: '../../etc/passwd', content: Buffer.from([0, 255]) }
    yield {
      path: '/letters//of: 2026.txt',
      content: (async function* () {
        yield 'Gr\u00fc'
        yield Buffer.from('\u00dfe')
      })(),
    }
  })
  const entries = entriesOf(await buffer(zip))
  assert.deepEqual([...entries.keys()], ['app/orders.json', 'app/_/_/etc/passwd', 'app/_/letters/_/of_ 2026.txt'])
  assert.equal(String(entries.get('app/orders.json')), '[1]')
  assert.deepEqual(entries.get('app/_/_/etc/passwd'), Buffer.from([0, 255]))
  assert.equal(String(entries.get('app/_/letters/_/of_ 2026.txt')), 'Gr\u00fc\u00dfe')
  assert.deepEqual(asked, ['anonymous', 1_700_000_000_000, 'ada'])
  assert.deepEqual(lines, [])
})

async function* throwing(): AsyncGenerator<string> {
  yield 'begun'
  throw new Error('the shop is away')
}

async function* hanging(): AsyncGenerator<string> {
  yield 'begun'
  await new Promise(() => {})
}

async function* endless(): AsyncGenerator<string> {
  for (;;) yield 'x'.repeat(100)
}

const BAD: readonly (readonly [string, OwnDataHook, RegExp])[] = [
  ['throws at once', () => assert.fail('no shop'), /no shop/],
  ['throws within one', giving({ path: 'a', content: throwing() }), /the shop is away/],
  ['lets anybody wait within one', giving({ path: 'a', content: hanging() }), /longer than 50 ms/],
  ['never ends an entry', giving({ path: 'a', content: endless() }), /entry a has more than 1000 bytes/],
  ['gives an entry that is too long', giving({ path: 'a', content: 'x'.repeat(1001) }), /more than 1000 bytes/],
  ['gives too many', giving(...Array.from({ length: 6 }, (_, index) => ({ path: `${index}`, content: '' }))), /more than 5 entries/],
  ['gives one twice', giving({ path: 'a/b?', content: '' }, { path: 'A/B_', content: '' }), /Two entries have the path/],
  ['gives a folder for a file', giving({ path: 'a', content: '' }, { path: 'a/b', content: '' }), /Two entries have the path/],
  ['gives a file for a folder', giving({ path: 'a/b', content: '' }, { path: 'a', content: '' }), /Two entries have the path/],
  ['gives another shape', giving({ path: 'a', content: { text: 'b' } }), /must be text, bytes/],
  ['gives an entry without a name', giving({ path: '', content: '' }), /path/],
  [
    'gives pieces of another shape',
    giving({
      path: 'a',
      content: (async function* () {
        yield 7
      })(),
    }),
    /neither text nor bytes/,
  ],
]

for (const [what, hook, why] of BAD)
  test(`an app that ${what} breaks the download off, and the log says why`, async () => {
    const { zip, lines } = opened(hook)
    await assert.rejects(buffer(zip), why)
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /auth\.hook_failed.*ownData/)
  })

test('an app that lets anybody wait for the next entry breaks the download off', async () => {
  const { zip, lines } = opened(async function* () {
    yield { path: 'a', content: '' }
    await new Promise(() => {})
  })
  await assert.rejects(buffer(zip), /longer than 50 ms/)
  assert.equal(lines.length, 1)
})

test('whoever breaks off ends the hook and what it was giving, and no failure is told', async () => {
  const ended: string[] = []
  const { zip, lines } = opened(async function* () {
    try {
      const content = (async function* () {
        try {
          for (;;) yield Buffer.alloc(65_536)
        } finally {
          ended.push('content')
        }
      })()
      yield { path: 'a', content }
    } finally {
      ended.push('hook')
    }
  }, Number.POSITIVE_INFINITY)
  await once(zip, 'data')
  zip.destroy()
  await until('both to end', async () => ended.length === 2)
  assert.deepEqual(lines, [])
})
