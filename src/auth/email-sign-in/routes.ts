// Signing in by mail, over HTTP: on the way to an app, in the browser that at. No GET uses anything up.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { TOKEN_MINUTES } from '../accounts/mail-limits.ts'
import type { SignedIn } from '../accounts/service.ts'
import { browserOf, deviceOf, nameBrowser, rememberDevice, whence } from '../browser.ts'
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
import { policyFor } from '../pages/interaction-answers.ts'
import { type At, ofInteraction, step } from '../pages/step.ts'
import { askPage, codePage, elsewherePage, linkPage } from './pages.ts'

const answers = { ...formAnswers, 410: 'html' } as const
const linkToken = z.string().max(200).default('')
const askForm = z.strictObject({ csrf_token: csrfToken, email: formText })
const codeForm = z.strictObject({ csrf_token: csrfToken, code: z.string().max(200).default('') })
const linkForm = z.strictObject({ csrf_token: csrfToken, token: linkToken })

export function emailSignInRoutes(parts: PageParts): Route[] {
  return [...askingRoutes(parts), ...codeRoutes(parts), ...linkRoutes(parts)]
}

function askingRoutes(parts: PageParts): Route[] {
  const show = ({ exchange, interaction }: At, failure?: FormFailure): Answer => {
    const { uid, loginHint = '' } = interaction
    const view = { uid, email: loginHint, csrfToken: exchange.csrfToken(), state: failure?.state ?? {} }
    return formPage(askPage(skinOf(parts, exchange, `/interaction/${uid}/email`), view), failure)
  }
  const ask = async (at: At, email: string): Promise<Answer> => {
    const { call, exchange, interaction } = at
    const place = { browser: nameBrowser(exchange), interaction: interaction.uid }
    try {
      await parts.byMail.signIns.ask(call, { ...place, email, client: exchange.client, device: deviceOf(exchange) })
      return seeOther(`/interaction/${interaction.uid}/email/code`)
    } catch (error) {
      return show(at, formFailure(skinOf(parts, exchange).texts, error, { email }))
    }
  }
  return [
    step(parts, { path: '/email', summary: 'Ask to sign in by mail', input: { params: uidParams } }, async (at) => show(at)),
    step(
      parts,
      { path: '/email', summary: 'Send the address to sign in with by mail', input: { params: uidParams, body: askForm } },
      (at, { body }) => ask(at, body.email),
    ),
  ]
}

function showCode(parts: PageParts, { exchange, interaction }: At, failure?: FormFailure): Answer {
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
async function finish(parts: PageParts, { exchange }: At, signedIn: SignedIn): Promise<Answer> {
  rememberDevice(exchange, signedIn.device)
  exchange.renewCsrf()
  return parts.engine.finishSignIn(exchange, { ...signedIn, by: 'email' })
}

function codeRoutes(parts: PageParts): Route[] {
  const redeem = async (at: At, typed: string): Promise<Answer> => {
    const { call, exchange, interaction } = at
    const browser = browserOf(exchange)
    const { texts } = skinOf(parts, exchange)
    try {
      const place = { browser: browser ?? '', interaction: interaction.uid }
      const found = await parts.byMail.signIns.redeemCode(call, { ...place, typed, client: exchange.client, by: whence(exchange) })
      if (found === 'wrong') return showCode(parts, at, refused({ problems: { code: texts.problems.code_wrong } }))
      if (found === 'ended') return showCode(parts, at, refused({ problem: texts.emailSignIn.codeEnded }))
      return await finish(parts, at, found)
    } catch (error) {
      return showCode(parts, at, formFailure(texts, error, {}))
    }
  }
  return [
    step(parts, { path: '/email/code', summary: 'Asks for the mailed code', input: { params: uidParams } }, async (at) =>
      showCode(parts, at),
    ),
    step(parts, { path: '/email/code', summary: 'Send the mailed code', input: { params: uidParams, body: codeForm } }, (at, { body }) =>
      redeem(at, body.code),
    ),
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
  const redeem = async (at: At, token: string): Promise<Answer> => {
    const place = { browser: browserOf(at.exchange) ?? '', interaction: at.interaction.uid }
    const signedIn = await parts.byMail.signIns.redeemLink(at.call, { token, ...place })
    return signedIn === undefined ? dead(parts, at.exchange) : finish(parts, at, signedIn)
  }
  return [
    route({
      ...ofInteraction,
      method: 'GET',
      path: '/interaction/:uid/email/link',
      rate: 'page',
      summary: 'Asks whether to sign in, or shows the code for another browser; changes nothing',
      input: { params: uidParams, query: z.strictObject({ token: linkToken }) },
      answers,
      handle: friendly(parts, (call, { params, query }, exchange) => look(call, exchange, { ...params, ...query })),
    }),
    step(
      parts,
      {
        path: '/email/link',
        summary: 'Signs in with the mailed link, in the browser that asked for it',
        input: { params: uidParams, body: linkForm },
        answers,
      },
      (at, { body }) => redeem(at, body.token),
    ),
  ]
}
