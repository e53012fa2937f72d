// Serves the reference page. It has no script; its one style is allowed by the nonce of the answer.
import { page, type Route, route } from '#kernel/http/route.ts'
import { referencePage } from './page.ts'

export function referenceRoute(document: unknown): Route {
  const rendered = referencePage(document)
  return route({
    method: 'GET',
    path: '/api',
    site: 'app',
    allow: { who: 'anyone' },
    rate: 'page',
    summary: 'The reference of the data API, to read',
    answers: { 200: 'html' },
    handle: async (_call, _input, exchange) => page(rendered(exchange.nonce())),
  })
}
