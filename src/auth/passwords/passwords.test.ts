import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { createLogger } from '#kernel/log.ts'
import { until } from '../../../test/support/until.ts'
import { createPasswords, type PasswordSettings, type RunningPasswords } from './passwords.ts'
import { HashProcess } from './process.ts'

const silent = createLogger({ level: 'silent' })
const call = systemCall('passwords-test')
const CHEAP = { memoryKiB: 64, passes: 1 } as const
/** Long enough to be under way while the test does something. */
const SLOW = { memoryCost: 65_536, timeCost: 12, parallelism: 1 } as const

async function started(t: TestContext, settings: PasswordSettings = CHEAP): Promise<RunningPasswords> {
  const passwords = createPasswords(silent, settings)
  t.after(() => passwords.stop())
  await passwords.start()
  return passwords
}

function processOf(t: TestContext, settings: Partial<ConstructorParameters<typeof HashProcess>[0]> = {}): HashProcess {
  const child = new HashProcess({ concurrency: 1, maxWaiting: 50, maxFavoured: 10, timeoutMs: 20_000, ...settings }, silent)
  t.after(() => child.stop())
  child.start()
  return child
}

test('requirement 69: makes PHC strings of Argon2id with 19 MiB and two passes, and knows them again', async (t) => {
  const passwords = await started(t, {})
  const phc = await passwords.hash(call, 'nine folded squares')
  assert.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.notEqual(await passwords.hash(call, 'nine folded squares'), phc)
  assert.equal(await passwords.verify(call, 'nine folded squares', phc), true)
  assert.equal(await passwords.verify(call, 'nine folded squares ', phc), false)
  assert.equal(passwords.isOutdated(phc), false)
  assert.equal(passwords.isOutdated(phc.replace('t=2', 't=1')), true)
})

test('takes every character of a long password into account', async (t) => {
  const passwords = await started(t)
  const long = 'x'.repeat(255)
  const phc = await passwords.hash(call, `${long}a`)
  assert.equal(await passwords.verify(call, `${long}a`, phc), true)
  assert.equal(await passwords.verify(call, `${long}b`, phc), false)
})

test('compares with a dummy when there is no stored hash, and never agrees', async (t) => {
  const passwords = await started(t)
  assert.equal(await passwords.verify(call, '', undefined), false)
  assert.equal(await passwords.verify(call, 'anything', undefined), false)
})

test('requirement 69: a decoy that cannot be computed refuses strangers like any other', async (t) => {
  const passwords = await started(t)
  const [salt, digest] = ['c29tZXNhbHRzYWx0', 'A'.repeat(43)]
  // An earlier version has kept the first; the second nobody has foreseen: it looks right, and is more than there is.
  const unforeseen = '$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
  t.mock.method(HashProcess.prototype, 'run', wrongOnce(HashProcess.prototype.run, unforeseen))
  passwords.useDecoys({ hashes: [`$argon2id$v=19$m=8,t=1,p=16$${salt}$${digest}`, unforeseen], key: Buffer.alloc(32, 7) })
  const given = new Set<string | undefined>()
  for (let index = 0; index < 40; index += 1) {
    const decoy = passwords.decoyFor(`nobody-${index}@example.org`)
    given.add(decoy)
    assert.equal(await passwords.verify(call, 'whatever', decoy), false)
  }
  assert.equal(given.size, 2, 'ours and the one that looks right')
})

test('requirement 69: a hash of somebody that nobody can compute fits no password, and costs one of ours', async (t) => {
  const passwords = await started(t)
  const broken = `$argon2id$v=19$m=8,t=1,p=16$c29tZXNhbHRzYWx0$${'A'.repeat(43)}`
  const run = t.mock.method(HashProcess.prototype, 'run')
  assert.equal(passwords.isComputable(broken), true)
  assert.equal(await passwords.verify(call, 'whatever', broken), false)
  assert.equal(passwords.isComputable(broken), false)
  const compared = run.mock.calls.map(({ arguments: [, work] }) => (work.kind === 'verify' ? work.phc : work.kind))
  assert.deepEqual(compared, [broken, passwords.ownDecoy()])
  run.mock.resetCalls()
  assert.equal(await passwords.favoured.verify(call, 'whatever', broken), false)
  assert.deepEqual(
    run.mock.calls.map(({ arguments: [, work] }) => work),
    [{ kind: 'verify', password: 'whatever', phc: passwords.ownDecoy() }],
    'not tried again, so that it takes no longer than others',
  )
})

