// What the pages that ask people are, and say, and what a yes there is good for: requirements 19 to 21.
import type { Defence } from './defence.ts'

const PAGES_TEST = 'test/e2e/accounts-pages.test.ts'
const CONSENTS = 'test/http/oauth-consents.test.ts'
const PROVIDER = 'src/auth/provider'

export const PAGES: readonly Defence[] = [
  {
    requirement: 19,
    off: 'old browsers may frame pages',
    test: PAGES_TEST,
    edits: [['src/gateway/headers.ts', "    'x-frame-options',\n    'DENY',\n", '']],
  },
  {
    requirement: 19,
    off: 'addresses of pages are told to other sites',
    test: PAGES_TEST,
    edits: [['src/gateway/headers.ts', "'referrer-policy',\n    'same-origin',", "'referrer-policy',\n    'unsafe-url',"]],
  },
  {
    requirement: 19,
    off: 'pages may be framed',
    test: PAGES_TEST,
    edits: [['src/gateway/headers.ts', "frame-ancestors 'none'; object-src 'none'; manifest-src", "object-src 'none'; manifest-src"]],
  },
  ...(
    [
      ['pages that ask people are stored', 'src/gateway/finish.ts', "  headers.push('cache-control', 'no-store')\n", ''],
      [
        'scripts run without the nonce',
        'src/gateway/headers.ts',
        "`script-src 'nonce-${nonce}' 'strict-dynamic'${scripts};",
        "`script-src 'unsafe-inline'${scripts};",
      ],
      ['every page has the same nonce', 'src/kernel/ids.ts', "takeRandom(16).toString('base64url')", "'x'.repeat(22)"],
    ] as const
  ).map(([off, file, from, to]): Defence => ({ requirement: 19, off, test: PAGES_TEST, edits: [[file, from, to]] })),
  {
    requirement: 20,
    off: 'nothing is said of apps that nobody has checked',
    test: 'test/http/accounts-page.test.ts',
    edits: [['src/auth/pages/consent-page.ts', 'client.isUnknown === undefined\n', 'client.name !== undefined\n']],
  },
  {
    requirement: 20,
    off: 'nothing is said of apps on the own machine',
    test: 'test/http/accounts-page.test.ts',
    edits: [['src/auth/pages/consent-page.ts', "isLoopbackHost(client.host) ? message('warn', consent.local) : undefined", 'undefined']],
  },
  {
    requirement: 21,
    off: 'a yes is stored for all that the request has named',
    test: CONSENTS,
    edits: [
      [
        `${PROVIDER}/asked-scopes.ts`,
        'offeredScopes(resourceServers).filter((scope) => requestParamScopes.has(scope))',
        'resourceServers ? [...requestParamScopes].filter((scope) => !requestParamOIDCScopes.has(scope)) : []',
      ],
      [`${PROVIDER}/consenting.ts`, 'scopes: namedScopes(found)', "scopes: String(found.params['scope']).split(' ')"],
    ],
  },
  {
    requirement: 21,
    off: 'an earlier yes counts for what no page has named',
    test: CONSENTS,
    edits: [[`${PROVIDER}/consents.ts`, '!hasOtherResources || isOpenidScope(scope)', "hasOtherResources || !isOpenidScope('')"]],
  },
]
