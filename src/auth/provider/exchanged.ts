// What a token says that was made from another one: known while it is being issued.
type Claims = Readonly<Record<string, unknown>>

/** Which tokens it was made from, one after the other: it ends with each of them. */
export const EXCHANGED_IDS_CLAIM = 'exchanged_ids'

const claims = new WeakMap<object, Claims>()

export function markExchanged(token: object, own: Claims): void {
  claims.set(token, own)
}

export function exchangedClaims(token: object): Claims | undefined {
  return claims.get(token)
}
