// What is SQLite's own: files that are not ours, private files, other connections, and a writer thread that dies.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { systemClock } from '#kernel/clock.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import type { Collection, Database } from '../../src/database/contract.ts'
import { createSqliteDatabase } from '../../src/database/server.ts'
import { article, articles, call, eventually, type Photo, photo, photos } from '../support/database.ts'

const folder = mkdtempSync(join(tmpdir(), 'ninefold-sqlite-'))
const running: Running<Database>[] = []
after(async () => {
  await Promise.all(running.map((server) => server.stop()))
  rmSync(folder, { recursive: true, force: true })
})

function create(name: string): { server: Running<Database>; photos: Collection<Photo>; file: string } {
  const file = join(folder, name)
  const server = createSqliteDatabase({ file, clock: systemClock, logger: createLogger({ level: 'silent' }) })
  running.push(server)
  return { server, photos: server.contract.collection(photos), file }
}

test('refuses a file of another program, of a newer format, or that is no database, and does not touch it', async () => {
  const foreign = new DatabaseSync(join(folder, 'foreign.db'))
  foreign.exec('CREATE TABLE theirs (id); INSERT INTO theirs VALUES (1)')
  foreign.close()
  const first = create('newer.db')
  await first.server.start()
  await first.server.stop()
  const newer = new DatabaseSync(first.file)
  newer.exec('PRAGMA user_version = 3')
  newer.close()
  writeFileSync(
    join(folder, 'text.db'),
    'This is a letter, and a rather long one, so that it could be taken for a file with a header. '.repeat(50),
  )
  const refusals: [string, RegExp][] = [
    ['foreign.db', /belongs to another program/],
    ['newer.db', /format 3.*up to 2.*newer version.*restore a backup/],
    ['text.db', /cannot be read as a database/],
  ]
  for (const [name, message] of refusals) {
    const { server, file } = create(name)
    const before = readFileSync(file)
    await assert.rejects(server.start(), message)
    assert.notEqual(await server.health(), undefined)
    assert.deepEqual(readFileSync(file), before, name)
  }
})

test('a file of the first format is brought to the present one, and loses nothing', async () => {
  const old = new DatabaseSync(join(folder, 'first-format.db'))
  old.exec(`
    CREATE TABLE ninefold_collections (name TEXT NOT NULL PRIMARY KEY, shape INTEGER NOT NULL, expiry TEXT) STRICT;
    CREATE TABLE ninefold_events (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE ninefold_consumers (name TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL, seen_at INTEGER NOT NULL) STRICT;
    PRAGMA application_id = 1313427013; PRAGMA user_version = 1;
    CREATE TABLE photos (id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL, expires_at INTEGER) STRICT;
    INSERT INTO ninefold_collections VALUES ('photos', 0, NULL);
    INSERT INTO ninefold_events (topic, key, data, at) VALUES ('photos', 'old', 'null', 1);
  `)
  const value = photo({ slug: 'old' })
  old.prepare('INSERT INTO photos VALUES (?, 4, ?, NULL)').run(value.id, JSON.stringify(value))
  old.close()
  const { server, photos: collection } = create('first-format.db')
  assert.ok((await server.contract.plan(call)).statements.some((statement) => statement.startsWith('ALTER TABLE "photos"')))
  await server.start()
  assert.deepEqual(await collection.getByKey(call, 'bySlug', { slug: 'old' }), { value, version: 4 })
  assert.equal((await server.contract.events(call)).newest, 1)
  assert.equal((await collection.update(call, value.id, { set: { caption: 'new' } }))?.version, 5)
  await collection.insert(call, photo())
})

test('a search finds the same after the file was rebuilt, which gives rows new numbers', async () => {
  const { server, file } = create('rebuilt.db')
  const found = server.contract.collection(articles)
  await server.start()
  for (let number = 0; number < 20; number += 1) await found.insert(call, article({ id: `a${number}`, title: `word n${number}` }))
  for (let number = 0; number < 10; number += 1) await found.delete(call, `a${number}`)
  const before = await found.search(call, { text: 'word', limit: 50 })
  await server.stop()
  const other = new DatabaseSync(file)
  other.exec('VACUUM')
  other.close()
  const again = create('rebuilt.db')
  const rebuilt = again.server.contract.collection(articles)
  await again.server.start()
  assert.deepEqual(await rebuilt.search(call, { text: 'word', limit: 50 }), before)
  await rebuilt.insert(call, article({ id: 'latest', title: 'word' }))
  assert.equal((await rebuilt.search(call, { text: 'word', limit: 1 })).items[0]?.value.id, 'latest')
})

