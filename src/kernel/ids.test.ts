import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DOCUMENT_ID, newId, newRequestId, randomToken } from './ids.ts'

test('ids sort by creation and do not repeat', () => {
  const ids = Array.from({ length: 2000 }, (_, index) => newId(1_800_000_000_000 + index))
  assert.deepEqual(ids.toSorted(), ids)
  assert.equal(new Set(Array.from({ length: 10_000 }, () => newId(0))).size, 10_000)
  for (const id of ids) assert.match(id, DOCUMENT_ID)
})

test('request ids do not repeat when the pool of random bytes is refilled', () => {
  assert.equal(new Set(Array.from({ length: 10_000 }, () => newRequestId())).size, 10_000)
})

test('a token has 256 random bits', () => {
  assert.equal(Buffer.from(randomToken(), 'base64url').length, 32)
})
