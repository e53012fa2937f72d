// What jobs promise on any database: a function over an opened database, so that every driver runs the same suite.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Database } from '../../src/database/contract.ts'
import type { Jobs } from '../../src/jobs/contract.ts'
import { jobIntake } from '../../src/jobs/intake.ts'
import { createJobsRepository, type JobsRepository } from '../../src/jobs/repository.ts'
import type { JobRecord } from '../../src/jobs/schemas.ts'
import { jobsServer } from '../../src/jobs/server.ts'
import { createJobsService } from '../../src/jobs/service.ts'
import { createTally } from '../../src/jobs/tally.ts'
import type { WorkerSettings } from '../../src/jobs/worker.ts'
import { systemCall } from '../../src/kernel/call.ts'
import { defineCollection, insertInto, updateIn } from '../../src/kernel/collection.ts'
import { hasCode } from '../../src/kernel/errors.ts'
import { randomToken } from '../../src/kernel/ids.ts'
import { type JobContext, type JobDefinition, job, jobRequested } from '../../src/kernel/job.ts'
import { createKeyRing } from '../../src/kernel/keyring.ts'
import type { Running } from '../../src/kernel/lifecycle.ts'
import { createLogger } from '../../src/kernel/log.ts'
import { z } from '../../src/kernel/schema.ts'
import { createJobSeal } from '../../src/kernel/sealed-job.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { until } from '../support/until.ts'

const call = systemCall('test')
const logger = createLogger({ level: 'silent' })
const keyRing = createKeyRing(new Secret(randomToken()))
const notes = defineCollection({ name: 'notes', schema: z.object({ id: z.string(), text: z.string() }), indexes: {} })
const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS
const sites = { accounts: 'http://a.test', app: 'http://b.test', files: 'http://c.test', console: 'http://d.test', frontends: {} }

interface HeldRun extends JobContext {
  readonly finish: () => void
  readonly fail: (error: Error) => void
}

/** A handler whose runs wait until the test says how they end. */
function held(): { readonly runs: HeldRun[]; readonly handle: (context: JobContext) => Promise<void> } {
  const runs: HeldRun[] = []
  return {
    runs,
    handle(context) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      runs.push({ ...context, finish: resolve, fail: reject })
      return promise
    },
  }
}

const eventOf = (sequence: number) => ({ sequence, topic: 'jobs.requested', key: 'k', data: { name: 'test.x', input: sequence }, at: 0 })
const asks = (text: string) => [jobRequested({ name: 'test.note', input: text })]

