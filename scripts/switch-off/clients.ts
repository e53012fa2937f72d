// What the server says of itself, and how clients come: requirements 48 to 54.
import { type Defence, ENGINE } from './defence.ts'

const AUTHORIZE = 'test/http/oauth-authorize.test.ts'
const REGISTRATION = 'test/http/oauth-registration.test.ts'
const PROVIDER = 'src/auth/provider'
const FETCHING = 'src/auth/client-documents/fetching.ts'
const ADDRESS = 'src/auth/client-documents/address.ts'

export const CLIENTS: readonly Defence[] = [
  {
    requirement: 48,
    off: 'one document says less than the other',
    test: AUTHORIZE,
    edits: [
      [
        `${PROVIDER}/publishing.ts`,
        "new Set(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])",
        "new Set(['/.well-known/openid-configuration'])",
      ],
    ],
  },
  {
    requirement: 49,
    off: 'metadata follows the host of the request',
    test: AUTHORIZE,
    edits: [
      [`${PROVIDER}/pinned.ts`, '  request.headers.host = new URL(issuer).host\n', ''],
      [`${PROVIDER}/pinned.ts`, '    host: { get: () => host },\n', ''],
    ],
  },
  {
    requirement: 50,
    off: 'metadata offers plain challenges',
    test: AUTHORIZE,
    edits: [
      [
        `${ENGINE}/actions/discovery.js`,
        "code_challenge_methods_supported: ['S256'],",
        "code_challenge_methods_supported: ['S256', 'plain'],",
      ],
    ],
  },
  {
    requirement: 51,
    off: 'a key signs as soon as it is published',
    test: 'src/auth/keys/signing-keys.test.ts',
    edits: [['src/auth/keys/generations.ts', 'const ANNOUNCED_MS = 86_400_000', 'const ANNOUNCED_MS = 0']],
  },
  {
    requirement: 51,
    off: 'a key leaves as soon as it signs no more',
    test: 'src/auth/keys/signing-keys.test.ts',
    edits: [['src/auth/keys/generations.ts', 'follower.activeFrom + afterUseMs > now', 'follower.activeFrom > now']],
  },
  {
    requirement: 51,
    off: 'a key leaves before the sessions do that it has named',
    test: 'test/http/oauth-session-limits.test.ts',
    edits: [['src/auth/keys/generations.ts', 'return longestSessionMs + LONGER_MS', 'return longestSessionMs && 31 * LONGER_MS']],
  },
  {
    requirement: 51,
    off: 'a gateway looks for a new key later than it signs',
    test: 'test/http/keys.test.ts',
    edits: [['src/gateway/tokens/keys.ts', 'const COOL_DOWN_MS = 1000', 'const COOL_DOWN_MS = 3000']],
  },
  {
    requirement: 51,
    off: 'the key set may be kept for a day',
    test: 'test/http/keys.test.ts',
    edits: [[`${PROVIDER}/publishing.ts`, '`public, max-age=${KEY_SET_SECONDS}`', '`public, max-age=86400${KEY_SET_SECONDS}`']],
  },
  {
    requirement: 52,
    off: 'the token of a registration stays',
    test: REGISTRATION,
    edits: [['src/auth/registration/service.ts', 'const next = randomToken()', 'const next = token']],
  },
  {
    requirement: 52,
    off: 'what a forgotten client was allowed stays',
    test: 'test/http/oauth-consents.test.ts',
    edits: [['src/auth/clients/forgetting.ts', 'events: [endClientRequested(value.id, now)]', 'events: []']],
  },
  {
    requirement: 52,
    off: 'any token invites a client',
    test: REGISTRATION,
    edits: [
      [
        'src/auth/registration/service.ts',
        'if (token === undefined || !(await invitations.isGood(call, token))) throw badToken()',
        'if (token === undefined && invitations) throw badToken()',
      ],
      ['src/auth/registration/service.ts', '{ redemption, events }))) throw badToken()', '{ redemption, events }))) return'],
    ],
  },
  {
    requirement: 52,
    off: 'clients that nobody uses stay',
    test: REGISTRATION,
    edits: [['src/auth/registration/service.ts', 'const NEW_MS = DAY_MS', 'const NEW_MS = 300 * DAY_MS']],
  },
  {
    requirement: 52,
    off: 'one address registers without end',
    test: REGISTRATION,
    edits: [['src/auth/registration/service.ts', 'const PER_ADDRESS_AND_HOUR = 20', 'const PER_ADDRESS_AND_HOUR = 2000']],
  },
  {
    requirement: 53,
    off: 'a document may be of another client',
    test: REGISTRATION,
    edits: [[FETCHING, "if (Object(json)['client_id'] !== clientId)", "if (Object(json)['client_id'] === undefined)"]],
  },
  {
    requirement: 53,
    off: 'a document may show a private key',
    test: 'test/http/oauth-known-programs.test.ts',
    edits: [[FETCHING, 'if (all.some((key) => hasPrivateMember(Object(key))))', 'if (all.some((key) => key === hasPrivateMember))']],
  },
  {
    requirement: 53,
    off: 'a document may be anywhere that a redirect says',
    test: REGISTRATION,
    edits: [[FETCHING, 'if (status !== 200) throw', 'if (status > 400) throw']],
  },
  {
    requirement: 53,
    off: 'a document may be long',
    test: REGISTRATION,
    edits: [[FETCHING, 'const MAX_DOCUMENT_BYTES = 5 * 1024', 'const MAX_DOCUMENT_BYTES = 500 * 1024']],
  },
  {
    requirement: 53,
    off: 'a host may be slow',
    test: REGISTRATION,
    edits: [[FETCHING, 'const TIMEOUT_MS = 5000', 'const TIMEOUT_MS = 20_000']],
  },
  {
    requirement: 53,
    off: 'a document is kept for as long as its host says',
    test: REGISTRATION,
    edits: [['src/auth/client-documents/freshness.ts', 'Math.max(', 'Math.min(']],
  },
  {
    requirement: 53,
    off: 'an address may be in the clear',
    test: REGISTRATION,
    edits: [[ADDRESS, "scheme === 'https' ||", 'scheme !== undefined ||']],
  },
  {
    requirement: 53,
    off: 'an address may have dot segments',
    test: REGISTRATION,
    edits: [[ADDRESS, " && !path.split('/').some(isDotSegment)", ' && isDotSegment !== undefined']],
  },
  {
    requirement: 53,
    off: 'an address may have a name and a password',
    test: REGISTRATION,
    edits: [[ADDRESS, "!authority.includes('@')", "authority !== ''"]],
  },
  {
    requirement: 54,
    off: 'an app that people install may have a secret',
    test: 'test/http/oauth-clients.test.ts',
    edits: [
      [`${PROVIDER}/client-rules.ts`, 'return isSecret && isInstalled ?', 'return isSecret && isInstalled && redirectUris.length > 9 ?'],
    ],
  },
]
