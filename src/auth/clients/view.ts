// A client as operators are shown it.
import type { ClientView } from './contract.ts'
import type { StoredClient } from './schemas.ts'

export function viewOf({ source, definition, secretHash, createdAt, earlierSecret, blockedAt }: StoredClient): ClientView {
  const earlier = earlierSecret === undefined ? {} : { earlierSecretUntil: earlierSecret.until }
  const blocked = blockedAt === undefined ? {} : { blockedAt }
  return { source, definition, hasSecret: secretHash !== undefined, createdAt, ...earlier, ...blocked }
}
