// The development mailbox over HTTP. Registered in development only, where the platform listens on loopback alone.
import { ok, page, type Route, rawRoute, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { jobErrors } from '../errors.ts'
import type { Mailbox } from './mailbox.ts'
import { mailboxPage, mailPage } from './mailbox-pages.ts'
import { mailboxList } from './schemas.ts'

const MOST_SHOWN = 200
const common = { method: 'GET', site: 'console', allow: { who: 'anyone' }, rate: 'page' } as const
const mailParams = z.strictObject({ id: z.string().min(1).max(200) })

// The mail stands alone: no script, no form, an origin of its own, and nothing from the network. Mails carry their style inline.
const HTML_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"

export function mailboxRoutes(mailbox: Mailbox): readonly Route[] {
  return [
    route({
      ...common,
      path: '/mailbox',
      summary: 'Development mailbox',
      answers: { 200: 'html' },
      handle: async (call, _input, exchange) => page(mailboxPage(await mailbox.newest(call, MOST_SHOWN), exchange.nonce())),
    }),
    route({
      ...common,
      path: '/mailbox.json',
      summary: 'Development mailbox, for tests and tools',
      answers: { 200: mailboxList },
      handle: async (call) => {
        const mails = await mailbox.newest(call, MOST_SHOWN)
        const items = mails.map(({ id, to, from, subject, text, at }) => ({ id, to, from, subject, text, at: new Date(at).toISOString() }))
        return ok({ items }, { 'cache-control': 'no-store' })
      },
    }),
    route({
      ...common,
      path: '/mailbox/:id',
      summary: 'One mail of the development mailbox, as text with links',
      input: { params: mailParams },
      answers: { 200: 'html' },
      handle: async (call, { params }, exchange) => {
        const mail = await mailbox.get(call, params.id)
        if (mail === undefined) throw jobErrors.mail_not_found()
        return page(mailPage(mail, exchange.nonce()))
      },
    }),
    rawRoute({
      ...common,
      path: '/mailbox/:id/html',
      summary: 'One mail of the development mailbox, as HTML in a sandbox',
      async handle(call, { response, path }) {
        const id = decodeURIComponent(path.split('/')[2] ?? '')
        const mail = await mailbox.get(call, id)
        if (mail === undefined) throw jobErrors.mail_not_found()
        response.setHeader('content-security-policy', HTML_POLICY)
        response.setHeader('content-type', 'text/html; charset=utf-8')
        response.setHeader('cache-control', 'no-store')
        response.end(mail.html)
      },
    }),
  ]
}
