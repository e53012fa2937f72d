// Checkpoints come between commits: soon when nothing waits, in time when something does, and whatever keeps the log from being copied ends.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import { createCheckpointer, hasNoop } from './checkpointer.ts'
import { MEMORY, openForReading, openForWriting } from './connection.ts'

const folder = mkdtempSync(join(tmpdir(), 'ninefold-log-'))
const opened: DatabaseSync[] = []
after(() => {
  for (const db of opened) db.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Opened {
  readonly db: DatabaseSync
  readonly file: string
  readonly checkpointer: ReturnType<typeof createCheckpointer>
  write(pages: number): void
}

function open(name: string): Opened {
  const file = join(folder, name)
  const db = openForWriting(file, 'relaxed')
  opened.push(db)
  db.exec('CREATE TABLE IF NOT EXISTS leaves (words BLOB) STRICT')
  const insert = db.prepare('INSERT INTO leaves VALUES (zeroblob(?))')
  return { db, file, checkpointer: createCheckpointer(db), write: (pages) => void insert.run(pages * 4096) }
}

/** Pages of the log, and how many of them are not in the file yet. */
function logOf(db: DatabaseSync): { log: number; left: number } {
  const { log, checkpointed } = db.prepare('PRAGMA wal_checkpoint(NOOP)').get() ?? {}
  return { log: Number(log), left: Number(log) - Number(checkpointed) }
}

const skip = hasNoop(new DatabaseSync(MEMORY)) ? false : 'this SQLite cannot say how long its log is'

describe('a checkpoint', { skip }, () => {
  test('comes between commits: after some pages when nothing waits, after many when something does, none within a commit', () => {
    const { db, checkpointer, write } = open('waiting.db')
    write(100)
    checkpointer.run(true)
    assert.ok(logOf(db).left >= 100, 'too little')
    write(200)
    checkpointer.run(false)
    assert.ok(logOf(db).left >= 300, 'something waits')
    checkpointer.run(true)
    assert.equal(logOf(db).left, 0)
    write(1200)
    assert.ok(logOf(db).left >= 1200, 'not by SQLite itself')
    checkpointer.run(false)
    assert.equal(logOf(db).left, 0)
    assert.ok(logOf(db).log >= 1200)
    write(1)
    assert.ok(logOf(db).log < 10, 'the next commit begins it anew')
  })

  test('leaves what a reader needs, and copies it when the reader has ended', () => {
    const { db, file, checkpointer, write } = open('reader.db')
    write(10)
    const reader = openForReading(file)
    opened.push(reader)
    reader.exec('BEGIN')
    const count = reader.prepare('SELECT count(*) AS leaves FROM leaves')
    assert.equal(count.get()?.['leaves'], 1)
    write(300)
    checkpointer.run(true)
    assert.ok(logOf(db).left >= 300)
    assert.equal(count.get()?.['leaves'], 1)
    reader.exec('COMMIT')
    checkpointer.run(true)
    assert.equal(logOf(db).left, 0)
    assert.equal(count.get()?.['leaves'], 2)
  })

  test('of a long log takes each chance to begin it anew, however little is left', () => {
    const { db, file, checkpointer, write } = open('shared.db')
    const { write: writeElsewhere } = open('shared.db')
    const reader = openForReading(file)
    opened.push(reader)
    write(1200)
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM leaves').get()
    writeElsewhere(20)
    checkpointer.run(false)
    const { left } = logOf(db)
    assert.ok(left > 0 && left < 100, 'what came after the reader')
    reader.exec('COMMIT')
    checkpointer.run(false)
    assert.equal(logOf(db).left, 0)
    write(1)
    assert.ok(logOf(db).log < 10)
  })

  test('that fails is no failure of what was written, and the next one makes up for it', () => {
    const { db, checkpointer, write } = open('locked.db')
    write(300)
    db.exec('BEGIN IMMEDIATE')
    checkpointer.run(true)
    db.exec('COMMIT')
    assert.ok(logOf(db).left >= 300)
    checkpointer.run(true)
    assert.equal(logOf(db).left, 0)
  })
})

test('the log is emptied when it is asked for, and later when a reader needs it, by a run for which nothing waits', () => {
  const { db, file, checkpointer, write } = open('emptied.db')
  const bytes = (): number => statSync(`${file}-wal`).size
  write(300)
  assert.ok(bytes() > 0)
  assert.equal(checkpointer.empty(), true)
  assert.equal(bytes(), 0)
  const reader = openForReading(file)
  opened.push(reader)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM leaves').get()
  write(300)
  assert.equal(checkpointer.empty(), false)
  checkpointer.run(true)
  reader.exec('COMMIT')
  checkpointer.run(false)
  assert.ok(bytes() > 0, 'something waits')
  checkpointer.run(true)
  assert.equal(bytes(), 0)
  assert.equal(db.prepare('PRAGMA busy_timeout').get()?.['timeout'], 5000)
})
