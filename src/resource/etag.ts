// The entity tag of an object, made and read.
import type { Versioned } from './contract.ts'

/**
 * The version, and where an object shows links the window in which they are good: a 304 must not keep a dead link alive. Whoever sees a part has a tag of
 * that part, so that seeing more, or less, is no 304 either.
 */
export function etagOf({ version, linksExpireAt, part }: Pick<Versioned, 'version' | 'linksExpireAt' | 'part'>): string {
  if (linksExpireAt === undefined && part === undefined) return `"v${version}"`
  return `"${[`v${version}`, linksExpireAt?.toString(36), part].filter((word) => word !== undefined).join('-')}"`
}

const TAG = /^"v(\d{1,15})(?:-[0-9a-z]+){0,2}"$/

/** The version that a tag names; `undefined` for a tag that is none of ours. */
export function versionOf(tag: string): number | undefined {
  const version = TAG.exec(tag)?.[1]
  return version === undefined ? undefined : Number(version)
}
