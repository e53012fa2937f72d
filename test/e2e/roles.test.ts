// Roles and groups from the operator's command to the answer of the API: tokens that tell otherwise end within a second, and nobody is signed out.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'
import { authorize, redeem, refresh, type Tokens } from '../support/third-party.ts'
import type { Page } from '../support/visitor.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const CONFIG = 'test/fixtures/roles/ninefold.config.ts'
const WITHIN_MS = 1500

const claimsOf = (token: string): Record<string, unknown> => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

describe('roles', () => {
  let platform: PlatformProcess
  let ada: Person
  let bob: Person

  before(async () => {
    platform = await startPlatform({ config: CONFIG })
    ada = await signUp(platform, 'ada@example.org')
    bob = await signUp(platform, 'bob@example.org')
    await signIn(platform, ada)
    await signIn(platform, bob)
  })
  after(() => platform.stop({ remove: true }))

  async function account(...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const env = { ...process.env, ...scenarioEnvironment(platform.dataDir) }
    const args = [
      'src/main.ts',
      'account',
      ...words,
      '--config',
      CONFIG,
      '--data-dir',
      platform.dataDir,
      '--port',
      String(platform.port),
      '--log-level',
      'silent',
    ]
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number]
    return { code, out, err }
  }

  const api = ({ visitor }: Person, path: string): Promise<Page> =>
    visitor.request(new URL(`${platform.origin('diary')}${path}`), { headers: { 'sec-fetch-site': 'same-origin' } })

  async function create(person: Person, fields: Record<string, unknown>): Promise<string> {
    const { csrfToken } = await session(platform, person.visitor)
    const headers = {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      origin: platform.origin('diary'),
      'x-csrf-token': csrfToken,
    }
    const page = await person.visitor.request(new URL(`${platform.origin('diary')}/api/notes`), {
      method: 'POST',
      headers,
      body: JSON.stringify(fields),
    })
    assert.equal(page.status, 201, page.body)
    return JSON.parse(page.body).id
  }

  /** What a frontend does when its token has ended: one exchange of the session, without anybody signing in. */
  async function renew({ visitor }: Person): Promise<void> {
    const { csrfToken } = await session(platform, visitor)
    const headers = { 'sec-fetch-site': 'same-origin', origin: platform.origin('diary'), 'x-csrf-token': csrfToken }
    const page = await visitor.request(new URL(`${platform.origin('diary')}/session/refresh`), { method: 'POST', headers })
    assert.ok(page.status < 300, `${page.status} ${page.body}`)
  }

  async function endsWithin(person: Person, path: string): Promise<void> {
    const since = Date.now()
    for (let status = 0; status !== 401; status = (await api(person, path)).status) {
      assert.ok(Date.now() - since < WITHIN_MS, `the old token still opens ${path} with ${status}`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  test('an operator gives a role and takes it, and the session lives on', async () => {
    const note = await create(ada, { text: 'hers' })
    assert.equal((await api(bob, `/api/notes/${note}`)).status, 404)
    const given = await account('Bob@Example.org', '--add-role', 'editor', '--add-group', 'team-1', '--add-group', 'team-2')
    assert.deepEqual([given.code, given.err], [0, ''])
    const { roles, groups } = JSON.parse(given.out)
    assert.deepEqual([roles, groups], [['editor'], ['team-1', 'team-2']])
    await endsWithin(bob, `/api/notes/${note}`)
    await renew(bob)
    const seen = await api(bob, `/api/notes/${note}`)
    assert.equal(seen.status, 200, seen.body)
    // Ada's tokens tell of nothing that has changed.
    assert.equal((await api(ada, `/api/notes/${note}`)).status, 200)
    assert.equal((await account('bob@example.org', '--remove-role', 'editor')).code, 0)
    await endsWithin(bob, `/api/notes/${note}`)
    await renew(bob)
    assert.equal((await api(bob, `/api/notes/${note}`)).status, 404)
  })

  test('a member of a group sees what the group has', async () => {
    const ours = await create(ada, { text: 'for the team', teamId: 'team-1' })
    await create(ada, { text: 'for others', teamId: 'team-9' })
    assert.equal((await api(bob, `/api/notes/${ours}`)).status, 200)
    const listed = await api(bob, '/api/notes?teamId=team-1')
    assert.deepEqual(
      JSON.parse(listed.body).items.map(({ text }: { text: string }) => text),
      ['for the team'],
    )
    assert.deepEqual(JSON.parse((await api(bob, '/api/notes?teamId=team-9')).body).items, [])
  })

  test('a third party is told with the scope, and not without', async () => {
    await account('ada@example.org', '--add-role', 'editor')
    const told = async (scope: string): Promise<Tokens> => {
      const reply = await redeem(platform, await authorize(platform, ada, { scope }))
      assert.equal(reply.status, 200, reply.body)
      return JSON.parse(reply.body)
    }
    const plain = await told('openid offline_access notes:read')
    const { roles, groups, membership_at: at } = claimsOf(plain.access_token)
    assert.deepEqual([roles, groups, at], [undefined, undefined, undefined])
    const knowing = await told('openid offline_access notes:read roles')
    assert.deepEqual(claimsOf(knowing.access_token)['roles'], ['editor'])
    const ask = (token: string) => platform.send('diary', { path: '/api/notes', headers: { authorization: `Bearer ${token}` } })
    assert.equal((await ask(knowing.access_token)).status, 200)
    await account('ada@example.org', '--remove-role', 'editor', '--add-group', 'team-3')
    const since = Date.now()
    while ((await ask(knowing.access_token)).status !== 401) assert.ok(Date.now() - since < WITHIN_MS)
    assert.equal((await ask(plain.access_token)).status, 200)
    const renewed = JSON.parse((await refresh(platform, knowing.refresh_token ?? '')).body) as Tokens
    assert.deepEqual([claimsOf(renewed.access_token)['roles'], claimsOf(renewed.access_token)['groups']], [undefined, ['team-3']])
    assert.equal((await ask(renewed.access_token)).status, 200)
  })

  test('what is no role, and who is nobody, is said in a line', async () => {
    for (const [words, message] of [
      [['ada@example.org', '--add-role', 'Chief Editor'], /cannot be a role/],
      [['nobody@example.org'], /Nobody has the address/],
      [[], /Give one email address/],
    ] as const) {
      const { code, out, err } = await account(...words)
      assert.deepEqual([code, out], [1, ''])
      assert.match(err, message)
      assert.equal(err.trim().split('\n').length, 1)
    }
    const shown = await account('bob@example.org')
    assert.deepEqual(JSON.parse(shown.out).groups, ['team-1', 'team-2'])
  })
})
