// What an assertion of a client must say beside its signature (RFC 7523 section 3, as the update of 2025 has it).
import { errors } from 'oidc-provider'
import { z } from '#kernel/schema.ts'

const MAX_LIFE_SECONDS = 300
const CLOCK_TOLERANCE_SECONDS = 5

const assertion = z.looseObject({
  // Exactly the issuer: an assertion for an endpoint address could have been asked for by another server that gave that address as its own.
  aud: z.union([z.string(), z.tuple([z.string()])]),
  exp: z.number(),
})

/** RFC 7519 section 5.1 and the update: whatever else the client signs with its key, such as a request that anybody reads in an address (RFC 9101 section 10.8), is none. */
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'client-authentication+jwt', 'application/client-authentication+jwt'])

interface Assertion {
  readonly claims: unknown
  readonly header: unknown
}

/** Throws when it is something else, for somebody else too, or lives longer than its single use is remembered well. */
export function assertAssertion({ claims, header }: Assertion, { issuer, now }: { readonly issuer: string; readonly now: number }): void {
  const type: unknown = Object(header)['typ']
  if (!TYPES.has(typeof type === 'string' ? type.toLowerCase() : type))
    throw new errors.InvalidClientAuth('the type (typ) of a client assertion, when it has one, is JWT or client-authentication+jwt')
  const parsed = assertion.safeParse(claims)
  if (!parsed.success || [parsed.data.aud].flat()[0] !== issuer) {
    throw new errors.InvalidClientAuth('the audience (aud) of a client assertion must be the issuer and nothing else')
  }
  if (parsed.data.exp > now / 1000 + MAX_LIFE_SECONDS + CLOCK_TOLERANCE_SECONDS) {
    throw new errors.InvalidClientAuth(`a client assertion must expire within ${MAX_LIFE_SECONDS} seconds`)
  }
}
