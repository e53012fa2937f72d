// What a move from any place to any other must be: nothing lost, nothing doubled while people write, and a way back.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { newId } from '#kernel/ids.ts'
import type { StoredEvent } from '../../src/database/contract.ts'
import { type Difference, createCopier } from '../../src/database/move/copier.ts'
import { DirtyRows } from '../../src/database/move/dirty.ts'
import { withSign } from '../../src/database/move/sign.ts'
import { engineFor } from '../../src/database/engines.ts'
import { createLogger } from '#kernel/log.ts'
import { call } from './database.ts'
import { type HouseFolder, houseFolder, type OpenedHouse } from './house.ts'
import { mongodb, type Place } from './places.ts'
import { startWriters, type Writers } from './writers.ts'

const LONG = process.env['NINEFOLD_LONG'] === '1'
const ROWS = LONG ? 1_000_000 : 20_000
/** FerretDB on SQLite writes a few hundred documents in a second. */
const FEW_ROWS = 500

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 90_000
  while (!holds()) {
    assert.ok(performance.now() < end, `waited in vain for ${what}`)
    await delay(10)
  }
}

/** Opens both databases again and compares every row: what the running program says is not asked. */
async function compared(urls: readonly [string, string], opened: OpenedHouse): Promise<readonly Difference[]> {
  const logger = createLogger({ level: 'silent' })
  const { declared } = opened.house.present()
  const [source, target] = await Promise.all(urls.map(async (url) => await engineFor(url, { logger })))
  assert.ok(source !== undefined && target !== undefined)
  const engines = [source, target]
  for (const engine of engines) await engine.start(withSign(declared))
  try {
    const copier = createCopier({ source, target, declared, dirty: new DirtyRows(), now: () => Date.now() })
    const snapshots = { source: await source.snapshot(), target: await target.snapshot() }
    const found = await copier.compare(snapshots, { exact: true, checked: () => {} })
    await snapshots.source.close()
    await snapshots.target.close()
    return found
  } finally {
    for (const engine of engines) await engine.stop()
  }
}

function assertEqual(found: readonly Difference[]): void {
  for (const { collection, source, target, different } of found) {
    assert.deepEqual(target, source, collection)
    assert.equal(different, 0, collection)
  }
}

async function fill(opened: OpenedHouse, rows: number): Promise<void> {
  for (let done = 0; done < rows; done += 500) {
    await Promise.all(
      Array.from({ length: Math.min(500, rows - done) }, (_, index) =>
        opened.books.insert(call, {
          id: newId(1),
          title: `The ${done + index}th book of birds`,
          ownerId: `owner-${index % 7}`,
          pages: done + index,
          tags: ['a', 'b'],
          details: { deep: { er: [1, 2.5, null, 'x'] }, empty: {} },
        }),
      ),
    )
  }
}

export function movesBetween(from: Place, to: Place): void {
  describe(`moving house from ${from.name} to ${to.name}`, { skip: from.skip || to.skip }, () => {
    const isSlow = from === mongodb || to === mongodb
    const rows = isSlow ? FEW_ROWS : ROWS
    const writes = isSlow ? 200 : 5000
    let folder: HouseFolder
    let urls: { from: string; to: string }
    let opened: OpenedHouse | undefined
    let writers: Writers | undefined

    beforeEach(async () => {
      folder = await houseFolder()
      urls = { from: await from.make(folder), to: await to.make(folder) }
    })

    afterEach(async () => {
      await writers?.stop().catch(() => {})
      writers = undefined
      await opened?.stop()
      opened = undefined
      await folder.remove()
    })

    test('loses and doubles no write, holds them for less than a second, and comes back equal', async (t) => {
      opened = await folder.open(urls.from)
      await fill(opened, rows)
      const seen: StoredEvent[] = []
      opened.database.subscribe({
        consumer: 'test',
        topics: ['photo'],
        async handle(events) {
          seen.push(...events)
        },
      })
      writers = startWriters(opened, { clients: 8 })
      await until('the writers to be at work', () => (writers?.written() ?? 0) > 200)
      const phases = new Set<string>()
      const startedAt = performance.now()
      const moved = await opened.house.move(urls.to, ({ phase }) => phases.add(phase))
      const seconds = (performance.now() - startedAt) / 1000
      t.diagnostic(
        `${rows} rows in ${seconds.toFixed(1)} s, ${moved.again} copied again, held ${moved.heldMs.toFixed(0)} ms, slowest write ${writers.slowestMs().toFixed(0)} ms, longest stall ${writers.stallMs().toFixed(0)} ms`,
      )
      assert.ok(phases.has('copying') && phases.has('comparing') && phases.has('switching'), [...phases].join(' '))
      assert.ok(moved.heldMs < 1000, `writes were held for ${moved.heldMs} ms`)
      for (const { collection, source, target } of moved.collections) assert.deepEqual(target, source, collection)

      const before = writers.written()
      await until('many writes on the new house', () => (writers?.written() ?? 0) > before + writes)
      const back = await opened.house.back(() => {})
      assert.ok(back.heldMs < 1000, `writes were held for ${back.heldMs} ms`)
      for (const { collection, source, target } of back.collections) assert.deepEqual(target, source, collection)
      await until('some writes back in the old house', () => (writers?.written() ?? 0) > before + writes + 100)
      await writers.stop()
      t.diagnostic(`back: held ${back.heldMs.toFixed(0)} ms, ${writers.written()} writes, slowest ${writers.slowestMs().toFixed(0)} ms`)
      assert.deepEqual(writers.failures(), [])
      await writers.check()

      await until('every event to be delivered', () => seen.length >= (writers?.events() ?? 0))
      const numbers = seen.map(({ sequence }) => sequence)
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].toSorted((a, b) => a - b),
        'in order, each once',
      )
      assert.equal(new Set(seen.map(({ key }) => key)).size, new Set(writers.keys()).size)

      const found = await opened.books.search(call, { text: '123th', limit: 5 })
      assert.ok(found.items.length > 0, 'the search came along')
      await until('the other house to have followed', () => opened?.house.status().follower?.behind === 0)
      await delay(2500)
      await opened.stop()
      assertEqual(await compared([urls.from, urls.to], opened))
      opened = undefined
    })
  })
}
