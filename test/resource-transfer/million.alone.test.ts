// Many rows: memory does not grow, and others get their turn. NINEFOLD_LONG=1 makes it a million.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemCall } from '#kernel/call.ts'
import { systemClock as clock } from '#kernel/clock.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { filesServer } from '../../src/files/server.ts'
import { resourceServer } from '../../src/resource/server.ts'
import { SITES } from '../support/data-world.ts'
import { scenarioDatabase } from '../support/scenario-database.ts'
import { anna, books, scopes } from './world.ts'

const LONG = process.env['NINEFOLD_LONG'] === '1'
const ROWS = LONG ? 1_000_000 : 60_000
const STEP = ROWS / 20
const MEGABYTE = 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** What is held on to, in megabytes: what is only waiting to be collected says nothing. */
function held(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / MEGABYTE
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Made while it is read. */
async function* file(): AsyncGenerator<Buffer> {
  yield Buffer.from('title,isbn,pages,price,lent,bought,shelf,tags\n')
  for (let start = 0; start < ROWS; start += 1000) {
    const lines = Array.from({ length: 1000 }, (_, index) => {
      const row = start + index
      const pages = row % 1000 === 999 ? 'many' : (row % 900) + 1
      return `"Book, number ${row}",isbn-${row},${pages},${row / 100},yes,2020-01-02,fiction,a;b\n`
    })
    yield Buffer.from(lines.join(''))
  }
}

test(`${ROWS.toLocaleString('en')} rows are imported without growing memory`, { timeout: LONG ? 3_600_000 : 120_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-million-'))
  const logger = createLogger({ level: 'silent' })
  const keyRing = createKeyRing(new Secret(randomBytes(32).toString('base64url')))
  const database = await scenarioDatabase({ file: join(folder, 'main.db'), clock, logger })
  const files = filesServer.create({
    database: database.contract,
    keyRing,
    clock,
    logger,
    settings: { folder: join(folder, 'files'), buckets: [], sites: SITES },
  })
  const declared = Object.fromEntries(Object.values(scopes).map((scope) => [scope, '']))
  const transfer = { folder: join(folder, 'imports') }
  const settings = { resources: [books], buckets: [], sites: SITES, productName: 'Test', scopes: declared, transfer }
  const server = resourceServer.create({ database: database.contract, files: files.contract, keyRing, clock, logger, settings })
  await database.start()
  t.after(async () => {
    await database.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const { transfers } = server.contract
  assert.ok(transfers)
  const begun = await transfers.beginFile({ ...systemCall('test'), principal: anna }, 'books', {
    options: {},
    contentType: 'text/csv',
    content: file(),
  })
  const loop = monitorEventLoopDelay({ resolution: 5 })
  loop.enable()
  const samples: number[] = []
  const startedAt = Date.now()
  let shown = 0
  const ended = await transfers.run(systemCall('test'), begun.id, ({ progress }) => {
    if (progress.rows - shown < STEP) return
    shown = progress.rows
    const megabytes = held()
    const rss = process.memoryUsage.rss() / MEGABYTE
    samples.push(megabytes)
    const perSecond = Math.round(progress.rows / ((Date.now() - startedAt) / 1000))
    t.diagnostic(
      `${progress.rows} rows, ${perSecond} rows/s, ${megabytes.toFixed(1)} MB held, ${rss.toFixed(0)} MB resident; event loop: median ${(loop.percentile(50) / 1e6).toFixed(1)}, p99 ${(loop.percentile(99) / 1e6).toFixed(1)} ms`,
    )
  })
  assert.deepEqual(
    [ended.state, ended.progress.rows, ended.progress.stored, ended.progress.rejected],
    ['done', ROWS, ROWS * 0.999, ROWS * 0.001],
  )
  const third = Math.floor(samples.length / 3)
  const [early, late] = [median(samples.slice(0, third)), median(samples.slice(-third))]
  // Keeping the text of every row would be more than this.
  assert.ok(late - early < 2, `memory grew from ${early} to ${late} MB`)
})
