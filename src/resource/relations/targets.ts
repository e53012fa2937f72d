// Relations at the moment of a write. Who names an object must be able to see it: what is not there and what is hidden get the same words, so that
// nobody learns by writing what they could not learn by reading.
import type { Call } from '#kernel/call.ts'
import { type Operation, updateIn } from '#kernel/collection.ts'
import { AppError } from '#kernel/errors.ts'
import type { FieldProblem } from '#kernel/schema.ts'
import { admitReader } from '../access.ts'
import type { Resource } from '../compile.ts'
import { resourceErrors } from '../errors.ts'
import { type Fields, invalid } from '../input.ts'
import { find, type ResourceParts } from '../reading.ts'
import type { Inbound } from './inbound.ts'

const UNSEEN: ReadonlySet<number> = new Set([401, 403, 404])

/**
 * Throws `resource.invalid` with the fields that name what the writer cannot see. The answer goes into the same commit: for relations that restrict, it makes
 * a deletion of the other object that has looked for referrers already look again.
 */
export async function checkTargets(
  parts: ResourceParts,
  call: Call,
  { resource, fields }: { readonly resource: Resource; readonly fields: Fields },
): Promise<Operation[]> {
  const problems: FieldProblem[] = []
  const touched: Operation[] = []
  for (const { field, to, onDelete } of resource.relations) {
    const id = fields[field]
    const target = parts.resources.get(to)
    if (typeof id !== 'string' || target === undefined) continue
    if (!(await isSeen(parts, call, { target, id }))) problems.push({ field, message: `No object of ${to} that you can see has this id` })
    else if (onDelete === 'restrict') touched.push(updateIn(target.collection, id, { set: {} }))
  }
  if (problems.length > 0) throw invalid(problems)
  return touched
}

async function isSeen(parts: ResourceParts, call: Call, { target, id }: { target: Resource; id: string }): Promise<boolean> {
  try {
    await find(parts, call, {
      resource: target,
      id,
      actor: admitReader(parts.clock, call, { resource: target, operation: 'get' }),
      operation: 'get',
    })
    return true
  } catch (error) {
    if (error instanceof AppError && UNSEEN.has(error.status)) return false
    throw error
  }
}

/** Throws `resource.in_use` when an object that restricts refers to this one. Says nothing about which or whose. */
export async function requireUnused(
  parts: ResourceParts,
  call: Call,
  { inbound, id }: { readonly inbound: readonly Inbound[]; readonly id: string },
): Promise<void> {
  for (const { from, relation, index } of inbound) {
    if (relation.onDelete !== 'restrict') continue
    const { items } = await parts.repository.of(from).list(call, { index, where: { [relation.field]: id }, limit: 1 })
    if (items.length > 0)
      throw resourceErrors.in_use({ detail: `Objects of ${from.name} refer to this one; it cannot be deleted before them.` })
  }
}
