// What a row has of a person and has no place here: an app that reads it would find it missing after the old system is gone, so that the report names it.
import { claimsIn } from './claims.ts'
import { quoted } from './shared.ts'

export interface KnownMembers {
  /** Those that are read. */
  readonly read: { readonly [name: string]: unknown }
  /** Those that the system writes of its own work, and that say nothing of a person. */
  readonly own: ReadonlySet<string>
  /** The member that holds what an app or the person has added, and what of it is read or the system's own. */
  readonly added?: { readonly name: string; readonly own: ReadonlySet<string> }
}

/** Names alone: the values may be what a report should not hold. */
export function profileLeft(value: unknown, { read, own, added }: KnownMembers): readonly string[] {
  const members = Object.entries(Object(value))
    .filter(([name, member]) => !(Object.hasOwn(read, name) || own.has(name) || name === added?.name || isEmpty(member)))
    .map(([name]) => name)
  const inside = added === undefined ? [] : Object.entries(claimsIn(Object(value)[added.name]))
  const more = inside
    .filter(([name, member]) => added?.own.has(name) !== true && !isEmpty(member))
    .map(([name]) => `${added?.name}.${name}`)
  const names = [...members, ...more]
  return names.length === 0 ? [] : [`what has no place here did not come along: ${names.map(quoted).join(', ').slice(0, 500)}`]
}

/** Whoever is used to it would not get in, and not know why. */
export function waysLeft(of: { readonly username?: unknown; readonly phone?: unknown; readonly email: string }): readonly string[] {
  const isAddress = typeof of.username === 'string' && of.username.toLowerCase() === of.email.toLowerCase()
  return [
    ...(isEmpty(of.username) || isAddress ? [] : ['the user name of there signs nobody in here: its owner signs in by the address']),
    ...(isEmpty(of.phone) ? [] : ['the phone number of there signs nobody in here: its owner signs in by the address']),
  ]
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
