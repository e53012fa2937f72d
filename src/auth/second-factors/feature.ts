// The second step on the account page.
import { nameBrowser } from '../browser.ts'
import type { PageFeature, PageParts } from '../pages/parts.ts'
import { secondStepSection } from './pages.ts'

export function secondStepFeature({ secondFactors, methods }: PageParts): PageFeature {
  return {
    accountSections: [
      {
        id: 'second-factors',
        heading: (texts) => texts.secondStep.heading,
        async body({ call, exchange, session: { accountId } }, view) {
          const codesForm = secondFactors.codesForm({ accountId, browser: nameBrowser(exchange) })
          return secondStepSection(await secondFactors.state(call, accountId), { ...view, totp: methods.totp, codesForm })
        },
      },
    ],
  }
}
