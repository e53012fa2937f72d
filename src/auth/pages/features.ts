// What the features of auth bring to the pages that they share.
import { addressFeature } from '../address/feature.ts'
import { emailSignInFeature } from '../email-sign-in/feature.ts'
import { leavingFeature } from '../leaving/feature.ts'
import { ownDataFeature } from '../own-data/feature.ts'
import { organisationsFeature } from '../organisations/feature.ts'
import { hasSecondStep } from '../methods.ts'
import { passkeyFeature } from '../passkeys/feature.ts'
import { upstreamFeature } from '../upstream/feature.ts'
import { secondStepFeature } from '../second-factors/feature.ts'
import type { PageFeature, PageParts } from './parts.ts'

export function featuresOf(parts: PageParts): readonly PageFeature[] {
  const { methods } = parts
  return [
    methods.passkey ? [passkeyFeature(parts)] : [],
    methods.emailCode || methods.magicLink ? [emailSignInFeature] : [],
    [upstreamFeature(parts)],
    [organisationsFeature(parts)],
    hasSecondStep(methods) ? [secondStepFeature(parts)] : [],
    [addressFeature, ownDataFeature, leavingFeature(parts)],
  ].flat()
}