test('a hash of somebody that should be computed, and was not, is no wrong password', async (t) => {
  const passwords = await started(t)
  const phc = await passwords.hash(call, 'nine folded squares')
  const refusing = t.mock.method(HashProcess.prototype, 'run', wrongOnce(HashProcess.prototype.run, phc))
  for (const password of ['nine folded squares', 'another'])
    await assert.rejects(passwords.verify(call, password, phc), { code: 'auth.unavailable', status: 503 })
  refusing.mock.restore()
  assert.equal(passwords.isComputable(phc), true)
  assert.equal(await passwords.verify(call, 'nine folded squares', phc), true)
})

/** The child refuses this hash. */
function wrongOnce(run: HashProcess['run'], hash: string): HashProcess['run'] {
  return function refusing(this: HashProcess, ...[own, work, ...how]) {
    return run.call(this, own, work.kind === 'verify' && work.phc === hash ? { ...work, phc: '$argon2id$not a hash' } : work, ...how)
  }
}

test('a stored hash that is none fits no password, and hashing goes on', async (t) => {
  const passwords = await started(t)
  assert.equal(await passwords.verify(call, 'anything', 'not a hash'), false)
  assert.equal(passwords.isComputable('not a hash'), false)
  assert.match(await passwords.hash(call, 'next one'), /^\$argon2id/)
})

test('every thread that hashes has lower priority', {
  skip: process.platform !== 'linux' && 'threads are listed on Linux only',
}, async (t) => {
  const child = processOf(t, { concurrency: 4 })
  await Promise.all(
    Array.from({ length: 8 }, () => child.run(call, { kind: 'hash', password: 'x', memoryCost: 64, timeCost: 1, parallelism: 1 })),
  )
  const folder = `/proc/${child.processId}/task`
  const named = await Promise.all(
    (await readdir(folder)).map(async (thread) => ({ thread, name: (await readFile(`${folder}/${thread}/comm`, 'utf8')).trim() })),
  )
  // Those of the engine begin before anybody can lower their priority, on a busy machine. None of them hashes.
  const threads = named.flatMap(({ thread, name }) => (/^(?:V8|DelayedTask|SignalInsp)/.test(name) ? [] : [thread]))
  const nices = await Promise.all(
    threads.map(async (thread) => {
      const stat = await readFile(`${folder}/${thread}/stat`, 'utf8')
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]
    }),
  )
  assert.ok(threads.length >= 5, `${threads.length} threads`)
  assert.deepEqual([...new Set(nices)], ['10'])
})

test('refuses at once when the queue is full, and says when to come again', async (t) => {
  const child = processOf(t, { maxWaiting: 3 })
  await child.run(call, { kind: 'hash', password: 'x', memoryCost: 64, timeCost: 1, parallelism: 1 })
  // One is computed, one is sent ahead, three wait.
  const admitted = Array.from({ length: 5 }, () => child.run(call, { kind: 'hash', password: 'x', ...SLOW }))
  const start = performance.now()
  const refused = await Promise.allSettled(Array.from({ length: 500 }, () => child.run(call, { kind: 'hash', password: 'x', ...SLOW })))
  const took = performance.now() - start
  for (const outcome of refused) {
    assert.ok(outcome.status === 'rejected')
    assert.equal(outcome.reason.code, 'auth.busy')
    assert.equal(outcome.reason.status, 503)
    assert.equal(outcome.reason.headers['retry-after'], '3')
  }
  // A tenth of a millisecond each on a quiet machine; a busy one may need more, but never as long as hashing takes.
  assert.ok(took < 1000, `500 refusals took ${took} ms`)
  assert.equal((await Promise.allSettled(admitted)).filter((outcome) => outcome.status === 'fulfilled').length, 5)
})

