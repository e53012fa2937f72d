// Group commit: many requests in one transaction, each in a savepoint of its own, answered after the one COMMIT.
import type { DatabaseSync } from 'node:sqlite'
import type { CollectionLayout } from '../../layout.ts'
import type { Load, WriteAnswer, WriteRequest } from '../../ports.ts'
import { createCollectionWriter, type CollectionWriter } from './collection-writer.ts'
import { createKeeper } from './keeper.ts'

/** What the one connection that writes is asked for. */
export type WriterRequest = WriteRequest | { readonly kind: 'load'; readonly batch: Load }

export type RunBatch = (requests: readonly WriterRequest[]) => WriteAnswer[]

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

  const load = (batch: Load): number => {
    if (batch.kind === 'rows') return writerOf(batch.collection).load(batch.rows)
    if (batch.kind === 'erase') return writerOf(batch.collection).erase(batch.ids)
    return keep.load(batch)
  }

  const execute = (request: WriterRequest): WriteAnswer => {
    if (request.kind === 'load') return { kind: 'done', rows: load(request.batch) }
    if (request.kind === 'expire') return { kind: 'done', rows: writerOf(request.collection).expire(request.now, request.limit) }
    if (request.kind !== 'write') return { kind: 'done', rows: keep.run(request) }
    for (const [number, step] of request.steps.entries()) {
      const answer = writerOf(step.collection).apply(step, request.now)
      if (answer !== undefined) throw new Refusal({ ...answer, step: number })
    }
    for (const event of request.events) keep.append.run(event.topic, event.key, event.data, request.now)
    return DONE
  }

  const runOne = (request: WriterRequest): WriteAnswer => {
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

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
