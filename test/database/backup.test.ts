// Backups while people write: what comes back is what the manifest says, on any engine; what was touched does not open; nothing opens without its key.
import assert from 'node:assert/strict'
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { systemClock } from '#kernel/clock.ts'
import { newId } from '#kernel/ids.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { type Backups, createBackups } from '../../src/database/backup/backups.ts'
import { masterKeyIn, openBackup, restoreBackup, verifyBackup } from '../../src/database/backup/read.ts'
import { Damaged, opened, sealed } from '../../src/database/backup/sealing.ts'
import type { Written } from '../../src/database/backup/write.ts'
import { engineFor } from '../../src/database/engines.ts'
import { createDiskStore } from '../../src/files/drivers/disk.ts'
import type { Collection, Database } from '../../src/database/contract.ts'
import { call, photos, tickets } from '../support/database.ts'
import { type Book, books, type HouseFolder, houseFolder, type OpenedHouse } from '../support/house.ts'
import { mongodb, type Place, postgres, sqlite } from '../support/places.ts'
import { startWriters } from '../support/writers.ts'

const KEY = new Secret('a passphrase for the data and the files')
const KEYS_KEY = new Secret('another passphrase, for the master key')
const quiet = (): void => {}
const logger = createLogger({ level: 'silent' })

interface Setting {
  readonly folder: HouseFolder
  readonly opened: OpenedHouse
  readonly backups: Backups
  readonly to: string
  readonly shelf: ReturnType<typeof createDiskStore>
  close(): Promise<void>
}

async function setting(place: Place): Promise<Setting> {
  const folder = await houseFolder()
  const house = await folder.open(await place.make(folder))
  const shelf = createDiskStore({ folder: join(folder.path, 'files'), clock: systemClock })
  await shelf.start()
  const to = join(folder.path, 'backups')
  const backups = backupsOf({ folder, opened: house, shelf, to }, KEY)
  return {
    folder,
    opened: house,
    backups,
    to,
    shelf,
    async close() {
      await house.stop()
      await folder.remove()
    },
  }
}

function backupsOf({ folder, opened: house, shelf, to }: Omit<Setting, 'backups' | 'close'>, key: Secret): Backups {
  return createBackups({
    house: house.house,
    shelf,
    engineFor: async (url) => await engineFor(url, { logger }),
    masterKey: new Secret(folder.masterKey),
    clock: systemClock,
    settings: { app: 'Test', folder: to, scratch: join(folder.path, 'desk'), key, keysKey: KEYS_KEY, everyHours: 1, keep: 2 },
  })
}

async function fill({ opened: house, shelf }: Setting, rows: number): Promise<string[]> {
  for (let done = 0; done < rows; done += 250) {
    await Promise.all(
      Array.from({ length: 250 }, (_, index) =>
        house.books.insert(call, {
          id: newId(1),
          title: `Birds of ${done + index}`,
          ownerId: 'ada',
          pages: index,
          details: { b: [1, null], a: 'x' },
        }),
      ),
    )
  }
  await house.tickets.insert(call, { id: newId(1), code: 'only one', uses: 1 })
  const keys = [newId(1), newId(2), newId(3)]
  for (const [index, key] of keys.entries()) await shelf.put(key, Readable.from([Buffer.alloc(100_000 * (index + 1), index)]))
  return keys
}

