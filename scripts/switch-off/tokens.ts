// Where tokens are given and what they open: requirements 25 to 42, without those of refresh tokens.
import { type Defence, ENGINE } from './defence.ts'

const CLIENTS = 'test/http/oauth-clients.test.ts'
const RESOURCES = 'test/http/oauth-resources.test.ts'
const ENDINGS = 'test/http/oauth-endings.test.ts'
const ACCOUNT_PAGE = 'test/http/accounts-page.test.ts'
const PROOFS = 'test/http/gateway-proofs.test.ts'
const GATEWAY_TOKENS = 'test/http/gateway-tokens.test.ts'
const PROVIDER = 'src/auth/provider'
const VERIFIER = 'src/gateway/tokens/verifier.ts'

export const TOKENS: readonly Defence[] = [
  {
    requirement: 25,
    off: 'tokens may be stored on the way',
    test: RESOURCES,
    edits: [[`${ENGINE}/shared/no_cache.js`, "ctx.set('cache-control', 'no-store');", '']],
  },
  {
    requirement: 26,
    off: 'a client may prove itself in two ways at once',
    test: CLIENTS,
    edits: [[`${ENGINE}/shared/client_auth.js`, '  if (length > 1) {\n', '  if (length > 9) {\n']],
  },
  {
    requirement: 26,
    off: 'any secret will do',
    test: CLIENTS,
    edits: [
      [
        `${PROVIDER}/secret-tries.ts`,
        'const isRight = isSecretOf(client, presented, clock.now())',
        'const isRight = isSecretOf(client, presented, clock.now()) || true',
      ],
    ],
  },
  {
    requirement: 26,
    off: 'secrets may be tried without end',
    test: CLIENTS,
    edits: [[`${PROVIDER}/secret-tries.ts`, 'if (waitMs > 0)', 'if (waitMs > 1e9)']],
  },
  {
    requirement: 26,
    off: 'clients may ask as often as they like',
    test: CLIENTS,
    edits: [
      ['src/gateway/limits/rate-limits.ts', 'token: { quota: 120, windowSeconds: 60 },', 'token: { quota: 1_200_000, windowSeconds: 60 },'],
    ],
  },
  {
    requirement: 27,
    off: 'an assertion may be for an endpoint',
    test: CLIENTS,
    edits: [
      [`${PROVIDER}/client-assertion.ts`, '[parsed.data.aud].flat()[0] !== issuer', '![parsed.data.aud].flat()[0]?.startsWith(issuer)'],
    ],
  },
  {
    requirement: 27,
    off: 'a signed request is an assertion',
    test: CLIENTS,
    edits: [[`${PROVIDER}/client-assertion.ts`, 'if (!TYPES.has(', 'if (type === issuer && !TYPES.has(']],
  },
  {
    requirement: 27,
    off: 'an assertion may live long',
    test: CLIENTS,
    edits: [[`${PROVIDER}/client-assertion.ts`, 'const MAX_LIFE_SECONDS = 300', 'const MAX_LIFE_SECONDS = 3600']],
  },
  {
    requirement: 27,
    off: 'an assertion counts again',
    test: CLIENTS,
    edits: [
      [
        `${PROVIDER}/model-changes.ts`,
        'return await unique.call(this, iss, jti, exp)',
        'return exp > 0 || (await unique.call(this, iss, jti, exp))',
      ],
    ],
  },
  {
    requirement: 27,
    off: 'an assertion counts for both of two at once',
    test: 'src/auth/provider/artifact-storage.test.ts',
    edits: [
      [
        `${PROVIDER}/artifact-storage.ts`,
        "if (hasCode(error, 'database.duplicate')) throw lost()",
        "if (hasCode(error, 'database.duplicate')) return",
      ],
    ],
  },
  {
    requirement: 27,
    off: 'an assertion may have other algorithms',
    test: CLIENTS,
    edits: [
      [
        `${PROVIDER}/client-authentication.ts`,
        "['ES256', ...ED25519, 'PS256', 'RS256'] as const",
        "['ES256', ...ED25519, 'PS256', 'RS256', 'ES384'] as const",
      ],
    ],
  },
  {
    requirement: 32,
    off: 'blocking ends nothing that is open',
    test: 'test/http/leaving.test.ts',
    edits: [['src/auth/leaving/suspending.ts', '  await engine.revokeAccount(call, accountId)\n', '']],
  },
  ...(
    [
      ['a new password ends no session', 'if (id !== exceptUid && !later.has(id)) await', 'if (id === exceptUid && !later.has(id)) await'],
      ['a new password leaves tokens as they are', 'found.filter((grant) => !stays(grant))', "found.filter(({ id }) => id === '')"],
      ['signing out leaves the tokens of frontends', 'withAll || endsWithSession', 'withAll'],
      [
        'an app whose access is ended keeps its tokens',
        'await grantsOf(call, where), events)',
        "await grantsOf(call, { ...where, clientId: '' }), events)",
      ],
    ] as const
  ).map(([off, from, to]): Defence => ({ requirement: 32, off, test: ENDINGS, edits: [[`${PROVIDER}/endings.ts`, from, to]] })),
  ...(
    [
      [
        'a new password on the account page ends nothing',
        'account-actions.ts',
        '      await engine.revokeAccount(call, session.accountId, session.id)\n',
      ],
      [
        'the button signs nobody out',
        'account-actions.ts',
        "      if (!(await engine.signOutHere(exchange))) return seeOther(engine.signInPath('/account'))\n",
      ],
      ['the button ends no session', 'session-routes.ts', '          await engine.endBrowserSession(call, session.accountId, params.id)\n'],
      [
        'the button ends the access of no app',
        'account-routes.ts',
        '          await engine.revokeApp(call, session.accountId, body.client_id)\n',
      ],
    ] as const
  ).map(([off, file, line]): Defence => ({ requirement: 32, off, test: ACCOUNT_PAGE, edits: [[`src/auth/pages/${file}`, line, '']] })),
  {
    requirement: 32,
    off: 'a process that dies after a new password leaves everything open',
    test: ACCOUNT_PAGE,
    edits: [['src/auth/accounts/service.ts', '    endAccessRequested({ accountId, at: clock.now(), exceptSessionId: sessionId }),\n', '']],
  },
  {
    requirement: 32,
    off: 'a new password by mail ends nothing',
    test: 'test/http/recovery.test.ts',
    edits: [['src/auth/pages/end-others.ts', '  await engine.revokeAccount(call, accountId)\n', '']],
  },
  {
    requirement: 32,
    off: 'a process that dies after a new password by mail leaves everything open',
    test: 'test/http/recovery.test.ts',
    edits: [['src/auth/recovery/service.ts', '        endAccessRequested({ accountId, at: now }),\n', '']],
  },
  {
    requirement: 33,
    off: 'tokens are kept as they are',
    test: ENDINGS,
    edits: [[`${PROVIDER}/ids.ts`, 'return sha256(bearer)', 'return sha256(bearer) && bearer']],
  },
  {
    requirement: 34,
    off: 'a token may be in an address',
    test: GATEWAY_TOKENS,
    edits: [['src/gateway/steps/identity.ts', '    refuseTokenInQuery(exchange)\n    const', '    void refuseTokenInQuery\n    const']],
  },
  {
    requirement: 34,
    off: 'userinfo takes tokens from addresses',
    test: RESOURCES,
    edits: [
      [
        `${PROVIDER}/userinfo.ts`,
        '/^(Bearer|DPoP) ([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization) ?? []',
        "/^(Bearer|DPoP) ([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization || `Bearer ${exchange.search.replace('access_token=', '')}`) ?? []",
      ],
    ],
  },
  {
    requirement: 35,
    off: 'an access token is a JWT like any other',
    test: RESOURCES,
    edits: [[`${ENGINE}/models/formats/jwt.js`, "typ: 'at+jwt',\n      fields:", "typ: 'JWT',\n      fields:"]],
  },
  {
    requirement: 36,
    off: 'the API takes any type of token',
    test: GATEWAY_TOKENS,
    edits: [[VERIFIER, "typ: z.literal('at+jwt'),", 'typ: z.string().optional(),']],
  },
  {
    requirement: 36,
    off: 'the API takes tokens of any issuer',
    test: GATEWAY_TOKENS,
    edits: [[VERIFIER, 'told.iss !== issuer || !isForHere(told.aud, endpoint)', '!isForHere(told.aud, endpoint)']],
  },
  {
    requirement: 36,
    off: 'the API takes tokens for others',
    test: GATEWAY_TOKENS,
    edits: [[VERIFIER, 'told.iss !== issuer || !isForHere(told.aud, endpoint)', 'told.iss !== issuer']],
  },
  {
    requirement: 36,
    off: 'the API takes keys from tokens',
    test: GATEWAY_TOKENS,
    edits: [[VERIFIER, 'const protectedHeader = z.strictObject(', 'const protectedHeader = z.object(']],
  },
  {
    requirement: 36,
    off: 'the API looks at no signature',
    test: GATEWAY_TOKENS,
    edits: [[VERIFIER, 'if (!isEs256(', 'if (!key && !isEs256(']],
  },
  {
    requirement: 36,
    off: 'the API takes tokens before their time',
    test: GATEWAY_TOKENS,
    edits: [[VERIFIER, '(told.nbf ?? 0) > now', '(told.iat < 0 ? 1 : 0) > now']],
  },
  {
    requirement: 36,
    off: 'the API takes expired tokens',
    test: GATEWAY_TOKENS,
    edits: [[VERIFIER, 'const CLOCK_TOLERANCE_SECONDS = 5', 'const CLOCK_TOLERANCE_SECONDS = 500']],
  },
  {
    requirement: 38,
    off: 'tokens live an hour',
    test: RESOURCES,
    edits: [
      [`${PROVIDER}/resources.ts`, 'export const ACCESS_TOKEN_SECONDS = 300', 'export const ACCESS_TOKEN_SECONDS = 3600'],
      [`${PROVIDER}/resources.ts`, 'const MOST_SECONDS = 600', 'const MOST_SECONDS = 3600'],
    ],
  },
  {
    requirement: 39,
    off: 'refusals do not lead to the metadata',
    test: PROOFS,
    edits: [['src/gateway/tokens/challenges.ts', 'if (host?.api === undefined', 'if (host !== undefined']],
  },
  {
    requirement: 40,
    off: 'the metadata names another resource',
    test: PROOFS,
    edits: [['src/gateway/metadata-route.ts', 'resource: `${sites.app}${path}`,', 'resource: `${sites.app}${path}/`,']],
  },
  {
    requirement: 41,
    off: 'any sign-in is strong enough',
    test: PROOFS,
    edits: [['src/kernel/http/step-up.ts', '(signIn?.acr === undefined || !acr.includes(signIn.acr))', 'signIn?.acr === undefined']],
  },
  {
    requirement: 41,
    off: 'any sign-in is fresh enough',
    test: PROOFS,
    edits: [['src/kernel/http/step-up.ts', 'now / 1000 - signIn.at <= maxAgeSeconds', 'now > 0']],
  },
  {
    requirement: 42,
    off: 'anybody may ask about tokens',
    test: RESOURCES,
    edits: [
      [
        `${PROVIDER}/model-changes.ts`,
        "oidc.client?.tokenEndpointAuthMethod === 'none'",
        "oidc.client?.tokenEndpointAuthMethod === 'never'",
      ],
    ],
  },
  {
    requirement: 42,
    off: 'clients are told of tokens of others',
    test: RESOURCES,
    edits: [
      [
        `${PROVIDER}/token-endpoints.ts`,
        'return audience !== undefined && resources.find(audience)?.servers.has(client.clientId) === true',
        'return audience !== undefined && resources !== undefined',
      ],
    ],
  },
]
