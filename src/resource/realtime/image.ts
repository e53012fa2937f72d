// What an event keeps of an object as it was before: enough to tell who could see it then, and which lists it was in.
import type { Json } from '#kernel/json.ts'
import type { Resource } from '../compile.ts'
import { holderFields } from '../queries/limit-fields.ts'
import { PLATFORM_FIELDS, type ResourceDocument } from '../schemas.ts'

const known = new WeakMap<Resource, ReadonlySet<string>>()

/** The fields by which access rules decide and lists filter. */
function decidingFields(resource: Resource): ReadonlySet<string> {
  const found = known.get(resource)
  if (found !== undefined) return found
  const grants = [...resource.grants.list, ...resource.grants.get]
  const indexed = resource.indexes.flatMap((index) => index.fields)
  const limited = grants.flatMap(({ where }) => Object.keys(where ?? {}))
  const grouped = grants.flatMap(({ who }) => holderFields(who))
  // What a function of the app looks at is not known, so it is given everything.
  const all = grants.some((grant) => grant.when !== undefined) ? resource.fields.keys() : []
  const fields = new Set([...PLATFORM_FIELDS, ...indexed, ...limited, ...grouped, ...all])
  known.set(resource, fields)
  return fields
}

export type Image = Readonly<Record<string, Json>>

export function imageOf(resource: Resource, document: ResourceDocument): Image {
  const image: Record<string, Json> = {}
  for (const field of decidingFields(resource)) {
    const value = document[field]
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- stored documents are JSON
    if (value !== undefined) image[field] = value as Json
  }
  return image
}
