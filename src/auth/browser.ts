// The name of a browser at the accounts origin, so that what was begun in one is not finished in another. It opens nothing by itself.
// `__Host-`, so that no host below ours can plant it; Lax, since mailed links and redirects lead here from elsewhere.
import { serialiseCookie } from '#kernel/http/cookie.ts'
import { KNOWN_BROWSER_COOKIE } from '#kernel/http/known-browser.ts'
import type { Exchange } from '#kernel/http/route.ts'
import { randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Devices, KnownOwner, Steps } from './accounts/devices.ts'
import { describeDevice } from './device.ts'
import type { Whence } from './security-events/security-event.ts'

const COOKIE = '__Host-Http-here'
const KEPT_SECONDS = 3600
const DEVICE_SECONDS = 180 * 24 * 3600
const NAME = /^[\w-]{43}$/

/** Names that were given in this answer: asked twice, it is one name. */
const given = new WeakMap<object, string>()

function nameOf(exchange: Pick<Exchange, 'cookies'>): string | undefined {
  const name = given.get(exchange) ?? exchange.cookies.get(COOKIE)
  return name !== undefined && NAME.test(name) ? name : undefined
}

/** Gives the browser a name unless it has one, for another hour. The answer is its hash, to keep with what is begun. */
export function nameBrowser(exchange: Exchange): string {
  const name = nameOf(exchange) ?? randomToken()
  if (given.has(exchange)) return sha256(name)
  given.set(exchange, name)
  exchange.addCookie(serialiseCookie(COOKIE, name, { sameSite: 'Lax', maxAgeSeconds: KEPT_SECONDS }))
  return sha256(name)
}

/** The hash of the name that the browser has. */
export function browserOf(exchange: Pick<Exchange, 'cookies'>): string | undefined {
  const name = nameOf(exchange)
  return name === undefined ? undefined : sha256(name)
}

/** What security events say of whoever asks: the day's pseudonym of the address, and words for the browser. */
export function whence({ client, request }: Pick<Exchange, 'client' | 'request'>): Whence {
  return { client, device: describeDevice(request.headers['user-agent']) }
}

/** What this browser is known by to addresses that it has signed in to; see accounts/devices.ts. */
export function deviceOf({ cookies }: Pick<Exchange, 'cookies'>): string | undefined {
  return cookies.get(KNOWN_BROWSER_COOKIE)
}

/** Whoever is in by so many steps is known in this browser from now on. */
export function rememberOwner(
  exchange: Exchange,
  devices: Pick<Devices, 'remember'>,
  { steps, ...owner }: KnownOwner & { readonly steps: Steps },
): void {
  rememberDevice(exchange, devices.remember(owner, steps, deviceOf(exchange)))
}

export function rememberDevice(exchange: Exchange, device: string): void {
  exchange.addCookie(serialiseCookie(KNOWN_BROWSER_COOKIE, device, { sameSite: 'Strict', maxAgeSeconds: DEVICE_SECONDS }))
}
