// Pages for the moments when the OpenID engine itself has something to say: problems and signing out.
import { type Html, html } from '#kernel/html.ts'
import { type ProblemPageOf, statusWords } from '#kernel/http/problem-page.ts'
import type { Exchange } from '#kernel/http/route.ts'
import { spokenIn } from '#kernel/text-direction.ts'
import { type DeviceCodeView, type DeviceConfirmView, deviceConfirmPage, deviceDonePage, devicePage } from './device-page.ts'
import { csrfField, lead, type Skin, stagePage } from './layout.ts'
import { type FrameSettings, skinFor } from './skin.ts'

interface Way {
  readonly words: string
  readonly path: string
}

export interface Problem {
  readonly heading: string
  readonly words: string
  /** Of these, where it is not the language of the page. */
  readonly lang?: string
  /** In English, where errors say more than the language has words for. */
  readonly detail?: string | undefined
  readonly requestId?: string
  /** Ways on; the app and the account page unless told. */
  readonly ways?: readonly Way[]
}

export function errorPage(skin: Skin, { heading, words, lang, detail, requestId, ways = usualWays(skin) }: Problem): Html {
  const more = detail === undefined ? undefined : html`<p class="soft" ${spokenIn('en', skin.language)}>${detail}</p>`
  const spoken = lang === undefined || lang === skin.language ? undefined : spokenIn(lang, skin.language)
  return stagePage(skin, {
    title: heading,
    main: html`${lead(heading, words, spoken)}${more}<div class="buttons">${ways.map((way) => html`<a class="button quiet" href="${way.path}">${way.words}</a>`)}</div>`,
    footer: requestId === undefined ? undefined : skin.texts.frame.requestNumber(html`<code class="wrap">${requestId}</code>`),
  })
}

function usualWays({ productName, home, texts }: Skin): readonly Way[] {
  return [
    { words: texts.frame.goTo(productName), path: home },
    { words: texts.frame.yourAccount, path: '/account' },
  ]
}

export interface SignOutView {
  readonly action: string
  readonly hidden: Readonly<Record<string, string>>
  /** Where people go from there, of an app that is not our own. */
  readonly onTo?: { readonly app: string; readonly host: string } | undefined
}

export function signOutPage(skin: Skin, view: SignOutView): Html {
  const { signOut } = skin.texts
  const hidden = Object.entries(view.hidden).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const onTo =
    view.onTo === undefined
      ? undefined
      : html`<p>${signOut.onTo(html`<bdi>${view.onTo.app}</bdi>`, html`<bdi>${view.onTo.host}</bdi>`)}</p>`
  return stagePage(skin, {
    title: signOut.title,
    main: html`${lead(signOut.title, signOut.lead(skin.productName))}${onTo}
<form class="form" method="post" action="${view.action}">${hidden}
<div class="buttons"><button class="button" type="submit" name="logout" value="yes">${signOut.submit}</button><a class="button quiet" href="/account">${signOut.stay}</a></div>
</form>`,
  })
}

export function signedOutPage(skin: Skin): Html {
  const { signOut, frame } = skin.texts
  return stagePage(skin, {
    title: signOut.doneTitle,
    main: html`${lead(signOut.done, signOut.doneWords)}
<div class="buttons"><a class="button quiet" href="${skin.home}">${frame.goTo(skin.productName)}</a><a class="button quiet" href="/account">${signOut.signInAgain}</a></div>`,
  })
}

/** At the address of the page above, for whoever is not signed out. */
export function stillSignedInPage(skin: Skin, csrfToken: string): Html {
  const { signOut } = skin.texts
  return stagePage(skin, {
    title: signOut.notYet,
    main: html`${lead(signOut.notYet, signOut.lead(skin.productName))}
<form class="form" method="post" action="/account/sign-out">${csrfField(csrfToken)}
<div class="buttons"><button class="button" type="submit">${signOut.submit}</button><a class="button quiet" href="/account">${signOut.stay}</a></div>
</form>`,
  })
}

/** Any other error on the accounts origin. No choice of languages: there may be no way back to such a page. */
export function problemPages(settings: FrameSettings): readonly ProblemPageOf[] {
  const page: ProblemPageOf['page'] = (exchange, told) => {
    const skin = { ...skinFor(settings, exchange), languages: [] }
    const texts = settings.speech.gatewayTextsOf(skin.language)
    const { title: heading, ...said } = statusWords(texts, told)
    return errorPage(skin, { heading, ...said, lang: texts.language, requestId: exchange.requestId })
  }
  return [{ site: 'accounts', page }]
}

/** What the app's request was refused for (RFC 6749 section 4.1.2.1), as the engine says it. */
export interface RefusedRequest {
  readonly error: string
  readonly description?: string | undefined
  readonly requestId?: string | undefined
  /** Where the person may go on to. */
  readonly back?: string | undefined
}

/** The same three for the engine, which knows the request and no words. */
export function enginePages(settings: FrameSettings) {
  return {
    errorPage(exchange: Exchange, refused: RefusedRequest): Html {
      const { requestId, back } = refused
      const skin = skinFor(settings, exchange, { uiLocales: uiLocalesOf(exchange) })
      const { requests } = skin.texts
      const url = back === undefined ? null : URL.parse(back)
      const ways = url === null ? {} : { ways: [{ words: requests.goBack(url.host === '' ? url.protocol : url.host), path: url.href }] }
      const problem = { heading: requests.heading, words: refusalWords(requests, refused), ...ways }
      return errorPage(skin, requestId === undefined ? problem : { ...problem, requestId })
    },
    signOutPage: (exchange: Exchange, view: SignOutView) =>
      signOutPage(skinFor(settings, exchange, { uiLocales: uiLocalesOf(exchange) }), view),
    devicePage: (exchange: Exchange, view: DeviceCodeView) => devicePage(skinFor(settings, exchange, { here: '/device' }), view),
    deviceConfirmPage: (exchange: Exchange, view: DeviceConfirmView) =>
      deviceConfirmPage(skinFor(settings, exchange, { here: '/device' }), view),
    deviceDonePage: (exchange: Exchange) => deviceDonePage(skinFor(settings, exchange, { here: '/device' })),
  }
}

/** Nothing that the app or its developer could change: the number of the request is what helps. */
const OURS: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable'])

/** For the person, and in brackets for whoever wrote the app. */
export function refusalWords(texts: Skin['texts']['requests'], { error, description }: RefusedRequest): string {
  const { heading: _heading, goBack: _goBack, ...requests } = texts
  const words = new Map(Object.entries(requests)).get(error) ?? requests.other
  if (OURS.has(error)) return words
  return `${words} (${description === undefined ? error : `${error}: ${description}`})`
}

/** OpenID Connect Core section 3.1.2.1, RP-Initiated Logout section 2. */
function uiLocalesOf({ search }: Exchange): string | undefined {
  return new URLSearchParams(search).get('ui_locales') ?? undefined
}
