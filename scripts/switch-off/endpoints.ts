// What a token is for, also where it is one address of the API: requirements 37 and 39.
import type { Defence } from './defence.ts'

const RESOURCES = 'test/http/oauth-resources.test.ts'
const ENDPOINTS = 'test/http/oauth-endpoints.test.ts'
const ENDPOINTS_OF_GATEWAY = 'test/http/gateway-endpoints.test.ts'
const PROVIDER = 'src/auth/provider'
const VERIFIER = 'src/gateway/tokens/verifier.ts'

export const ENDPOINT_TOKENS: readonly Defence[] = [
  {
    requirement: 37,
    off: 'an unknown resource means the API',
    test: RESOURCES,
    edits: [
      [
        `${PROVIDER}/resource.ts`,
        'registry.find(narrowedTo(context) ?? resource)\n',
        'registry.find(narrowedTo(context) ?? resource) ?? registry.api\n',
      ],
    ],
  },
  {
    requirement: 37,
    off: 'tokens of one address open the others',
    test: ENDPOINTS_OF_GATEWAY,
    edits: [[VERIFIER, 'aud === audience || aud === endpoint', 'aud === audience || endpoint !== undefined']],
  },
  {
    requirement: 37,
    off: 'tokens of one address open the whole API once they are known',
    test: ENDPOINTS_OF_GATEWAY,
    edits: [[VERIFIER, ' && isForHere(verdict.audience, endpoint)', '']],
  },
  {
    requirement: 37,
    off: 'an exchange goes around the API by an address of it',
    test: ENDPOINTS,
    edits: [[`${PROVIDER}/token-exchange.ts`, 'resources.find(audience)?.partOf ?? audience', 'audience']],
  },
  {
    requirement: 37,
    off: 'what was granted for one address gives a token for the whole API',
    test: ENDPOINTS,
    edits: [[`${PROVIDER}/narrowing.ts`, 'narrowed.set(context, wanted)', 'narrowed.delete(context)']],
  },
  {
    requirement: 39,
    off: 'refusals at an address with a document of its own lead to that of the API',
    test: ENDPOINTS_OF_GATEWAY,
    edits: [['src/gateway/tokens/challenges.ts', 'endpoint === undefined ? METADATA_PATH : metadataPath(path)', 'METADATA_PATH']],
  },
]
