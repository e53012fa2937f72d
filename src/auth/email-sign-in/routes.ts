// Signing in by mail, over HTTP: on the way to an app, in the browser that asked. No GET uses anything up.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { TOKEN_MINUTES } from '../accounts/mail-limits.ts'
import type { SignedIn } from '../accounts/service.ts'
import { browserOf, deviceOf, nameBrowser, rememberDevice, whence } from '../browser.ts'
import type { Interaction } from '../engine.ts'
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
  refused,
  skinOf,
  uidParams,
} from '../pages/handling.ts'
import { answersOf, policyFor } from '../pages/interaction-answers.ts'
import { askPage, codePage, elsewherePage, linkPage } from './pages.ts'

const common = {
  site: 'accounts',
  allow: { who: 'handler', reason: 'Belongs to the browser that holds the cookie of this interaction.' },
} as const
const answers = { ...formAnswers, 410: 'html' } as const
const linkToken = z.string().max(200).default('')
const askForm = z.strictObject({ csrf_token: csrfToken, email: formText })
const codeForm = z.strictObject({ csrf_token: csrfToken, code: z.string().max(200).default('') })
const linkForm = z.strictObject({ csrf_token: csrfToken, token: linkToken })

interface Asked {
  readonly call: Call
  readonly exchange: Exchange
  readonly interaction: Interaction
}

/** Runs it for the browser whose interaction this is, while it asks who the person is. */
async function within(
  parts: PageParts,
  { call, exchange }: { call: Call; exchange: Exchange },
  run: (asked: Asked) => Promise<Answer>,
): Promise<Answer> {
  const interaction = await parts.engine.interaction(exchange)
  if (interaction === undefined) return answersOf(parts).ended(exchange)
  if (interaction.prompt !== 'login') return seeOther(`/interaction/${interaction.uid}`)
  return run({ call, exchange, interaction })
}

export function emailSignInRoutes(parts: PageParts): Route[] {
  return [...askingRoutes(parts), ...codeRoutes(parts), ...linkRoutes(parts)]
}

function askingRoutes(parts: PageParts): Route[] {
  const show = ({ exchange, interaction }: Asked, failure?: FormFailure): Answer => {
    const { uid, loginHint = '' } = interaction
    const view = { uid, email: loginHint, csrfToken: exchange.csrfToken(), state: failure?.state ?? {} }
    return formPage(askPage(skinOf(parts, exchange, `/interaction/${uid}/email`), view), failure)
  }
  const ask = async (asked: Asked, email: string): Promise<Answer> => {
    const { call, exchange, interaction } = asked
    const place = { browser: nameBrowser(exchange), interaction: interaction.uid }
    try {
      await parts.byMail.signIns.ask(call, { ...place, email, client: exchange.client, device: deviceOf(exchange) })
      return seeOther(`/interaction/${interaction.uid}/email/code`)
    } catch (error) {
      return show(asked, formFailure(skinOf(parts, exchange).texts, error, { email }))
    }
  }
  return [
    route({
      ...common,
      method: 'GET',
      path: '/interaction/:uid/email',
      rate: 'page',
      summary: 'Ask to sign in by mail',
      input: { params: uidParams },
      answers: formAnswers,
      handle: friendly(parts, (call, _input, exchange) => within(parts, { call, exchange }, async (asked) => show(asked))),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/interaction/:uid/email',
      rate: 'sign-in',
      summary: 'Send the address to sign in with by mail',
      body: 'form',
      input: { params: uidParams, body: askForm },
      answers: formAnswers,
      handle: friendly(parts, (call, { body }, exchange) => within(parts, { call, exchange }, (asked) => ask(asked, body.email))),
    }),
  ]
}

function showCode(parts: PageParts, { exchange, interaction }: Asked, failure?: FormFailure): Answer {
  const { emailCode: hasCode, magicLink: hasLink } = parts.methods
  const view = {
    uid: interaction.uid,
    csrfToken: exchange.csrfToken(),
    state: failure?.state ?? {},
    minutes: TOKEN_MINUTES,
    hasCode,
    hasLink,
    mailbox: parts.settings.mailbox,
  }
  return formPage(codePage(skinOf(parts, exchange, `/interaction/${interaction.uid}/email/code`), view), failure, policyFor(interaction))
}

