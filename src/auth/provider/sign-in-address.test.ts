import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { Secret } from '#kernel/secret.ts'
import { returnPath, signInAddress } from './sign-in-address.ts'

const keyRing = createKeyRing(new Secret(randomToken()))
const issuer = 'https://accounts.example'
const roundTrip = (path: string): string =>
  returnPath(keyRing, new URL(signInAddress({ issuer, keyRing }, path), issuer).searchParams.get('state') ?? undefined)

test('comes back to the path that was asked for', () => {
  assert.equal(roundTrip('/account?tab=apps#top'), '/account?tab=apps#top')
})

for (const path of ['https://evil.example/', '//evil.example/', '/\\evil.example', '/\t/evil.example', 'account', '/a\r\nx: y', '/a\\b']) {
  test(`never leads to ${JSON.stringify(path)}`, () => {
    assert.equal(roundTrip(path), '/account')
  })
}

test('a state that was not made here leads to the account page', () => {
  for (const state of [undefined, '', 'x', keyRing.seal('another-purpose', 'state', '/elsewhere')])
    assert.equal(returnPath(keyRing, state), '/account')
})
