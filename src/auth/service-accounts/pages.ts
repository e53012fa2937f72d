// Service accounts on the page of an organisation, for its owners; and the one page that ever shows a secret.
import { type Html, html } from '#kernel/html.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import type { FormState } from '../pages/parts.ts'
import { scopeWords as wordsOfScope } from '../pages/words.ts'
import { KEEP_SECONDS } from '../clients/contract.ts'
import { renewerOf } from '../clients/credential.ts'
import { PERMISSIONS_SCOPE } from '../roles/membership.ts'
import { confirmWay } from '../pages/confirm-way.ts'
import { button, checkedBoxes, pathOf, roleBoxes, roleWords } from '../organisations/parts.ts'
import type { MadeServiceAccount, ServiceAccountView } from './contract.ts'

export interface ServicesView {
  readonly organisationId: string
  readonly services: readonly ServiceAccountView[]
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly scopeWords: Readonly<Record<string, string>>
  /** Where its owner signs in before there are forms. */
  readonly first: string | undefined
  readonly csrfToken: string
  readonly state: FormState
}

/** In seconds: at once, an hour, a day, a week. */
const KEEPS = [KEEP_SECONDS, 0, 86_400, 604_800] as const

/** For what it has now: the answer with it was lost. */
export const UNSEEN = 'unseen'

interface Managed {
  readonly service: ServiceAccountView
  readonly path: string
  readonly csrfToken: string
  readonly state: FormState
}

interface Form {
  readonly action: 'secret' | 'key' | 'use-secret' | 'use-key'
  readonly words: string
  readonly label: string
  /** Of the field for a public key, where it needs one. */
  readonly key?: string
}

function keepField(
  { texts: { organisations: texts } }: Skin,
  { earlierUntil }: ServiceAccountView,
  { id, value, problem }: { readonly id: string; readonly value: string | undefined; readonly problem: string | undefined },
): Html {
  const option = (each: string, words: string): Html =>
    html`<option value="${each}"${each === value ? html` selected` : undefined}>${words}</option>`
  const options = KEEPS.map((seconds) => option(String(seconds), texts.keeps[seconds]))
  const unseen = earlierUntil === undefined ? undefined : option(UNSEEN, texts.keepUnseen)
  const { wrong, said } = problemAt(id, problem)
  return html`<div class="field"><label for="${id}">${texts.keepEarlier}</label><select id="${id}" name="keep"${wrong}>${options}${unseen}</select>${said}</div>`
}

function credentialForm(skin: Skin, { service, path, csrfToken, state }: Managed, { action, words, label, key }: Form): Html {
  const { clientId, credential = '' } = service
  const isSent = state.form === `${path}/${action}`
  const { problems = {}, values = {} }: FormState = isSent ? state : {}
  const keeping = keepField(skin, service, { id: `keep-${action}-${clientId}`, value: values['keep'], problem: problems['keep'] })
  const next =
    key === undefined
      ? undefined
      : html`<input type="hidden" name="of" value="${clientId}">${keyField({ id: `key-${clientId}`, name: 'nextKey', label: key, value: values['nextKey'] ?? '', problem: problems['nextKey'] })}`
  return html`<details${isSent ? html` open` : undefined}><summary>${words}</summary><form class="form" method="post" action="${path}/${action}" aria-label="${label}">${csrfField(csrfToken)}<input type="hidden" name="replacing" value="${credential}">${next}${keeping}<div><button class="button quiet compact" type="submit">${words}</button></div></form></details>`
}

function credentialsPart(skin: Skin, managed: Managed): Html {
  const { organisations: texts } = skin.texts
  const { name, authentication } = managed.service
  const form = (wanted: Form): Html => credentialForm(skin, managed, wanted)
  return authentication === 'secret'
    ? html`${form({ action: 'secret', words: texts.renewSecret, label: texts.renewSecretOf(name) })}${form({ action: 'use-key', words: texts.useKey, label: texts.useKeyOf(name), key: texts.firstKey })}`
    : html`${form({ action: 'key', words: texts.changeKey, label: texts.changeKeyOf(name), key: texts.nextKey })}${form({ action: 'use-secret', words: texts.useSecret, label: texts.useSecretOf(name) })}`
}

