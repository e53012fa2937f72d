import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { type Call, systemCall } from '#kernel/call.ts'
import { html } from '#kernel/html.ts'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import type { Cache } from '../../cache/contract.ts'
import { createCounts } from '../accounts/counts.ts'
import { createDevices, type Steps } from '../accounts/devices.ts'
import { createDoors } from '../accounts/doors.ts'
import { credentialOf } from '../accounts/schemas.ts'
import type { ChallengeDefinition } from './contract.ts'
import { createPuzzles, type Puzzle, zeroBits } from './puzzle.ts'
import { puzzleScript } from './script.ts'
import { createGuard } from './service.ts'

const call = systemCall('guard-test')
const fail = async (): Promise<never> => {
  throw new Error('the cache is down')
}
const brokenCache: Cache = { get: fail, set: fail, add: fail, increment: fail, delete: fail, publish: fail, subscribe: () => () => {} }
const place = { form: 'sign-in u1', browser: 'b1' }

const ada = { id: '1', email: 'ada@example.org', name: 'Ada', password: 'a hash', createdAt: 0 }

function world(definition?: ChallengeDefinition) {
  let now = 1_000_000_000_000
  const clock = { now: () => now }
  const keyRing = createKeyRing(new Secret(randomToken()))
  const counts = createCounts(brokenCache, clock)
  const log: string[] = []
  const logger = createLogger({ level: 'debug', stream: { write: (line) => void log.push(line) } })
  const accounts = { findByEmail: async (_call: Call, email: string) => (email === ada.email ? ada : undefined) }
  const [doors, devices] = [createDoors(keyRing), createDevices({ keyRing, accounts })]
  return {
    counts,
    doors,
    devices,
    log,
    puzzles: createPuzzles({ keyRing, clock, counts }),
    guard: createGuard({ counts, doors, devices, keyRing, clock, logger, definition, limitMs: 50 }),
    pass: (ms: number) => void (now += ms),
  }
}

function solve({ text, bits }: Pick<Puzzle, 'text' | 'bits'>): string {
  for (let answer = 0; ; answer += 1) {
    if (zeroBits(createHash('sha256').update(`${text}:${answer}`).digest()) >= bits) return String(answer)
  }
}

test('a solved puzzle is taken once, in its form and its browser, while it is young', async () => {
  const { puzzles, pass } = world()
  const puzzle = puzzles.make(place, 8)
  const said = { text: puzzle.text, answer: solve(puzzle) }
  for (const other of [
    { ...place, form: 'sign-in u2' },
    { ...place, browser: 'b2' },
    { form: 'sign-in u1b', browser: '1' },
  ])
    assert.equal(await puzzles.redeem(call, other, said), false)
  for (const wrong of ['', '-1', 'x', '9'.repeat(20), ` ${said.answer}`])
    assert.equal(await puzzles.redeem(call, place, { ...said, answer: wrong }), false, wrong)
  assert.equal(await puzzles.redeem(call, place, { ...said, text: said.text.replace(/\.8\./, '.0.') }), false)
  assert.equal(await puzzles.redeem(call, place, said), true)
  assert.equal(await puzzles.redeem(call, place, said), false, 'the second time')
  const old = puzzles.make(place, 8)
  const answer = solve(old)
  pass(10 * 60_000 + 1)
  assert.equal(await puzzles.redeem(call, place, { text: old.text, answer }), false, 'too old')
})

test('without an answer it is taken after waiting, once', async () => {
  const { puzzles, pass } = world()
  const puzzle = puzzles.make(place, 17)
  assert.equal(puzzle.waitSeconds, 20)
  pass(19_999)
  assert.equal(await puzzles.redeem(call, place, { text: puzzle.text, answer: '' }), false)
  pass(1)
  assert.equal(await puzzles.redeem(call, place, { text: puzzle.text, answer: '' }), true)
  assert.equal(await puzzles.redeem(call, place, { text: puzzle.text, answer: '' }), false)
})

test('of many redemptions at once one wins', async () => {
  const { puzzles } = world()
  const puzzle = puzzles.make(place, 4)
  const said = { text: puzzle.text, answer: solve(puzzle) }
  const won = await Promise.all(Array.from({ length: 50 }, () => puzzles.redeem(call, place, said)))
  assert.equal(won.filter(Boolean).length, 1)
})

