// The account page: who you are here, which apps you have let in, where you are signed in.
import { type Html, html } from '#kernel/html.ts'
import type { AuthorisedApp, BrowserSession } from '../engine.ts'
import type { SecurityEventRecord } from '../security-events/schemas.ts'
import { passkeySection } from '../passkeys/pages.ts'
import type { Passkey } from '../passkeys/schemas.ts'
import { csrfField, deskPage, field, message, type Skin } from './layout.ts'
import { eventRows } from './security-events-page.ts'
import { ago } from './time-words.ts'

export interface AccountView {
  readonly person: { readonly name: string; readonly email: string; readonly hasPassword: boolean }
  readonly sessions: readonly BrowserSession[]
  readonly currentSessionId: string
  readonly apps: readonly AuthorisedApp[]
  /** The newest. */
  readonly events: readonly SecurityEventRecord[]
  readonly passkeys?: readonly Passkey[] | undefined
  readonly csrfToken: string
  readonly now: number
  /** What has just been done. */
  readonly done?: string | undefined
  readonly problem?: string | undefined
  readonly problems: Readonly<Record<string, string>>
  readonly typedName?: string | undefined
}

function section(id: string, heading: string, body: Html): Html {
  return html`<section class="sheet" aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>${body}</section>`
}

function profile({ person, csrfToken, problems, typedName }: AccountView): Html {
  return section(
    'profile',
    'You',
    html`<p class="soft">Your address is <strong class="wrap">${person.email}</strong>. Only you see it, unless you show it to an app.</p>
<form class="inline" method="post" action="/account/name">${csrfField(csrfToken)}
${field({ name: 'name', label: 'Name that others see', type: 'text', autocomplete: 'name', value: typedName ?? person.name, problem: problems['name'], focus: problems['name'] !== undefined, maxLength: 80 })}
<button class="button quiet" type="submit">Save name</button></form>`,
  )
}

function appRow(app: AuthorisedApp, { csrfToken, now }: AccountView): Html {
  return html`<li><div class="what"><p><strong class="wrap">${app.name}</strong> <span class="soft small">allowed ${ago(app.since, now)}</span></p>
<ul>${app.scopes.map((scope) => html`<li>can ${scope.words}</li>`)}</ul></div>
<form method="post" action="/account/apps/${encodeURIComponent(app.clientId)}/revoke">${csrfField(csrfToken)}<button class="button danger compact" type="submit" aria-label="End access for ${app.name}">End access</button></form></li>`
}

function apps(view: AccountView): Html {
  const body =
    view.apps.length === 0
      ? html`<p class="soft">No app of anybody else has access to your account.</p>`
      : html`<p class="soft">These apps may use your account. Ending access works at once, everywhere.</p><ul class="rows">${view.apps.map((app) => appRow(app, view))}</ul>`
  return section('apps', 'Apps with access', body)
}

function sessionRow(session: BrowserSession, { csrfToken, currentSessionId, now }: AccountView): Html {
  const current = session.id === currentSessionId
  const words = html`<div class="what"><p><strong>${session.device}</strong>${current ? html`<span class="tag">this one</span>` : undefined}</p>
<p class="soft small">last used ${ago(session.lastUsedAt, now)}, signed in ${ago(session.signedInAt, now)}</p></div>`
  if (current) return html`<li>${words}</li>`
  return html`<li>${words}<form method="post" action="/account/sessions/${encodeURIComponent(session.id)}/end">${csrfField(csrfToken)}<button class="button danger compact" type="submit" aria-label="Sign out ${session.device}">Sign out</button></form></li>`
}

function sessions(view: AccountView): Html {
  const ordered = view.sessions.toSorted(
    (a, b) => Number(b.id === view.currentSessionId) - Number(a.id === view.currentSessionId) || b.lastUsedAt - a.lastUsedAt,
  )
  return section(
    'sessions',
    'Where you are signed in',
    html`<p class="soft">If you do not know one of these, sign it out and change your password.</p><ul class="rows">${ordered.map((session) => sessionRow(session, view))}</ul>`,
  )
}

function events({ events: newest, now }: AccountView): Html {
  return section(
    'events',
    'What has happened',
    html`<p class="soft">If something here was not you, change your password.</p>${eventRows(newest, now)}
<div><a class="button quiet compact" href="/account/events">Everything that has happened</a></div>`,
  )
}

function password({ csrfToken, problems, person }: AccountView): Html {
  const chosen = { name: 'password', label: 'New password', type: 'password', autocomplete: 'new-password' } as const
  const next = field({ ...chosen, problem: problems['password'], focus: problems['password'] !== undefined })
  const own = html`<input type="text" name="username" autocomplete="username" value="${person.email}" hidden>`
  if (!person.hasPassword)
    return section(
      'password-heading',
      'Password',
      html`<p class="soft">You sign in without one. If you like, choose one as a further way in.</p>
<form class="form" method="post" action="/account/password">${csrfField(csrfToken)}${own}
${next}
<p class="soft small">At least 8 characters. Every other session is signed out, and you get a mail about it.</p>
<div><button class="button quiet" type="submit">Choose this password</button></div></form>`,
    )
  return section(
    'password-heading',
    'Password',
    html`<form class="form" method="post" action="/account/password">${csrfField(csrfToken)}
${own}
<div class="pair">
${field({ name: 'current', label: 'Password now', type: 'password', autocomplete: 'current-password', problem: problems['current'], focus: problems['current'] !== undefined })}
${next}
</div>
<p class="soft small">At least 8 characters. Every other session is signed out, and you get a mail about it.</p>
<div><button class="button quiet" type="submit">Change password</button></div></form>`,
  )
}

function passkeys({ passkeys: present, csrfToken, now }: AccountView): Html | undefined {
  return present && section('passkeys', 'Passkeys', passkeySection({ passkeys: present, csrfToken, now }))
}

export function accountPage(skin: Skin, view: AccountView): Html {
  const wrong = view.problem !== undefined || Object.keys(view.problems).length > 0
  return deskPage(skin, {
    title: wrong ? 'Problem: Your account' : 'Your account',
    top: html`<div class="ways"><a class="button quiet compact" href="${skin.home}">Go to ${skin.productName}</a>
<form method="post" action="/account/sign-out">${csrfField(view.csrfToken)}<button class="button quiet compact" type="submit">Sign out</button></form></div>`,
    main: html`<h1>Hello, ${view.person.name}</h1>
${message('bad', view.problem ?? (wrong ? 'Please look at the marked field.' : undefined))}${message('good', view.done)}
${profile(view)}${passkeys(view)}${password(view)}${apps(view)}${sessions(view)}${events(view)}`,
  })
}
