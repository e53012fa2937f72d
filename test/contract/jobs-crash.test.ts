// A worker that is killed in the middle of a job: another one does it, once its lease has lapsed.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createSqliteDatabase } from '../../src/database/server.ts'
import { createJobsRepository } from '../../src/jobs/repository.ts'
import { jobsServer } from '../../src/jobs/server.ts'
import { systemCall } from '../../src/kernel/call.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { randomToken } from '../../src/kernel/ids.ts'
import { job } from '../../src/kernel/job.ts'
import { createKeyRing } from '../../src/kernel/keyring.ts'
import { createLogger } from '../../src/kernel/log.ts'
import { z } from '../../src/kernel/schema.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { until } from '../support/until.ts'

const call = systemCall('test')
const logger = createLogger({ level: 'silent' })
const keyRing = createKeyRing(new Secret(randomToken()))
const sites = { accounts: 'http://a.test', app: 'http://b.test', files: 'http://c.test', console: 'http://d.test', frontends: {} }

test('a job outlives the process that was killed while it ran', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-jobs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'main.db')
  const child = spawn(process.execPath, [fileURLToPath(new URL('../fixtures/jobs-child.ts', import.meta.url)), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  assert.equal(String(line), 'begun work\n')
  child.kill('SIGKILL')
  await once(child, 'exit')

  const seen: string[] = []
  const database = createSqliteDatabase({ file, clock: systemClock, logger })
  const definition = job({ name: 'test.crash', input: z.string(), handle: async (_context, input) => void seen.push(input) })
  const jobs = jobsServer.create({
    database: database.contract,
    keyRing,
    clock: systemClock,
    logger,
    definitions: [definition],
    settings: { mail: { from: 'x@x.test' }, productName: 'x', sites, development: true, worker: { pollMs: 20 } },
  })
  const repository = createJobsRepository(database.contract)
  await database.start()
  t.after(() => database.stop())
  await jobs.start()
  t.after(() => jobs.stop())
  const done = await until('the job done by the other process', async () => (await repository.inState(call, 'done', 1)).items[0]?.value)
  assert.deepEqual(seen, ['work'])
  assert.deepEqual([done.attempt, done.lostLeases], [2, 1])
})
