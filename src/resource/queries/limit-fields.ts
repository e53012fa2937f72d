// Which fields narrow the lists of a grant.
import type { AccessGrant } from '../contract.ts'

/** The fields by which a list under this grant is narrowed. */
export function limitFields({ who, where, lists }: AccessGrant): string[] {
  const holder = who === 'owner' ? ['ownerId'] : []
  const group = typeof who === 'object' && 'group' in who ? [who.group] : []
  return [...new Set([...holder, ...group, ...Object.keys(where ?? {}), ...Object.keys(lists ?? {})])]
}
