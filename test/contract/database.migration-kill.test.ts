// A migration that is killed again and again loses nothing and ends; and while it runs, nobody waits for it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { systemClock } from '#kernel/clock.ts'
import { insertInto } from '#kernel/collection.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { createSqliteDatabase } from '../../src/database/server.ts'
import { call } from '../support/database.ts'
import { migrated } from '../support/database-migrator.ts'

const COUNT = 20_000
const KILLS = 4
const program = fileURLToPath(new URL('../support/database-migrator.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ninefold-migration-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const oldBooks = { name: 'books', schema: z.strictObject({ id: z.string(), name: z.string() }), indexes: {} }

async function fill(file: string): Promise<void> {
  const server = createSqliteDatabase({ file, durability: 'relaxed', clock: systemClock, logger: createLogger({ level: 'silent' }) })
  server.contract.collection(oldBooks)
  await server.start()
  for (let first = 0; first < COUNT; first += 100) {
    const some = Array.from({ length: 100 }, (_, n) => insertInto(oldBooks, { id: `b${first + n}`, name: `name ${first + n}` }))
    await server.contract.commit(call, some)
  }
  await server.stop()
}

/** What the process printed last; it is killed when `killAfterMs` have passed since it had started. */
async function migrate(file: string, killAfterMs?: number): Promise<string> {
  const child = spawn(process.execPath, [program, file, String(COUNT)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  while (!output.includes('started') && child.exitCode === null) await Promise.race([once(child.stdout, 'data'), exited])
  if (killAfterMs !== undefined) {
    await setTimeout(killAfterMs)
    child.kill('SIGKILL')
  }
  await exited
  return output
}

test('a migration that is killed again and again ends complete, and holds up no reader and no writer', {
  timeout: 180_000,
}, async (context) => {
  const file = join(folder, 'killed.db')
  await fill(file)
  let killed = 0
  for (let round = 0; round < KILLS; round += 1) {
    const output = await migrate(file, 60 + round * 90)
    if (!output.includes('done')) killed += 1
  }
  assert.ok(killed > 0, 'at least one was killed in the middle')
  const output = await migrate(file)
  const [, report = '{}'] = /done (.*)/.exec(output) ?? []
  const { uses, longestGet, longestUpdate }: { uses: number; longestGet: number; longestUpdate: number } = JSON.parse(report)
  context.diagnostic(
    `killed ${killed} times; then ${uses} reads and writes beside it, the longest took ${longestGet.toFixed(1)} and ${longestUpdate.toFixed(1)} ms`,
  )
  assert.ok(uses > 20)
  // Generous, since other tests share the machine; a batch itself takes a few milliseconds.
  assert.ok(longestGet < 500, `a read waited for ${longestGet} ms`)
  assert.ok(longestUpdate < 1000, `a write waited for ${longestUpdate} ms`)

  const server = createSqliteDatabase({ file, clock: systemClock, logger: createLogger({ level: 'silent' }) })
  const books = server.contract.collection(migrated)
  assert.deepEqual((await server.contract.plan(call)).rewrites, [])
  await server.start()
  assert.equal(await books.count(call, { index: 'bySize' }, 100_000), COUNT)
  let after: string | undefined
  const seen = new Set<string>()
  do {
    const page = await books.list(call, { index: 'bySize', limit: 1000, ...(after === undefined ? {} : { after }) })
    for (const { value } of page.items) {
      assert.equal(value.title, `name ${value.id.slice(1)}`)
      assert.equal(value.size, value.title.length)
      seen.add(value.id)
    }
    after = page.next
  } while (after !== undefined)
  assert.equal(seen.size, COUNT)
  assert.equal((await books.search(call, { text: 'name 777', limit: 1000 })).items.length, 11, 'name 777 and 7770 to 7779')
  await server.stop()
})
