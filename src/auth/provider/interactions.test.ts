import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Details } from './details.ts'
import { namedScopes } from './interactions.ts'

const named = (details: Record<string, unknown>): string[] => {
  const found: Partial<Details> = { prompt: { name: 'consent', reasons: [], details } }
  return namedScopes(Object(found))
}

test('a page names what is new of what is asked for, or all of it', () => {
  const asked = ['openid', 'email', 'photos:read']
  assert.deepEqual(named({ asked, missingOIDCScope: ['email'], missingResourceScopes: { api: ['photos:read'] } }), ['email', 'photos:read'])
  assert.deepEqual(named({ asked }), asked, 'the client wanted the question')
})

test('one that a former release has begun names what was missing', () => {
  assert.deepEqual(named({ missingOIDCScope: ['openid'], missingResourceScopes: { api: ['photos:read'] } }), ['openid', 'photos:read'])
  assert.deepEqual(named({}), [])
})
