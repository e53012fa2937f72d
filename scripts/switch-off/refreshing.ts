// Refresh tokens: requirements 28 to 31.
import { type Defence, ENGINE } from './defence.ts'

const REFUSALS = 'test/http/oauth-refusals.test.ts'
const RACES = 'test/http/oauth-races.test.ts'
const FAMILIES = 'test/http/oauth-families.test.ts'
const NOTHING = 'test/http/oauth-all-or-nothing.test.ts'
const PROVIDER = 'src/auth/provider'

export const REFRESHING: readonly Defence[] = [
  {
    requirement: 28,
    off: 'a refresh token stays',
    test: RACES,
    edits: [[`${PROVIDER}/configuration.ts`, 'rotateRefreshToken: () => true,', 'rotateRefreshToken: () => false,']],
  },
  {
    requirement: 29,
    off: 'each refresh makes a token of its own',
    test: RACES,
    edits: [
      [`${PROVIDER}/model-changes.ts`, 'return rotated === undefined ? ids.first()', 'return rotated !== undefined || ids ? ids.first()'],
    ],
  },
  {
    requirement: 29,
    off: 'a used token leads on for days',
    test: RACES,
    edits: [[`${PROVIDER}/rotation.ts`, 'const GRACE_SECONDS = 10', 'const GRACE_SECONDS = 1_000_000']],
  },
  {
    requirement: 29,
    off: 'a token leads on however long its successor is in use',
    test: RACES,
    edits: [[`${PROVIDER}/rotation.ts`, 'const OVERTAKING_MS = 3_000', 'const OVERTAKING_MS = 1_000_000_000']],
  },
  {
    requirement: 29,
    off: 'who loses a race for a token that leads nowhere is only refused',
    test: 'src/auth/provider/rotation.test.ts',
    edits: [
      [`${PROVIDER}/rotation.ts`, 'if (now?.usedAt !== undefined) await', 'if (now?.usedAt !== undefined && call === undefined) await'],
    ],
  },
  {
    requirement: 29,
    off: 'a request that is overtaken ends the family',
    test: RACES,
    edits: [[`${PROVIDER}/rotation.ts`, 'const OVERTAKING_MS = 3_000', 'const OVERTAKING_MS = -1']],
  },
  {
    requirement: 29,
    off: 'a request that is overtaken is given a token that was used',
    test: RACES,
    edits: [[`${PROVIDER}/all-or-nothing.ts`, 'if (counting !== undefined)', "if (counting === '')"]],
  },
  {
    requirement: 29,
    off: 'a refresh that is refused uses its token up',
    test: NOTHING,
    edits: [
      [
        `${PROVIDER}/refresh-storage.ts`,
        'rotations.set(context, { begin: () => rotation.replace(currentCall(), { token: rotated, held }, record) })',
        'const done = await rotation.replace(currentCall(), { token: rotated, held }, record)\n      rotations.set(context, { begin: async () => done })',
      ],
    ],
  },
  {
    requirement: 29,
    off: 'a token that was used long ago is as good as unknown',
    test: FAMILIES,
    edits: [
      [
        `${PROVIDER}/refresh-families.ts`,
        'made.generation > record.generation) {',
        'made.generation > record.generation || made.generation < record.generation - 1) {',
      ],
    ],
  },
  {
    requirement: 29,
    off: 'a used token of a former release is as good as unknown',
    test: FAMILIES,
    edits: [
      [
        `${PROVIDER}/former-refresh-tokens.ts`,
        'clock.now() - consumedAt >= graceMs()) return { record, usedAt: consumedAt }',
        'clock.now() - consumedAt >= graceMs()) return undefined',
      ],
    ],
  },
  {
    requirement: 29,
    off: 'a forged value ends a family',
    test: FAMILIES,
    edits: [[`${PROVIDER}/refresh-values.ts`, '!loaded().isOf(signed(secret, generation), code)', 'code.length === 0']],
  },
  {
    requirement: 29,
    off: 'a value that is yet to come counts',
    test: FAMILIES,
    edits: [
      [`${PROVIDER}/refresh-families.ts`, 'if (made.generation > record.generation) {', 'if (made.generation > record.generation + 1e9) {'],
    ],
  },
  {
    requirement: 29,
    off: 'the part of a family counts as a token',
    test: FAMILIES,
    edits: [
      [`${PROVIDER}/refresh-values.ts`, 'return sha256(`${MARK}${secret}`)', 'return sha256(secret)'],
      [`${PROVIDER}/former-refresh-tokens.ts`, 'record === undefined || record.generation !== undefined', 'record === undefined'],
    ],
  },
  {
    requirement: 29,
    off: 'a family is removed before anybody is told',
    test: FAMILIES,
    edits: [
      [
        `${PROVIDER}/refresh-storage.ts`,
        '    async consume() {},\n',
        '    async consume() {},\n    destroy: async (token) => void (await tokens.delete(currentCall(), values.read(token)?.family ?? token)),\n',
      ],
    ],
  },
  {
    requirement: 30,
    off: 'an unused token lives on',
    test: RACES,
    edits: [[`${PROVIDER}/refresh-storage.ts`, 'Math.min(expiresIn * 1000, IDLE_MS)', 'Math.max(expiresIn * 1000, IDLE_MS)']],
  },
  {
    requirement: 30,
    off: 'rotation makes a session longer',
    test: RACES,
    edits: [[`${PROVIDER}/lifetimes.ts`, 'context.oidc.entities.RotatedRefreshToken?.remainingTTL ?? shorter', 'context && shorter']],
  },
  {
    requirement: 31,
    off: 'a refresh may ask for more',
    test: REFUSALS,
    edits: [[`${ENGINE}/actions/grants/refresh_token.js`, 'if (missing.length !== 0) {', 'if (missing.length > 99) {']],
  },
  {
    requirement: 31,
    off: 'a refresh that asks for less opens all of userinfo',
    test: REFUSALS,
    edits: [['src/auth/provider/token-claims.ts', 'asked?.includes(scope) !== false', 'asked !== null']],
  },
  {
    requirement: 31,
    off: 'a refresh token is good for any client',
    test: REFUSALS,
    edits: [
      [
        `${ENGINE}/actions/grants/refresh_token.js`,
        'if (refreshToken.clientId !== client.clientId) {',
        'if (refreshToken.clientId === undefined) {',
      ],
      [
        `${ENGINE}/helpers/grant_source.js`,
        "  if (grant.clientId !== ctx.oidc.client.clientId) {\n    throw new InvalidGrant('client mismatch');",
        "  if (grant.clientId === undefined) {\n    throw new InvalidGrant('client mismatch');",
      ],
    ],
  },
]
