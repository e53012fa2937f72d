// What a start would change, in words and numbers.
import type { DatabasePlan } from './contract.ts'
import { type Fitting, rewritingOf } from './migrations.ts'
import type { Plan } from './ports.ts'

export function planOf({ statements, marks, documents }: Plan, collections: readonly Fitting[]): DatabasePlan {
  const rewrites = collections.flatMap((collection) => {
    const { name, shape } = collection.layout
    const mark = marks.find((candidate) => candidate.name === name)
    const rewriting = mark === undefined ? undefined : rewritingOf(mark, collection)
    if (mark === undefined || rewriting === undefined) return []
    const known = documents.find((candidate) => candidate.collection === name)
    const count = rewriting.all ? known?.all : known?.outdated
    return [{ collection: name, from: mark.shape, to: shape, documents: count ?? 0, beforeStart: rewriting.first }]
  })
  return { statements, rewrites }
}
