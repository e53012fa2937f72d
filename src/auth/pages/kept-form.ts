// What was typed into a form that counts only soon after a sign-in, while its person signs in: sealed in a cookie, for this account in this browser. Nothing
// is stored on our side. Passwords are never among it.
import type { Clock } from '#kernel/clock.ts'
import { serialiseCookie } from '#kernel/http/cookie.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import { browserOf, nameBrowser } from '../browser.ts'

const COOKIE = '__Host-Http-form'
const PURPOSE = 'auth.kept_form'
const KEPT_MS = 15 * 60_000
/** Sealed it must fit into a cookie (RFC 6265 section 6.1: 4096 bytes). A public key does; what does not is typed once more. */
const MOST_BYTES = 2700

const keptForm = z.strictObject({
  /** The path of the page that it stands on. */
  page: z.string(),
  /** Which one on that page. */
  form: z.string(),
  values: z.record(z.string(), z.string()),
  until: z.int(),
})

export type KeptForm = Omit<z.infer<typeof keptForm>, 'until'>

export interface KeptForms {
  keep(exchange: Exchange, accountId: string, form: KeptForm): void
  /** Once; of another page it stays. */
  take(exchange: Exchange, accountId: string, page: string): KeptForm | undefined
}

export function createKeptForms(keyRing: KeyRing, clock: Clock): KeptForms {
  const set = (exchange: Exchange, value: string, maxAgeSeconds: number): void =>
    // Lax: another provider may lead back here.
    exchange.addCookie(serialiseCookie(COOKIE, value, { sameSite: 'Lax', maxAgeSeconds }))
  return {
    keep(exchange, accountId, { page, form, values: { csrf_token: _token, ...values } }) {
      const text = JSON.stringify({ page, form, values, until: clock.now() + KEPT_MS })
      if (Object.keys(values).length === 0 || Buffer.byteLength(text) > MOST_BYTES) return
      set(exchange, keyRing.seal(PURPOSE, `${accountId} ${nameBrowser(exchange)}`, text), KEPT_MS / 1000)
    },
    take(exchange, accountId, page) {
      const [sealed, browser] = [exchange.cookies.get(COOKIE), browserOf(exchange)]
      if (sealed === undefined || browser === undefined) return undefined
      const text = keyRing.open(PURPOSE, `${accountId} ${browser}`, sealed)
      const found = text === undefined ? undefined : keptForm.safeParse(JSON.parse(text)).data
      if (found === undefined || found.page !== page) return undefined
      set(exchange, '', 0)
      const { until, ...form } = found
      return until > clock.now() ? form : undefined
    },
  }
}
