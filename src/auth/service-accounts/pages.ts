// Service accounts on the page of an organisation, for its owners; and the one page that ever shows a secret.
import { type Html, html } from '#kernel/html.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import type { FormState } from '../pages/parts.ts'
import { scopeWords as wordsOfScope } from '../pages/words.ts'
import { button, pathOf, roleBoxes, roleWords } from '../organisations/parts.ts'
import type { MadeServiceAccount, ServiceAccountView } from './contract.ts'

export interface ServicesView {
  readonly organisationId: string
  readonly services: readonly ServiceAccountView[]
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly scopeWords: Readonly<Record<string, string>>
  readonly csrfToken: string
  readonly state: FormState
}

export function servicesPart(skin: Skin, { organisationId, services, roles, scopes, scopeWords, csrfToken, state }: ServicesView): Html {
  const { organisations: texts } = skin.texts
  const wordsOf = (name: string): string => wordsOfScope(skin.texts, { name, words: scopeWords[name] ?? name })
  const path = `${pathOf(organisationId)}/services`
  const { problems = {}, values = {} } = state
  const rows = services.map((service) => {
    const { clientId, name } = service
    const what = html`<div class="what"><p><strong class="wrap">${name}</strong></p><p class="soft small"><code class="wrap">${clientId}</code></p><p class="soft small">${roleWords(skin, service.roles)}; ${service.scopes.map(wordsOf).join(', ')}</p></div>`
    const manage = html`<form class="form" method="post" action="${path}/${clientId}/roles" aria-label="${texts.serviceRoles(name)}">${csrfField(csrfToken)}${roleBoxes(skin, { roles, held: service.roles, id: `of-${clientId}` })}<div><button class="button quiet compact" type="submit">${texts.saveRoles}</button></div></form>`
    const renew =
      service.authentication === 'secret'
        ? button(csrfToken, `${path}/${clientId}/secret`, { words: texts.renewSecret, label: texts.renewSecretOf(name) })
        : undefined
    return html`<li>${what}${manage}${renew}${button(csrfToken, `${path}/${clientId}/remove`, { words: texts.remove, label: texts.removeNamed(name), danger: true })}</li>`
  })
  const boxes = scopes.map((scope) => {
    const id = `scope-${scope}`
    return html`<label for="${id}"><input id="${id}" type="checkbox" name="${id}" value="on"> ${wordsOf(scope)}</label> `
  })
  const key = html`<div class="field"><label for="key">${texts.serviceKey}</label><textarea id="key" name="key" rows="3" autocomplete="off" spellcheck="false"${problems['key'] === undefined ? undefined : html` aria-invalid="true" aria-describedby="key-problem"`}>${values['key'] ?? ''}</textarea>${problems['key'] === undefined ? undefined : html`<p class="problem" id="key-problem">${problems['key']}</p>`}</div>`
  return html`<p class="soft">${texts.servicesWords}</p>${rows.length === 0 ? undefined : html`<ul class="rows">${rows}</ul>`}
<form class="form" method="post" action="${path}">${csrfField(csrfToken)}
${field({ name: 'service', label: texts.serviceName, type: 'text', autocomplete: 'off', value: values['service'] ?? '', problem: problems['service'], maxLength: 80 })}
${roleBoxes(skin, { roles, held: [], id: 'service' })}
<fieldset class="boxes"><legend class="small">${texts.scopesLegend}</legend>${boxes}</fieldset>
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
  const row = (label: string, value: string): Html => html`<p class="label">${label}</p><p><code class="wrap">${value}</code></p>`
  return stagePage(skin, {
    title: texts.secretTitle,
    main: html`${lead(texts.secretTitle)}${secret === undefined ? undefined : message('warn', texts.secretWords)}
<div class="block">${row(texts.clientIdLabel, service.clientId)}${secret === undefined ? undefined : row(texts.secretLabel, secret)}${row(texts.tokenEndpoint, tokenEndpoint)}</div>
<div class="buttons"><a class="button" href="${backPath}">${texts.back}</a></div>`,
  })
}
