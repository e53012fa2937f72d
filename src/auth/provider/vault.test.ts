import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { Secret } from '#kernel/secret.ts'
import { createVault, withoutId } from './vault.ts'

const vault = createVault(createKeyRing(new Secret(randomToken())))

test('a payload opens in its own row and in no other', () => {
  const sealed = vault.seal({ collection: 'codes', id: 'a' }, { accountId: 'person', jti: 'bearer' })
  assert.deepEqual(vault.open({ collection: 'codes', id: 'a' }, sealed), { accountId: 'person', jti: 'bearer' })
  assert.equal(vault.open({ collection: 'codes', id: 'b' }, sealed), undefined)
  assert.equal(vault.open({ collection: 'grants', id: 'a' }, sealed), undefined)
  assert.equal(vault.open({ collection: 'codes', id: 'a' }, `${sealed.slice(0, -2)}AA`), undefined)
  assert.equal(vault.open({ collection: 'codes', id: 'a' }, ''), undefined)
})

test('a bearer value is left out of what is kept', () => {
  assert.deepEqual(withoutId({ accountId: 'person', jti: 'bearer' }), { accountId: 'person' })
})
