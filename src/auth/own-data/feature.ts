// The download of one's own data, on the account page.
import { html } from '#kernel/html.ts'
import { csrfField } from '../pages/layout.ts'
import type { PageFeature } from '../pages/parts.ts'

export const ownDataFeature: PageFeature = {
  accountSections: [
    {
      id: 'data',
      heading: (texts) => texts.ownData.heading,
      body: async (_who, { skin, csrfToken }) => html`<p class="soft">${skin.texts.ownData.words}</p>
<form class="form" method="post" action="/account/data">${csrfField(csrfToken)}<div><button class="button quiet" type="submit">${skin.texts.ownData.submit}</button></div></form>`,
    },
  ],
}
