// Group commit: many requests in one transaction, each in a savepoint of its own, answered after the one COMMIT.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { CollectionLayout } from '../../layout.ts'
import type { WriteAnswer, WriteRequest } from '../../ports.ts'
import { createCollectionWriter, type CollectionWriter } from './collection-writer.ts'

export type RunBatch = (requests: readonly WriteRequest[]) => WriteAnswer[]

/** Carries the answer of a step that undoes its request. */
class Refusal extends Error {
  readonly answer: WriteAnswer

  constructor(answer: WriteAnswer) {
    super(answer.kind)
    this.answer = answer
  }
}

const DONE: WriteAnswer = { kind: 'done', rows: 1 }

export function createBatch(db: DatabaseSync, layouts: readonly CollectionLayout[]): RunBatch {
  const writers = new Map(layouts.map((layout) => [layout.name, createCollectionWriter(db, layout)]))
  const writerOf = (name: string): CollectionWriter => {
    const writer = writers.get(name)
    if (writer === undefined) throw new Error(`There is no collection ${name}.`)
    return writer
  }
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const savepoint = db.prepare('SAVEPOINT request')
  const undo = db.prepare('ROLLBACK TO request')
  const release = db.prepare('RELEASE request')
  const keep = createKeeper(db)

  const execute = (request: WriteRequest): WriteAnswer => {
    if (request.kind === 'expire') return { kind: 'done', rows: writerOf(request.collection).expire(request.now, request.limit) }
    if (request.kind !== 'write') return { kind: 'done', rows: keep.run(request) }
    for (const [number, step] of request.steps.entries()) {
      const answer = writerOf(step.collection).apply(step, request.now)
      if (answer !== undefined) throw new Refusal({ ...answer, step: number })
    }
    for (const event of request.events) keep.append.run(event.topic, event.key, event.data, request.now)
    return DONE
  }

  const runOne = (request: WriteRequest): WriteAnswer => {
    savepoint.run()
    try {
      const answer = execute(request)
      release.run()
      return answer
    } catch (error) {
      // A full disk or a broken file ends the whole transaction, and with it the requests before this one.
      if (!db.isTransaction) throw error
      undo.run()
      release.run()
      return error instanceof Refusal ? error.answer : { kind: 'failed', reason: reasonOf(error) }
    }
  }

  return (requests) => {
    try {
      begin.run()
      const answers = requests.map(runOne)
      commit.run()
      return answers
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      const failed: WriteAnswer = { kind: 'failed', reason: reasonOf(error) }
      return requests.map(() => failed)
    }
  }
}

interface Keeper {
  readonly append: StatementSync
  run(request: Exclude<WriteRequest, { kind: 'write' | 'expire' }>): number
}

function createKeeper(db: DatabaseSync): Keeper {
  const place = db.prepare(
    'INSERT INTO ninefold_consumers (name, position, seen_at) VALUES (?, ?, ?) ' +
      'ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position), seen_at = excluded.seen_at',
  )
  const forget = db.prepare('DELETE FROM ninefold_consumers WHERE name = ?')
  const prune = db.prepare(
    'DELETE FROM ninefold_events WHERE sequence IN (SELECT sequence FROM ninefold_events WHERE sequence <= ? ORDER BY sequence LIMIT ?)',
  )
  return {
    append: db.prepare('INSERT INTO ninefold_events (topic, key, data, at) VALUES (?, ?, ?, ?)'),
    run(request) {
      if (request.kind === 'position') return Number(place.run(request.consumer, request.position, request.now).changes)
      if (request.kind === 'forget') return Number(forget.run(request.consumer).changes)
      return Number(prune.run(request.upTo, request.limit).changes)
    },
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
