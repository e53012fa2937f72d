// The arithmetic of how much an access token can say, to the byte, against a token that is written out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { createLogger } from '#kernel/log.ts'
import { createTokenSizes } from './token-sizes.ts'

const KID = 'a-key-id'
const lines: string[] = []
const logger = createLogger({ level: 'info', stream: { write: (line: string) => void lines.push(line) } })
const { check } = createTokenSizes({ keys: { accessTokenKid: KID }, logger })
/** Of a client with this much room; of another one when it is not told. */
const contextOf = (tokenRoom?: number) =>
  ({
    oidc: { client: { clientId: 'c', ninefold_facts: { origins: [], ...(tokenRoom === undefined ? {} : { tokenRoom }) } } },
  }) as unknown as KoaContextWithOIDC
const inBase64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const lengthOf = (payload: object): number =>
  `${inBase64url({ alg: 'ES256', typ: 'at+jwt', kid: KID })}.${inBase64url(payload)}.${Buffer.alloc(64).toString('base64url')}`.length
const OURS = {
  jti: 'j'.repeat(43),
  sub: 's'.repeat(26),
  iat: 1_700_000_000,
  exp: 1_700_000_300,
  client_id: 'c',
  iss: 'https://i',
  aud: 'https://a',
}
const saying = (length: number) => ({ ...OURS, app: { text: `\u00fc\u{1f986}${'x'.repeat(length)}` } })
const isTaken = (payload: Readonly<Record<string, unknown>>, room?: number): boolean => {
  try {
    check(contextOf(room), payload)
    return true
  } catch (error) {
    assert.deepEqual([Object(error).error, Object(error).status], ['temporarily_unavailable', 503])
    return false
  }
}

test('a token is refused from the first byte on that its client has no room for', () => {
  for (const room of [2000, 2001, 2002, 2003])
    for (let length = 900; length < 1400; length += 1)
      assert.equal(isTaken(saying(length), room), lengthOf(saying(length)) <= room, `${length} in ${room}`)
})

test('a client without a cookie gets what the API takes, 8192 characters and no more', () => {
  for (let length = 5600; length < 5900; length += 1) assert.equal(isTaken(saying(length)), lengthOf(saying(length)) <= 8192)
})

test('scopes alone can be too much, and the log says what there is and how large, never what it says', () => {
  const scope = Array.from({ length: 200 }, (_, index) => `secret-scope-${index}`).join(' ')
  assert.equal(isTaken({ ...OURS, scope: 'photos:read' }, 2000), true)
  lines.length = 0
  assert.equal(isTaken({ ...OURS, scope }, 2000), false)
  assert.equal(isTaken({ ...OURS, roles: ['secret-role'], scope }, 2000), false)
  const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual([first?.['event'], first?.['claims']], ['auth.token_too_large', { scope: scope.length + 2 }])
  assert.deepEqual(second?.['claims'], { roles: 15, scope: scope.length + 2 })
  assert.ok(Number(first?.['size']) > Number(first?.['limit']))
  assert.doesNotMatch(lines.join(), /secret/)
})
