// What is deleted is in no byte of the file, once it was written anew: SQLite alone leaves copies of rows that it had moved before they were deleted.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { systemClock } from '#kernel/clock.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { defineCollection } from '#kernel/collection.ts'
import type { Collection, Database } from '../../src/database/contract.ts'
import { openForReading } from '../../src/database/drivers/sqlite/connection.ts'
import { hasRoom } from '../../src/database/drivers/sqlite/scrub.ts'
import { createSqliteDatabase } from '../../src/database/server.ts'
import { call } from '../support/database.ts'
import { until } from '../support/until.ts'

const PEOPLE = defineCollection({
  name: 'people',
  schema: z.object({ id: z.string(), email: z.string(), about: z.string() }),
  indexes: { byEmail: { fields: ['email'], unique: true } },
})
const MOST_ROUNDS = 40

let folder: string
let logs: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-scrub-'))
  logs = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface Opened {
  readonly running: Running<Database>
  readonly people: Collection<z.infer<(typeof PEOPLE)['schema']>>
  /** The one job that it has. */
  scrub(): Promise<void>
}

async function open(upToMib: number): Promise<Opened> {
  const logger = createLogger({ level: 'debug', stream: { write: (line: string) => void logs.push(line) } })
  const running = createSqliteDatabase({
    file: join(folder, 'main.db'),
    durability: 'relaxed',
    clock: systemClock,
    logger,
    scrubbing: { job: 'test.scrub', upToMib },
  })
  const people = running.contract.collection(PEOPLE)
  await running.start()
  const scrub = async (): Promise<void> => {
    const [job] = running.jobs
    assert.equal(job?.name, 'test.scrub')
    await job.handle({ call, jobId: 'j', attempt: 1 }, {})
  }
  return { running, people, scrub }
}

/** Numbers that are the same in each run. */
function numbers(): (below: number) => number {
  let state = 6
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

/** People come and go, until the file of the stopped database has one who has gone. */
async function addressesLeft(): Promise<readonly string[]> {
  const pick = numbers()
  const gone: string[] = []
  const here: { id: string; email: string }[] = []
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const { running, people } = await open(0)
    const writes: Promise<unknown>[] = []
    for (let step = 0; step < 200; step += 1) {
      if (pick(5) < 3 || here.length < 5) {
        const number = pick(1_000_000_000)
        const person = { id: `id-${number}`, email: `${(number * 7919) % 1_000_003}-${number}@gone.example`, about: 'x'.repeat(pick(300)) }
        writes.push(people.insert(call, person))
        here.push(person)
        continue
      }
      for (const { id, email } of here.splice(pick(here.length), 1)) {
        writes.push(people.delete(call, id))
        gone.push(email)
      }
    }
    await Promise.all(writes)
    await running.stop()
    const bytes = await readFile(join(folder, 'main.db'))
    const left = gone.filter((email) => bytes.includes(email))
    if (left.length > 0) return left
  }
  return []
}

async function bytesKept(): Promise<Buffer> {
  return Buffer.concat(await Promise.all(['main.db', 'main.db-wal'].map((name) => readFile(join(folder, name)))))
}

test('a file that is written anew has no rests of who has gone, neither has its log, while it is open', async () => {
  const left = await addressesLeft()
  assert.notDeepEqual(left, [], 'without it there would be some')
  const { running, people, scrub } = await open(1)
  const before = await people.list(call, { index: 'byEmail', limit: 100 })
  await scrub()
  const kept = await bytesKept()
  assert.deepEqual(
    left.filter((email) => kept.includes(email)),
    [],
  )
  const writes = await Promise.all([people.insert(call, { id: 'new', email: '0@new.example', about: '' }), scrub()])
  assert.equal(writes.length, 2)
  assert.equal((await people.get(call, 'new'))?.value.email, '0@new.example')
  await people.delete(call, 'new')
  assert.deepEqual(await people.list(call, { index: 'byEmail', limit: 100 }), before)
  assert.ok(logs.some((line) => line.includes('written anew without')))
  await running.stop()
})

test('a log that somebody reads is emptied when they have ended, and the writes beside a scrub keep their answers', async () => {
  const { running, people, scrub } = await open(1)
  const insert = (id: string): Promise<unknown> => people.insert(call, { id, email: `${id}@here.example`, about: '' })
  await insert('first')
  const reader = openForReading(join(folder, 'main.db'))
  reader.exec('BEGIN')
  assert.equal(reader.prepare('SELECT count(*) AS people FROM people').get()?.['people'], 1)
  await people.delete(call, 'first')
  const writes = [insert('a'), insert('b'), scrub(), insert('a'), insert('c')]
  const ends = await Promise.allSettled(writes)
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
  assert.ok(logs.some((line) => line.includes('its log is emptied when')))
  assert.ok((await bytesKept()).includes('first@here.example'), 'for the reader')
  assert.equal(reader.prepare('SELECT count(*) AS people FROM people').get()?.['people'], 1)
  reader.close()
  await insert('later')
  await until('the log to be emptied', async () => !(await bytesKept()).includes('first@here.example'))
  assert.equal((await people.list(call, { index: 'byEmail', limit: 10 })).items.length, 4)
  await running.stop()
})

test('a larger one is left as it is, and an operator is told', async () => {
  const { running, people, scrub } = await open(1)
  for (let number = 0; number < 12; number += 1)
    await people.insert(call, { id: `large-${number}`, email: `${number}@large.example`, about: 'y'.repeat(100_000) })
  await scrub()
  assert.ok(logs.some((line) => line.includes('too large to be written anew')))
  assert.ok(!logs.some((line) => line.includes('written anew without')))
  await running.stop()
})

test('never when it is off or there is no room, and a database in memory has nothing to do', async () => {
  const off = await open(0)
  await off.scrub()
  assert.ok(!logs.some((line) => line.includes('written anew')))
  await off.running.stop()
  assert.equal(hasRoom(join(folder, 'main.db'), 1000), true)
  assert.equal(hasRoom(join(folder, 'main.db'), 2 ** 60), false)
  const inMemory = createSqliteDatabase({
    file: ':memory:',
    clock: systemClock,
    logger: createLogger({ level: 'silent' }),
    scrubbing: { job: 'test.scrub', upToMib: 1 },
  })
  await inMemory.start()
  await inMemory.jobs[0]?.handle({ call, jobId: 'j', attempt: 1 }, {})
  await inMemory.stop()
})
