import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { createKeyRing, createMac, equalSecrets } from './keyring.ts'
import { Secret } from './secret.ts'

const ring = createKeyRing(new Secret(randomBytes(32).toString('base64url')))

test('a sealed value opens in its own place only', () => {
  const sealed = ring.seal('auth', 'accounts/1/totp', 'a secret')
  assert.equal(ring.open('auth', 'accounts/1/totp', sealed), 'a secret')
  assert.equal(ring.open('auth', 'accounts/2/totp', sealed), undefined)
  assert.equal(ring.open('files', 'accounts/1/totp', sealed), undefined)
})

test('a sealed value that was changed anywhere does not open', () => {
  const bytes = Buffer.from(ring.seal('auth', 'here', 'a secret'), 'base64url')
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes)
    changed[index] = (changed[index] ?? 0) ^ 1
    assert.equal(ring.open('auth', 'here', changed.toString('base64url')), undefined, `byte ${index}`)
  }
  assert.equal(ring.open('auth', 'here', ''), undefined)
})

test('another master key opens nothing and derives other keys', () => {
  const other = createKeyRing(new Secret(randomBytes(32).toString('base64url')))
  assert.equal(other.open('auth', 'here', ring.seal('auth', 'here', 'a secret')), undefined)
  assert.notDeepEqual(other.derive('csrf'), ring.derive('csrf'))
  assert.notDeepEqual(ring.derive('cookie'), ring.derive('csrf'))
})

test('a secret does not print itself', () => {
  const secret = new Secret('hunter2')
  assert.ok(!`${String(secret)} ${JSON.stringify({ secret })} ${inspect({ secret })}`.includes('hunter2'))
})

test('secrets are equal only when every byte is', () => {
  assert.equal(equalSecrets('abc', 'abc'), true)
  assert.equal(equalSecrets('abc', 'abd'), false)
  assert.equal(equalSecrets('abc', 'abcd'), false)
})

const keyText = (): string => randomBytes(32).toString('base64url')

test('what a former version of the master key has sealed opens, and is told apart, until the version is taken away', () => {
  const [former, newest] = [keyText(), keyText()]
  const before = createKeyRing(new Secret(former))
  const both = createKeyRing(new Secret(`${newest}\n${former}\n`))
  const after = createKeyRing(new Secret(newest))
  const old = before.seal('auth', 'here', 'a secret')
  assert.equal(both.open('auth', 'here', old), 'a secret')
  assert.equal(both.isOutdated(old), true)
  const fresh = both.seal('auth', 'here', 'a secret')
  assert.equal(both.isOutdated(fresh), false)
  assert.equal(after.open('auth', 'here', fresh), 'a secret')
  assert.equal(after.open('auth', 'here', old), undefined)
  assert.equal(before.open('auth', 'here', fresh), undefined)
  assert.deepEqual(both.deriveAll('csrf'), [after.derive('csrf'), before.derive('csrf')])
  assert.deepEqual(both.derive('csrf'), after.derive('csrf'))
})

test('codes of every version count, and new ones are made with the newest', () => {
  const [former, newest] = [keyText(), keyText()]
  const both = createMac(createKeyRing(new Secret(`${newest} ${former}`)).deriveAll('links'))
  const before = createMac(createKeyRing(new Secret(former)).deriveAll('links'))
  const after = createMac(createKeyRing(new Secret(newest)).deriveAll('links'))
  assert.equal(both.isOf('text', before.make('text')), true)
  assert.equal(both.isOf('other', before.make('text')), false)
  assert.equal(after.isOf('text', both.make('text')), true)
  assert.equal(after.isOf('text', before.make('text')), false)
})
