import assert from 'node:assert/strict'
import { test } from 'node:test'
import { earlierOf, sameSecret } from './renewing.ts'
import type { StoredClient } from './schemas.ts'

const HOUR_MS = 3_600_000
const client: StoredClient = {
  id: 'till',
  source: 'operator',
  definition: { clientId: 'till', name: 'Till', redirectUris: [], origins: [], scopes: [] },
  createdAt: 1,
  secretHash: 'present',
}

test('what runs with the secret before keeps running however often a new one is asked for in a moment', () => {
  const now = 1_000_000
  const earlierSecret = { hash: 'in use', until: now + HOUR_MS }
  const pressed = { ...client, earlierSecret, renewedAt: now }
  const again = (after: number) => earlierOf(pressed, { now: now + after, until: now + after + HOUR_MS })
  assert.deepEqual(again(29_000).earlierSecret, { hash: 'in use', until: now + 29_000 + HOUR_MS })
  assert.deepEqual(again(30_000).earlierSecret, { hash: 'present', until: now + 30_000 + HOUR_MS })
  assert.equal(again(30_000).renewedAt, now + 30_000)
  assert.equal(earlierOf(pressed, { now, until: undefined }).earlierSecret, undefined, 'ended at once when that is asked for')
  const over = { ...pressed, earlierSecret: { hash: 'over', until: now } }
  assert.equal(earlierOf(over, { now, until: now + 1 }).earlierSecret?.hash, 'present')
  const { earlierSecret: _none, ...first } = { ...pressed, renewedAt: now }
  assert.equal(earlierOf(first, { now, until: now + 1 }).earlierSecret?.hash, 'present')
})

test('of two renewals at once the slower one is told so', () => {
  const look = sameSecret()
  for (const name of ['Till', 'Renamed meanwhile']) look({ ...client, definition: { ...client.definition, name } })
  assert.throws(() => look({ ...client, secretHash: 'of the other' }), { code: 'auth.changed_meanwhile' })
})
