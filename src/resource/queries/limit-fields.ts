// Which fields narrow the lists of a grant.
import type { AccessGrant, GrantHolder } from '../contract.ts'

/** The field of an object that says who its holder is. */
export function holderFields(who: GrantHolder): string[] {
  if (typeof who !== 'object') return []
  if ('group' in who) return [who.group]
  return 'organisation' in who ? [who.organisation] : []
}

/** The fields by which a list under this grant is narrowed. */
export function limitFields({ who, where, lists }: AccessGrant): string[] {
  const holder = who === 'owner' ? ['ownerId'] : []
  return [...new Set([...holder, ...holderFields(who), ...Object.keys(where ?? {}), ...Object.keys(lists ?? {})])]
}
