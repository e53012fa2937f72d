// A new passkey by mail, over HTTP. No GET uses anything up: mail scanners look at links.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { describeDevice } from '../device.ts'
import { renewalPlace } from '../passkeys/places.ts'
import { answerText } from '../passkeys/schemas.ts'
import { errorPage } from '../pages/engine-pages.ts'
import {
  csrfToken,
  type FormFailure,
  formAnswers,
  formFailure,
  formPage,
  friendly,
  type PageParts,
  refused,
  skinOf,
  uidParams,
} from '../pages/handling.ts'
import { askingRoutes, type Wanted } from '../recovery/asking-routes.ts'
import { newPasskeyDonePage, newPasskeyPage } from './pages.ts'
import type { PendingPasskey } from './service.ts'

const common = { site: 'accounts', allow: { who: 'anyone' } } as const
const answers = { ...formAnswers, 410: 'html' } as const
const linkToken = z.string().max(200).default('')
const newForm = z.strictObject({ csrf_token: csrfToken, token: linkToken, answer: answerText, alone: z.literal('yes').optional() })

interface At {
  readonly call: Call
  readonly exchange: Exchange
}

export function lostPasskeyRoutes(parts: PageParts): Route[] {
  const wanted: Wanted = {
    path: '/lost-passkey',
    name: 'lost passkey',
    summaries: { show: 'Ask for a new passkey by mail', send: 'Send the address whose passkey is lost' },
    words: ({ lostPasskey }) => lostPasskey,
    ask: (call, request) => parts.byMail.lostPasskeys.ask(call, request),
  }
  return [...askingRoutes(parts, wanted), ...makingRoutes(parts)]
}

function dead(parts: PageParts, exchange: Exchange): Answer {
  // Without the link: the pages of all dead ones are the same.
  const skin = skinOf(parts, exchange, '/new-passkey')
  const { dead: heading, deadWords: words, askAgain } = skin.texts.lostPasskey
  return page(errorPage(skin, { heading, words, ways: [{ words: askAgain, path: '/lost-passkey' }] }), 410)
}

interface Shown {
  readonly pending: PendingPasskey
  readonly token: string
  readonly failure?: FormFailure
}

async function show(parts: PageParts, { call, exchange }: At, { pending, token, failure }: Shown): Promise<Answer> {
  const options = await parts.passkeys.creationOptions(call, pending, renewalPlace(exchange, pending.accountId))
  const view = { email: pending.email, token, options, csrfToken: exchange.csrfToken(), state: failure?.state ?? {} }
  const here = `/new-passkey?${new URLSearchParams({ token }).toString()}`
  return formPage(newPasskeyPage(skinOf(parts, exchange, here), view), failure)
}

async function make(parts: PageParts, at: At, { token, answer, alone }: z.infer<typeof newForm>): Promise<Answer> {
  const { call, exchange } = at
  const { engine, passkeys, byMail } = parts
  const pending = await byMail.lostPasskeys.pending(call, token)
  if (pending === undefined) return dead(parts, exchange)
  const { accountId, interaction } = pending
  const { texts } = skinOf(parts, exchange)
  const by = whence(exchange)
  const values = { alone: alone ?? '' }
  try {
    const name = describeDevice(exchange.request.headers['user-agent'])
    const given = { place: renewalPlace(exchange, accountId), answer, name, client: exchange.client, by }
    const renewal = await passkeys.renew(call, pending, { ...given, alone: alone === 'yes' })
    if (renewal === undefined) {
      const failure = refused({ values, problem: texts.passkeys.notAdded })
      return await show(parts, at, { pending, token, failure })
    }
    if ((await byMail.lostPasskeys.renew(call, { token, renewal, by })) === undefined) return dead(parts, exchange)
  } catch (error) {
    return show(parts, at, { pending, token, failure: formFailure(texts, error, values) })
  }
  await engine.revokeAccount(call, accountId)
  await byMail.reclaiming.finish(call, accountId)
  exchange.renewCsrf()
  return seeOther(interaction === undefined ? '/new-passkey/done' : `/new-passkey/done?interaction=${interaction}`)
}

function makingRoutes(parts: PageParts): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/new-passkey',
      rate: 'page',
      summary: 'Asks the device for the new passkey; changes nothing',
      input: { query: z.strictObject({ token: linkToken }) },
      answers,
      handle: friendly(parts, async (call, { query: { token } }, exchange) => {
        const pending = await parts.byMail.lostPasskeys.pending(call, token)
        return pending === undefined ? dead(parts, exchange) : show(parts, { call, exchange }, { pending, token })
      }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/new-passkey',
      rate: 'sign-in',
      summary: 'Adds the new passkey, and ends all that is signed in',
      body: 'form',
      input: { body: newForm },
      answers,
      handle: friendly(parts, (call, { body }, exchange) => make(parts, { call, exchange }, body)),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/new-passkey/done',
      rate: 'page',
      summary: 'Says that the passkey is ready',
      input: { query: z.strictObject({ interaction: uidParams.shape.uid.optional() }) },
      answers: { 200: 'html' },
      handle: async (_call, { query: { interaction } }, exchange) =>
        page(newPasskeyDonePage(skinOf(parts, exchange), interaction === undefined ? '/account' : `/interaction/${interaction}`)),
    }),
  ]
}
