// How often signing in and refreshing write to the database: each commit is a wait for the disk.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { WriteRequest } from '../../src/database/ports.ts'
import { Browser, codeFor, frontendTokens, type OauthWorld, openOauth, refresh, send } from '../support/oauth.ts'

let world: OauthWorld
/** What each commit changed, as `insert auth_codes`. */
let commits: string[] = []

before(async () => {
  world = await openOauth({
    onWrite(request: WriteRequest) {
      if (request.kind === 'write') commits.push(request.steps.map(({ kind, collection }) => `${kind} ${collection}`).join(' + '))
    },
  })
})

after(() => world.stop())

async function counted<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly commits: readonly string[] }> {
  commits = []
  const result = await work()
  return { result, commits }
}

test('a first sign-in with consent, code and tokens takes at most six commits', async () => {
  const { result, commits: made } = await counted(async () => {
    const form = await codeFor(new Browser(world), { account: 'person-first' })
    return send(world, { path: '/token', form })
  })
  assert.equal(result.status, 200, result.body)
  assert.ok(made.length <= 6, made.join('\n'))

  const { refresh_token: token } = JSON.parse(result.body) as { refresh_token: string }
  const refreshed = await counted(() => refresh(world, token))
  assert.equal(refreshed.result.status, 200)
  assert.ok(refreshed.commits.length <= 2, refreshed.commits.join('\n'))
})

test('a sign-in to the app itself takes at most five commits', async () => {
  const { commits: made } = await counted(() => frontendTokens(world, new Browser(world), 'person-own'))
  assert.ok(made.length <= 5, made.join('\n'))
})
