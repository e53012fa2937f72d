import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasSecondStep, signInMethods } from './methods.ts'

test('passwords, passkeys and authenticator apps are on, mail is off', () => {
  assert.deepEqual(signInMethods(), { password: true, passkey: true, totp: true, emailCode: false, magicLink: false, upstream: false })
  assert.equal(signInMethods({ methods: { password: false } }).password, false)
})

test('a definition that lets nobody in does not start', () => {
  assert.throws(() => signInMethods({ methods: { password: false, passkey: false } }), /nobody could sign in/)
  assert.ok(signInMethods({ methods: { password: false, passkey: false, magicLink: true } }))
})

test('a second factor that nobody can have is not asked for', () => {
  const methods = { passkey: false, totp: false }
  assert.throws(() => signInMethods({ methods, secondFactor: { roles: ['admin'] } }), /nobody could set one up/)
  assert.ok(signInMethods({ methods, secondFactor: { roles: [] } }))
  assert.ok(signInMethods({ methods: { totp: false }, secondFactor: { roles: ['admin'] } }))
})

test('a second step is offered where something comes before it', () => {
  const alone = { password: false }
  const upstreams = [{ kind: 'openid', id: 'club', name: 'Club', issuer: 'https://club.example', clientId: 'x' }] as const
  assert.equal(hasSecondStep(signInMethods({ methods: alone })), false, 'a passkey is both at once')
  for (const definition of [
    {},
    { methods: { ...alone, emailCode: true } },
    { methods: { ...alone, magicLink: true } },
    { methods: alone, upstreams },
  ])
    assert.equal(hasSecondStep(signInMethods(definition)), true)
  assert.equal(hasSecondStep(signInMethods({ methods: { passkey: false, totp: false } })), false)
})
