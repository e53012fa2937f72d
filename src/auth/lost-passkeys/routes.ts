// A new passkey by mail, over HTTP.
import type { Route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { csrfToken, deviceNameOf, formPage, type PageParts, refused, skinOf } from '../pages/handling.ts'
import { renewalPlace } from '../passkeys/places.ts'
import { answerText } from '../passkeys/schemas.ts'
import { askingRoutes, type Wanted } from '../recovery/asking-routes.ts'
import { linkToken, type MailedForm, mailedFormRoutes } from '../recovery/mailed-form.ts'
import { newPasskeyPage } from './pages.ts'
import type { PendingPasskey } from './service.ts'

const newForm = z.strictObject({ csrf_token: csrfToken, token: linkToken, answer: answerText, alone: z.literal('yes').optional() })

export function lostPasskeyRoutes(parts: PageParts): Route[] {
  const wanted: Wanted = {
    path: '/lost-passkey',
    name: 'lost passkey',
    summaries: { show: 'Ask for a new passkey by mail', send: 'Send the address whose passkey is lost' },
    words: ({ lostPasskey }) => lostPasskey,
    ask: (call, request) => parts.byMail.lostPasskeys.ask(call, request),
  }
  return [...askingRoutes(parts, wanted), ...mailedFormRoutes(parts, making(parts))]
}

function making(parts: PageParts): MailedForm<PendingPasskey, z.infer<typeof newForm>> {
  const {
    passkeys,
    byMail: { lostPasskeys },
  } = parts
  return {
    path: '/new-passkey',
    askPath: '/lost-passkey',
    summaries: {
      show: 'Asks the device for the new passkey; changes nothing',
      send: 'Adds the new passkey, and ends all that is signed in',
      done: 'Says that the passkey is ready',
    },
    body: newForm,
    words: (texts) => texts.lostPasskey,
    pending: (call, token) => lostPasskeys.pending(call, token),
    async show({ call, exchange }, { pending, token, here, failure }) {
      const options = await passkeys.creationOptions(call, pending, renewalPlace(exchange, pending.accountId))
      const { email, firstProof } = pending
      const view = { email, firstProof, token, options, csrfToken: exchange.csrfToken(), state: failure?.state ?? {} }
      return formPage(newPasskeyPage(skinOf(parts, exchange, here), view), failure)
    },
    async send({ call, exchange }, { pending, press, body: { token, answer, alone } }) {
      const by = whence(exchange)
      const name = deviceNameOf(parts, exchange)
      const given = { place: renewalPlace(exchange, pending.accountId), answer, name, client: exchange.client, by }
      const renewal = await passkeys.renew(call, pending, { ...given, alone: pending.firstProof || alone === 'yes' })
      if (renewal === undefined) return refused({ values: valuesOf(alone), problem: skinOf(parts, exchange).texts.passkeys.notAdded })
      return (await lostPasskeys.renew(call, { token, press, renewal, by })) === undefined ? 'dead' : 'done'
    },
    doneBefore: (call, again) => lostPasskeys.renewedBefore(call, again),
    // Another passkey than that of the first press opens nothing.
    chosen: ({ answer, alone = '' }) => [answer, alone],
    values: ({ alone }) => valuesOf(alone),
  }
}

const valuesOf = (alone = ''): Readonly<Record<string, string>> => ({ alone })
