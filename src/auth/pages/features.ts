// What the features of auth bring to the pages that they share.
import { emailSignInFeature } from '../email-sign-in/feature.ts'
import { passkeyFeature } from '../passkeys/feature.ts'
import { upstreamFeature } from '../upstream/feature.ts'
import type { PageFeature, PageParts } from './parts.ts'

export function featuresOf(parts: PageParts): readonly PageFeature[] {
  const { methods } = parts
  return [
    methods.passkey ? [passkeyFeature(parts)] : [],
    methods.emailCode || methods.magicLink ? [emailSignInFeature] : [],
    [upstreamFeature(parts)],
  ].flat()
}
