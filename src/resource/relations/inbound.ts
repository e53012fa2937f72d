// Who refers to whom: for each resource, the relations of others (and its own) that lead to it.
import type { Relation, Resource } from '../compile.ts'

export interface Inbound {
  readonly from: Resource
  readonly relation: Relation
  /** Finds the objects that refer to one. */
  readonly index: string
}

export function inboundRelations(resources: readonly Resource[]): ReadonlyMap<string, readonly Inbound[]> {
  const inbound = new Map<string, Inbound[]>()
  for (const from of resources) {
    for (const relation of from.relations) {
      const index = from.indexes.find(({ fields }) => fields[0] === relation.field)
      if (relation.onDelete === undefined || index === undefined) continue
      inbound.set(relation.to, [...(inbound.get(relation.to) ?? []), { from, relation, index: index.name }])
    }
  }
  return inbound
}
