// What an answer carries of a stored object: the fields that the caller may see and has asked for, links beside files, and what is worked out.
import type { Call } from '#kernel/call.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Stored } from '../database/contract.ts'
import { mayTouch, type Permission } from './access.ts'
import type { Attachments } from './attachments.ts'
import type { Resource } from './compile.ts'
import type { Versioned } from './contract.ts'
import { PLATFORM_FIELDS, type ResourceDocument } from './schemas.ts'

export interface Sight {
  readonly resource: Resource
  readonly stored: Stored<ResourceDocument>
  readonly permission: Permission
  /** Only these, when somebody asked for few. */
  readonly pick?: ReadonlySet<string> | undefined
}

export function show({ attachments }: { readonly attachments: Attachments }, call: Call, sight: Sight): Versioned | Promise<Versioned> {
  const { permission, pick } = sight
  if (permission.fields === 'all' && pick === undefined) return attachments.show(call, sight)
  // A link is shown to whom the file's field is shown, and when few fields were asked for, by its own name.
  const isShown = (name: string, from = name): boolean => mayTouch(permission, from) && (pick === undefined || pick.has(name))
  const shown = attachments.show(call, sight, isShown)
  return shown instanceof Promise ? shown.then((versioned) => part(sight, versioned, isShown)) : part(sight, shown, isShown)
}

function part({ resource, permission }: Sight, versioned: Versioned, isShown: (name: string, from?: string) => boolean): Versioned {
  const { id, ownerId, createdAt, updatedAt } = versioned.object
  const shown = Object.entries(versioned.object).filter(([name]) => {
    if (PLATFORM_FIELDS.includes(name)) return false
    const file = resource.files.find(({ urlField }) => urlField === name)
    return isShown(name, file?.field ?? name)
  })
  const object = { id, ownerId, createdAt, updatedAt, ...Object.fromEntries(shown) }
  return permission.fields === 'all' ? { ...versioned, object } : { ...versioned, object, part: nameOf(permission.fields) }
}

/** A name for these fields, in the alphabet of our entity tags: two people may see different parts of one version. */
function nameOf(fields: ReadonlySet<string>): string {
  return Buffer.from(sha256([...fields].toSorted().join()), 'base64url')
    .readUIntBE(0, 6)
    .toString(36)
}
