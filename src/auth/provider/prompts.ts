// When the authorization endpoint stops to ask: the engine's reasons and ours.
import { interactionPolicy } from 'oidc-provider'
import { factsOf } from './client-facts.ts'

const { Check, Prompt } = interactionPolicy

export function promptPolicy(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  // Whoever chooses an account signs in to it: one browser holds one session.
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0)
  // The engine itself asks for native clients each time (RFC 10017 section 6.3.3.2): whoever listens on the machine could be another program.
  policy
    .get('consent')
    ?.checks.add(
      new Check('asks_each_time', 'this client asks each time', 'consent_required', ({ oidc }) =>
        factsOf(oidc.client).alwaysAsks === true && oidc.result?.consent === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    )
  return policy
}
