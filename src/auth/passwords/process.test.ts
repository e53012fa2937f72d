// The bulkhead and hashes that are expensive: it gives them their time, and lets nobody wait for many of them.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemCall } from '#kernel/call.ts'
import { createLogger } from '#kernel/log.ts'
import { HashProcess, type HashProcessSettings } from './process.ts'

const call = systemCall('process-test')
const CHEAP = { kind: 'hash', password: 'x', memoryCost: 64, timeCost: 1, parallelism: 1 } as const
const FOREIGN = {
  kind: 'verify',
  password: 'x',
  phc: `$pbkdf2-sha256$i=1000000$${Buffer.from('some salt').toString('base64').replaceAll('=', '')}$${'A'.repeat(43)}`,
} as const
const DEAR = { ...CHEAP, memoryCost: 65_536, timeCost: 12 } as const

function processOf(t: TestContext, settings: Partial<HashProcessSettings> = {}): HashProcess {
  const silent = createLogger({ level: 'silent' })
  const child = new HashProcess({ concurrency: 1, maxWaiting: 50, maxFavoured: 10, timeoutMs: 20_000, ...settings }, silent)
  t.after(() => child.stop())
  child.start()
  return child
}

test('what costs more is given more time, when it is made and when it is compared', async (t) => {
  const child = processOf(t, { timeoutMs: 1 })
  const phc = String(await child.run(call, DEAR))
  assert.match(phc, /^\$argon2id\$v=19\$m=65536,t=12,p=1\$/)
  const { processId } = child
  assert.equal(await child.run(call, { kind: 'verify', password: 'x', phc }), true)
  assert.equal(child.processId, processId, 'it was not taken for stuck')
})

for (const [kind, dear] of [
  ['of ours', DEAR],
  ['of another system', FOREIGN],
] as const) {
  test(`what is sent ahead is not computed when its caller has gone: a hash ${kind}`, async (t) => {
    const child = processOf(t)
    await child.run(call, CHEAP)
    const first = child.run(call, dear)
    const gone = new AbortController()
    const ahead = child.run({ ...call, signal: gone.signal }, dear)
    const last = child.run(call, CHEAP)
    gone.abort(new Error('gone'))
    await assert.rejects(ahead, /gone/)
    await first
    const began = performance.now()
    await last
    const soonMs = performance.now() - began
    await child.run(call, dear)
    const dearMs = performance.now() - began - soonMs
    assert.ok(soonMs < dearMs / 2, `the last one took ${soonMs} ms, and a dear one takes ${dearMs}`)
  })
}

test('a process that is stuck is replaced though nobody waits for its answer any more', {
  skip: process.platform === 'win32' && 'there are no signals that stop a process',
}, async (t) => {
  const child = processOf(t, { timeoutMs: 500 })
  while (child.health() !== undefined) await delay(10)
  const { processId } = child
  assert.ok(processId !== undefined)
  process.kill(processId, 'SIGSTOP')
  const gone = new AbortController()
  const left = child.run({ ...call, signal: gone.signal }, CHEAP)
  gone.abort(new Error('gone'))
  await assert.rejects(left, /gone/)
  assert.match(String(await child.run(call, CHEAP)), /^\$argon2id/, 'the next one is computed')
  assert.notEqual(child.processId, processId)
})

test('where hashes take long, fewer may wait, and those who may not are told for how long', {
  skip: process.platform === 'win32' && 'there are no signals that stop a process',
}, async (t) => {
  const child = processOf(t)
  while (child.health() !== undefined) await delay(10)
  const { processId } = child
  assert.ok(processId !== undefined)
  // The first one takes three seconds, since its process stands still.
  process.kill(processId, 'SIGSTOP')
  const first = child.run(call, CHEAP)
  await delay(3000)
  process.kill(processId, 'SIGCONT')
  await first
  const run = (favoured = false): Promise<unknown> => child.run(call, CHEAP, { favoured })
  const admitted = [run(), run(), run()]
  await assert.rejects(run(), (error: { code?: string; headers?: Record<string, string> }) => {
    assert.equal(error.code, 'auth.busy')
    const seconds = Number(error.headers?.['retry-after'])
    assert.ok(seconds >= 6 && seconds <= 10, `${seconds} s`)
    return true
  })
  admitted.push(run(true))
  await assert.rejects(run(true), { code: 'auth.busy' }, 'who is known does not wait for long either')
  await Promise.all(admitted)
  // Quick ones are believed when they go on.
  for (let count = 0; count < 10; count += 1) await run()
  assert.equal((await Promise.allSettled(Array.from({ length: 8 }, () => run()))).filter(({ status }) => status === 'rejected').length, 0)
})
