// Group commit: what goes wrong in one request stays there, and an answer is only "done" when the row is stored.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { CollectionLayout } from '../../layout.ts'
import type { WriteRequest } from '../../ports.ts'
import { createBatch, type RunBatch } from './batch.ts'
import { MEMORY, openForWriting } from './connection.ts'
import { prepareFile } from './setup.ts'

const layout: CollectionLayout = {
  name: 'things',
  fields: [{ name: 'name', kind: 'string' }],
  searchable: false,
  indexes: [{ name: 'byName', fields: ['name'], unique: true }],
  expiry: undefined,
  shape: 0,
}

function prepared(): { db: DatabaseSync; run: RunBatch } {
  const db = openForWriting(MEMORY, 'full')
  prepareFile(db, [{ layout }])
  return { db, run: createBatch(db, [layout]) }
}

function insert(id: string, fields: object = {}): WriteRequest {
  const steps = [{ kind: 'insert', collection: 'things', id, document: JSON.stringify({ id, ...fields }), expiresAt: null }] as const
  return { kind: 'write', now: 1, steps, events: [{ topic: 'things', key: id, data: 'null' }] }
}

function stored(db: DatabaseSync): unknown[] {
  const ids = db
    .prepare('SELECT id FROM things ORDER BY id')
    .all()
    .map((row) => row['id'])
  const events = db
    .prepare('SELECT key FROM ninefold_events ORDER BY key')
    .all()
    .map((row) => row['key'])
  assert.deepEqual(events, ids, 'a row and its event are stored together')
  return ids
}

test('one request that fails harms no other of its batch', () => {
  const { db, run } = prepared()
  const broken: WriteRequest = {
    kind: 'write',
    now: 1,
    steps: [...stepsOf(insert('half')), { ...stepsOf(insert('x'))[0], collection: 'nowhere' }],
    events: [],
  }
  const answers = run([insert('a', { name: 'n' }), insert('b', { name: 'n' }), insert('a'), broken, insert('c')])
  assert.deepEqual(answers.slice(0, 3), [
    { kind: 'done', rows: 1, lastEvent: 1 },
    { kind: 'duplicate', step: 0, index: 'byName' },
    { kind: 'duplicate', step: 0 },
  ])
  assert.equal(answers[3]?.kind, 'failed')
  assert.equal(answers[4]?.kind, 'done')
  assert.deepEqual(stored(db), ['a', 'c'])
})

test('one request alone stores all that it has, or nothing', () => {
  const { db, run } = prepared()
  const half: WriteRequest = { kind: 'write', now: 1, steps: [...stepsOf(insert('half')), ...stepsOf(insert('a'))], events: [] }
  const broken: WriteRequest = { ...half, steps: [...stepsOf(insert('half')), { ...stepsOf(insert('x'))[0], collection: 'nowhere' }] }
  assert.deepEqual(run([insert('a')]), [{ kind: 'done', rows: 1, lastEvent: 1 }])
  assert.deepEqual(run([half]), [{ kind: 'duplicate', step: 1 }])
  assert.equal(run([broken])[0]?.kind, 'failed')
  assert.deepEqual(stored(db), ['a'])
  assert.deepEqual(run([insert('b')]), [{ kind: 'done', rows: 1, lastEvent: 2 }])
  assert.deepEqual(stored(db), ['a', 'b'])
})

function stepsOf(request: WriteRequest): [Extract<WriteRequest, { kind: 'write' }>['steps'][number]] {
  const [step] = request.kind === 'write' ? request.steps : []
  if (step === undefined) throw new Error('The request has no step.')
  return [step]
}

test('when the disk is full, what was answered "done" is stored and everything else is not', () => {
  const { db, run } = prepared()
  const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count'])
  db.exec(`PRAGMA max_page_count = ${pages + 8}`)
  const requests = Array.from({ length: 40 }, (_, number) =>
    insert(`id-${number + 10}`, { text: 'x'.repeat(number === 5 ? 100_000 : 1500) }),
  )
  const done: string[] = []
  for (const batch of [requests.slice(0, 10), requests.slice(10)]) {
    for (const [number, answer] of run(batch).entries()) {
      const request = batch[number]
      if (answer.kind === 'done' && request !== undefined) done.push(stepsOf(request)[0].id)
      else assert.equal(answer.kind, 'failed')
    }
  }
  assert.deepEqual(stored(db), done)
  assert.ok(done.length < 40)
  db.exec('PRAGMA max_page_count = 100000')
  assert.equal(run([insert('later')])[0]?.kind, 'done')
})

test('a batch that cannot begin fails as a whole and can be tried again', () => {
  const { db, run } = prepared()
  db.exec('BEGIN')
  assert.deepEqual(
    run([insert('a'), insert('b')]).map((answer) => answer.kind),
    ['failed', 'failed'],
  )
  assert.deepEqual(stored(db), [])
  assert.deepEqual(
    run([insert('a'), insert('b')]).map((answer) => answer.kind),
    ['done', 'done'],
  )
})