/** As after a password: the browser is known from now on, and what it held before it signed in is worth nothing. */
async function finish(parts: PageParts, { exchange }: Asked, signedIn: SignedIn): Promise<Answer> {
  rememberDevice(exchange, signedIn.device)
  exchange.renewCsrf()
  return parts.engine.finishSignIn(exchange, { ...signedIn, by: 'email' })
}

function codeRoutes(parts: PageParts): Route[] {
  const redeem = async (asked: Asked, typed: string): Promise<Answer> => {
    const { call, exchange, interaction } = asked
    const browser = browserOf(exchange)
    const { texts } = skinOf(parts, exchange)
    try {
      const place = { browser: browser ?? '', interaction: interaction.uid }
      const found = await parts.byMail.signIns.redeemCode(call, { ...place, typed, client: exchange.client, by: whence(exchange) })
      if (found === 'wrong') return showCode(parts, asked, refused({ problems: { code: texts.problems.code_wrong } }))
      if (found === 'ended') return showCode(parts, asked, refused({ problem: texts.emailSignIn.codeEnded }))
      return await finish(parts, asked, found)
    } catch (error) {
      return showCode(parts, asked, formFailure(texts, error, {}))
    }
  }
  return [
    route({
      ...common,
      method: 'GET',
      path: '/interaction/:uid/email/code',
      rate: 'page',
      summary: 'Asks for the mailed code',
      input: { params: uidParams },
      answers: formAnswers,
      handle: friendly(parts, (call, _input, exchange) => within(parts, { call, exchange }, async (asked) => showCode(parts, asked))),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/interaction/:uid/email/code',
      rate: 'sign-in',
      summary: 'Send the mailed code',
      body: 'form',
      input: { params: uidParams, body: codeForm },
      answers: formAnswers,
      handle: friendly(parts, (call, { body }, exchange) => within(parts, { call, exchange }, (asked) => redeem(asked, body.code))),
    }),
  ]
}

function dead(parts: PageParts, exchange: Exchange): Answer {
  // Without the link: the pages of all dead ones are the same.
  const skin = skinOf(parts, exchange, '/account')
  const { dead: heading, deadWords: words } = skin.texts.emailSignIn
  return page(errorPage(skin, { heading, words }), 410)
}

function linkRoutes(parts: PageParts): Route[] {
  const look = async (call: Call, exchange: Exchange, asked: { uid: string; token: string }): Promise<Answer> => {
    const { uid, token } = asked
    const interaction = await parts.engine.interaction(exchange)
    const browser = interaction?.prompt === 'login' ? browserOf(exchange) : undefined
    const view = await parts.byMail.signIns.look(call, { token, ...(browser === undefined ? {} : { browser, interaction: uid }) })
    if (view === undefined) return dead(parts, exchange)
    const skin = skinOf(parts, exchange, `/interaction/${uid}/email/link?${new URLSearchParams({ token }).toString()}`)
    if (view.kind === 'elsewhere' || interaction === undefined) return page(elsewherePage(skin, view.kind === 'elsewhere' ? view.code : ''))
    const body = linkPage(skin, { uid, token, email: view.email, csrfToken: exchange.csrfToken() })
    return formPage(body, undefined, policyFor(interaction))
  }
  const redeem = async (asked: Asked, token: string): Promise<Answer> => {
    const place = { browser: browserOf(asked.exchange) ?? '', interaction: asked.interaction.uid }
    const signedIn = await parts.byMail.signIns.redeemLink(asked.call, { token, ...place })
    return signedIn === undefined ? dead(parts, asked.exchange) : finish(parts, asked, signedIn)
  }
  return [
    route({
      ...common,
      method: 'GET',
      path: '/interaction/:uid/email/link',
      rate: 'page',
      summary: 'Asks whether to sign in, or shows the code for another browser; changes nothing',
      input: { params: uidParams, query: z.strictObject({ token: linkToken }) },
      answers,
      handle: friendly(parts, (call, { params, query }, exchange) => look(call, exchange, { ...params, ...query })),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/interaction/:uid/email/link',
      rate: 'sign-in',
      summary: 'Signs in with the mailed link, in the browser that asked for it',
      body: 'form',
      input: { params: uidParams, body: linkForm },
      answers,
      handle: friendly(parts, (call, { body }, exchange) => within(parts, { call, exchange }, (asked) => redeem(asked, body.token))),
    }),
  ]
}
