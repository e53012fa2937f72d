// A million rows: memory does not grow, and others get their turn. For a long run; 20,000 rows are in resume.test.ts.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
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

const ROWS = 1_000_000
const MEGABYTE = 1024 * 1024
const skip = process.env['NINEFOLD_LONG'] === '1' ? false : 'takes minutes: NINEFOLD_LONG=1 runs it'

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

test('a million rows are imported without growing memory', { skip }, async (t) => {
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
    if (progress.rows - shown < 50_000) return
    shown = progress.rows
    const rss = process.memoryUsage.rss() / MEGABYTE
    samples.push(rss)
    const perSecond = Math.round(progress.rows / ((Date.now() - startedAt) / 1000))
    t.diagnostic(
      `${progress.rows} rows, ${perSecond} rows/s, ${rss.toFixed(0)} MB; event loop: median ${(loop.percentile(50) / 1e6).toFixed(1)}, p99 ${(loop.percentile(99) / 1e6).toFixed(1)} ms`,
    )
  })
  assert.deepEqual(
    [ended.state, ended.progress.rows, ended.progress.stored, ended.progress.rejected],
    ['done', ROWS, ROWS * 0.999, ROWS * 0.001],
  )
  const third = Math.floor(samples.length / 3)
  const [early, late] = [Math.max(...samples.slice(0, third)), Math.max(...samples.slice(-third))]
  assert.ok(late - early < 64, `memory grew from ${early} to ${late} MB`)
})
