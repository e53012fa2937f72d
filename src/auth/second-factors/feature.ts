// The second step on the account page.
import type { PageFeature, PageParts } from '../pages/parts.ts'
import { secondStepSection } from './pages.ts'

export function secondStepFeature({ secondFactors, methods }: PageParts): PageFeature {
  return {
    accountSections: [
      {
        id: 'second-factors',
        heading: (texts) => texts.secondStep.heading,
        async body({ call, session }, view) {
          return secondStepSection(await secondFactors.state(call, session.accountId), { ...view, totp: methods.totp })
        },
      },
    ],
  }
}
