// Changing the address, on the account page.
import { html } from '#kernel/html.ts'
import { confirmWay } from '../pages/confirm-way.ts'
import { csrfField, field } from '../pages/layout.ts'
import type { PageFeature } from '../pages/parts.ts'

export const addressFeature: PageFeature = {
  accountSections: [
    {
      id: 'email',
      heading: (texts) => texts.address.heading,
      async body(_who, { skin, csrfToken, first, state: { problems = {}, values = {} } }) {
        const { address: texts } = skin.texts
        if (first !== undefined) return html`<p class="soft">${texts.words}</p>${confirmWay(skin, first)}`
        return html`<p class="soft">${texts.words}</p>
<form class="inline" method="post" action="/account/email">${csrfField(csrfToken)}
${field({ name: 'email', label: texts.label, type: 'email', autocomplete: 'email', value: values['email'] ?? '', problem: problems['email'], focus: problems['email'] !== undefined })}
<button class="button quiet" type="submit">${texts.submit}</button></form>`
      },
    },
  ],
}
