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

/** Throws when it is for somebody else, too, or lives longer than its single use is remembered well. */
export function assertAssertion(claims: unknown, { issuer, now }: { readonly issuer: string; readonly now: number }): void {
  const parsed = assertion.safeParse(claims)
  if (!parsed.success || [parsed.data.aud].flat()[0] !== issuer) {
    throw new errors.InvalidClientAuth('the audience (aud) of a client assertion must be the issuer and nothing else')
  }
  if (parsed.data.exp > now / 1000 + MAX_LIFE_SECONDS + CLOCK_TOLERANCE_SECONDS) {
    throw new errors.InvalidClientAuth(`a client assertion must expire within ${MAX_LIFE_SECONDS} seconds`)
  }
}
