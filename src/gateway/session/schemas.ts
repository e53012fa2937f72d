// What the gateway's sealed cookies hold, and what auth answers to a refresh.
import { z } from '#kernel/schema.ts'

const text = z.string().min(1).max(4096)

/** `origin` ties a cookie to the frontend that it was made for. Times are epoch seconds. */
const sealed = { origin: text, sub: text, sid: text, iat: z.int(), exp: z.int() }

export const accessCookie = z.strictObject({ ...sealed, token: text })
/** `since` is the time of sign-in: rotation never moves the end of a session. `browser` is the hash of the browser's name: of use in no other. */
export const refreshCookie = z.strictObject({ ...sealed, token: text, since: z.int(), browser: text })
export const transactionCookie = z.strictObject({ origin: text, state: text, nonce: text, verifier: text, returnTo: text, exp: z.int() })
export const operatorCookie = z.strictObject({ sid: text, iat: z.int(), exp: z.int() })

const endpoint = z.url().max(2048)
/** Of what discovery tells, what we use. */
export const authMetadata = z.object({ issuer: text, authorization_endpoint: endpoint, token_endpoint: endpoint })
export type AuthMetadata = z.infer<typeof authMetadata>

const token = z.string().min(1).max(32_768)
/** RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3. */
export const tokenAnswer = z.object({
  access_token: token,
  token_type: z.string().regex(/^bearer$/i),
  refresh_token: token.optional(),
  id_token: token.optional(),
})
export const tokenRefusal = z.object({ error: text, error_description: z.string().optional() })
export const idTokenClaims = z.object({
  iss: text,
  sub: text,
  aud: z.union([text, z.array(text).min(1).max(16)]),
  azp: text.optional(),
  exp: z.int(),
  iat: z.int(),
  nonce: text.optional(),
})

export type AccessCookie = z.infer<typeof accessCookie>
export type RefreshCookie = z.infer<typeof refreshCookie>
export type TransactionCookie = z.infer<typeof transactionCookie>
export type OperatorCookie = z.infer<typeof operatorCookie>