test('a caller that has gone leaves the queue', async (t) => {
  const child = processOf(t)
  await child.run(call, { kind: 'hash', password: 'x', memoryCost: 64, timeCost: 1, parallelism: 1 })
  const gone = new AbortController()
  const first = child.run(call, { kind: 'hash', password: 'x', ...SLOW })
  const leaving = Array.from({ length: 5 }, () => child.run({ ...call, signal: gone.signal }, { kind: 'hash', password: 'x', ...SLOW }))
  assert.equal(child.waiting, 4, 'one is sent ahead')
  gone.abort(new Error('gone'))
  assert.equal(child.waiting, 0)
  for (const outcome of await Promise.allSettled(leaving)) assert.equal(outcome.status, 'rejected')
  await assert.rejects(child.run({ ...call, signal: gone.signal }, { kind: 'hash', password: 'x', ...SLOW }), /gone/)
  assert.equal(typeof (await first), 'string')
})

test('a crash costs nobody an answer', async (t) => {
  const child = processOf(t)
  const work = Array.from({ length: 4 }, () => child.run(call, { kind: 'hash', password: 'x', ...SLOW }))
  const before = child.processId
  assert.ok(before !== undefined)
  // Killed while the first hash is under way.
  setTimeout(() => process.kill(before, 'SIGKILL'), 200)
  for (const phc of await Promise.all(work)) assert.match(String(phc), /^\$argon2id/)
  assert.notEqual(child.processId, before)
  assert.equal(child.health(), undefined)
})

test('a process that is stuck is replaced, and only its caller is told', async (t) => {
  const child = processOf(t, { timeoutMs: 300 })
  await child.run(call, { kind: 'hash', password: 'x', memoryCost: 64, timeCost: 1, parallelism: 1 })
  assert.ok(child.processId !== undefined)
  process.kill(child.processId, 'SIGSTOP')
  const stuck = child.run(call, { kind: 'hash', password: 'x', memoryCost: 64, timeCost: 1, parallelism: 1 })
  const next = child.run(call, { kind: 'hash', password: 'x', memoryCost: 64, timeCost: 1, parallelism: 1 })
  await assert.rejects(stuck, { code: 'auth.unavailable' })
  assert.match(String(await next), /^\$argon2id/)
})

test('nothing is left running after stop', async (t) => {
  const child = processOf(t)
  await child.run(call, { kind: 'hash', password: 'x', memoryCost: 64, timeCost: 1, parallelism: 1 })
  const { processId } = child
  const waiting = child.run(call, { kind: 'hash', password: 'x', ...SLOW })
  const refused = assert.rejects(waiting, { code: 'auth.unavailable' })
  await child.stop()
  await child.stop()
  await refused
  assert.ok(processId !== undefined)
  assert.throws(() => process.kill(processId, 0), { code: 'ESRCH' })
  await assert.rejects(child.run(call, { kind: 'verify', password: 'x', phc: 'y' }), { code: 'auth.unavailable' })
})

test('places are kept for whoever is known: a full queue of strangers lets them in, and before those', async (t) => {
  const child = processOf(t, { maxWaiting: 3, maxFavoured: 1 })
  const work = { kind: 'hash', password: 'x', ...SLOW } as const
  const ended: string[] = []
  const run = (name: string, favoured: boolean): Promise<unknown> => child.run(call, work, { favoured }).then(() => ended.push(name))
  const first = run('under way', false)
  await until('the first is under way', () => child.waiting === 0 || undefined)
  const strangers = ['sent ahead', 'a', 'b', 'c'].map((name) => run(name, false))
  await assert.rejects(run('d', false), { code: 'auth.busy' })
  const known = run('known', true)
  await assert.rejects(run('known too', true), { code: 'auth.busy' })
  await Promise.all([first, ...strangers, known])
  assert.deepEqual(ended, ['under way', 'sent ahead', 'known', 'a', 'b', 'c'])
})
