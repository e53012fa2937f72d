// Ending an organisation, for its owners: what ends with it is said before, and its name is typed, so that nobody does it by a slip.
import { type Html, html } from '#kernel/html.ts'
import type { FormState } from '../pages/parts.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import { titleOf } from '../pages/sign-in-page.ts'
import { pathOf } from './parts.ts'

export interface EndView {
  readonly organisation: { readonly id: string; readonly name: string; readonly members: number }
  readonly invitations: { readonly count: number; readonly areMore: boolean }
  /** Names of service accounts. */
  readonly services: readonly string[]
  readonly csrfToken: string
  readonly state: FormState
}

export function endPage(skin: Skin, { organisation, invitations, services, csrfToken, state }: EndView): Html {
  const { end: texts } = skin.texts.organisations
  const { id, name, members } = organisation
  const problem = state.problems?.['name']
  const ends = [
    texts.members(members),
    invitations.count === 0 ? undefined : (invitations.areMore ? texts.manyInvitations : texts.invitations)(invitations.count),
    services.length === 0 ? undefined : texts.services(services.join(', ')),
    texts.apps,
  ]
  return stagePage(skin, {
    title: titleOf(skin, texts.title(name), state),
    main: html`${lead(texts.title(name), texts.lead)}
${message('bad', problem === undefined ? state.problem : skin.texts.frame.lookAtField)}
<ul class="list">${ends.map((words) => (words === undefined ? undefined : html`<li>${words}</li>`))}</ul>
<form class="form" method="post" action="${pathOf(id)}/end">${csrfField(csrfToken)}
${field({ name: 'name', label: texts.typeName, type: 'text', autocomplete: 'off', value: state.values?.['name'] ?? '', hint: name, problem, focus: true, maxLength: 200 })}
<div class="buttons"><button class="button danger" type="submit">${texts.submit}</button><a class="button quiet" href="${pathOf(id)}">${texts.keep}</a></div></form>`,
  })
}
