// How and when somebody signed in, and asking for more.
import { type Defence, ENGINE } from './defence.ts'

const AUTHORIZE = 'test/http/oauth-authorize.test.ts'
const PROVIDER = 'src/auth/provider'

export const STEP_UP: readonly Defence[] = [
  {
    requirement: 15,
    off: 'acr_values are not looked at',
    test: 'test/http/step-up.test.ts',
    edits: [[`${PROVIDER}/prompts.ts`, 'return wanted !== undefined && provedHere(context) < wanted', 'return false']],
  },
  {
    requirement: 15,
    off: 'only clients that ask for openid may ask for more',
    test: 'test/http/step-up.test.ts',
    edits: [[`${PROVIDER}/authorization-steps.ts`, '    steps[gate] = gateOpenidParameters\n', '']],
  },
  {
    requirement: 15,
    off: 'a refresh gives a role that asks for more than was proved',
    test: 'test/http/forced-factor.test.ts',
    edits: [
      [
        `${PROVIDER}/account-claims.ts`,
        "if (context.oidc.route === 'token') await requireProof",
        "if (context.oidc.route === '') await requireProof",
      ],
    ],
  },
  {
    requirement: 15,
    off: 'a code that a role refuses is used up',
    test: 'test/http/oauth-all-or-nothing.test.ts',
    edits: [[`${PROVIDER}/all-or-nothing.ts`, '        forget()\n', '']],
  },
  {
    requirement: 15,
    off: 'a code that a role refuses is a try at somebody else s',
    test: 'test/http/oauth-all-or-nothing.test.ts',
    edits: [[`${PROVIDER}/code-grant.ts`, '!(error instanceof ProvedTooLittle) && ', '']],
  },
  {
    requirement: 15,
    off: 'a token exchange gives a role that asks for more than was proved',
    test: 'test/http/forced-factor.test.ts',
    edits: [
      [`${PROVIDER}/token-claims.ts`, 'if (!mayTell(rules, member, exchanged))', 'if (!mayTell(rules, {}, exchanged))'],
      [`${PROVIDER}/token-exchange.ts`, 'await requireProof(parts, subject)', 'void requireProof'],
    ],
  },
  {
    requirement: 15,
    off: 'consent that is given late brings back an older sign-in',
    test: 'test/http/step-up.test.ts',
    edits: [
      [
        `${PROVIDER}/session-storage.ts`,
        'if (earlier.loginTs <= payload.loginTs) return payload',
        'if (earlier.loginTs > 0) return payload',
      ],
    ],
  },
  {
    requirement: 15,
    off: 'a sign-in is as new as the consent after it',
    test: 'test/http/step-up.test.ts',
    edits: [[`${PROVIDER}/sign-in.ts`, ', ts: Math.floor(owner.at / 1000) }', ' }']],
  },
  {
    requirement: 15,
    off: 'whoever signs in is let in where the client asks for another person',
    test: 'test/http/step-up.test.ts',
    edits: [[`${PROVIDER}/sign-in.ts`, 'if (asksForAnother(found.params, accountId))', 'if (asksForAnother({}, accountId))']],
  },
  {
    requirement: 15,
    off: 'a device is connected by whoever is signed in, though it asks for another person',
    test: 'test/http/oauth-device.test.ts',
    edits: [[`${PROVIDER}/prompts.ts`, 'asksForAnother(params, accountId)', 'asksForAnother({}, accountId)']],
  },
  {
    requirement: 15,
    off: 'max_age is not looked at',
    test: AUTHORIZE,
    edits: [[`${ENGINE}/helpers/interaction_policy/prompts/login.js`, 'if (oidc.params.max_age === undefined) {', 'if (oidc.params) {']],
  },
]