export function jobsContract(name: string, open: (clock: FakeClock) => Running<Database>): void {
  describe(`Jobs contract: ${name}`, () => {
    let clock: FakeClock
    let database: Running<Database>
    let repository: JobsRepository
    let servers: Running<Jobs>[]
    const anything = z.unknown()

    const serve = async (definitions: readonly JobDefinition[], worker: Partial<WorkerSettings> = {}): Promise<Running<Jobs>> => {
      // One database takes one consumer of a name; a second process would read the events by itself.
      const shared: Database = servers.length === 0 ? database.contract : { ...database.contract, subscribe: () => () => {} }
      const server = jobsServer.create({
        database: shared,
        keyRing,
        clock,
        logger,
        definitions,
        settings: {
          mail: { from: 'Test <test@example.test>' },
          productName: 'Test',
          sites,
          development: true,
          worker: { pollMs: 5, ...worker },
        },
      })
      servers.push(server)
      await server.start()
      return server
    }
    const only = async (state: JobRecord['state']): Promise<JobRecord | undefined> =>
      (await repository.inState(call, state, 10)).items[0]?.value
    const reached = (state: JobRecord['state']): Promise<JobRecord> => until(`a job that is ${state}`, () => only(state))
    const service = (definitions: readonly JobDefinition[]) =>
      createJobsService({
        repository,
        definitions: new Map(definitions.map((one) => [one.name, one])),
        tally: createTally(),
        seal: createJobSeal(keyRing),
        clock,
        wake: () => {},
      })

    beforeEach(async () => {
      clock = fakeClock()
      database = open(clock)
      servers = []
      database.contract.collection(notes)
      repository = createJobsRepository(database.contract)
      // The mailbox of the development mode is a collection too, and all are declared before the start.
      jobsServer.create({
        database: database.contract,
        keyRing,
        clock,
        logger,
        definitions: [],
        settings: { mail: { from: 'x@x.test' }, productName: 'Test', sites, development: true },
      })
      await database.start()
    })
    afterEach(async () => {
      for (const server of servers) await server.stop()
      await database.stop()
    })

    test('runs a job once, with its input as the schema gives it', async () => {
      const seen: unknown[] = []
      const server = await serve([
        job({
          name: 'test.greet',
          input: z.strictObject({ name: z.string().trim() }),
          handle: async ({ attempt }, input) => void seen.push([attempt, input]),
        }),
      ])
      await server.contract.enqueue(call, { name: 'test.greet', input: { name: '  Ada ' } })
      const done = await reached('done')
      assert.deepEqual(seen, [[1, { name: 'Ada' }]])
      assert.equal(done.input, undefined, 'what the job carried is forgotten with its end')
      assert.equal(done.attempt, 1)
    })

    test('refuses a request that is not one', async () => {
      const server = await serve([])
      await assert.rejects(server.contract.enqueue(call, { name: '', input: null }), (error) => hasCode(error, 'jobs.bad_request'))
      assert.equal(await only('waiting'), undefined)
    })

    test('adds a job exactly if the write that asks for it is stored', async () => {
      const seen: unknown[] = []
      await serve([job({ name: 'test.note', input: anything, handle: async (_context, input) => void seen.push(input) })], {
        pollMs: 60_000,
      })
      await assert.rejects(
        database.contract.commit(
          call,
          [insertInto(notes, { id: 'a', text: 'first' }), updateIn(notes, 'absent', { set: { text: 'x' } })],
          asks('never'),
        ),
        (error) => hasCode(error, 'database.conflict'),
      )
      await database.contract.commit(call, [insertInto(notes, { id: 'a', text: 'first' })], asks('stored'))
      await reached('done')
      assert.deepEqual(seen, ['stored'])
    })

    test('adds nothing when an event is delivered twice', async () => {
      const intake = jobIntake(repository, logger, () => {})
      await intake.handle([eventOf(1), eventOf(2)], call)
      await intake.handle([eventOf(2), eventOf(3)], call)
      const { items } = await repository.inState(call, 'waiting', 10)
      assert.deepEqual(new Set(items.map(({ value }) => value.input)), new Set([1, 2, 3]))
    })

    test('keeps a request that cannot be read as a failed job, and goes on with the next', async () => {
      const intake = jobIntake(repository, logger, () => {})
      await intake.handle(
        [
          { sequence: 1, topic: 'jobs.requested', key: 'k', data: { input: 1 }, at: clock.now() },
          { sequence: 2, topic: 'jobs.requested', key: 'k', data: { name: 'test.x', input: 2 }, at: clock.now() },
        ],
        call,
      )
      assert.match((await reached('failed')).lastError ?? '', /name/)
      assert.equal((await reached('waiting')).input, 2)
    })

    test('does not run a delayed job early', async () => {
      const seen: unknown[] = []
      const server = await serve([job({ name: 'test.later', input: anything, handle: async (_context, input) => void seen.push(input) })])
      await server.contract.enqueue(call, { name: 'test.later', input: 'later', delayMs: 60_000 })
      await server.contract.enqueue(call, { name: 'test.later', input: 'now' })
      await reached('done')
      clock.advance(59_999)
      await server.contract.enqueue(call, { name: 'test.later', input: 'between' })
      await until('the second one', () => seen.length === 2)
      assert.deepEqual(seen, ['now', 'between'])
      clock.advance(1)
      await until('the delayed one', () => seen.length === 3)
    })

    test('adds one job per unique key while it waits or runs, and another afterwards', async () => {
      const { runs, handle } = held()
      const server = await serve([job({ name: 'test.unique', input: anything, handle })])
      const ask = () => server.contract.enqueue(call, { name: 'test.unique', input: null, uniqueKey: 'k' })
      await Promise.all([ask(), ask(), ask()])
      await until('the first run', () => runs.length === 1)
      await ask()
      assert.equal(await only('waiting'), undefined)
      runs[0]?.finish()
      await reached('done')
      await ask()
      await until('the second run', () => runs.length === 2)
      runs[1]?.finish()
    })

    test('tries again after growing pauses, and fails after the last try with its reason', async () => {
      let tries = 0
      const definition = job({
        name: 'test.stubborn',
        input: anything,
        maxAttempts: 3,
        handle: async ({ attempt }) => {
          tries = attempt
          throw new Error(`no ${attempt}`)
        },
      })
      const server = await serve([definition])
      await server.contract.enqueue(call, { name: 'test.stubborn', input: 'precious' })
      for (const [count, longest] of [
        [1, 2000],
        [2, 4000],
      ] as const) {
        await until(`try ${count}`, () => tries === count)
        const waiting = await reached('waiting')
        assert.equal(waiting.lastError, `no ${count}`)
        assert.ok(waiting.at >= clock.now() && waiting.at <= clock.now() + longest, `pause ${waiting.at - clock.now()}`)
        clock.advance(longest)
      }
      const failed = await reached('failed')
      assert.deepEqual([failed.lastError, failed.attempt, failed.input], ['no 3', 3, 'precious'])
    })

    test('lets an operator try a failed job again, with all its tries, and no other', async () => {
      let broken = true
      const definition = job({
        name: 'test.mended',
        input: anything,
        maxAttempts: 1,
        handle: async ({ attempt }) => {
          if (broken) throw new Error('broken')
          assert.equal(attempt, 1)
        },
      })
      const server = await serve([definition])
      const operator = service([definition])
      await server.contract.enqueue(call, { name: 'test.mended', input: null, uniqueKey: 'k' })
      const { id } = await reached('failed')
      const { failures, counts } = await operator.overview(call)
      assert.deepEqual(
        failures.map((failure) => [failure.id, failure.lastError, failure.attempts]),
        [[id, 'broken', 1]],
      )
      assert.deepEqual(counts.failed, { jobs: 1, more: false })
      await assert.rejects(operator.retry(call, 'absent'), (error) => hasCode(error, 'jobs.not_found'))
      broken = false
      await operator.retry(call, id)
      assert.equal((await reached('done')).attempt, 2)
      await assert.rejects(operator.retry(call, id), (error) => hasCode(error, 'jobs.not_failed'))
    })

    test('what one process does not know waits for another that does, and uses no try up', async () => {
      const older = await serve([
        job({ name: 'test.grown', input: z.strictObject({}), handle: async () => assert.fail('it must not run') }),
      ])
      await older.contract.enqueue(call, { name: 'test.newer', input: null })
      const unknown = await until('a claim', async () => ((await only('waiting'))?.attempt === 1 ? await only('waiting') : undefined))
      assert.match(unknown.lastError ?? '', /no job named "test.newer"/)
      await older.contract.enqueue(call, { name: 'test.grown', input: { more: 1 } })
      await until('both refused', async () => {
        const { items } = await repository.inState(call, 'waiting', 10)
        return items.length === 2 && items.every(({ value }) => value.forgiven > 0)
      })
      await older.stop()
      const tries: unknown[] = []
      const once = { maxAttempts: 1, handle: async ({ attempt }: JobContext, input: unknown) => void tries.push([attempt, input]) }
      await serve([job({ name: 'test.newer', input: anything, ...once }), job({ name: 'test.grown', input: anything, ...once })])
      clock.advance(HOUR_MS - 1)
      await until('both runs', () => tries.length === 2)
      assert.deepEqual(
        new Set(tries),
        new Set([
          [1, null],
          [1, { more: 1 }],
        ]),
      )
    })

    test('fails what nobody has known for an hour, with the reason', async () => {
      const handle = async (): Promise<void> => assert.fail('it must not run')
      const server = await serve([job({ name: 'test.strict', input: z.strictObject({ n: z.number() }), maxAttempts: 1, handle })])
      await server.contract.enqueue(call, { name: 'test.strict', input: { n: 'one' } })
      await until('a claim', async () => (await only('waiting'))?.forgiven === 1)
      clock.advance(HOUR_MS)
      assert.match((await reached('failed')).lastError ?? '', /n: /)
      await server.contract.enqueue(call, { name: 'test.unknown', input: null })
      await until('the second failure', async () => {
        clock.advance(HOUR_MS)
        return /no job named "test.unknown"/.test((await only('failed'))?.lastError ?? '')
      })
    })

    test('a try that could not begin is not counted, until it has waited as long as it may', async () => {
      let mayBegin = false
      const tries: number[] = []
      const definition = job({
        name: 'test.patient',
        input: anything,
        maxAttempts: 1,
        handle: async ({ attempt }) => {
          if (!mayBegin) return { reason: 'no place is free', withinMs: DAY_MS }
          tries.push(attempt)
          return undefined
        },
      })
      const server = await serve([definition])
      await server.contract.enqueue(call, { name: 'test.patient', input: null })
      for (let round = 1; round <= 3; round += 1) {
        const waiting = await until(`round ${round}`, async () => {
          const found = await only('waiting')
          return (found?.forgiven ?? 0) >= round ? found : undefined
        })
        assert.equal(waiting.lastError, 'no place is free')
        clock.advance(HOUR_MS)
      }
      assert.equal(await only('failed'), undefined)
      mayBegin = true
      await until('a run', async () => {
        clock.advance(HOUR_MS)
        return tries.length === 1
      })
      assert.deepEqual(tries, [1])
      await reached('done')
      mayBegin = false
      await server.contract.enqueue(call, { name: 'test.patient', input: null })
      await until('a claim', async () => (await only('waiting'))?.forgiven === 1)
      clock.advance(DAY_MS)
      assert.equal((await reached('failed')).lastError, 'no place is free')
    })

    test('aborts a try that takes too long and counts it as failed', async () => {
      const { runs, handle } = held()
      const server = await serve([job({ name: 'test.slow', input: anything, timeoutMs: 20, maxAttempts: 1, handle })])
      await server.contract.enqueue(call, { name: 'test.slow', input: null })
      assert.match((await reached('failed')).lastError ?? '', /longer than 20 ms/)
      assert.equal(runs[0]?.call.signal.aborted, true)
    })

    test('refuses the late outcome of a worker that lost its lease', async () => {
      const zombie = held()
      const heir = held()
      const first = await serve([job({ name: 'test.lease', input: anything, handle: zombie.handle })], {
        leaseMs: 30_000,
        pollMs: 60_000,
        drainMs: 0,
      })
      await first.contract.enqueue(call, { name: 'test.lease', input: null })
      await until('the first run', () => zombie.runs.length === 1)
      await serve([job({ name: 'test.lease', input: anything, handle: heir.handle })])
      clock.advance(30_000)
      // The lapsed lease, then the pause before the next try.
      await reached('waiting')
      clock.advance(2000)
      await until('the second run', () => heir.runs.length === 1)
      zombie.runs[0]?.fail(new Error('too late'))
      await first.stop()
      const running = await reached('running')
      assert.deepEqual([running.attempt, running.lostLeases, running.lastError], [2, 1, 'Its worker vanished (1 of 3).'])
      heir.runs[0]?.finish()
      assert.equal((await reached('done')).attempt, 2)
    })

    test('keeps the lease of a job that takes long', async () => {
      const { runs, handle } = held()
      const server = await serve([job({ name: 'test.long', input: anything, handle })], { leaseMs: 60 })
      await server.contract.enqueue(call, { name: 'test.long', input: null })
      await until('the run', () => runs.length === 1)
      for (let round = 0; round < 5; round += 1) {
        clock.advance(40)
        const now = clock.now()
        await until('the renewal', async () => (await reached('running')).at === now + 60)
      }
      runs[0]?.finish()
      const done = await reached('done')
      assert.deepEqual([done.attempt, done.lostLeases], [1, 0])
    })

    test('gives up a job that has lost its lease three times', async () => {
      const { runs, handle } = held()
      const server = await serve([job({ name: 'test.poison', input: anything, handle })], { leaseMs: 30_000, drainMs: 0 })
      await server.contract.enqueue(call, { name: 'test.poison', input: null })
      for (let round = 1; round <= 3; round += 1) {
        await until(`run ${round}`, () => runs.length === round)
        clock.advance(30_000)
        if (round < 3) await until(`loss ${round}`, async () => (await only('waiting'))?.lostLeases === round)
        clock.advance(round < 3 ? 8000 : 0)
      }
      assert.match((await reached('failed')).lastError ?? '', /vanished 3 times/)
      assert.equal(runs.length, 3)
    })

    test('runs at most as many at once as it may', async () => {
      const { runs, handle } = held()
      const server = await serve([job({ name: 'test.many', input: anything, handle })], { concurrency: 2 })
      for (let index = 0; index < 5; index += 1) await server.contract.enqueue(call, { name: 'test.many', input: index })
      await until('two runs', () => runs.length === 2)
      assert.equal((await repository.inState(call, 'waiting', 10)).items.length, 3)
      for (let index = 0; index < 5; index += 1) {
        await until(`run ${index}`, () => runs.length > index)
        runs[index]?.finish()
      }
      await until('all done', async () => (await repository.inState(call, 'done', 10)).items.length === 5)
    })

    test('waits at a stop for what is under way', async () => {
      const { runs, handle } = held()
      const server = await serve([job({ name: 'test.drain', input: anything, handle })])
      await server.contract.enqueue(call, { name: 'test.drain', input: null })
      await until('the run', () => runs.length === 1)
      const stopped = server.stop()
      await server.contract.enqueue(call, { name: 'test.drain', input: 'second' })
      runs[0]?.finish()
      await stopped
      assert.equal((await reached('done')).attempt, 1)
      assert.equal((await reached('waiting')).input, 'second')
      assert.equal(runs.length, 1, 'nothing is claimed after the stop')
    })

    test('gives back at a stop what does not end in time, without counting the try', async () => {
      const { runs, handle } = held()
      const definition = job({ name: 'test.return', input: anything, maxAttempts: 1, handle })
      const server = await serve([definition], { drainMs: 10 })
      await server.contract.enqueue(call, { name: 'test.return', input: null })
      await until('the run', () => runs.length === 1)
      await server.stop()
      assert.equal(runs[0]?.call.signal.aborted, true)
      assert.equal((await reached('waiting')).lastError, undefined)
      runs[0]?.finish()
      await serve([definition])
      await until('the second run', () => runs.length === 2)
      assert.equal(runs[1]?.attempt, 1)
      runs[1]?.finish()
      assert.equal((await reached('done')).attempt, 2)
    })

    test('adds one job per tick of a schedule, however many processes there are', async () => {
      let ticks = 0
      const definition = job({ name: 'test.tick', input: z.strictObject({}), everyMs: HOUR_MS, handle: async () => void (ticks += 1) })
      const probe = job({ name: 'test.probe', input: anything, handle: async () => {} })
      await serve([definition, probe])
      await serve([definition, probe])
      await until('the first tick', () => ticks === 1)
      clock.advance(HOUR_MS - 1)
      const third = await serve([definition, probe])
      await third.contract.enqueue(call, { name: 'test.probe', input: null })
      await until('the probe', async () => (await repository.inState(call, 'done', 10)).items.length === 2)
      assert.equal(ticks, 1)
      clock.advance(1)
      await until('the second tick', () => ticks === 2)
    })

    test('does not begin a tick while the one before is under way', async () => {
      const { runs, handle } = held()
      await serve([
        job({ name: 'test.tick', input: anything, everyMs: 1000, handle }),
        job({ name: 'test.probe', input: anything, handle: async () => {} }),
      ])
      await until('the first tick', () => runs.length === 1)
      clock.advance(1000)
      await servers[0]?.contract.enqueue(call, { name: 'test.probe', input: null })
      await reached('done')
      assert.equal(runs.length, 1)
      assert.equal(await only('waiting'), undefined)
      runs[0]?.finish()
      await until('the end of the first tick', async () => (await repository.inState(call, 'done', 10)).items.length === 2)
      clock.advance(1000)
      await until('the next tick', () => runs.length === 2)
      runs[1]?.finish()
    })

    test('forgets a job seven days after it was done', async () => {
      const server = await serve([job({ name: 'test.brief', input: anything, handle: async () => {} })])
      await server.contract.enqueue(call, { name: 'test.brief', input: null })
      const { id } = await reached('done')
      clock.advance(7 * DAY_MS - 1)
      assert.notEqual(await repository.get(call, id), undefined)
      clock.advance(1)
      assert.equal(await repository.get(call, id), undefined)
    })
  })
}