test('the script of the page finds what the server accepts', async () => {
  const { puzzles } = world()
  const code = puzzleScript.slice(0, puzzleScript.indexOf('for (const part of document'))
  const context = { TextEncoder, performance, setTimeout }
  const solver = runInNewContext(`${code}; solve`, context) as (text: string, bits: number) => Promise<string>
  for (let round = 0; round < 5; round += 1) {
    const puzzle = puzzles.make({ ...place, form: 'x'.repeat(round) }, 10)
    const answer = await solver(puzzle.text, puzzle.bits)
    assert.equal(answer, solve(puzzle))
    assert.equal(await puzzles.redeem(call, { ...place, form: 'x'.repeat(round) }, { text: puzzle.text, answer }), true)
  }
})

test('a form asks for more after suspicion alone, by account, address, network, password or everybody, and by how much of it', async () => {
  for (const name of ['account', 'client', 'network', 'password', 'everybody'] as const) {
    const { guard, counts, doors } = world()
    const asker = { address: 'ada@example.org', password: 'p', client: 'c', network: 'n' }
    const said = { place, puzzle: '', answer: '', challenge: '' }
    const door = doors.of(asker).find((one) => one.name === name) ?? assert.fail(name)
    const count = (by: number) => counts.add(call, door.key, { by, ttlMs: 600_000 })
    const usual = { account: 4, client: 10, network: 50, password: 10, everybody: 300 }[name]
    await count(usual - 1)
    assert.equal(await guard.lacks(call, asker, said), undefined, name)
    await count(1)
    assert.equal(await guard.lacks(call, asker, said), 16, name)
    await count(usual * 3)
    assert.equal(await guard.lacks(call, asker, said), 18, name)
    await count(usual * 1000)
    assert.equal(await guard.lacks(call, asker, said), 22, name)
    const shown = await guard.due(call, asker, { place })
    assert.equal(shown?.kind === 'puzzle' ? shown.puzzle.bits : undefined, 22)
  }
})

test('whoever has signed in to this address before is not asked', async () => {
  const { guard, counts, doors, devices } = world()
  const asker = { address: 'ada@example.org', client: 'c' }
  for (const { key } of doors.of(asker)) await counts.add(call, key, { by: 5000, ttlMs: 600_000 })
  const said = { place, puzzle: '', answer: '', challenge: '' }
  const known = (email: string, steps: Steps = 1): string =>
    devices.remember({ accountId: ada.id, email, credential: credentialOf(ada) }, steps)
  assert.equal(await guard.lacks(call, { ...asker, device: known('ada@example.org') }, said), undefined)
  assert.ok((await guard.lacks(call, { ...asker, device: known('eve@example.org') }, said)) !== undefined)
  const second = { ...asker, for: 'code', steps: 2 } as const
  assert.ok((await guard.lacks(call, { ...second, device: known('ada@example.org') }, said)) !== undefined, 'one step is not two')
  assert.equal(await guard.lacks(call, { ...second, device: known('ada@example.org', 2) }, said), undefined)
})

test('requirement 69: forms that are looked at for however many addresses store nothing, and so push nothing out', async (t) => {
  const { guard, counts } = world()
  const add = t.mock.method(counts, 'add')
  for (const counted of [undefined, 'mail', 'code'] as const)
    for (let look = 0; look < 50; look += 1)
      await guard.due(call, { ...(counted && { for: counted }), address: `${look}@example.org`, client: 'c' }, { place })
  assert.equal(add.mock.callCount(), 0)
})

test('the challenge of the app stands in for the puzzle, and fails closed', async () => {
  const answers: Record<string, () => Promise<boolean>> = {
    yes: async () => true,
    no: async () => false,
    truthy: async () => 'true' as unknown as boolean,
    throwing: fail,
    late: () => new Promise(() => {}),
  }
  const definition: ChallengeDefinition = {
    field: 'captcha',
    render: ({ nonce }) => html`<input name="captcha" data-nonce="${nonce}">`,
    verify: ({ answer }) => (answers[answer] ?? fail)(),
  }
  const { guard, counts, doors, log } = world(definition)
  const asker = { address: 'ada@example.org', client: 'c' }
  for (const { key } of doors.of(asker)) await counts.add(call, key, { by: 50, ttlMs: 600_000 })
  const lacks = (challenge: string) => guard.lacks(call, asker, { place, puzzle: '', answer: '', challenge })
  assert.equal(await lacks('yes'), undefined)
  for (const challenge of ['', 'no', 'truthy', 'throwing', 'late']) assert.ok((await lacks(challenge)) !== undefined, challenge)
  assert.equal(log.filter((line) => line.includes('auth.challenge_failed')).length, 2)
})
