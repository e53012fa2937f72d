// The download of one's own data, over HTTP: with a recent sign-in, since it is everything at once.
import { type Route, route, seeOther } from '#kernel/http/route.ts'
import { whence } from '../browser.ts'
import { accountActions } from '../pages/account-actions.ts'
import { emptyForm, formAnswers, friendly, type PageParts, skinOf } from '../pages/handling.ts'

export function ownDataRoutes(parts: PageParts): Route[] {
  const { lately } = accountActions(parts)
  return [
    route({
      site: 'accounts',
      allow: { who: 'handler', reason: 'For the person whose sign-in cookie of the accounts origin the browser holds.' },
      method: 'POST',
      path: '/account/data',
      rate: 'sign-in',
      summary: 'Download everything that is kept of the person',
      body: 'form',
      input: { body: emptyForm },
      answers: { ...formAnswers, 200: 'bytes' },
      handle: friendly(parts, (call, _input, exchange) =>
        lately(call, exchange, {
          run: async ({ session: { accountId } }) => {
            const { parts: words } = skinOf(parts, exchange).texts.ownData
            const stream = await parts.ownData.download(call, { accountId, by: whence(exchange), words })
            if (stream === undefined) return seeOther(parts.engine.signInPath('/account'))
            const headers = { 'content-disposition': 'attachment; filename="my-data.zip"', 'cache-control': 'no-store' }
            return { status: 200, headers, body: { stream, type: 'application/zip' } }
          },
        }),
      ),
    }),
  ]
}
