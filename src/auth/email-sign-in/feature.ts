// Signing in by mail, on the sign-in page.
import { html } from '#kernel/html.ts'
import type { PageFeature } from '../pages/parts.ts'

export const emailSignInFeature: PageFeature = {
  signInMethods: [
    {
      id: 'email',
      part: async (_asked, { skin, interaction: { uid } }) => ({
        body: html`<a class="button quiet" href="/interaction/${uid}/email">${skin.texts.emailSignIn.way}</a>`,
      }),
    },
  ],
}
