// Asking for the end of the account, over HTTP: with a recent sign-in, and never by a slip.
import { hasCode } from '#kernel/errors.ts'
import { html } from '#kernel/html.ts'
import { page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { accountActions } from '../pages/account-actions.ts'
import { csrfToken, formAnswers, friendly, type PageParts, refused, skinOf } from '../pages/handling.ts'
import { lead, stagePage } from '../pages/layout.ts'

/** Ids of organisations, as the page has named them. */
const ids = z
  .string()
  .max(100_000)
  .regex(/^[0-9a-z]{26}( [0-9a-z]{26})*$/)
const deleteForm = z.strictObject({ csrf_token: csrfToken, sure: z.literal('yes').optional(), organisations: ids.optional() })

export function leavingRoutes(parts: PageParts): Route[] {
  const { lately, show } = accountActions(parts)
  const { leaving } = parts
  return [
    route({
      site: 'accounts',
      allow: { who: 'handler', reason: 'For the person whose sign-in cookie of the accounts origin the browser holds.' },
      method: 'POST',
      path: '/account/delete',
      rate: 'sign-in',
      summary: 'Ask for the end of the account; it is gone after some days in which nobody signs in to it',
      body: 'form',
      input: { body: deleteForm },
      answers: formAnswers,
      handle: friendly(parts, (call, { body }, exchange) =>
        lately(call, exchange, {
          run: async (who) => {
            const { texts } = skinOf(parts, exchange)
            if (body.sure === undefined) return show(who, { section: 'delete', failure: refused({ problem: texts.leaving.notSure }) })
            const { accountId, signedInAt } = who.session
            const organisations = body.organisations?.split(' ') ?? []
            try {
              const { days } = await leaving.requestDeletion(call, { accountId, signedInAt, by: whence(exchange), organisations })
              exchange.renewCsrf()
              return parts.justDone.leadTo(exchange, { page: '/goodbye', days }, { 'clear-site-data': '"storage"' })
            } catch (error) {
              if (!hasCode(error, 'auth.last_owner')) throw error
              return show(who, { section: 'delete', failure: refused({ problem: texts.leaving.notChosen }) })
            }
          },
        }),
      ),
    }),
    route({
      site: 'accounts',
      allow: { who: 'anyone' },
      method: 'GET',
      path: '/goodbye',
      rate: 'page',
      summary: 'Says when the account will be gone, and how to keep it',
      answers: { 200: 'html', 303: 'empty' },
      handle: async (_call, _input, exchange) => {
        const done = parts.justDone.on(exchange)
        if (done === undefined) return seeOther('/account')
        const skin = skinOf(parts, exchange)
        const { leaving: texts } = skin.texts
        const main = html`${lead(texts.goodbye, texts.goodbyeWords(done.days ?? leaving.graceDays))}<div class="buttons"><a class="button quiet" href="/account">${texts.keep}</a></div>`
        return page(stagePage(skin, { title: texts.goodbye, main }))
      },
    }),
  ]
}
