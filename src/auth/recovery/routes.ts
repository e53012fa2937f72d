// Setting a new password by mail, over HTTP.
import type { Route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { rememberOwner, whence } from '../browser.ts'
import { csrfToken, formPage, formText, type PageParts, skinOf } from '../pages/handling.ts'
import { askingRoutes, type Wanted } from './asking-routes.ts'
import { linkToken, type MailedForm, mailedFormRoutes } from './mailed-form.ts'
import { resetPage } from './pages.ts'
import type { PendingReset } from './service.ts'

const resetForm = z.strictObject({ csrf_token: csrfToken, token: linkToken, username: z.string().optional(), password: formText })

export function recoveryRoutes(parts: PageParts): Route[] {
  const wanted: Wanted = {
    path: '/forgot-password',
    name: 'recovery',
    summaries: { show: 'Ask for a new password by mail', send: 'Send the address whose password is forgotten' },
    words: ({ recovery }) => recovery,
    ask: (call, request) => parts.byMail.recovery.ask(call, request),
  }
  return [...askingRoutes(parts, wanted), ...mailedFormRoutes(parts, resetting(parts))]
}

function resetting(parts: PageParts): MailedForm<PendingReset, z.infer<typeof resetForm>> {
  const { recovery } = parts.byMail
  return {
    path: '/reset-password',
    askPath: '/forgot-password',
    summaries: {
      show: 'Asks for the new password; changes nothing',
      send: 'Sets the new password, and ends all that the old one has opened',
      done: 'Says that the password is changed',
    },
    body: resetForm,
    words: ({ recovery: texts }) => (parts.methods.upstream ? { ...texts, doneLead: `${texts.doneLead} ${texts.doneElsewhere}` } : texts),
    pending: (call, token) => recovery.pending(call, token),
    async show({ exchange }, { pending: { email }, token, here, failure }) {
      const view = { email, token, csrfToken: exchange.csrfToken(), state: failure?.state ?? {} }
      return formPage(resetPage(skinOf(parts, exchange, here), view), failure)
    },
    async send({ call, exchange }, { press, body: { token, password } }) {
      const owner = await recovery.reset(call, { token, password, press, by: whence(exchange) })
      if (owner === undefined) return 'dead'
      // Or whoever keeps the door of the address closed keeps its owner out with the new password as well. The mailbox is one step.
      rememberOwner(exchange, parts.shared.devices, { ...owner, steps: 1 })
      return 'done'
    },
    doneBefore: (call, again) => recovery.resetBefore(call, again),
    // Who has typed another password must not hear that it is set.
    chosen: ({ password }) => [password],
    values: () => ({}),
  }
}
