// The log is copied between commits: soon when nothing waits, in time when something does, and whatever keeps it from that ends.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { openForReading, openForWriting } from './connection.ts'
import { createLogCopier } from './log-copier.ts'

const folder = mkdtempSync(join(tmpdir(), 'ninefold-log-'))
const opened: DatabaseSync[] = []
after(() => {
  for (const db of opened) db.close()
  rmSync(folder, { recursive: true, force: true })
})

function open(name: string): { db: DatabaseSync; file: string; log: ReturnType<typeof createLogCopier>; write(pages: number): void } {
  const file = join(folder, name)
  const db = openForWriting(file, 'relaxed')
  opened.push(db)
  db.exec('CREATE TABLE leaves (words BLOB) STRICT')
  const insert = db.prepare('INSERT INTO leaves VALUES (zeroblob(?))')
  return { db, file, log: createLogCopier(db), write: (pages) => void insert.run(pages * 4096) }
}

function notCopied(db: DatabaseSync): number {
  const { log, checkpointed } = db.prepare('PRAGMA wal_checkpoint(NOOP)').get() ?? {}
  return Number(log) - Number(checkpointed)
}

test('what is written is copied between commits: some pages when nothing waits, many when something does, none within a commit', () => {
  const { db, log, write } = open('waiting.db')
  write(100)
  log.copy(true)
  assert.ok(notCopied(db) >= 100, 'too little for a copy')
  write(200)
  log.copy(false)
  assert.ok(notCopied(db) >= 300, 'something waits')
  log.copy(true)
  assert.equal(notCopied(db), 0)
  write(1200)
  assert.ok(notCopied(db) >= 1200, 'not by SQLite itself')
  log.copy(false)
  assert.equal(notCopied(db), 0)
  // Begun anew with the next commit, instead of growing for ever.
  write(1)
  assert.ok(notCopied(db) < 10)
})

test('what a reader needs stays, and is copied when the reader has ended', () => {
  const { db, file, log, write } = open('reader.db')
  write(10)
  const reader = openForReading(file)
  opened.push(reader)
  reader.exec('BEGIN')
  const count = reader.prepare('SELECT count(*) AS leaves FROM leaves')
  assert.equal(count.get()?.['leaves'], 1)
  write(300)
  log.copy(true)
  assert.ok(notCopied(db) >= 300)
  assert.equal(count.get()?.['leaves'], 1)
  reader.exec('COMMIT')
  log.copy(true)
  assert.equal(notCopied(db), 0)
  assert.equal(count.get()?.['leaves'], 2)
})

test('a copy that fails is no failure of what was written, and the next one makes up for it', () => {
  const { db, log, write } = open('locked.db')
  write(300)
  db.exec('BEGIN IMMEDIATE')
  log.copy(true)
  db.exec('COMMIT')
  assert.ok(notCopied(db) >= 300)
  log.copy(true)
  assert.equal(notCopied(db), 0)
})
