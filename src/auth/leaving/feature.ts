// Leaving, on the account page.
import { type Html, html } from '#kernel/html.ts'
import type { Organisation } from '../organisations/schemas.ts'
import { pathOf } from '../organisations/parts.ts'
import { confirmWay } from '../pages/confirm-way.ts'
import { csrfField, message, type Skin } from '../pages/layout.ts'
import type { PageFeature, PageParts } from '../pages/parts.ts'

export function leavingFeature({ leaving }: PageParts): PageFeature {
  return {
    accountSections: [
      {
        id: 'delete',
        heading: (texts) => texts.leaving.heading,
        async body({ call, session }, { skin, csrfToken, first, state }) {
          const { leaving: texts } = skin.texts
          if (first !== undefined) return html`<p class="soft">${texts.words(leaving.graceDays)}</p>${confirmWay(skin, first)}`
          const left = await leaving.leftBy(call, session.accountId)
          return html`<p class="soft">${texts.words(leaving.graceDays)}</p>${message('bad', state.problem)}
<form class="form" method="post" action="/account/delete">${csrfField(csrfToken)}${left.length === 0 ? undefined : leftPart(skin, left)}
<label class="choice"><input type="checkbox" name="sure" value="yes" required> <span>${texts.sure}</span></label>
<div><button class="button danger" type="submit">${texts.submit}</button></div></form>`
        },
      },
    ],
  }
}

/** What the account leaves to nobody is named, and what is agreed to is what was named. */
function leftPart({ texts: { leaving: texts } }: Skin, left: readonly Organisation[]): Html {
  const rows = left.map(
    ({ id, name, members }) => html`<li><a class="wrap" href="${pathOf(id)}">${name}</a>: ${texts.others(members - 1)}</li>`,
  )
  return html`<p>${texts.onlyOwner}</p><ul class="list">${rows}</ul>
<label class="choice"><input type="checkbox" name="organisations" value="${left.map(({ id }) => id).join(' ')}" required> <span>${texts.endThem}</span></label>`
}
