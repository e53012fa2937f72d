// The names and attributes of the gateway's cookies, and the sealers that open them.
import { serialiseCookie } from '#kernel/http/cookie.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import {
  type AccessCookie,
  accessCookie,
  type OperatorCookie,
  operatorCookie,
  type RefreshCookie,
  refreshCookie,
  type TransactionCookie,
  transactionCookie,
} from './schemas.ts'
import { createSealer, type Sealer } from './sealed-cookies.ts'

export const ACCESS_COOKIE = '__Host-Http-access'
/** Not `__Host-`, which would need `Path=/`: no other route ever receives the refresh token. What is sealed names the browser that it is for,
 * since a host below ours could plant the refresh cookie of another account. */
export const REFRESH_COOKIE = '__Secure-refresh'
export const CSRF_COOKIE = '__Host-csrf'
export const BROWSER_COOKIE = '__Host-Http-browser'
export const OPERATOR_COOKIE = '__Host-Http-operator'
// `__Host-` again, at the price of a wider path for ten minutes: a host below ours could plant any other, and so have its own sign-in finished here.
const TRANSACTION_COOKIE = '__Host-Http-sign-in'

export const SESSION_PATH = '/session'
export const TRANSACTION_SECONDS = 600

/** A handful of places, so that sign-ins in several tabs do not disturb each other and no page can fill the jar. */
export function transactionCookieName(state: string): string {
  return `${TRANSACTION_COOKIE}-${state.charCodeAt(0) % 8}`
}

export interface Sealers {
  readonly access: Sealer<AccessCookie>
  readonly refresh: Sealer<RefreshCookie>
  readonly transaction: Sealer<TransactionCookie>
  readonly operator: Sealer<OperatorCookie>
}

export function createSealers(keyRing: KeyRing): Sealers {
  return {
    access: createSealer(keyRing, 'access', accessCookie),
    refresh: createSealer(keyRing, 'refresh', refreshCookie),
    transaction: createSealer(keyRing, 'transaction', transactionCookie),
    operator: createSealer(keyRing, 'operator', operatorCookie),
  }
}

export function setAccess(value: string, maxAgeSeconds: number): string {
  return serialiseCookie(ACCESS_COOKIE, value, { maxAgeSeconds, sameSite: 'Strict' })
}

export function setRefresh(value: string, maxAgeSeconds: number): string {
  return serialiseCookie(REFRESH_COOKIE, value, { path: SESSION_PATH, maxAgeSeconds, sameSite: 'Strict' })
}

export function clearSession(): readonly string[] {
  return [setAccess('', 0), setRefresh('', 0)]
}

/** Lax, since it must come back with the redirect from the accounts site. */
export function setTransaction(name: string, value: string, maxAgeSeconds: number): string {
  return serialiseCookie(name, value, { maxAgeSeconds, sameSite: 'Lax' })
}

export function setOperator(value: string, maxAgeSeconds: number): string {
  return serialiseCookie(OPERATOR_COOKIE, value, { maxAgeSeconds, sameSite: 'Strict' })
}

/** Readable: the double submit needs a script, or a form field, to repeat it. */
export function setCsrf(value: string, sameSite: 'Strict' | 'Lax'): string {
  return serialiseCookie(CSRF_COOKIE, value, { sameSite, httpOnly: false })
}

/** Ends with the browser session, or with the session that is bound to it. */
export function setBrowser(value: string, sameSite: 'Strict' | 'Lax', maxAgeSeconds?: number): string {
  return serialiseCookie(BROWSER_COOKIE, value, { sameSite, ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }) })
}
