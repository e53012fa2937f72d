// Setting a new password by mail, over HTTP. No GET uses anything up: mail scanners look at links.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { rememberOwner, whence } from '../browser.ts'
import { errorPage } from '../pages/engine-pages.ts'
import {
  csrfToken,
  type FormFailure,
  formAnswers,
  formFailure,
  formPage,
  formText,
  friendly,
  type PageParts,
  skinOf,
  uidParams,
} from '../pages/handling.ts'
import { askingRoutes, type Wanted } from './asking-routes.ts'
import { resetDonePage, resetPage } from './pages.ts'

const common = { site: 'accounts', allow: { who: 'anyone' } } as const
const answers = { ...formAnswers, 410: 'html' } as const
const linkToken = z.string().max(200).default('')
const resetForm = z.strictObject({ csrf_token: csrfToken, token: linkToken, username: z.string().optional(), password: formText })

export function recoveryRoutes(parts: PageParts): Route[] {
  const wanted: Wanted = {
    path: '/forgot-password',
    name: 'recovery',
    summaries: { show: 'Ask for a new password by mail', send: 'Send the address whose password is forgotten' },
    words: ({ recovery }) => recovery,
    ask: (call, request) => parts.byMail.recovery.ask(call, request),
  }
  return [...askingRoutes(parts, wanted), ...resettingRoutes(parts)]
}

function dead(parts: PageParts, exchange: Exchange): Answer {
  // Without the link: the pages of all dead ones are the same.
  const skin = skinOf(parts, exchange, '/reset-password')
  const { dead: heading, deadWords: words, askAgain } = skin.texts.recovery
  return page(errorPage(skin, { heading, words, ways: [{ words: askAgain, path: '/forgot-password' }] }), 410)
}

function showReset(parts: PageParts, exchange: Exchange, shown: { email: string; token: string; failure?: FormFailure }): Answer {
  const { email, token, failure } = shown
  const view = { email, token, csrfToken: exchange.csrfToken(), state: failure?.state ?? {} }
  const here = `/reset-password?${new URLSearchParams({ token }).toString()}`
  return formPage(resetPage(skinOf(parts, exchange, here), view), failure)
}

async function reset(
  parts: PageParts,
  { call, exchange, token, password }: { call: Call; exchange: Exchange; token: string; password: string },
): Promise<Answer> {
  const {
    engine,
    byMail: { recovery, reclaiming },
  } = parts
  const pending = await recovery.pending(call, token)
  if (pending === undefined) return dead(parts, exchange)
  try {
    const owner = await recovery.reset(call, { token, password, by: whence(exchange) })
    if (owner === undefined) return dead(parts, exchange)
    // Or whoever keeps the door of the address closed keeps its owner out with the new password as well. The mailbox is one step.
    rememberOwner(exchange, parts.shared.devices, { ...owner, steps: 1 })
  } catch (error) {
    return showReset(parts, exchange, { email: pending.email, token, failure: formFailure(skinOf(parts, exchange).texts, error, {}) })
  }
  await engine.revokeAccount(call, pending.accountId)
  await reclaiming.finish(call, pending.accountId)
  exchange.renewCsrf()
  return seeOther(pending.interaction === undefined ? '/reset-password/done' : `/reset-password/done?interaction=${pending.interaction}`)
}

function resettingRoutes(parts: PageParts): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/reset-password',
      rate: 'page',
      summary: 'Asks for the new password; changes nothing',
      input: { query: z.strictObject({ token: linkToken }) },
      answers,
      handle: friendly(parts, async (call, { query: { token } }, exchange) => {
        const pending = await parts.byMail.recovery.pending(call, token)
        return pending === undefined ? dead(parts, exchange) : showReset(parts, exchange, { email: pending.email, token })
      }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/reset-password',
      rate: 'sign-in',
      summary: 'Sets the new password, and ends all that the old one has opened',
      body: 'form',
      input: { body: resetForm },
      answers,
      handle: friendly(parts, (call, { body: { token, password } }, exchange) => reset(parts, { call, exchange, token, password })),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/reset-password/done',
      rate: 'page',
      summary: 'Says that the password is changed',
      input: { query: z.strictObject({ interaction: uidParams.shape.uid.optional() }) },
      answers: { 200: 'html' },
      handle: async (_call, { query: { interaction } }, exchange) =>
        page(resetDonePage(skinOf(parts, exchange), interaction === undefined ? '/account' : `/interaction/${interaction}`)),
    }),
  ]
}
