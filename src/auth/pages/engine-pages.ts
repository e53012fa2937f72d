// Pages for the moments when the OpenID engine itself has something to say: problems and signing out.
import { type Html, html } from '#kernel/html.ts'
import { lead, type Skin, stagePage } from './layout.ts'

export interface Problem {
  readonly heading: string
  readonly words: string
  readonly requestId?: string
  /** Ways on; the account page unless told. */
  readonly ways?: readonly { readonly words: string; readonly path: string }[]
}

export function errorPage(
  skin: Skin,
  { heading, words, requestId, ways = [{ words: 'Go to your account', path: '/account' }] }: Problem,
): Html {
  return stagePage(skin, {
    title: heading,
    main: html`${lead(heading, words)}<div class="buttons">${ways.map((way) => html`<a class="button quiet" href="${way.path}">${way.words}</a>`)}</div>`,
    footer:
      requestId === undefined
        ? undefined
        : html`If you ask somebody for help, tell them this number: <code class="wrap">${requestId}</code>`,
  })
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
<div class="buttons"><a class="button quiet" href="/account">Sign in again</a></div>`,
  })
}
