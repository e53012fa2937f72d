// Choosing a language: a link, so that it works without a script, and a redirect back to the page.
import { type Route, route, seeOther } from '#kernel/http/route.ts'
import { createRouter } from '#kernel/http/router.ts'
import { z } from '#kernel/schema.ts'
import { keepChoice } from '../texts/language.ts'
import type { PageParts } from './handling.ts'
import { LANGUAGE_PATH, MAX_BACK } from './skin.ts'

export function languageRoute({ settings }: PageParts, pages: readonly Route[]): Route {
  const router = createRouter(pages.filter(({ method }) => method === 'GET'))
  return route({
    method: 'GET',
    path: LANGUAGE_PATH,
    site: 'accounts',
    allow: { who: 'anyone' },
    rate: 'page',
    summary: 'Chooses the language of the accounts pages for this browser, and goes back',
    input: { query: z.strictObject({ to: z.string().max(35), back: z.string().max(MAX_BACK).default('/') }) },
    answers: { 303: 'empty' },
    handle: async (_call, { query }, exchange) => {
      const back = pageAt(query.back, exchange.origin, (path) => router.find('GET', path) !== undefined)
      if (settings.speech.languages.some(({ tag }) => tag === query.to)) keepChoice(exchange, query.to, back)
      return seeOther(back)
    },
  })
}

/** A page of ours, or the nearest one above: after a form was refused, the browser stands where only forms are sent to. */
function pageAt(back: string, origin: string, isPage: (path: string) => boolean): string {
  const url = URL.parse(back, origin)
  // Never away from here, whatever the link said.
  if (url === null || url.origin !== origin || !back.startsWith('/')) return '/'
  if (isPage(url.pathname)) return url.pathname + url.search
  let path = url.pathname
  while (path !== '') {
    path = path.slice(0, path.lastIndexOf('/'))
    if (path !== '' && isPage(path)) return path
  }
  return '/'
}
