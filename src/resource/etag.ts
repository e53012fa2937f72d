// The entity tag of an object, made and read.
import type { Versioned } from './contract.ts'

/**
 * The version, for resources with migrations their number, and where an object shows links the window in which they are good: a 304 must not keep a dead
 * link alive. Whoever sees a part has a tag of that part, so that seeing more, or less, is no 304 either.
 */
export function etagOf({ version, shape, linksExpireAt, part }: Tagged): string {
  const named = shape === undefined ? `v${version}` : `v${version}.${shape}`
  if (linksExpireAt === undefined && part === undefined) return `"${named}"`
  return `"${[named, linksExpireAt?.toString(36), part].filter((word) => word !== undefined).join('-')}"`
}

type Tagged = Pick<Versioned, 'version' | 'shape' | 'linksExpireAt' | 'part'>

/** What stands between the quotes of a tag. */
export const TAG_TEXT = String.raw`v(\d{1,15})(?:\.(\d{1,6}))?(?:-[0-9a-z]+){0,2}`
const TAG = new RegExp(`^"${TAG_TEXT}"$`)

/** The version that a tag names; `undefined` for a tag that is none of ours, or from before a migration: who has that has not seen what is there now. */
export function versionOf(tag: string, shape: number | undefined): number | undefined {
  const [, version, named] = TAG.exec(tag) ?? []
  return version === undefined || named !== (shape === undefined ? undefined : String(shape)) ? undefined : Number(version)
}
