// Rotation by two processes on one database: racers, thieves, and a process that dies between the commit and the answer. All rounds on PostgreSQL,
// where several processes are what one has it for; few elsewhere, unless NINEFOLD_LONG=1.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  Browser,
  call,
  claimsOf,
  errorOf,
  type OauthWorld,
  openOauth,
  PRINT_SHOP,
  type Reply,
  refresh,
  send,
  tokensFor,
} from '../support/oauth.ts'

const ON_POSTGRES = process.env['NINEFOLD_TEST_DATABASE_URL']?.startsWith('postgres') === true
const ROUNDS = ON_POSTGRES || process.env['NINEFOLD_LONG'] === '1' ? 200 : 4
const RACERS = 100
const childFile = fileURLToPath(new URL('../fixtures/auth-child.ts', import.meta.url))

let folder: string
let world: OauthWorld
const children: ChildProcess[] = []

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-processes-'))
  world = await openOauth({ file: join(folder, 'main.db') })
})

after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await world.stop()
  await rm(folder, { recursive: true, force: true })
})

type Other = Pick<OauthWorld, 'port' | 'sites'>

async function otherProcess(mode: string): Promise<{ readonly other: Other; readonly child: ChildProcess }> {
  const args = [childFile, join(folder, 'main.db'), world.masterKey, String(world.port), mode]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let said = ''
  while (!said.includes('\n')) {
    const [chunk] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    assert.equal(child.exitCode, null, 'the other process has ended')
    said += String(chunk)
  }
  return { other: { port: Number(said.trim().split(' ')[1]), sites: world.sites }, child }
}

const refreshAt = (where: Other, token: string): Promise<Reply> =>
  send(where, { path: '/token', form: { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: token } })
const tokenIn = (reply: Reply): string => (JSON.parse(reply.body) as { refresh_token: string }).refresh_token
const isRevoked = async (sid: unknown): Promise<boolean> =>
  (await world.revocations.list(call)).items.some(({ kind, subject }) => kind === 'session' && subject === sid)

test(`requirement 29: ${RACERS} refreshes at once in two processes give one successor, ${ROUNDS} times, and sign nobody out`, {
  timeout: 600_000,
}, async () => {
  const { other, child } = await otherProcess('racing')
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-processes' })
  let current = tokens.refresh_token ?? ''
  for (let round = 0; round < ROUNDS; round += 1) {
    const replies = await Promise.all(Array.from({ length: RACERS }, (_, racer) => refreshAt(racer % 2 === 0 ? world : other, current)))
    const successors = new Set(replies.map((reply) => (reply.status === 200 ? tokenIn(reply) : reply.body)))
    assert.equal(successors.size, 1, [...successors].join('\n'))
    ;[current = ''] = successors
  }
  assert.equal(await isRevoked(claimsOf(tokens.access_token)['sid']), false)
  // Requests no longer overtake each other after that long: whoever shows the first one of all is a thief, at whichever process.
  await delay(3100)
  assert.equal(errorOf(await refreshAt(other, tokens.refresh_token ?? '')), 'invalid_grant')
  assert.equal(errorOf(await refreshAt(world, current)), 'invalid_grant', 'the family ends at the other one, too')
  assert.equal(await isRevoked(claimsOf(tokens.access_token)['sid']), true)

  const hurried = await tokensFor(world, new Browser(world), { account: 'person-overtaken' })
  current = hurried.refresh_token ?? ''
  for (let round = 0; round < 20; round += 1) {
    const shown = current
    const slow = Array.from({ length: 10 }, (_, racer) => refreshAt(racer % 2 === 0 ? world : other, shown))
    const next = tokenIn(await refreshAt(other, shown))
    const fast = Array.from({ length: 6 }, (_, racer) => refreshAt(racer % 2 === 0 ? world : other, next))
    const [before, after] = [await Promise.all(slow), await Promise.all(fast)]
    for (const { status, body } of [...before, ...after]) assert.equal(status, 200, body)
    current = tokenIn(after[0] ?? assert.fail())
    assert.deepEqual([...new Set(after.map(tokenIn))], [current])
    for (const reply of before) assert.ok([next, current].includes(tokenIn(reply)), 'no branch')
    const last = await refreshAt(round % 2 === 0 ? world : other, shown)
    assert.equal(last.status === 200 && tokenIn(last), current, last.body)
  }
  assert.equal(await isRevoked(claimsOf(hurried.access_token)['sid']), false)
  child.kill('SIGKILL')
})

test('requirement 29: an answer that is lost with its process, after the commit, is given again by the next one', async () => {
  const { other, child } = await otherProcess('dying')
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-lost' })
  const used = tokens.refresh_token ?? ''
  const ended = once(child, 'exit')
  await assert.rejects(refreshAt(other, used), 'nothing came back')
  assert.deepEqual(await ended, [null, 'SIGKILL'])
  const again = await refreshAt(world, used)
  assert.equal(again.status, 200, again.body)
  assert.notEqual(tokenIn(again), used)
  assert.equal((await refresh(world, tokenIn(again))).status, 200, 'and the session goes on')
  assert.equal(await isRevoked(claimsOf(tokens.access_token)['sid']), false)
})
