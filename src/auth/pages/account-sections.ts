// The sections of the account page that everybody has: name, password, sessions, apps.
import { type Html, html } from '#kernel/html.ts'
import { spokenIn } from '#kernel/text-direction.ts'
import type { AuthorisedApp, Engine } from '../engine.ts'
import type { AccountSection, PageParts, SectionView } from './parts.ts'
import type { SignInMethods } from '../methods.ts'
import { confirmFirst } from './confirm-first.ts'
import { confirmWay } from './confirm-way.ts'
import { eventRows } from './security-events-page.ts'
import { newPasswordField } from './new-password.ts'
import { csrfField, field } from './layout.ts'
import { sessionsSection } from './sessions-page.ts'
import { ago, scopeWords } from './words.ts'

const SHOWN_EVENTS = 8

const profile: AccountSection = {
  id: 'profile',
  heading: (texts) => texts.profile.heading,
  body: async (_who, view) => {
    const { skin, person, csrfToken, state } = view
    const { problems = {}, values = {} } = state
    const { profile: texts } = skin.texts
    return html`<p class="soft">${texts.address(html`<strong class="wrap">${person.email}</strong>`)}</p>
<form class="inline" method="post" action="/account/name">${csrfField(csrfToken)}
${field({ name: 'name', label: texts.nameLabel, type: 'text', autocomplete: 'name', value: values['name'] ?? person.name, problem: problems['name'], focus: problems['name'] !== undefined, maxLength: 80 })}
<button class="button quiet" type="submit">${texts.save}</button></form>
${languageForm(view)}`
  },
}

/** Nothing to choose where there is one language. */
function languageForm({ skin, person, csrfToken }: SectionView): Html | undefined {
  const { texts, languages, language } = skin
  if (languages.length < 2) return undefined
  const { languageLabel, languageHint, saveLanguage } = texts.profile
  const chosen = person.language ?? language
  const options = languages.map(
    ({ tag, name }) =>
      html`<option value="${tag}" ${spokenIn(tag, language)}${tag === chosen ? html` selected` : undefined}>${name}</option>`,
  )
  return html`<form class="inline" method="post" action="/account/language">${csrfField(csrfToken)}
<div class="field"><label for="field-language">${languageLabel}</label>
<select id="field-language" name="language" autocomplete="language" aria-describedby="language-hint">${options}</select></div>
<button class="button quiet" type="submit">${saveLanguage}</button></form>
<p class="soft small" id="language-hint">${languageHint}</p>`
}

const password = (methods: SignInMethods): AccountSection => ({
  id: 'password',
  heading: (texts) => texts.password.heading,
  body: async (_who, view) => {
    const { skin, person, csrfToken, first, state } = view
    const { problems = {} } = state
    const { password: texts, fields } = skin.texts
    if (!person.emailVerified) return confirmFirst(view, methods)
    // Whoever has one proves it in the form.
    if (!person.hasPassword && first !== undefined) return html`<p class="soft">${texts.none}</p>${confirmWay(skin, first)}`
    const next = newPasswordField(skin, {
      label: fields.newPassword,
      problem: problems['password'],
      focus: problems['password'] !== undefined,
    })
    const current = field({
      name: 'current',
      label: fields.currentPassword,
      type: 'password',
      autocomplete: 'current-password',
      problem: problems['current'],
      focus: problems['current'] !== undefined,
    })
    return html`${person.hasPassword ? undefined : html`<p class="soft">${texts.none}</p>`}<form class="form" method="post" action="/account/password">${csrfField(csrfToken)}
<input type="text" name="username" autocomplete="username" value="${person.email}" hidden>
${person.hasPassword ? html`<div class="pair">${current}${next}</div>` : next}
<p class="soft small">${texts.words}</p>
<div><button class="button quiet" type="submit">${person.hasPassword ? texts.submit : texts.choose}</button></div></form>`
  },
})

function appRow(app: AuthorisedApp, { skin, csrfToken, now }: SectionView): Html {
  const { apps: texts } = skin.texts
  const since = ago(skin.texts, app.since, now)
  return html`<li><div class="what"><p><strong class="wrap">${app.name}</strong> <span class="soft small">${app.unasked ? texts.connected(since) : texts.allowed(since)}</span></p>
<ul>${app.scopes.map((scope) => html`<li>${texts.can(scopeWords(skin.texts, scope))}</li>`)}</ul></div>
<form method="post" action="/account/apps/revoke">${csrfField(csrfToken)}<input type="hidden" name="client_id" value="${app.clientId}"><button class="button danger compact" type="submit" aria-label="${texts.endFor(app.name)}">${texts.end}</button></form></li>`
}

function apps(engine: Engine): AccountSection {
  return {
    id: 'apps',
    heading: (texts) => texts.apps.heading,
    async body({ call, session }, view) {
      const { apps: texts } = view.skin.texts
      const all = await engine.authorisedApps(call, session.accountId)
      if (all.length === 0) return html`<p class="soft">${texts.none}</p>`
      return html`<p class="soft">${texts.some}</p><ul class="rows">${all.map((app) => appRow(app, view))}</ul>`
    },
  }
}

function events({ securityEvents, methods }: PageParts): AccountSection {
  return {
    id: 'events',
    heading: (texts) => texts.events.heading,
    async body({ call, session }, { skin, now }) {
      const { items } = await securityEvents.list(call, session.accountId, { limit: SHOWN_EVENTS })
      const { words, wordsNoPassword, all } = skin.texts.events
      return html`<p class="soft">${methods.password ? words : wordsNoPassword}</p>${eventRows(skin, items, now)}
<div><a class="button quiet compact" href="/account/events">${all}</a></div>`
    },
  }
}

export function ownSections(parts: PageParts): readonly AccountSection[] {
  return [profile, ...(parts.methods.password ? [password(parts.methods)] : []), sessionsSection(parts), apps(parts.engine), events(parts)]
}