test('the file and its logs are for this user only', async () => {
  const { server, photos: collection, file } = create('deep/er/private.db')
  await server.start()
  await collection.insert(call, photo())
  for (const suffix of ['', '-wal', '-shm']) assert.equal(statSync(file + suffix).mode & 0o077, 0, suffix)
  assert.equal(statSync(join(folder, 'deep')).mode & 0o077, 0)
})

test('a read sees what another process has written, at once', async () => {
  const { server, photos: collection, file } = create('shared.db')
  await server.start()
  const value = photo({ caption: 'before' })
  await collection.insert(call, value)
  assert.equal((await collection.get(call, value.id))?.value.caption, 'before')
  const other = new DatabaseSync(file, { timeout: 5000 })
  other
    .prepare('UPDATE photos SET version = version + 1, document = ? WHERE id = ?')
    .run(JSON.stringify({ ...value, caption: 'after' }), value.id)
  assert.equal((await collection.get(call, value.id))?.value.caption, 'after')
  other.close()
  assert.equal((await collection.update(call, value.id, { set: { album: 'x' } }))?.version, 3)
})

test('a write that waits for another process longer than it may fails, and stores nothing', async () => {
  const { server, photos: collection, file } = create('locked.db')
  await server.start()
  const other = new DatabaseSync(file, { timeout: 5000 })
  other.exec('BEGIN IMMEDIATE')
  await assert.rejects(collection.insert(call, photo({ slug: 'waits' })), { code: 'database.unavailable' })
  other.exec('ROLLBACK')
  other.close()
  assert.equal(await collection.getByKey(call, 'bySlug', { slug: 'waits' }), undefined)
  await collection.insert(call, photo({ slug: 'waits' }))
})

test('when the writer thread dies, waiting writes are refused, health says so, and a new thread takes over', async () => {
  const workers: Worker[] = []
  const catchWorker = (worker: Worker): void => void workers.push(worker)
  process.on('worker', catchWorker)
  const { server, photos: collection } = create('dying.db')
  await server.start()
  const stored: string[] = []
  for (let round = 0; round < 5; round += 1) {
    const writes = Array.from({ length: 200 }, async () => {
      const value = photo()
      await collection.insert(call, value)
      stored.push(value.id)
    })
    const settled = Promise.allSettled(writes)
    // Before anything is sent, then in the middle of a batch, at a different place every time.
    if (round === 0) void workers.at(-1)?.terminate()
    else setTimeout(() => void workers.at(-1)?.terminate(), round)
    const results = await settled
    if (round === 0) assert.ok(results.every((result) => result.status === 'rejected'))
    for (const result of results) {
      if (result.status === 'rejected') assert.equal(Reflect.get(Object(result.reason), 'code'), 'database.unavailable')
    }
    await eventually(async () => (await server.health()) !== undefined || workers.length > round + 1, 'the thread is missed')
    if ((await server.health()) !== undefined) await assert.rejects(collection.insert(call, photo()), { code: 'database.unavailable' })
    await eventually(async () => workers.length > round + 1 && (await server.health()) === undefined, 'a new thread')
    const value = photo()
    await collection.insert(call, value)
    stored.push(value.id)
  }
  process.off('worker', catchWorker)
  for (const id of stored) assert.notEqual(await collection.get(call, id), undefined)
})

test('a writer thread that cannot be started is tried again until it can', async () => {
  const workers: Worker[] = []
  const catchWorker = (worker: Worker): void => void workers.push(worker)
  process.on('worker', catchWorker)
  const { server, photos: collection, file } = create('blocked.db')
  await server.start()
  const before = photo()
  await collection.insert(call, before)
  renameSync(file, `${file}.away`)
  mkdirSync(file)
  await workers.at(-1)?.terminate()
  await eventually(() => workers.length >= 3, 'a second try')
  assert.equal(await server.health(), 'the database writer is not running')
  assert.notEqual(await collection.get(call, before.id), undefined)
  rmdirSync(file)
  renameSync(`${file}.away`, file)
  await eventually(async () => (await server.health()) === undefined, 'a new thread')
  process.off('worker', catchWorker)
  const later = photo()
  await collection.insert(call, later)
  assert.notEqual(await collection.get(call, later.id), undefined)
})

test('the log of a file is copied into it while nobody waits, long before SQLite itself would make a commit do so', async () => {
  const { server, photos: collection, file } = create('log.db')
  await server.start()
  const pages = (name: string): number => statSync(name).size / 4096
  for (let burst = 0; burst < 4; burst += 1) {
    const before = pages(file)
    // Each takes five pages and some of the indexes: 300 at least, and far from a thousand.
    for (let number = 0; number < 60; number += 1) await collection.insert(call, photo({ caption: 'x'.repeat(20_000) }))
    await eventually(() => pages(file) > before + 200, 'a checkpoint')
  }
  assert.ok(pages(`${file}-wal`) < 1000, `its log has had ${pages(`${file}-wal`)} pages`)
})
