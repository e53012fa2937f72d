// Files that objects name. A file is reserved before the object is written and confirmed by the event of that write, so that a crash in between leaves
// a file that is swept, never an object whose file is gone. One file belongs to one field of one object, once.
import { type Call, systemCall } from '#kernel/call.ts'
import { hasCode } from '#kernel/errors.ts'
import type { FieldProblem } from '#kernel/schema.ts'
import type { Stored, StoredEvent } from '../database/contract.ts'
import type { Files } from '../files/contract.ts'
import type { Resource } from './compile.ts'
import type { Versioned } from './contract.ts'
import { invalid } from './input.ts'
import { type ResourceDocument, resourceEvent } from './schemas.ts'

export interface NamedFile {
  readonly field: string
  readonly file: string
}

/** Asked with the name of what would be shown, and of the field that it comes from. */
export type Only = (name: string, from: string) => boolean

export interface Attachments {
  /** All or none. Throws `resource.invalid` with the fields whose file is not one that the caller may use. */
  reserve(call: Call, target: { readonly resource: Resource; readonly id: string }, files: readonly NamedFile[]): Promise<void>
  /** After a write that certainly did not happen. */
  release(target: { readonly resource: Resource; readonly id: string }, files: readonly NamedFile[]): Promise<void>
  /** The whole object, with what is worked out and a link beside each file, or with those that `only` lets through. What may be shown, `show.ts` decides. */
  show(
    call: Call,
    object: { readonly resource: Resource; readonly stored: Stored<ResourceDocument> },
    only?: Only,
  ): Versioned | Promise<Versioned>
  /** Follows the writes. Runs at least once for each. */
  handle(events: readonly StoredEvent[]): Promise<void>
}

/** The files that a document, or the fields of a change, name. */
export function filesIn(resource: Resource, fields: Readonly<Record<string, unknown>>): NamedFile[] {
  return resource.files.flatMap(({ field }) => {
    const file = fields[field]
    return typeof file === 'string' ? [{ field, file }] : []
  })
}

const holderOf = (resource: string, id: string, field: string): string => `${resource}/${id}/${field}`

export function createAttachments(files: Files): Attachments {
  const own = systemCall('resource')

  const release: Attachments['release'] = async ({ resource, id }, named) => {
    for (const { field, file } of named) await files.release(own, file, holderOf(resource.name, id, field))
  }

  return {
    release,

    async reserve(call, target, named) {
      const reserved: NamedFile[] = []
      const problems: FieldProblem[] = []
      for (const { field, file } of named) {
        const bucket = target.resource.definition.files?.[field] ?? ''
        const holder = holderOf(target.resource.name, target.id, field)
        const problem = await files.reserve(call, file, { bucket, holder }).then(
          () => undefined,
          (error: unknown) => problemOf(error, bucket),
        )
        if (problem === undefined) reserved.push({ field, file })
        else problems.push({ field, message: problem })
      }
      if (problems.length === 0) return
      await release(target, reserved)
      throw invalid(problems)
    },

    show(call, { resource, stored }, only = () => true) {
      // Most resources, so no list is gone through for nothing.
      if (resource.computed.length === 0 && resource.files.length === 0) return plain(resource, stored)
      const computed = resource.computed.filter(([name]) => only(name, name))
      const value = computed.length === 0 ? stored.value : withComputed(computed, stored.value)
      const shown = plain(resource, { value, version: stored.version })
      const linked = resource.files.filter(({ field, urlField }) => typeof stored.value[field] === 'string' && only(urlField, field))
      return linked.length === 0 ? shown : withLinks(files, call, { linked, shown })
    },

    async handle(events) {
      for (const event of events) {
        const { resource, id, attached, detached } = resourceEvent.parse(event.data)
        for (const { field, file } of attached) await files.confirm(own, file, holderOf(resource, id, field))
        for (const { field, file } of detached) await removeOnce(files, file, holderOf(resource, id, field))
      }
    },
  }
}

function plain({ shape }: Resource, { value, version }: Stored<ResourceDocument>): Versioned & { readonly object: ResourceDocument } {
  return shape === undefined ? { object: value, version } : { object: value, version, shape }
}

function withComputed(computed: Resource['computed'], document: ResourceDocument): ResourceDocument {
  const object: Record<string, unknown> & ResourceDocument = { ...document }
  for (const [field, { of }] of computed) object[field] = of(document)
  return object
}

async function withLinks(
  files: Files,
  call: Call,
  { linked, shown }: { linked: Resource['files']; shown: Versioned & { readonly object: ResourceDocument } },
): Promise<Versioned> {
  const object: Record<string, unknown> & ResourceDocument = { ...shown.object }
  let linksExpireAt = Number.POSITIVE_INFINITY
  for (const { field, bucket, urlField } of linked) {
    const file = shown.object[field]
    if (typeof file !== 'string') continue
    const link = await files.link(call, bucket, file)
    object[urlField] = link.url
    linksExpireAt = Math.min(linksExpireAt, link.expiresAt)
  }
  return Number.isFinite(linksExpireAt) ? { ...shown, object, linksExpireAt } : { ...shown, object }
}

async function removeOnce(files: Files, file: string, holder: string): Promise<void> {
  try {
    await files.remove(systemCall('resource'), file, holder)
  } catch (error) {
    // A second delivery finds it gone.
    if (!hasCode(error, 'files.not_found')) throw error
  }
}

function problemOf(error: unknown, bucket: string): string {
  if (hasCode(error, 'files.not_found')) return `Not an upload of yours in ${bucket}`
  if (hasCode(error, 'files.in_use')) return 'This upload belongs to an object already; upload it again'
  throw error
}
