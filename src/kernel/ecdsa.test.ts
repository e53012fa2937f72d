import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import { isEs256, signEs256 } from './ecdsa.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const asJose = { dsaEncoding: 'ieee-p1363' } as const

test('what is signed here is what Node makes when it is asked for the form of JOSE, and the other way round', () => {
  let short = 0
  // A number with a zero in front is one in 256, and is written shorter in DER; one in two is written longer.
  for (let index = 0; short < 4; index += 1) {
    const data = Buffer.from(`to be signed ${index}`)
    const ours = signEs256(privateKey, data)
    assert.equal(ours.length, 64)
    assert.ok(verify('sha256', data, { key: publicKey, ...asJose }, ours), `signature ${index}: ${ours.toString('hex')}`)
    assert.ok(isEs256(publicKey, data, ours))
    const theirs = sign('sha256', data, { key: privateKey, ...asJose })
    assert.ok(isEs256(publicKey, data, theirs), `signature ${index}: ${theirs.toString('hex')}`)
    if (ours[0] === 0 || ours[32] === 0 || theirs[0] === 0 || theirs[32] === 0) short += 1
    assert.ok(index < 20_000)
  }
})

test('nothing else is a signature', () => {
  const data = Buffer.from('to be signed')
  const good = signEs256(privateKey, data)
  const changed = Buffer.from(good)
  changed[40] = (changed[40] ?? 0) ^ 1
  const others = {
    changed,
    'all zeros': Buffer.alloc(64),
    'a zero for the second number': Buffer.concat([good.subarray(0, 32), Buffer.alloc(32)]),
    'all ones': Buffer.alloc(64, 0xff),
    short: good.subarray(0, 63),
    long: Buffer.concat([good, Buffer.of(0)]),
    empty: Buffer.alloc(0),
    'the form of OpenSSL': sign('sha256', data, privateKey),
  }
  for (const [name, signature] of Object.entries(others)) assert.equal(isEs256(publicKey, data, signature), false, name)
  assert.equal(isEs256(publicKey, Buffer.from('something else'), good), false)
  assert.equal(isEs256(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, data, good), false)
})
