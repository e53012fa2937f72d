// Organisations on the account page.
import type { PageFeature, PageParts } from '../pages/parts.ts'
import { organisationsSection } from './pages.ts'

export function organisationsFeature({ organisations: { isOn, organisations } }: PageParts): PageFeature {
  if (!isOn) return {}
  return {
    accountSections: [
      {
        id: 'organisations',
        heading: (texts) => texts.organisations.heading,
        async body({ call, session }, view) {
          const list = await organisations.list(call, session.accountId)
          return list.length === 0 && !organisations.peopleMayCreate
            ? undefined
            : organisationsSection(list, organisations.peopleMayCreate, view)
        },
      },
    ],
  }
}
