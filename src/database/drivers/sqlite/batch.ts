// Group commit: many requests in one transaction, each in a savepoint of its own, answered after the one COMMIT.
import type { DatabaseSync } from 'node:sqlite'
import type { CollectionLayout } from '../../layout.ts'
import type { Load, WriteAnswer, WriteRequest } from '../../ports.ts'
import { createCollectionWriter, type CollectionWriter } from './collection-writer.ts'
import { createKeeper } from './keeper.ts'
import { createTidier } from './tidier.ts'

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

const DONE = { kind: 'done', rows: 1 } as const

export function createBatch(db: DatabaseSync, layouts: readonly CollectionLayout[]): RunBatch {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const savepoint = db.prepare('SAVEPOINT request')
  const undo = db.prepare('ROLLBACK TO request')
  const release = db.prepare('RELEASE request')
  const execute = createExecution(db, layouts)

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
      return answerTo(error)
    }
  }

  return (requests) => {
    try {
      begin.run()
      const [only, ...others] = requests
      // One request alone needs no savepoint: it is the transaction.
      const answers = only !== undefined && others.length === 0 ? [execute(only)] : requests.map(runOne)
      commit.run()
      return answers
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      const answer = answerTo(error)
      return requests.map(() => answer)
    }
  }
}

function answerTo(error: unknown): WriteAnswer {
  if (error instanceof Refusal) return error.answer
  return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }
}

function createExecution(db: DatabaseSync, layouts: readonly CollectionLayout[]): (request: WriterRequest) => WriteAnswer {
  const writers = new Map(layouts.map((layout) => [layout.name, createCollectionWriter(db, layout)]))
  const writerOf = (name: string): CollectionWriter => {
    const writer = writers.get(name)
    if (writer === undefined) throw new Error(`There is no collection ${name}.`)
    return writer
  }
  const keep = createKeeper(db)
  const tidier = createTidier(db, layouts)

  const load = (batch: Load): number => {
    if (batch.kind === 'rows') return writerOf(batch.collection).load(batch.rows)
    if (batch.kind !== 'erase') return keep.load(batch)
    tidier.mark(batch.collection)
    return writerOf(batch.collection).erase(batch.ids)
  }

  const write = ({ steps, events, now }: Extract<WriteRequest, { kind: 'write' }>): WriteAnswer => {
    for (const [number, step] of steps.entries()) {
      const answer = writerOf(step.collection).apply(step, now)
      if (answer !== undefined) throw new Refusal({ ...answer, step: number })
      if (step.kind !== 'insert') tidier.mark(step.collection)
    }
    if (events.length === 0) return DONE
    let lastEvent = 0
    for (const event of events) lastEvent = Number(keep.append.run(event.topic, event.key, event.data, now).lastInsertRowid)
    return { ...DONE, lastEvent }
  }

  return (request) => {
    if (request.kind === 'load') return { kind: 'done', rows: load(request.batch) }
    if (request.kind === 'write') return write(request)
    if (request.kind !== 'expire') return { kind: 'done', rows: keep.run(request) }
    const rows = writerOf(request.collection).expire(request.now, request.limit)
    tidier.swept(request.collection, rows)
    return { kind: 'done', rows }
  }
}
