// Everything that people see of auth: the whole list of its pages.
import type { Route } from '#kernel/http/route.ts'
import { organisationRoutes } from '../organisations/routes.ts'
import { passkeyAccountRoutes } from '../passkeys/account-routes.ts'
import { passkeySignInRoutes } from '../passkeys/sign-in-routes.ts'
import { identityRoutes } from '../upstream/account-routes.ts'
import { upstreamRoutes } from '../upstream/routes.ts'
import { secondStepAccountRoutes } from '../second-factors/account-routes.ts'
import { secondStepRoutes } from '../second-factors/interaction-routes.ts'
import { lostPasskeyRoutes } from '../lost-passkeys/routes.ts'
import { hasSignUp, needsPasskey } from '../methods.ts'
import { accountRoutes } from './account-routes.ts'
import { assetRoutes } from './assets.ts'
import type { PageParts } from './handling.ts'
import { interactionRoutes } from './interaction-routes.ts'
import { emailSignInRoutes } from '../email-sign-in/routes.ts'
import { leavingRoutes } from '../leaving/routes.ts'
import { ownDataRoutes } from '../own-data/routes.ts'
import { addressRoutes } from '../address/routes.ts'
import { recoveryRoutes } from '../recovery/routes.ts'
import { languageRoute } from './language-routes.ts'
import { signUpRoutes } from './sign-up-routes.ts'
import { wellKnownRoutes } from './well-known.ts'

/** Where passwords are typed: not there when they are off. */
const PASSWORD_PATHS: ReadonlySet<string> = new Set(['/interaction/:uid/sign-in', '/account/password'])

export function accountPages(parts: PageParts): Route[] {
  const all = [
    ...interactionRoutes(parts),
    ...(hasSignUp(parts.methods) && !parts.shared.admission.isOff ? signUpRoutes(parts) : []),
    ...(parts.methods.emailCode || parts.methods.magicLink ? emailSignInRoutes(parts) : []),
    ...(parts.methods.password ? recoveryRoutes(parts) : []),
    ...(needsPasskey(parts.methods) ? lostPasskeyRoutes(parts) : []),
    ...upstreamRoutes(parts),
    ...accountRoutes(parts),
    ...identityRoutes(parts),
    ...addressRoutes(parts),
    ...ownDataRoutes(parts),
    ...leavingRoutes(parts),
    ...organisationRoutes(parts),
    ...(parts.methods.passkey ? [...passkeySignInRoutes(parts), ...passkeyAccountRoutes(parts)] : []),
    ...secondStepRoutes(parts),
    ...secondStepAccountRoutes(parts),
  ]
  const pages = all.filter(({ path }) => parts.methods.password || !PASSWORD_PATHS.has(path))
  return [...pages, languageRoute(parts, pages), ...wellKnownRoutes(parts), ...assetRoutes(parts.settings.looks.assets)]
}
