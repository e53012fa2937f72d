// Signing in by mail, over HTTP: on the way to an app, in the browser that at. No GET uses anything up.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { TOKEN_MINUTES } from '../accounts/mail-limits.ts'
import type { SignedIn } from '../accounts/signed-in.ts'
import { browserOf, deviceOf, nameBrowser, whence } from '../browser.ts'
import { endOthersBefore } from '../pages/end-others.ts'
import { errorPage } from '../pages/engine-pages.ts'
import {
  csrfToken,
  type FormFailure,
  formAnswers,
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
import { guardFields } from '../guard/part.ts'
import { type GuardedForm, guarded, guardOf } from '../guard/form.ts'
import { askPage, codePage, elsewherePage, linkPage } from './pages.ts'

const answers = { ...formAnswers, 410: 'html' } as const
const linkToken = z.string().max(200).default('')
const askForm = z.object({ csrf_token: csrfToken, email: formText })
const codeForm = z.object({ csrf_token: csrfToken, code: z.string().max(200).default('') })
const linkForm = z.strictObject({ csrf_token: csrfToken, token: linkToken })

export function emailSignInRoutes(parts: PageParts): Route[] {
  // Codes go with links, too: one that is opened in another browser shows the code for this one.
  return [...askingRoutes(parts), ...codeRoutes(parts), ...(parts.methods.magicLink ? linkRoutes(parts) : [])]
}

function askingRoutes(parts: PageParts): Route[] {
  const formAt = ({ interaction: { uid } }: At, address: string): GuardedForm => ({ for: 'mail', name: `email ${uid}`, address })
  const show = async (at: At, failure?: FormFailure): Promise<Answer> => {
    const { exchange } = at
    const { uid, loginHint = '' } = at.interaction
    const { state = {} } = failure ?? {}
    const email = state.values?.['email'] ?? loginHint
    const guard = await guardOf(parts, at, { ...formAt(at, email), state })
    const view = { uid, email, csrfToken: exchange.csrfToken(), state, guard }
    return formPage(askPage(skinOf(parts, exchange, `/interaction/${uid}/email`), view), failure)
  }
  const ask = (at: At, body: z.infer<typeof askForm>): Promise<Answer> => {
    const { call, exchange, interaction } = at
    const { email } = body
    const place = { browser: nameBrowser(exchange), interaction: interaction.uid }
    return guarded(
      parts,
      { ...at, sent: { ...formAt(at, email), body, values: { email } } },
      {
        show: (failure) => show(at, failure),
        async run() {
          await parts.byMail.signIns.ask(call, { ...place, email, client: exchange.client, device: deviceOf(exchange) })
          return seeOther(`/interaction/${interaction.uid}/email/code`)
        },
      },
    )
  }
  return [
    step(parts, { path: '/email', summary: 'Ask to sign in by mail', input: { params: uidParams } }, (at) => show(at)),
    step(
      parts,
      {
        path: '/email',
        summary: 'Send the address to sign in with by mail',
        input: { params: uidParams, body: askForm.extend(guardFields(parts.guard)).strict() },
      },
      (at, { body }) => ask(at, body),
    ),
  ]
}

interface CodeShown {
  /** The address that the mail went to, if it is one with an account or not. */
  readonly address: string | undefined
  readonly failure?: FormFailure
}

const codeFormAt = ({ interaction: { uid } }: At, address: string | undefined): GuardedForm => ({
  for: 'code',
  name: `code ${uid}`,
  address,
})

const waitingFor = (parts: PageParts, { call, exchange, interaction }: At): Promise<string | undefined> =>
  parts.byMail.signIns.waitingFor(call, { browser: browserOf(exchange) ?? '', interaction: interaction.uid })

async function showCode(parts: PageParts, at: At, { address, failure }: CodeShown): Promise<Answer> {
  const { exchange, interaction } = at
  const { emailCode: hasCode, magicLink: hasLink } = parts.methods
  const { state = {} } = failure ?? {}
  const view = {
    uid: interaction.uid,
    csrfToken: exchange.csrfToken(),
    state,
    minutes: TOKEN_MINUTES,
    hasCode,
    hasLink,
    mailbox: parts.settings.mailbox,
    guard: await guardOf(parts, at, { ...codeFormAt(at, address), state }),
  }
  return formPage(codePage(skinOf(parts, exchange, `/interaction/${interaction.uid}/email/code`), view), failure, policyFor(interaction))
}

/** As after a password: what the browser held before it signed in is worth nothing. */
async function finish(parts: PageParts, { call, exchange }: At, signedIn: SignedIn): Promise<Answer> {
  await endOthersBefore(parts, call, signedIn)
  exchange.renewCsrf()
  return parts.engine.finishSignIn(exchange, { ...signedIn, by: 'email' })
}

function codeRoutes(parts: PageParts): Route[] {
  const redeem = async (at: At, body: z.infer<typeof codeForm>): Promise<Answer> => {
    const { call, exchange, interaction } = at
    const { texts } = skinOf(parts, exchange)
    const address = await waitingFor(parts, at)
    const show = (failure: FormFailure): Promise<Answer> => showCode(parts, at, { address, failure })
    return guarded(
      parts,
      { ...at, sent: { ...codeFormAt(at, address), body, values: { code: body.code } } },
      {
        show,
        async run(honest) {
          const place = { browser: browserOf(exchange) ?? '', interaction: interaction.uid }
          const typed = { ...place, typed: body.code, client: exchange.client, device: deviceOf(exchange), by: whence(exchange) }
          const found = await parts.byMail.signIns.redeemCode(call, typed)
          if (found === 'wrong') return show(refused({ problems: { code: texts.problems.code_wrong } }))
          if (found === 'ended') return show(refused({ problem: texts.emailSignIn.codeEnded }))
          await honest()
          return finish(parts, at, found)
        },
      },
    )
  }
  return [
    step(parts, { path: '/email/code', summary: 'Asks for the mailed code', input: { params: uidParams } }, async (at) =>
      showCode(parts, at, { address: await waitingFor(parts, at) }),
    ),
    step(
      parts,
      {
        path: '/email/code',
        summary: 'Send the mailed code',
        input: { params: uidParams, body: codeForm.extend(guardFields(parts.guard)).strict() },
      },
      (at, { body }) => redeem(at, body),
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
