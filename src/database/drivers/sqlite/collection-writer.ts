// The write statements of one collection, compiled once.
import type { DatabaseSync } from 'node:sqlite'
import type { CollectionLayout } from '../../layout.ts'
import type { Step } from '../../ports.ts'
import { deleteExpiredTwin, indexId, LIVE } from './sql.ts'

export type StepRefusal = { readonly kind: 'stale' } | { readonly kind: 'duplicate'; readonly index?: string }

export interface CollectionWriter {
  /** `undefined` when done. */
  apply(step: Step, now: number): StepRefusal | undefined
  expire(now: number, limit: number): number
}

const UNIQUE_VIOLATED = 2067
const PRIMARY_KEY_VIOLATED = 1555

export function createCollectionWriter(db: DatabaseSync, layout: CollectionLayout): CollectionWriter {
  const table = `"${layout.name}"`
  const insert = db.prepare(`INSERT INTO ${table} (id, version, document, expires_at) VALUES (?, 1, ?, ?)`)
  const replace = db.prepare(
    `UPDATE ${table} SET version = version + 1, document = ?, expires_at = ? WHERE id = ? AND version = ? AND document = ? AND ${LIVE}`,
  )
  const remove = db.prepare(`DELETE FROM ${table} WHERE id = ? AND ${LIVE}`)
  const removeVersion = db.prepare(`DELETE FROM ${table} WHERE id = ? AND ${LIVE} AND version = ?`)
  const isLive = db.prepare(`SELECT 1 FROM ${table} WHERE id = ? AND ${LIVE}`)
  const expire = db.prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE expires_at <= ? LIMIT ?)`)
  const evictId = db.prepare(`DELETE FROM ${table} WHERE id = ? AND expires_at <= ?`)
  const evictTwins = layout.indexes.filter((index) => index.unique).map((index) => db.prepare(deleteExpiredTwin(layout, index)))

  const attempt = (step: Step, now: number): StepRefusal | undefined => {
    if (step.kind === 'insert') {
      insert.run(step.id, step.document, step.expiresAt)
      return undefined
    }
    if (step.kind === 'replace') {
      const { before, document, expiresAt, id } = step
      return replace.run(document, expiresAt, id, before.version, before.document, now).changes === 1 ? undefined : { kind: 'stale' }
    }
    const { changes } = step.ifVersion === undefined ? remove.run(step.id, now) : removeVersion.run(step.id, now, step.ifVersion)
    if (changes === 1 || (step.ifPresent === true && isLive.get(step.id, now) === undefined)) return undefined
    return { kind: 'stale' }
  }
  // Expired rows are gone for readers, so they may not hold a unique value either. Only looked for when one is in the way.
  const evict = (step: Exclude<Step, { kind: 'delete' }>, now: number): boolean => {
    let evicted = step.kind === 'insert' ? Number(evictId.run(step.id, now).changes) : 0
    for (const twin of evictTwins) evicted += Number(twin.run(step.document, now).changes)
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
  }
}

function violationOf(layout: CollectionLayout, error: unknown): StepRefusal | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  if (error.errcode === PRIMARY_KEY_VIOLATED) return { kind: 'duplicate' }
  if (error.errcode !== UNIQUE_VIOLATED) return undefined
  // SQLite names the index only in its text: UNIQUE constraint failed: index 'photos:bySlug'.
  const index = layout.indexes.find(({ name }) => error.message.includes(`'${indexId(layout.name, name)}'`))
  return index === undefined ? { kind: 'duplicate' } : { kind: 'duplicate', index: index.name }
}
