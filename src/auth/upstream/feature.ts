// Other providers on the pages that all features share: a way to sign in, and a section of the account page.
import type { PageFeature, PageParts } from '../pages/parts.ts'
import { identitiesSection, upstreamButtons } from './pages.ts'

export function upstreamFeature({ upstreams }: PageParts): PageFeature {
  const { list } = upstreams
  return {
    signInMethods: [
      {
        id: 'upstream',
        part: async (_asked, { skin, interaction }) =>
          list.length === 0 ? undefined : { body: upstreamButtons(skin, { uid: interaction.uid, list }) },
      },
    ],
    accountSections: [
      {
        id: 'identities',
        heading: (texts) => texts.upstream.heading,
        async body({ call, session }, view) {
          const identities = await upstreams.identities(call, session.accountId)
          return list.length === 0 && identities.length === 0 ? undefined : identitiesSection({ identities, list }, view)
        },
      },
    ],
  }
}
