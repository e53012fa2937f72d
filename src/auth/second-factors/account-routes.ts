// The second step on the account page: set up, turn off, new recovery codes. Each asks for a recent sign-in.
import { html } from '#kernel/html.ts'
import { type Answer, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { nameBrowser, whence } from '../browser.ts'
import { hasSecondStep } from '../methods.ts'
import { accountActions, doneAnswer, ownerOf, type SignedIn } from '../pages/account-actions.ts'
import {
  csrfToken,
  emptyForm,
  type FormFailure,
  formAnswers,
  formPage,
  formText,
  friendly,
  type PageParts,
  refused,
  skinOf,
} from '../pages/handling.ts'
import { stayKnown } from '../pages/stay-known.ts'
import { enrolPage, recoveryCodesPage } from './pages.ts'

const common = {
  site: 'accounts',
  allow: {
    who: 'handler',
    reason: 'For the person whose sign-in cookie of the accounts origin the browser holds, and who has signed in lately.',
  },
  answers: formAnswers,
} as const
const SET_UP = '/account/second-step'
const codesForm = z.strictObject({ csrf_token: csrfToken, sealed: formText })
const enrolForm = z.strictObject({ csrf_token: csrfToken, sealed: formText, code: formText })
export function secondStepAccountRoutes(parts: PageParts): Route[] {
  const { lately, toFill } = accountActions(parts)
  const post = { ...common, method: 'POST', body: 'form' } as const
  const newCodes = route({
    ...post,
    path: '/account/recovery-codes',
    rate: 'page',
    summary: 'New recovery codes in place of those before',
    input: { body: codesForm },
    handle: friendly(parts, (call, { body }, exchange) => lately(call, exchange, { run: (who) => makeCodes(parts, who, body.sealed) })),
  })
  const remove = route({
    ...post,
    path: `${SET_UP}/remove`,
    rate: 'page',
    summary: 'Turn the authenticator app off',
    input: { body: emptyForm },
    handle: friendly(parts, (call, _input, exchange) =>
      lately(call, exchange, {
        async run(who) {
          await stayKnown(parts, who, {
            run: () => parts.secondFactors.disable(call, { accountId: who.session.accountId, by: whence(exchange) }),
            emailAfter: (isDone, email) => (isDone ? email : undefined),
          })
          return doneAnswer(parts, who, 'second-step-off')
        },
      }),
    ),
  })
  if (!hasSecondStep(parts.methods)) return []
  if (!parts.methods.totp) return [newCodes]
  return [
    newCodes,
    remove,
    route({
      ...common,
      method: 'GET',
      path: SET_UP,
      rate: 'page',
      summary: 'A key for an authenticator app',
      handle: friendly(parts, (call, _input, exchange) =>
        toFill(call, exchange, { returnTo: SET_UP, run: (who) => showSetUp(parts, who) }),
      ),
    }),
    route({
      ...post,
      path: SET_UP,
      rate: 'sign-in',
      summary: 'Turn the authenticator app on',
      input: { body: enrolForm },
      handle: friendly(parts, (call, { body }, exchange) =>
        lately(call, exchange, { returnTo: SET_UP, run: (who) => setUp(parts, who, body) }),
      ),
    }),
  ]
}

interface Failed {
  readonly failure: FormFailure
  /** The key of the form. */
  readonly sent: string
  /** It is shown once more. */
  readonly keeps?: true
}

/** Pressed twice, or with another key in another window. */
async function setUpAlready(parts: PageParts, who: SignedIn, sealed: string): Promise<Answer> {
  const { call, exchange, session } = who
  const same = await parts.secondFactors.setUpBy(call, { accountId: session.accountId, browser: nameBrowser(exchange) }, sealed)
  if (same !== undefined) return turnedOn(parts, who, same.codes)
  const { texts } = skinOf(parts, exchange)
  return accountActions(parts).show(who, { failure: refused({ problem: texts.secondStep.setUpElsewhere }) })
}

async function showSetUp(parts: PageParts, who: SignedIn, failed?: Failed): Promise<Answer> {
  const { call, exchange, session } = who
  const { accountId } = session
  const state = await parts.secondFactors.state(call, accountId)
  if (state.totpSince !== undefined) return failed === undefined ? seeOther('/account') : setUpAlready(parts, who, failed.sent)
  const skin = skinOf(parts, exchange, SET_UP)
  const body = enrolPage(skin, {
    action: SET_UP,
    enrolment: await parts.secondFactors.enrolment(
      call,
      { accountId, browser: nameBrowser(exchange) },
      failed?.keeps === true ? failed.sent : undefined,
    ),
    csrfToken: exchange.csrfToken(),
    state: failed?.failure.state ?? {},
    words: skin.texts.secondStep.setUpLead,
    below: html`<p class="aside"><a href="/account">${skin.texts.passkeys.back}</a></p>`,
  })
  return formPage(body, failed?.failure)
}

async function setUp(parts: PageParts, who: SignedIn, typed: z.infer<typeof enrolForm>): Promise<Answer> {
  const { call, exchange } = who
  const owner = await ownerOf(parts, who)
  if (owner === undefined) return seeOther(parts.engine.signInPath(SET_UP))
  const { accountId, credential } = owner
  const place = { accountId, credential, browser: nameBrowser(exchange), by: whence(exchange) }
  const outcome = await parts.secondFactors.enable(call, place, typed)
  if (outcome === 'wrong_code')
    return showSetUp(parts, who, {
      failure: refused({ problems: { code: skinOf(parts, exchange).texts.secondStep.wrongClock } }),
      sent: typed.sealed,
      keeps: true,
    })
  // With another key: what the app has made of the one before would show codes that are wrong, beside those of this one.
  if (outcome === 'ended')
    return showSetUp(parts, who, { failure: refused({ problem: skinOf(parts, exchange).texts.secondStep.tooOld }), sent: typed.sealed })
  return turnedOn(parts, who, outcome.codes)
}

const turnedOn = (parts: PageParts, who: SignedIn, codes: readonly string[]): Answer =>
  codes.length === 0 ? doneAnswer(parts, who, 'second-step-on') : showCodes(parts, who, { codes, words: 'codesAfter' })

async function makeCodes(parts: PageParts, who: SignedIn, sealed: string): Promise<Answer> {
  const { call, exchange } = who
  const owner = await ownerOf(parts, who)
  const { unusedCodes } = await parts.secondFactors.state(call, who.session.accountId)
  const form = { browser: nameBrowser(exchange), sealed }
  const codes = owner && (await parts.secondFactors.newRecoveryCodes(call, { ...owner, by: whence(exchange) }, form))
  // Signed out, or the password was changed, at the same moment.
  if (codes === undefined) return seeOther(parts.engine.signInPath('/account'))
  return showCodes(parts, who, { codes, words: unusedCodes === 0 ? 'codesFirst' : 'codesNew' })
}

interface Shown {
  readonly codes: readonly string[]
  readonly words: 'codesAfter' | 'codesFirst' | 'codesNew'
}

function showCodes(parts: PageParts, { exchange }: SignedIn, { codes, words }: Shown): Answer {
  const skin = skinOf(parts, exchange, '/account')
  const { secondStep: texts } = skin.texts
  const below = html`<div class="buttons"><a class="button" href="/account">${texts.kept}</a></div>`
  return formPage(recoveryCodesPage(skin, { codes, words: texts[words], below }), undefined)
}
