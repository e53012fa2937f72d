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

export type AccessCookie = z.infer<typeof accessCookie>
export type RefreshCookie = z.infer<typeof refreshCookie>
export type TransactionCookie = z.infer<typeof transactionCookie>
export type OperatorCookie = z.infer<typeof operatorCookie>
