// When the authorization endpoint stops to ask: the engine's reasons and ours.
import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import type { SignInRules } from '../engine.ts'
import { type Level, provedLevel, wantedLevel } from '../levels.ts'
import { appearanceOf } from './appearance.ts'
import { askedScopes } from './asked-scopes.ts'
import { factsOf } from './client-facts.ts'
import { asksForAnother } from './hinted-person.ts'
import { currentCall } from './scope.ts'

const { Check, Prompt } = interactionPolicy

export function promptPolicy(rules: SignInRules): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  askForMore(policy, rules)
  askForHinted(policy)
  // Whoever chooses an account signs in to it: one browser holds one session.
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0)
  askForConsent(policy)
  return policy
}

/** Why somebody has to sign in who is signed in: they are not whom the client asks for. */
export const ANOTHER = 'another_person'

/** What is kept of the question until the answer is here. */
export const APPEARANCE = 'appearance'
export const ASKED = 'asked'

function askForConsent(policy: interactionPolicy.DefaultPolicy): void {
  const consent = policy.get('consent')
  if (consent === undefined) throw new Error('The OpenID engine has no consent prompt any more.')
  // What is agreed to is what is asked about now, whatever becomes of the client until the answer is here.
  consent.details = ({ oidc }) => {
    const { openid, api } = askedScopes(oidc)
    return { [APPEARANCE]: appearanceOf(oidc), [ASKED]: [...openid, ...api] }
  }
  // The engine itself asks for native clients each time (RFC 10017 section 6.3.3.2): whoever listens on the machine could be another program.
  consent.checks.add(
    new Check('asks_each_time', 'this client asks each time', 'consent_required', ({ oidc }) =>
      factsOf(oidc.client).alwaysAsks === true && oidc.result?.consent === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
    ),
  )
}

/** Each time that a request goes on, where the engine has forgotten its hint. */
function askForHinted(policy: interactionPolicy.DefaultPolicy): void {
  const check = new Check(ANOTHER, 'the client asks for another person', 'login_required', ({ oidc: { params = {}, session } }) => {
    const accountId = session?.accountId
    return accountId !== undefined && asksForAnother(params, accountId)
  })
  loginOf(policy).checks.add(check)
}

function loginOf(policy: interactionPolicy.DefaultPolicy): interactionPolicy.Prompt {
  const login = policy.get('login')
  if (login === undefined) throw new Error('The OpenID engine has no login prompt any more.')
  return login
}

/** When the client wants more than was proved (RFC 9470), and when somebody has a role that asks for a second factor. */
function askForMore(policy: interactionPolicy.DefaultPolicy, rules: SignInRules): void {
  const login = loginOf(policy)
  login.checks.add(
    new Check('acr', 'more must be proved than was at this sign-in', 'login_required', (context) => {
      const wanted = wantedLevel(context.oidc.params?.['acr_values'])
      if (wanted === 'unknown')
        throw new errors.CustomOIDCProviderError('unmet_authentication_requirements', 'none of the requested acr_values can be met')
      return wanted !== undefined && provedHere(context) < wanted
    }),
  )
  login.checks.add(
    new Check('role', 'a role of this person asks for a second factor', 'login_required', async (context) => {
      const accountId = context.oidc.session?.accountId
      const proved = provedHere(context)
      return accountId !== undefined && proved < 2 && proved < (await rules.forcedLevel(currentCall(), accountId))
    }),
  )
}

function provedHere({ oidc: { session } }: KoaContextWithOIDC): Level {
  return provedLevel({ acr: session?.acr })
}