/** What takes something away, at the end. */
function endingPart(skin: Skin, { service, path, csrfToken }: Managed): Html {
  const { organisations: texts } = skin.texts
  const { name, earlierUntil } = service
  const earlier =
    earlierUntil === undefined
      ? undefined
      : html`<p class="soft small">${texts.earlierUntil(momentOf(skin.texts, earlierUntil))}</p>${button(csrfToken, `${path}/end-earlier`, { words: texts.endEarlier, label: texts.endEarlierOf(name), danger: true })}`
  return html`<div class="ending">${earlier}${button(csrfToken, `${path}/remove`, { words: texts.remove, label: texts.removeNamed(name), danger: true })}</div>`
}

/** To whoever presses on a page that was overtaken: by themselves, when they press twice or an answer is lost, or by somebody else. */
export function renewedWords(skin: Skin, { clientId, name, renewed, earlierUntil }: ServiceAccountView, accountId: string): string {
  const { organisations: texts } = skin.texts
  const at = renewed && texts.renewedAt(momentOf(skin.texts, renewed.at), renewed.by === renewerOf(clientId, accountId))
  const next = earlierUntil === undefined ? texts.useAgain : texts.earlierEndsWithNext(momentOf(skin.texts, earlierUntil))
  return [texts.renewedMeanwhile(name), at, next].filter((words) => words !== undefined).join(' ')
}

function momentOf({ locale }: Skin['texts'], at: number): string {
  return `${new Date(at).toLocaleString(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })} UTC`
}

function problemAt(id: string, problem: string | undefined): Record<'wrong' | 'said', Html | undefined> {
  if (problem === undefined) return { wrong: undefined, said: undefined }
  return {
    wrong: html` aria-invalid="true" aria-describedby="${id}-problem"`,
    said: html`<p class="problem" id="${id}-problem">${problem}</p>`,
  }
}

interface KeyField {
  readonly id: string
  readonly name: string
  readonly label: string
  readonly value: string
  readonly problem: string | undefined
}

function keyField({ id, name, label, value, problem }: KeyField): Html {
  const { wrong, said } = problemAt(id, problem)
  return html`<div class="field"><label for="${id}">${label}</label><textarea id="${id}" name="${name}" rows="3" autocomplete="off" spellcheck="false"${wrong}>${value}</textarea>${said}</div>`
}

interface Boxes {
  readonly scopes: readonly string[]
  readonly held: readonly string[]
  readonly id: string
  wordsOf(this: void, scope: string): string
}

function scopeBoxes(skin: Skin, { scopes, held, id: whose, wordsOf }: Boxes): Html | undefined {
  const { organisations: texts } = skin.texts
  if (scopes.length === 0) return undefined
  const boxes = scopes.map((scope) => {
    const id = whose === '' ? `scope-${scope}` : `scope-${whose}-${scope}`
    const checked = held.includes(scope) ? html` checked` : undefined
    return html`<label for="${id}"><input id="${id}" type="checkbox" name="scope-${scope}" value="on"${checked}> ${wordsOf(scope)}</label> `
  })
  return html`<fieldset class="boxes"><legend class="small">${texts.scopesLegend}</legend>${boxes}</fieldset>`
}

export function servicesPart(skin: Skin, view: ServicesView): Html {
  const { organisations: texts } = skin.texts
  const rows = view.services.map((service) => serviceRow(skin, view, service))
  const form = view.first === undefined ? makeForm(skin, view) : confirmWay(skin, view.first)
  return html`<p class="soft">${texts.servicesWords}</p>${rows.length === 0 ? undefined : html`<ul class="rows">${rows}</ul>`}
${form}`
}

const servicesPath = ({ organisationId }: ServicesView): string => `${pathOf(organisationId)}/services`

function wordsIn(skin: Skin, { scopeWords }: ServicesView): (scope: string) => string {
  return (name) =>
    name === PERMISSIONS_SCOPE
      ? skin.texts.organisations.servicePermissions
      : wordsOfScope(skin.texts, { name, words: scopeWords[name] ?? name })
}

