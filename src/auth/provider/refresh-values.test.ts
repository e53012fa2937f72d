import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import { createRefreshValues, type RefreshValues } from './refresh-values.ts'

async function valuesWith(secret: Buffer): Promise<RefreshValues> {
  const values = createRefreshValues(async () => secret)
  await values.load(systemCall('test'))
  return values
}

const secret = randomBytes(32)
const values = await valuesWith(secret)
const sameSecret = await valuesWith(secret)
const otherSecret = await valuesWith(randomBytes(32))

function nth(first: string, generation: number): string {
  let value = first
  for (let at = 1; at < generation; at += 1) value = values.successorOf(value)
  return value
}

test('a token says its family and its place in it, in every process that has the secret', () => {
  const first = values.first()
  const found = sameSecret.read(first)
  assert.equal(found?.generation, 1)
  for (const generation of [2, 3, 300]) {
    const value = nth(first, generation)
    assert.deepEqual(sameSecret.read(value), { family: found.family, generation })
    assert.equal(sameSecret.successorOf(value), values.successorOf(value))
  }
  assert.notEqual(values.read(values.first())?.family, found.family)
})

test('requirement 33: a token has 256 bits that are in no record, and 256 that only we can compute', () => {
  const first = values.first()
  assert.match(first, /^nfr1_[\w-]{43}[0-9a-f]{8}[\w-]{43}$/)
  const next = values.successorOf(first)
  assert.equal(next.slice(0, 48), first.slice(0, 48), 'the part of the family')
  assert.notEqual(next.slice(-43), first.slice(-43))
  assert.equal(first.includes(values.read(first)?.family ?? 'none'), false)
})

test('what we have not made says nothing: nothing with another letter, and nothing of another secret', () => {
  const value = nth(values.first(), 2)
  for (let at = 0; at < value.length; at += 1) {
    for (const letter of ['A', '0', '_', value.charAt(at).toUpperCase(), value.charAt(at) === 'B' ? 'C' : 'B']) {
      const forged = value.slice(0, at) + letter + value.slice(at + 1)
      if (forged !== value) assert.equal(values.read(forged), undefined, `${at} ${letter}`)
    }
  }
  const other = values.first()
  for (const forged of [
    '',
    value.slice(0, -1),
    `${value}A`,
    `${value}\n`,
    value.slice(0, 56) + other.slice(56),
    other.slice(0, 48) + value.slice(48),
    values.first().slice(0, 48) + value.slice(48, 56),
    otherSecret.first(),
  ])
    assert.equal(values.read(forged), undefined, forged)
  assert.equal(otherSecret.read(value), undefined)
})

test('a token of a former release is followed by the first of a family, the same for everybody', () => {
  const former = randomToken()
  assert.equal(values.isFormer(former), true)
  const successor = values.successorOf(former)
  assert.equal(values.isFormer(successor), false)
  assert.equal(sameSecret.successorOf(former), successor)
  assert.equal(values.read(successor)?.generation, 1)
  assert.notEqual(values.successorOf(randomToken()), successor)
  assert.notEqual(otherSecret.successorOf(former), successor)
})

test('the part of the family alone is no token of a former release', () => {
  const first = values.first()
  const part = first.slice(5, 48)
  assert.equal(values.isFormer(part), true, 'it looks like one')
  assert.notEqual(values.read(first)?.family, sha256(part), 'and leads elsewhere')
})

test('nothing is made before the secret is loaded', () => {
  const early = createRefreshValues(async () => secret)
  assert.throws(() => early.first(), /not loaded/)
  assert.throws(() => early.read(values.first()), /not loaded/)
})
