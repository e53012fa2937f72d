// Tokens that end or need a key, and requests that were sent beforehand: requirements 43 to 47.
import { type Defence, ENGINE } from './defence.ts'

const BOUND = 'test/http/oauth-bound.test.ts'
const PROOFS = 'test/http/gateway-proofs.test.ts'
const RESOURCES = 'test/http/oauth-resources.test.ts'
const PROVIDER = 'src/auth/provider'
const PROOF = 'src/kernel/http/proof.ts'

export const PROVEN: readonly Defence[] = [
  {
    requirement: 43,
    off: 'a signed token cannot be ended',
    test: RESOURCES,
    edits: [
      [
        `${PROVIDER}/token-endpoints.ts`,
        'token.destroy = () => revocations.revokeToken(call, found.jti)',
        'token.destroy = async () => void revocations',
      ],
    ],
  },
  {
    requirement: 43,
    off: 'anybody may end a token',
    test: RESOURCES,
    edits: [
      [
        `${PROVIDER}/configuration.ts`,
        'allowedPolicy: (_context, client, token) => token.clientId === client.clientId',
        'allowedPolicy: () => true',
      ],
    ],
  },
  { requirement: 44, off: 'a proof may be any JWT', test: PROOFS, edits: [[PROOF, ", typ: 'dpop+jwt' })", ' })']] },
  {
    requirement: 44,
    off: 'a proof may be for another method',
    test: PROOFS,
    edits: [[PROOF, "  if (htm !== shown.method) throw invalidProof('The proof is for another method.')\n", '']],
  },
  {
    requirement: 44,
    off: 'a proof may be for another address',
    test: PROOFS,
    edits: [[PROOF, 'return url?.origin === shown.origin && shown.isPath(url.pathname)', 'return url?.origin === shown.origin']],
  },
  {
    requirement: 44,
    off: 'a proof may be for another token',
    test: PROOFS,
    edits: [[PROOF, "  if (!equalSecrets(ath, sha256(shown.token))) throw invalidProof('The proof is for another token.')\n", '']],
  },
  {
    requirement: 44,
    off: 'a proof needs no id',
    test: PROOFS,
    edits: [[PROOF, 'jti: z.string().min(1).max(512),', "jti: z.string().max(512).default('none'),"]],
  },
  { requirement: 44, off: 'a proof may be old', test: PROOFS, edits: [[PROOF, 'const WINDOW_SECONDS = 60', 'const WINDOW_SECONDS = 600']] },
  {
    requirement: 44,
    off: 'a proof may be of another key',
    test: PROOFS,
    edits: [[PROOF, 'if (thumbprint !== shown.jkt) throw', 'if (thumbprint === undefined) throw']],
  },
  {
    requirement: 44,
    off: 'a proof counts again',
    test: PROOFS,
    edits: [[PROOF, 'if (!(await remember(', 'if (!(true || await remember(']],
  },
  {
    requirement: 44,
    off: 'the token endpoint takes a proof again',
    test: BOUND,
    edits: [[`${PROVIDER}/configuration.ts`, 'allowReplay: false }', 'allowReplay: true }']],
  },
  {
    requirement: 45,
    off: 'a bound token is good as it is',
    test: PROOFS,
    edits: [['src/gateway/steps/tokens.ts', 'if (jkt !== undefined) throw invalidToken', "if (jkt === '') throw invalidToken"]],
  },
  {
    requirement: 45,
    off: 'userinfo takes a bound token as it is',
    test: BOUND,
    edits: [[`${PROVIDER}/userinfo.ts`, "if (scheme !== 'dpop') return false", "if (scheme !== 'dpop') return true"]],
  },
  {
    requirement: 46,
    off: 'the token endpoint asks for no nonce',
    test: BOUND,
    edits: [[`${PROVIDER}/configuration.ts`, 'requireNonce: () => requireNonce', 'requireNonce: () => requireNonce && false']],
  },
  {
    requirement: 46,
    off: 'the token endpoint asks for no nonce',
    test: BOUND,
    edits: [[`${PROVIDER}/configuration.ts`, 'requireNonce: () => requireNonce', 'requireNonce: () => requireNonce && false']],
  },
  {
    requirement: 46,
    off: 'any nonce will do',
    test: PROOFS,
    edits: [[PROOF, 'nonce === undefined ? requireNonce : !nonces.isGood(nonce)', 'nonce === undefined && requireNonce']],
  },
  {
    requirement: 46,
    off: 'a code is good with another key',
    test: BOUND,
    edits: [[`${ENGINE}/helpers/grant_common.js`, 'source.dpopJkt !== dPoP.thumbprint', 'source.dpopJkt === dPoP']],
  },
  {
    requirement: 47,
    off: 'a pushed request counts again',
    test: 'test/http/oauth-authorize.test.ts',
    edits: [[`${ENGINE}/actions/authorization/respond.js`, '  await pushedAuthorizationRequest?.consume();\n', '']],
  },
  {
    requirement: 47,
    off: 'a pushed request counts again',
    test: 'test/http/oauth-authorize.test.ts',
    edits: [[`${ENGINE}/actions/authorization/respond.js`, '  await pushedAuthorizationRequest?.consume();\n', '']],
  },
  {
    requirement: 47,
    off: 'clients that must push need not',
    test: BOUND,
    edits: [
      [
        `${PROVIDER}/clients.ts`,
        'require_pushed_authorization_requests: client.requirePushedAuthorizationRequests === true',
        'require_pushed_authorization_requests: false',
      ],
    ],
  },
  {
    requirement: 47,
    off: 'a pushed request lives ten minutes',
    test: BOUND,
    edits: [[`${ENGINE}/actions/authorization/pushed_authorization_requests.js`, 'const MAX_TTL = 60;', 'const MAX_TTL = 600;']],
  },
]
