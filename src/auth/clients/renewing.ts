// A secret or key that takes the place of another, which is good for a while still: what runs with it has to be told of the new one first.
import { authErrors } from '../errors.ts'
import type { StoredClient } from './schemas.ts'

/** Whoever renews again so soon has pressed twice, or has not seen what the first press has made: nothing runs with that yet. */
const JUST_NOW_MS = 30_000

type Earlier = Pick<StoredClient, 'earlierSecret' | 'earlierKey'>
/** With `undefined` for what is to be taken away. */
type Renewed = { readonly [Field in keyof Earlier]: Earlier[Field] | undefined } & { readonly renewedAt: number }

interface Renewal {
  readonly now: number
  readonly until: number
}

/** What is good beside the new one until then; with no such time, nothing. Of several before, the last that anything can run with is kept. */
export function earlierOf(client: StoredClient, { now, until }: { readonly now: number; readonly until: number | undefined }): Renewed {
  const none = { earlierSecret: undefined, earlierKey: undefined, renewedAt: now }
  if (until === undefined) return none
  const isJustRenewed = client.renewedAt !== undefined && now - client.renewedAt < JUST_NOW_MS
  return { ...none, ...((isJustRenewed ? stillKept(client, { now, until }) : undefined) ?? presentOf(client, until)) }
}

function stillKept({ earlierSecret, earlierKey }: StoredClient, { now, until }: Renewal): Earlier | undefined {
  if (earlierSecret !== undefined && earlierSecret.until > now) return { earlierSecret: { ...earlierSecret, until } }
  return earlierKey !== undefined && earlierKey.until > now ? { earlierKey: { ...earlierKey, until } } : undefined
}

function presentOf({ definition: { authentication }, secretHash: hash }: StoredClient, until: number): Earlier {
  const [key] = authentication?.method === 'private_key_jwt' ? authentication.keys : []
  if (key !== undefined) return { earlierKey: { key, until } }
  return hash === undefined ? {} : { earlierSecret: { hash, until } }
}

/** For each round of a change that shows a secret: of two at once the slower one is told so, or it could be that which was shown first that is good. */
export function sameSecret(): (client: StoredClient) => void {
  let first: StoredClient | undefined
  return (client) => {
    first ??= client
    if (first.secretHash !== client.secretHash) throw authErrors.changed_meanwhile()
  }
}
