// Sessions at the accounts origin, second factors, and what is told of people: requirements 66 to 68, 72 and 73; and of 32 what is about a sign-in that is
// under way, or was mailed.
import { type Defence, ENGINE } from './defence.ts'

const LOGOUT = 'test/http/oauth-logout.test.ts'
const PASSKEYS = 'test/http/passkeys.test.ts'
const SCOPES = 'test/http/oauth-scopes.test.ts'

const MEANWHILE = 'test/http/kept-out-meanwhile.test.ts'
const PROVIDER = 'src/auth/provider'

export const ACCOUNTS: readonly Defence[] = [
  {
    requirement: 32,
    off: 'whoever is blocked while a hook thinks is let in',
    test: 'test/http/oauth-endings.test.ts',
    // Stopped twice: before anything is done for them, and when the session is stored.
    edits: [
      [`${PROVIDER}/engine.ts`, ' || current.suspended) throw', ') throw'],
      [`${PROVIDER}/session-storage.ts`, 'if (person?.suspended === false && isProved) return', 'if (person !== undefined) return'],
    ],
  },
  {
    requirement: 32,
    off: 'a sign-in that is under way outlives the block',
    test: MEANWHILE,
    edits: [[`${PROVIDER}/session-storage.ts`, 'if (person?.suspended === false && isProved) return', 'if (person !== undefined) return']],
  },
  {
    requirement: 32,
    off: 'a sign-in by the old password that is under way outlives the new one',
    test: MEANWHILE,
    edits: [[`${PROVIDER}/session-storage.ts`, '=== false && isProved) return', '=== false && admitted !== null) return']],
  },
  {
    requirement: 32,
    off: 'a consent that is under way outlives the session that it was given in',
    test: MEANWHILE,
    edits: [
      [`${PROVIDER}/consenting.ts`, 'if (stored !== undefined && stored.endedAt === undefined) return', 'if (stored !== null) return'],
    ],
  },
  {
    requirement: 32,
    off: 'an app that is let in while its access ends keeps it',
    test: 'test/http/oauth-endings.test.ts',
    edits: [[`${PROVIDER}/grant-storage.ts`, 'if (client === undefined || !isAsked(client) || ', 'if (client !== null || ']],
  },
  {
    requirement: 32,
    off: 'what a refused sign-in has made stays',
    test: MEANWHILE,
    edits: [[`${PROVIDER}/session-storage.ts`, 'withAll: true', 'withAll: false']],
  },
  {
    requirement: 32,
    off: 'the pages know whoever is blocked',
    test: MEANWHILE,
    edits: [[`${PROVIDER}/engine.ts`, 'if (person?.suspended !== false) return', 'if (person === undefined) return']],
  },
  {
    requirement: 66,
    off: 'any page may send the form that signs out',
    test: LOGOUT,
    edits: [
      [
        'src/auth/provider/sign-out.ts',
        '  return text === undefined ? undefined :',
        "  if (text === undefined) return { uid: context.oidc.session?.uid ?? '', accountId: context.oidc.session?.accountId ?? '' }\n  return",
      ],
    ],
  },
  {
    requirement: 66,
    off: 'people are asked though nobody is signed in',
    test: LOGOUT,
    edits: [['src/auth/provider/sign-out.ts', '    leave(context, client, wish)\n    return\n', '']],
  },
  {
    requirement: 67,
    off: 'a logout token does not name the session',
    test: LOGOUT,
    edits: [['src/auth/provider/logout-token.ts', "  token.set('sid', sid)\n", '  void sid\n']],
  },
  {
    requirement: 66,
    off: 'people are sent on to any address',
    test: LOGOUT,
    edits: [[`${ENGINE}/models/client.js`, 'return this.#redirectAllowed(value, this.postLogoutRedirectUris);', 'return true;']],
  },
  {
    requirement: 67,
    off: 'a notice that was refused is not sent again',
    test: LOGOUT,
    edits: [['src/auth/logout/backchannel.ts', 'if (status !== 200 && status !== 204)', 'if (status < 200)']],
  },
  {
    requirement: 67,
    off: 'strangers take the places of the clients of the operator',
    test: LOGOUT,
    edits: [['src/auth/logout/backchannel.ts', '? strangers : others', '? others : others']],
  },
  {
    requirement: 67,
    off: 'notices are sent to machines inside of the network',
    test: LOGOUT,
    edits: [['src/auth/logout/backchannel.ts', 'reach: { loopback: development },', 'reach: { loopback: development, everywhere: true },']],
  },
  {
    requirement: 68,
    off: 'a session keeps its id',
    test: 'test/http/step-up.test.ts',
    edits: [[`${ENGINE}/models/session.js`, '    this.oldId = this.id;\n    this.id = nanoid();\n', '']],
  },
  {
    requirement: 68,
    off: 'a session that nobody uses lives on',
    test: 'test/http/oauth-session-limits.test.ts',
    edits: [['src/auth/provider/session-limits.ts', 'Math.min(usedAt + idleDays * DAY_MS, signedInAt', 'Math.max(usedAt, signedInAt']],
  },
  {
    requirement: 68,
    off: 'a session that is used never ends',
    test: 'test/http/oauth-session-limits.test.ts',
    edits: [
      [
        'src/auth/provider/session-limits.ts',
        'Math.min(usedAt + idleDays * DAY_MS, signedInAt + limitDays * DAY_MS)',
        'Math.max(usedAt + idleDays * DAY_MS, usedAt + limitDays)',
      ],
    ],
  },
  {
    requirement: 68,
    off: 'a session that is in use looks as if it were not',
    test: 'test/http/oauth-session-limits.test.ts',
    edits: [['src/auth/provider/session-limits.ts', 'const NOTED_EVERY_MS = 10 * 60_000', 'const NOTED_EVERY_MS = DAY_MS']],
  },
  {
    requirement: 68,
    off: 'of many sessions some cannot be seen',
    test: 'test/http/oauth-session-limits.test.ts',
    edits: [
      [
        'src/auth/provider/account-access.ts',
        'const { items, next } = await list(call, accountId, page)',
        'const { items } = await list(call, accountId, page)\n      const next = undefined',
      ],
    ],
  },
  {
    requirement: 32,
    off: 'what was mailed to sign in with outlives signing out everywhere',
    test: 'test/http/mailed-before.test.ts',
    edits: [
      [
        'src/auth/leaving/mailed.ts',
        '...(await removingRows(call, { rows: signIns, definition: emailSignInsCollection, query, atOnce: AT_ONCE })),',
        '',
      ],
    ],
  },
  {
    requirement: 32,
    off: 'a permission to set a new password outlives signing out everywhere',
    test: 'test/http/mailed-before.test.ts',
    edits: [
      [
        'src/auth/leaving/mailed.ts',
        '...(await removingRows(call, { rows: resets, definition: resetsCollection, query, atOnce: AT_ONCE })),',
        '',
      ],
    ],
  },
  {
    requirement: 68,
    off: 'signing out everywhere else ends nothing',
    test: 'test/http/accounts-page.test.ts',
    edits: [['src/auth/leaving/elsewhere.ts', '  await engine.revokeAccount(call, accountId, sessionId)\n', '']],
  },
  {
    requirement: 72,
    off: 'a passkey need not verify its person',
    test: PASSKEYS,
    edits: [['src/auth/passkeys/ceremonies.ts', 'requireUserVerification: true', 'requireUserVerification: false']],
  },
  {
    requirement: 72,
    off: 'a copied passkey is not noticed',
    test: PASSKEYS,
    edits: [['src/auth/passkeys/service.ts', '(counter > 0 || known.counter > 0) && counter <= known.counter', 'counter < 0']],
  },
  {
    requirement: 72,
    off: 'a recovery code works twice',
    test: 'test/http/second-factors.test.ts',
    edits: [
      [
        'src/auth/second-factors/repository.ts',
        'unused: value.unused.filter((one) => one !== hash)',
        'unused: value.unused.filter((one) => one !== `${hash} `)',
      ],
    ],
  },
  {
    requirement: 73,
    off: 'addresses are kept as they are',
    test: 'test/e2e/blocked.test.ts',
    edits: [['src/gateway/steps/admission.ts', 'exchange.client = monitoring.pseudonym(address)', 'exchange.client = address']],
  },
  {
    requirement: 73,
    off: 'userinfo tells whatever was ever allowed',
    test: 'test/http/oauth.test.ts',
    edits: [['src/auth/provider/userinfo.ts', 'if (own !== undefined || act !== undefined)', 'if (own === null || act !== undefined)']],
  },
  {
    requirement: 73,
    off: 'a token tells what the client is registered for no more',
    test: SCOPES,
    edits: [['src/auth/provider/token-claims.ts', ' && registered.has(scope) &&', ' && registered.size > 0 &&']],
  },
  {
    requirement: 73,
    off: 'an ID token tells what the client is registered for no more',
    test: SCOPES,
    edits: [
      [
        'src/auth/provider/account-claims.ts',
        "openidScopesOf(context.oidc.client).intersection(new Set(scope.split(' ')))",
        "openidScopesOf(context.oidc.client).union(new Set(scope.split(' ')))",
      ],
    ],
  },
  {
    requirement: 73,
    off: 'userinfo tells what the client is registered for no more',
    test: SCOPES,
    edits: [['src/auth/provider/userinfo.ts', '.filter((scope) => registered?.includes(scope))', '.filter(() => registered)']],
  },
  {
    requirement: 73,
    off: 'every ID token has a name',
    test: 'test/http/oauth.test.ts',
    edits: [
      [
        'src/auth/provider/configuration.ts',
        "openid: ['sub', 'auth_time', 'acr', 'amr',",
        "openid: ['sub', 'name', 'auth_time', 'acr', 'amr',",
      ],
      [
        'src/auth/provider/account-claims.ts',
        "...(scopes.has('profile') ? { name, ...(language === undefined ? {} : { locale: language }) } : {}),",
        'name,',
      ],
    ],
  },
]