for (const [from, to] of [
  [sqlite, sqlite],
  [sqlite, postgres],
  [postgres, sqlite],
  [mongodb, sqlite],
] as const) {
  describe(`a backup of ${from.name} comes back in ${to.name}`, { skip: from.skip || to.skip }, () => {
    test('as of one moment, while writes go on', async (t) => {
      const source = await setting(from)
      const target = await houseFolder()
      try {
        const keys = await fill(source, from === mongodb ? 500 : 5000)
        const writers = startWriters(source.opened, { clients: 4 })
        let written: Written
        try {
          written = await source.backups.make(undefined, quiet)
        } finally {
          await writers.stop()
        }
        t.diagnostic(
          `slowest write ${writers.slowestMs().toFixed(0)} ms, longest stall ${writers.stallMs().toFixed(0)} ms, ${writers.written()} writes`,
        )
        assert.deepEqual(writers.failures(), [])
        await writers.check()
        assert.equal(await source.backups.verify(source.to, quiet), written.path)

        const backup = await openBackup(written.path, KEY)
        const shelf = createDiskStore({ folder: join(target.path, 'files'), clock: systemClock })
        const url = await to.make(target)
        const made = await target.create(url)
        made.house.beforeUse(async (engine, declared) => {
          await restoreBackup(backup, { engine, declared, shelf, replace: false, now: () => Date.now(), report: quiet })
        })
        const restored = declareAll(made.server.contract)
        await made.server.start()
        try {
          const page = await restored.search(call, { text: 'birds of 17', limit: 10 })
          assert.equal(page.items.length, 10, 'the search came along')
          assert.ok(page.items.every(({ value }) => value.title.startsWith('Birds of 17')))
          for (const key of keys) {
            const [left, right] = await Promise.all([source.shelf.open(key), shelf.open(key)])
            assert.deepEqual(await all(right), await all(left))
          }
        } finally {
          await made.server.stop()
        }
        const again = await target.create(url)
        again.house.beforeUse(async (engine, declared) => {
          await restoreBackup(backup, { engine, declared, shelf, replace: false, now: () => Date.now(), report: quiet })
        })
        declareAll(again.server.contract)
        await assert.rejects(again.server.start(), /There is data already/)
      } finally {
        await source.close()
        await target.remove()
      }
    })
  })
}

function declareAll(database: Database): Collection<Book> {
  database.collection(photos)
  database.collection(tickets)
  return database.collection(books)
}

