// What the pages of organisations share.
import { type Html, html } from '#kernel/html.ts'
import { csrfField, type Skin } from '../pages/layout.ts'
import type { FormState } from '../pages/parts.ts'

export const pathOf = (organisationId: string): string => `/account/organisations/${organisationId}`

export function roleWords({ texts }: Skin, roles: readonly string[]): string {
  const { organisations } = texts
  return roles.length === 0 ? organisations.member : roles.map((role) => organisations.roles[role] ?? role).join(', ')
}

export function button(
  csrfToken: string,
  action: string,
  shown: { readonly words: string; readonly label?: string; readonly danger?: true },
): Html {
  const label = shown.label === undefined ? undefined : html` aria-label="${shown.label}"`
  const look = shown.danger === true ? 'danger' : 'quiet'
  return html`<form method="post" action="${action}">${csrfField(csrfToken)}<button class="button ${look} compact" type="submit"${label}>${shown.words}</button></form>`
}

/** What is checked in the form that is sent to `action`: as it was sent, where it is shown again, and as it is otherwise. */
export function checkedBoxes(
  { form, values = {} }: FormState,
  { action, kind, held = [] }: { readonly action: string; readonly kind: 'role' | 'scope'; readonly held?: readonly string[] },
): readonly string[] {
  if (form !== action) return held
  return Object.keys(values).flatMap((name) => (name.startsWith(`${kind}-`) ? [name.slice(kind.length + 1)] : []))
}

/** A box for each role; which of them are on is said in the names of the fields that are sent. */
export function roleBoxes(
  skin: Skin,
  { roles, held, id }: { readonly roles: readonly string[]; readonly held: readonly string[]; readonly id: string },
): Html {
  const { organisations: texts } = skin.texts
  const boxes = roles.map((role) => {
    const name = `${id}-${role}`
    const checked = held.includes(role) ? html` checked` : undefined
    return html`<label for="${name}"><input id="${name}" type="checkbox" name="role-${role}" value="on"${checked}> ${texts.roles[role] ?? role}</label> `
  })
  return html`<fieldset class="boxes"><legend class="small">${texts.rolesLegend}</legend>${boxes}</fieldset>`
}
