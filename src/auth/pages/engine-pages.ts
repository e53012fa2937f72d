// Pages for the moments when the OpenID engine itself has something to say: problems and signing out.
import { type Html, html } from '#kernel/html.ts'
import { lead, type Skin, stagePage } from './layout.ts'

interface Way {
  readonly words: string
  readonly path: string
}

export interface Problem {
  readonly heading: string
  readonly words: string
  readonly requestId?: string
  /** Ways on; the app and the account page unless told. */
  readonly ways?: readonly Way[]
}

export function errorPage(skin: Skin, { heading, words, requestId, ways = usualWays(skin) }: Problem): Html {
  return stagePage(skin, {
    title: heading,
    main: html`${lead(heading, words)}<div class="buttons">${ways.map((way) => html`<a class="button quiet" href="${way.path}">${way.words}</a>`)}</div>`,
    footer:
      requestId === undefined
        ? undefined
        : html`If you ask somebody for help, tell them this number: <code class="wrap">${requestId}</code>`,
  })
}

function usualWays({ productName, home }: Skin): readonly Way[] {
  return [
    { words: `Go to ${productName}`, path: home },
    { words: 'Your account', path: '/account' },
  ]
}

export function signOutPage(skin: Skin, view: { readonly action: string; readonly hidden: Readonly<Record<string, string>> }): Html {
  const hidden = Object.entries(view.hidden).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  return stagePage(skin, {
    title: 'Sign out?',
    main: html`${lead('Sign out?', `This signs you out of ${skin.productName} in this browser. Apps that you have allowed keep their access until you end it on your account page.`)}
<form class="form" method="post" action="${view.action}">${hidden}
<div class="buttons"><button class="button" type="submit" name="logout" value="yes">Sign out</button><a class="button quiet" href="/account">Stay signed in</a></div>
</form>`,
  })
}

export function signedOutPage(skin: Skin): Html {
  return stagePage(skin, {
    title: 'Signed out',
    main: html`${lead('You are signed out', 'See you again soon. On a shared computer it is wise to close the browser as well.')}
<div class="buttons"><a class="button quiet" href="${skin.home}">Go to ${skin.productName}</a><a class="button quiet" href="/account">Sign in again</a></div>`,
  })
}

/** The same three for the engine, which knows only the product's name. */
export function enginePages(home: string) {
  type EngineSkin = Omit<Skin, 'home'>
  return {
    errorPage: (skin: EngineSkin, problem: Problem) => errorPage({ ...skin, home }, problem),
    signOutPage: (skin: EngineSkin, view: Parameters<typeof signOutPage>[1]) => signOutPage({ ...skin, home }, view),
    signedOutPage: (skin: EngineSkin) => signedOutPage({ ...skin, home }),
  }
}
