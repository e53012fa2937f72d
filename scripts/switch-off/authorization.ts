// Where a sign-in begins: requirements 1 to 24, without the pages that ask people.
import { type Defence, ENGINE } from './defence.ts'

const REFUSALS = 'test/http/oauth-refusals.test.ts'
const AUTHORIZE = 'test/http/oauth-authorize.test.ts'
const PROVIDER = 'src/auth/provider'
const CLIENT = `${ENGINE}/models/client.js`

export const AUTHORIZATION: readonly Defence[] = [
  {
    requirement: 1,
    off: 'other flows are offered',
    test: REFUSALS,
    edits: [
      [`${PROVIDER}/configuration.ts`, "responseTypes: ['code'],", "responseTypes: ['code', 'id_token', 'code id_token', 'none'],"],
      [`${PROVIDER}/provider.ts`, "[responseTypes?.join() !== 'code',", '[responseTypes === undefined,'],
    ],
  },
  {
    requirement: 2,
    off: 'grants that are not offered are let through',
    test: REFUSALS,
    edits: [
      [
        `${ENGINE}/actions/token.js`,
        "if (!supported.has(ctx.oidc.params.grant_type) || ctx.oidc.params.grant_type === 'implicit') {",
        'if (supported.size === 0) {',
      ],
    ],
  },
  {
    requirement: 3,
    off: 'a redirect URI need only begin like a registered one',
    test: REFUSALS,
    edits: [[CLIENT, 'if (allowedUris.includes(value)) {', 'if (allowedUris.some((allowed) => value?.startsWith(allowed))) {']],
  },
  {
    requirement: 3,
    off: 'an address that was taken from its client still gets the code of whoever is on the way there',
    test: AUTHORIZE,
    edits: [
      [
        `${PROVIDER}/interactions.ts`,
        "return client?.redirectUriAllowed(String(params['redirect_uri'])) === false",
        "return client?.redirectUriAllowed(String(params['redirect_uri'])) === null",
      ],
    ],
  },
  {
    requirement: 3,
    off: 'redirect URIs are compared as a browser reads them',
    test: REFUSALS,
    edits: [
      [
        CLIENT,
        'if (allowedUris.includes(value)) {',
        "if (allowedUris.some((allowed) => URL.parse(value)?.href.replace('user@', '') === allowed)) {",
      ],
    ],
  },
  {
    requirement: 4,
    off: 'a native client may be sent to any loopback address',
    test: AUTHORIZE,
    edits: [[CLIENT, 'return allowedUris.some((allowed) => stripLoopbackPort(allowed) === withoutPort);', 'return true;']],
  },
  {
    requirement: 5,
    off: 'errors go to any redirect URI',
    test: REFUSALS,
    edits: [[CLIENT, 'return this.#redirectAllowed(value, this.redirectUris);', 'return true;']],
  },
  {
    requirement: 6,
    off: 'errors send people on to strangers',
    test: AUTHORIZE,
    edits: [[`${PROVIDER}/provider.ts`, '  holdBack(context, parts.pages)\n', '']],
  },
  {
    requirement: 7,
    off: 'PKCE is optional',
    test: REFUSALS,
    edits: [[`${PROVIDER}/configuration.ts`, 'pkce: { required: () => true },', 'pkce: { required: () => false },']],
  },
  {
    requirement: 8,
    off: 'a code without a challenge is one',
    test: REFUSALS,
    edits: [
      [
        `${PROVIDER}/code-storage.ts`,
        'if (payload?.codeChallenge === undefined) return undefined',
        'if (payload === undefined) return undefined',
      ],
    ],
  },
  {
    requirement: 9,
    off: 'wrong verifiers are not counted',
    test: REFUSALS,
    edits: [[`${PROVIDER}/code-grant.ts`, 'await noteWrongTry(value)', 'await Promise.resolve(noteWrongTry)']],
  },
  {
    requirement: 9,
    off: 'any verifier will do',
    test: REFUSALS,
    edits: [[`${ENGINE}/helpers/pkce.js`, 'if (!constantEquals(challenge, expected)) {', 'if (challenge === undefined) {']],
  },
  {
    requirement: 9,
    off: 'a short verifier is a bad request',
    test: REFUSALS,
    edits: [[`${PROVIDER}/code-grant.ts`, '!VERIFIER.test(verifier)', 'VERIFIER.test(`${verifier} `)']],
  },
  {
    requirement: 10,
    off: 'a code is marked as used by whoever comes last',
    test: 'test/http/oauth-races.test.ts',
    edits: [[`${PROVIDER}/code-storage.ts`, ', where: { consumedAt: undefined } }', ' }']],
  },
  {
    requirement: 10,
    off: 'a second use of a code ends nothing',
    test: REFUSALS,
    edits: [[`${ENGINE}/helpers/grant_source.js`, '    await revoke(ctx, source.grantId);\n', '']],
  },
  {
    requirement: 11,
    off: 'a code lives ten minutes',
    test: REFUSALS,
    edits: [[`${PROVIDER}/lifetimes.ts`, 'AuthorizationCode: 60,', 'AuthorizationCode: 600,']],
  },
  {
    requirement: 11,
    off: 'a code is good for any redirect URI',
    test: REFUSALS,
    edits: [
      [
        `${ENGINE}/actions/grants/authorization_code.js`,
        'if (code.redirectUri !== ctx.oidc.params.redirect_uri) {',
        'if (code.redirectUri === undefined) {',
      ],
    ],
  },
  {
    requirement: 12,
    off: 'the redirect URI must be repeated',
    test: REFUSALS,
    edits: [[`${PROVIDER}/code-grant.ts`, "params['redirect_uri'] = code.redirectUri", 'params.code = value']],
  },
  {
    requirement: 13,
    off: 'a success does not say who answers',
    test: AUTHORIZE,
    edits: [[`${ENGINE}/actions/authorization/respond.js`, 'out.iss = ctx.oidc.provider.issuer;', '']],
  },
  {
    requirement: 13,
    off: 'an error does not say who answers',
    test: AUTHORIZE,
    edits: [[`${ENGINE}/shared/authorization_error_handler.js`, ', iss: ctx.oidc.provider.issuer };', ' };']],
  },
  {
    requirement: 14,
    off: 'the state comes back tidied up',
    test: AUTHORIZE,
    edits: [[`${ENGINE}/actions/authorization/respond.js`, 'out.state = params.state;', "out.state = params.state.replaceAll('+', ' ');"]],
  },
  {
    requirement: 14,
    off: 'the nonce is not in the ID token',
    test: AUTHORIZE,
    edits: [[`${ENGINE}/helpers/grant_common.js`, "token.set('nonce', source.nonce);", '']],
  },
  {
    requirement: 16,
    off: 'a sign-in cannot begin by POST',
    test: AUTHORIZE,
    edits: [
      [
        `${PROVIDER}/routes.ts`,
        "    forwarded('/authorize', 'The authorization endpoint by POST (OpenID Connect Core section 3.1.2.1)'),\n",
        '',
      ],
    ],
  },
  {
    requirement: 17,
    off: 'the authorization endpoint is shared with every origin',
    test: AUTHORIZE,
    edits: [[`${PROVIDER}/provider.ts`, '  tellInterval(context)\n', "  context.set('access-control-allow-origin', '*')\n"]],
  },
  {
    requirement: 18,
    off: 'a form is sent on with its fields',
    test: AUTHORIZE,
    edits: [
      [
        'src/kernel/http/route.ts',
        'return { status: 303, headers: { ...headers, location } }',
        'return { status: 307, headers: { ...headers, location } }',
      ],
    ],
  },
  {
    requirement: 21,
    off: 'a yes holds for whatever a client becomes',
    test: 'test/http/oauth-consents.test.ts',
    edits: [
      [
        'src/auth/provider/consents.ts',
        'appearance === undefined ? named : appearances?.find(({ hash }) => hash === appearance)?.scopes',
        'stored.scopes',
      ],
    ],
  },
  {
    requirement: 21,
    off: 'a grant of the time when nobody was asked is good',
    test: 'test/http/oauth-consents.test.ts',
    edits: [
      ['src/auth/provider/granting.ts', "held.every((scope) => scope === '' || allowed.has(scope)) ? grant : undefined", 'held && grant'],
    ],
  },
  {
    requirement: 21,
    off: 'native clients are sent on silently',
    test: AUTHORIZE,
    edits: [
      [
        `${ENGINE}/helpers/interaction_policy/prompts/consent.js`,
        "oidc.client.applicationType === 'native'\n",
        "oidc.client.applicationType === 'none'\n",
      ],
    ],
  },
  {
    requirement: 22,
    off: 'a parameter may come twice',
    test: AUTHORIZE,
    edits: [[`${ENGINE}/shared/reject_dupes.js`, 'if (params.length) {', 'if (params.length > 9) {']],
  },
  {
    requirement: 23,
    off: 'the subject of a service is its id',
    test: 'test/http/oauth-clients.test.ts',
    edits: [[`${PROVIDER}/token-claims.ts`, "payload['sub'] = clientSubject(token.clientId)", "payload['sub'] = token.clientId"]],
  },
  {
    requirement: 24,
    off: 'answers may be posted by a script',
    test: REFUSALS,
    edits: [[`${PROVIDER}/model-changes.ts`, "  internals(provider).responseModes.delete('form_post')\n", '  internals(provider)\n']],
  },
]
