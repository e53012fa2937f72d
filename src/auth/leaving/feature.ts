// Leaving, on the account page.
import { html } from '#kernel/html.ts'
import { csrfField, message } from '../pages/layout.ts'
import type { PageFeature, PageParts } from '../pages/parts.ts'

export function leavingFeature({ leaving }: PageParts): PageFeature {
  return {
    accountSections: [
      {
        id: 'delete',
        heading: (texts) => texts.leaving.heading,
        async body(_who, { skin, csrfToken, state }) {
          const { leaving: texts } = skin.texts
          return html`<p class="soft">${texts.words(leaving.graceDays)}</p>${message('bad', state.problem)}
<form class="form" method="post" action="/account/delete">${csrfField(csrfToken)}
<label class="choice"><input type="checkbox" name="sure" value="yes" required> <span>${texts.sure}</span></label>
<div><button class="button danger" type="submit">${texts.submit}</button></div></form>`
        },
      },
    ],
  }
}