function serviceRow(skin: Skin, view: ServicesView, service: ServiceAccountView): Html {
  const { organisations: texts } = skin.texts
  const { roles, scopes, csrfToken, state, first } = view
  const { clientId, name } = service
  const wordsOf = wordsIn(skin, view)
  const path = `${servicesPath(view)}/${clientId}`
  const managed = { service, path, csrfToken, state }
  const what = html`<div class="what"><p><strong class="wrap">${name}</strong></p><p class="soft small"><code class="wrap">${clientId}</code></p><p class="soft small">${[roleWords(skin, service.roles), texts.provesBy[service.authentication], ...(service.scopes.length === 0 ? [] : [service.scopes.map(wordsOf).join(', ')])].join('; ')}</p></div>`
  if (first !== undefined) return html`<li>${what}${endingPart(skin, managed)}</li>`
  const manage = html`<form class="form" method="post" action="${path}/roles" aria-label="${texts.serviceRoles(name)}">${csrfField(csrfToken)}${roleBoxes(skin, { roles, held: checkedBoxes(state, { action: `${path}/roles`, kind: 'role', held: service.roles }), id: `of-${clientId}` })}<div><button class="button quiet compact" type="submit">${texts.saveRoles}</button></div></form>`
  // What an operator has given beside it can be taken away here.
  const action = `${path}/scopes`
  const held = checkedBoxes(state, { action, kind: 'scope', held: service.scopes })
  const open = state.form === action ? html` open` : undefined
  const possible = [...new Set([...scopes, ...service.scopes])]
  const narrow =
    possible.length === 0
      ? undefined
      : html`<details${open}><summary>${texts.changeScopes}</summary><form class="form" method="post" action="${action}" aria-label="${texts.changeScopesOf(name)}">${csrfField(csrfToken)}${scopeBoxes(skin, { scopes: possible, held, id: clientId, wordsOf })}<div><button class="button quiet compact" type="submit">${texts.changeScopes}</button></div></form></details>`
  return html`<li>${what}${manage}<div class="unfolding">${narrow}${credentialsPart(skin, managed)}</div>${endingPart(skin, managed)}</li>`
}

function makeForm(skin: Skin, view: ServicesView): Html {
  const { organisations: texts } = skin.texts
  const { services, roles, scopes, csrfToken, state } = view
  const { problems = {}, values = {} } = state
  const action = servicesPath(view)
  const key = keyField({ id: 'key', name: 'key', label: texts.serviceKey, value: values['key'] ?? '', problem: problems['key'] })
  return html`<form class="form${services.length === 0 ? '' : ' aside'}" method="post" action="${action}">${csrfField(csrfToken)}
${field({ name: 'service', label: texts.serviceName, type: 'text', autocomplete: 'off', value: values['service'] ?? '', problem: problems['service'], maxLength: 80 })}
${roleBoxes(skin, { roles, held: checkedBoxes(state, { action, kind: 'role' }), id: 'service' })}
${scopeBoxes(skin, { scopes, held: checkedBoxes(state, { action, kind: 'scope' }), id: '', wordsOf: wordsIn(skin, view) })}
${key}
<div><button class="button quiet" type="submit">${texts.makeService}</button></div></form>`
}

interface SecretView {
  readonly made: Pick<MadeServiceAccount, 'secret'> & { readonly service: Pick<ServiceAccountView, 'clientId'> }
  readonly backPath: string
  readonly tokenEndpoint: string
}

export function secretPage(skin: Skin, { made: { service, secret }, backPath, tokenEndpoint }: SecretView): Html {
  const { organisations: texts } = skin.texts
  const title = secret === undefined ? texts.keyTitle : texts.secretTitle
  const row = (label: string, value: string): Html => html`<p class="label">${label}</p><p><code class="wrap">${value}</code></p>`
  return stagePage(skin, {
    title,
    main: html`${lead(title)}${secret === undefined ? undefined : message('warn', texts.secretWords)}
<div class="block">${row(texts.clientIdLabel, service.clientId)}${secret === undefined ? undefined : row(texts.secretLabel, secret)}${row(texts.tokenEndpoint, tokenEndpoint)}</div>
<div class="buttons"><a class="button" href="${backPath}">${texts.back}</a></div>`,
  })
}
