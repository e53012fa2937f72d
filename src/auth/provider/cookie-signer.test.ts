// Cookies of the engine count when one of our keys has signed them, and no others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { Secret } from '#kernel/secret.ts'
import { createCookieSigner } from './cookie-signer.ts'

const [former, present] = [randomToken(), randomToken()]
const signerOf = (...versions: string[]): ReturnType<typeof createCookieSigner> =>
  createCookieSigner(createKeyRing(new Secret(versions.join(' '))))

test('a cookie counts with its own signature, also with one of a former key, and with no other', () => {
  const cookie = '__Host-session=some value'
  const [before, now] = [signerOf(former), signerOf(present, former)]
  const [old, own] = [before.sign(cookie), now.sign(cookie)]
  assert.equal(now.index(cookie, own), 0)
  assert.equal(now.index(cookie, old), 1, 'it is signed anew')
  assert.ok(now.verify(cookie, old))
  assert.notEqual(old, own)
  assert.ok(!before.verify(cookie, own))
  for (const wrong of ['', 'x', own.slice(0, -1), `${own}A`, `${own.startsWith('A') ? 'B' : 'A'}${own.slice(1)}`])
    assert.equal(now.index(cookie, wrong), -1, wrong)
  assert.equal(now.index('__Host-session=another value', own), -1)
  assert.equal(now.index('__Secure-resume=some value', own), -1)
})
