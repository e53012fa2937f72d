import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DOCUMENT_ID, newId, newRequestId, randomOctets, randomToken } from './ids.ts'

test('ids sort by creation and do not repeat', () => {
  const ids = Array.from({ length: 2000 }, (_, index) => newId(1_800_000_000_000 + index))
  assert.deepEqual(ids.toSorted(), ids)
  assert.equal(new Set(Array.from({ length: 10_000 }, () => newId(0))).size, 10_000)
  for (const id of ids) assert.match(id, DOCUMENT_ID)
})

test('request ids do not repeat when the pool of random bytes is refilled', () => {
  assert.equal(new Set(Array.from({ length: 10_000 }, () => newRequestId())).size, 10_000)
})

test('no random value comes twice, whoever takes what in between, and none changes once it was given', () => {
  const nonces: Buffer[] = []
  const copies: string[] = []
  const tokens = new Set<string>()
  for (let round = 0; round < 10_000; round += 1) {
    const nonce = randomOctets(12)
    nonces.push(nonce)
    copies.push(nonce.toString('hex'))
    tokens.add(randomToken(round % 5 === 0 ? 16 : 32))
    newId(round)
  }
  assert.equal(new Set(copies).size, 10_000)
  assert.equal(tokens.size, 10_000)
  assert.deepEqual(
    nonces.map((nonce) => nonce.toString('hex')),
    copies,
  )
  assert.ok(
    [...tokens, ...copies].every((text) => !/A{12}|0{20}/.test(text)),
    'nothing was taken that is overwritten already',
  )
})

test('more than the pool can give at a time is refused, and not cut', () => {
  assert.equal(randomOctets(1024).length, 1024)
  assert.throws(() => randomOctets(1025), RangeError)
  assert.throws(() => randomToken(1025), RangeError)
})

test('a token has 256 random bits', () => {
  assert.equal(Buffer.from(randomToken(), 'base64url').length, 32)
})