async function all(stream: Readable | undefined): Promise<Buffer> {
  assert.ok(stream !== undefined)
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

describe('a backup', () => {
  let source: Setting
  let written: Written
  let keys: string[]

  beforeEach(async () => {
    source = await setting(sqlite)
    keys = await fill(source, 1000)
    written = await source.backups.make(undefined, quiet)
  })

  afterEach(async () => {
    await source.close()
  })

  test('holds nothing that can be read without its key', async () => {
    for (const entry of await readdir(source.to, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const bytes = await readFile(join(entry.parentPath, entry.name))
      // Each long enough not to come up by chance.
      for (const text of ['"Birds', '"ada"', 'only one', source.folder.masterKey, KEY.reveal()])
        assert.ok(!bytes.includes(text), `${entry.name} has ${text}`)
    }
    await assert.rejects(openBackup(written.path, new Secret('a wrong one')), Damaged)
    await assert.rejects(masterKeyIn(written.path, KEY), Damaged, 'the key of the data does not open the master key')
    assert.equal(await masterKeyIn(written.path, KEYS_KEY), source.folder.masterKey)
  })

  test('is refused when any file of it was changed, cut short, or put in the place of another', async () => {
    const backup = await openBackup(written.path, KEY)
    await verifyBackup(backup, quiet)
    const poolFile = (key: string): string => join(source.to, 'files', key.slice(-2), `${key}.nfb`)
    const files = [join(written.path, 'data.nfb'), join(written.path, 'files.nfb'), ...keys.map(poolFile)]
    for (const file of files) {
      const good = await readFile(file)
      for (const at of [0, 10, 30, Math.floor(good.length / 2), good.length - 1]) {
        const bad = Buffer.from(good)
        bad.writeUInt8(bad.readUInt8(at) ^ 1, at)
        await writeFile(file, bad)
        await assert.rejects(verifyBackup(backup, quiet), `${file} at ${at}`)
      }
      for (const length of [0, 19, 20, 36, good.length - 1, 65_536 + 16 + 20]) {
        if (length >= good.length) continue
        await writeFile(file, good)
        await truncate(file, length)
        await assert.rejects(verifyBackup(backup, quiet), `${file} of ${length} bytes`)
      }
      await writeFile(file, good)
    }
    const [first = '', second = ''] = keys
    const kept = await readFile(poolFile(first))
    await cp(poolFile(second), poolFile(first))
    await assert.rejects(verifyBackup(backup, quiet), Damaged)
    await writeFile(poolFile(first), kept)
    const manifest = await readFile(join(written.path, 'manifest.json'), 'utf8')
    await writeFile(join(written.path, 'manifest.json'), manifest.replace(/"rows": 1000/, '"rows": 999'))
    await assert.rejects(openBackup(written.path, KEY), /manifest was changed/)
    await writeFile(join(written.path, 'manifest.json'), manifest)
    await verifyBackup(backup, quiet)
  })

  test('does not write a file again that an earlier one has, and old ones are removed with what only they had', async () => {
    assert.equal(written.manifest.files.new, 3)
    const [gone = '', kept = ''] = keys
    await source.shelf.delete(gone)
    const late = newId(9)
    await source.shelf.put(late, Readable.from([Buffer.from('late')]))
    const second = await source.backups.make(undefined, quiet)
    assert.deepEqual([second.manifest.files.count, second.manifest.files.new], [3, 1])
    await source.backups.prune(source.to, 1)
    await assert.rejects(openBackup(written.path, KEY), Damaged)
    const pool = (await readdir(join(source.to, 'files'), { recursive: true })).join(' ')
    assert.ok(!pool.includes(gone) && pool.includes(kept) && pool.includes(late))
    assert.equal(await source.backups.verify(source.to, quiet), second.path)
  })

  test('with another key is not made among those of before, whose files it would name and could not open', async () => {
    const other = backupsOf(source, new Secret('the key after a theft'))
    const before = await readdir(source.to, { recursive: true })
    await assert.rejects(other.make(undefined, quiet), /made with another backup key.*--to/)
    assert.deepEqual(await readdir(source.to, { recursive: true }), before)
    // Where those were removed, and their files were not.
    await rm(written.path, { recursive: true })
    const { path, manifest } = await other.make(undefined, quiet)
    assert.equal(manifest.files.new, 3)
    assert.equal(await other.verify(source.to, quiet), path)
  })

  test('that was interrupted leaves nothing that could be taken for one', async () => {
    await assert.rejects(
      source.backups.make(undefined, ({ phase, done }) => {
        if (phase === 'data' && done > 300) throw new Error('pulled')
      }),
      /pulled/,
    )
    assert.equal(await source.backups.verify(source.to, quiet), written.path)
  })

  test('is made by a job on a schedule, which keeps as many as told', async () => {
    const [job] = source.backups.jobs(logger)
    assert.equal(job?.everyMs, 3_600_000)
    for (let turn = 0; turn < 3; turn += 1) await job?.handle({ call, jobId: 'test', attempt: 1 }, {})
    const names = (await readdir(source.to)).filter((name) => /^\d{8}t/.test(name))
    assert.equal(names.length, 2)
  })
})

describe('the sealing of streams', () => {
  const key = Buffer.alloc(32, 7)

  test('gives back every length, and refuses chunks that were moved, repeated, dropped or added', async () => {
    for (const length of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]) {
      const plain = Buffer.alloc(length, length % 251)
      const closed = await gathered(sealed(Readable.from([plain.subarray(0, length / 2), plain.subarray(length / 2)]), key, 'x'))
      assert.deepEqual(await gathered(opened(Readable.from([closed]), key, 'x')), plain)
      await assert.rejects(gathered(opened(Readable.from([closed]), key, 'y')), Damaged)
    }
    const closed = await gathered(sealed(Readable.from([Buffer.alloc(300_000, 1)]), key, 'x'))
    const head = closed.subarray(0, 20)
    const size = 65_552
    const chunk = (number: number): Buffer => closed.subarray(20 + number * size, 20 + (number + 1) * size)
    for (const order of [
      [1, 0, 2, 3, 4],
      [0, 0, 1, 2, 3, 4],
      [0, 2, 3, 4],
      [0, 1, 2, 3],
      [0, 1, 2, 3, 4, 4],
    ]) {
      const forged = Buffer.concat([head, ...order.map(chunk)])
      await assert.rejects(gathered(opened(Readable.from([forged]), key, 'x')), Damaged, order.join(' '))
    }
  })
})

async function gathered(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const list: Buffer[] = []
  for await (const piece of pieces) list.push(piece)
  return Buffer.concat(list)
}
