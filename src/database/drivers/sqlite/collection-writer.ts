// The write statements of one collection, compiled once.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { CollectionLayout } from '../../layout.ts'
import type { Body, Step, WholeRow } from '../../ports.ts'
import { createTermWriter } from './term-writer.ts'
import { deleteExpiredTwin, indexId, LIVE } from './sql.ts'

export type StepRefusal = { readonly kind: 'stale' } | { readonly kind: 'duplicate'; readonly index?: string }

export interface CollectionWriter {
  /** `undefined` when done. */
  apply(step: Step, now: number): StepRefusal | undefined
  expire(now: number, limit: number): number
  load(rows: readonly WholeRow[]): number
  erase(ids: readonly string[]): number
}

const UNIQUE_VIOLATED = 2067
const PRIMARY_KEY_VIOLATED = 1555

export function createCollectionWriter(db: DatabaseSync, layout: CollectionLayout): CollectionWriter {
  const { insert, replace, reshape, remove, removeVersion, isLive, expire, evictId, evictTwins, load, erase } = statementsOf(db, layout)
  const terms = createTermWriter(db, layout)

  const attempt = (step: Step, now: number): StepRefusal | undefined => {
    if (step.kind === 'insert') {
      insert.run(step.id, textOf(step.document), step.expiresAt)
      terms?.insert(step.id, step.terms)
      return undefined
    }
    if (step.kind !== 'delete') {
      const { before, document, expiresAt, id } = step
      const values = [textOf(document), expiresAt, id, before.version, textOf(before.document)] as const
      const { changes } = step.kind === 'replace' ? replace.run(...values, now) : reshape.run(...values)
      if (changes !== 1) return { kind: 'stale' }
      terms?.replace(id, step.terms)
      return undefined
    }
    const { changes } = step.ifVersion === undefined ? remove.run(step.id, now) : removeVersion.run(step.id, now, step.ifVersion)
    if (changes === 1 || (step.ifPresent === true && isLive.get(step.id, now) === undefined)) return undefined
    return { kind: 'stale' }
  }
  // Expired rows are gone for readers, so they may not hold a unique value either. Only looked for when one is in the way.
  const evict = (step: Exclude<Step, { kind: 'delete' }>, now: number): boolean => {
    let evicted = step.kind === 'insert' ? Number(evictId.run(step.id, now).changes) : 0
    for (const twin of evictTwins) evicted += Number(twin.run(textOf(step.document), now).changes)
    return evicted > 0
  }

  return {
    apply(step, now) {
      try {
        return attempt(step, now)
      } catch (error) {
        const violation = violationOf(layout, error)
        if (violation === undefined || step.kind === 'delete') throw error
        if (layout.expiry === undefined || !evict(step, now)) return violation
      }
      try {
        return attempt(step, now)
      } catch (error) {
        const violation = violationOf(layout, error)
        if (violation === undefined) throw error
        return violation
      }
    },
    expire: (now, limit) => Number(expire.run(now, limit).changes),
    load(rows) {
      for (const row of rows) {
        load.run(row.id, row.version, textOf(row.document), row.expiresAt, row.shape ?? layout.shape)
        terms?.put(row.id, row.terms)
      }
      return rows.length
    },
    erase: (ids) => ids.reduce((sum, id) => sum + Number(erase.run(id).changes), 0),
  }
}

interface Statements {
  readonly insert: StatementSync
  readonly replace: StatementSync
  readonly reshape: StatementSync
  readonly remove: StatementSync
  readonly removeVersion: StatementSync
  readonly isLive: StatementSync
  readonly expire: StatementSync
  readonly evictId: StatementSync
  readonly evictTwins: readonly StatementSync[]
  readonly load: StatementSync
  readonly erase: StatementSync
}

function statementsOf(db: DatabaseSync, layout: CollectionLayout): Statements {
  const table = `"${layout.name}"`
  const insert = db.prepare(`INSERT INTO ${table} (id, version, document, expires_at, shape) VALUES (?, 1, ?, ?, ${layout.shape})`)
  const put = (version: string): string =>
    `UPDATE ${table} SET version = ${version}, document = ?, expires_at = ?, shape = ${layout.shape} WHERE id = ? AND version = ? AND document = ?`
  const replace = db.prepare(`${put('version + 1')} AND ${LIVE}`)
  const reshape = db.prepare(put('version'))
  const load = db.prepare(
    `INSERT INTO ${table} (id, version, document, expires_at, shape) VALUES (?, ?, ?, ?, ?) ` +
      'ON CONFLICT (id) DO UPDATE SET version = excluded.version, document = excluded.document, expires_at = excluded.expires_at, shape = excluded.shape',
  )
  const erase = db.prepare(`DELETE FROM ${table} WHERE id = ?`)
  const remove = db.prepare(`DELETE FROM ${table} WHERE id = ? AND ${LIVE}`)
  const removeVersion = db.prepare(`DELETE FROM ${table} WHERE id = ? AND ${LIVE} AND version = ?`)
  const isLive = db.prepare(`SELECT 1 FROM ${table} WHERE id = ? AND ${LIVE}`)
  const expire = db.prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE expires_at <= ? LIMIT ?)`)
  const evictId = db.prepare(`DELETE FROM ${table} WHERE id = ? AND expires_at <= ?`)
  const evictTwins = layout.indexes.filter((index) => index.unique).map((index) => db.prepare(deleteExpiredTwin(layout, index)))
  return { insert, replace, reshape, remove, removeVersion, isLive, expire, evictId, evictTwins, load, erase }
}

/** This engine's form is text, so that is what it is given. */
function textOf(document: Body): string {
  if (typeof document !== 'string') throw new TypeError('SQLite stores the text of documents.')
  return document
}

function violationOf(layout: CollectionLayout, error: unknown): StepRefusal | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  if (error.errcode === PRIMARY_KEY_VIOLATED) return { kind: 'duplicate' }
  if (error.errcode !== UNIQUE_VIOLATED) return undefined
  // SQLite names the index only in its text: UNIQUE constraint failed: index 'photos:bySlug'.
  const index = layout.indexes.find(({ name }) => error.message.includes(`'${indexId(layout.name, name)}'`))
  return index === undefined ? { kind: 'duplicate' } : { kind: 'duplicate', index: index.name }
}
