import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { Secret } from '#kernel/secret.ts'
import { createDevices } from './devices.ts'
import { normaliseEmail } from './email.ts'
import { nameProblem, tidyName } from './name.ts'
import { type Account, credentialOf } from './schemas.ts'

const call = systemCall('accounts-test')

test('an address has one spelling, whatever was typed', () => {
  assert.equal(normaliseEmail('  Ada@Example.ORG '), 'ada@example.org')
  assert.equal(normaliseEmail('ada@m\u00fcller.example'), 'ada@xn--mller-kva.example')
  assert.equal(normaliseEmail('a.d.a+diary@example.org'), 'a.d.a+diary@example.org')
})

test('what is no address has none', () => {
  const typed = [
    '',
    'ada',
    '@example.org',
    'ada@',
    'ada@localhost',
    'ada@example.org\nBcc: eve@example.org',
    'ada@@example.org',
    'a b@example.org',
    'ad\u0430@example.org',
    `${'x'.repeat(250)}@example.org`,
    `${'x'.repeat(65)}@example.org`,
  ]
  for (const text of typed) assert.equal(normaliseEmail(text), undefined, text)
})

test('a name is one tidy line', () => {
  assert.equal(tidyName('  Ada   Lovelace '), 'Ada Lovelace')
  for (const name of ['Ada', 'Nguy\u1ec5n', '\u5c71\u7530', "O'Neill <3", 'x'.repeat(80)]) assert.equal(nameProblem(name), undefined, name)
  for (const name of ['', '  ', 'x'.repeat(81), 'Ada\u202eecalevoL', 'Ada\u0000', 'Ada\u001b[31m'])
    assert.ok(nameProblem(name), JSON.stringify(name))
})

test('a device is known for the address that it signed in to and for what it proved, and for nothing else', async () => {
  const ada = { id: '1', email: 'ada@example.org', name: 'Ada', password: 'hash 1', createdAt: 0 }
  let stored: Account | undefined = ada
  let asked = 0
  const findByEmail = async (): Promise<Account | undefined> => {
    asked += 1
    return stored
  }
  const accounts = { findByEmail }
  const devices = createDevices({ keyRing: createKeyRing(new Secret(randomToken())), accounts })
  const value = devices.remember({ accountId: '1', email: 'ada@example.org', credential: credentialOf(ada) }, 1)
  assert.ok(await devices.recognise(call, 'ada@example.org', value))
  for (const changed of [{ password: 'hash 2' }, { waysVersion: 1 }, { id: '2' }]) {
    stored = { ...ada, ...changed }
    assert.equal(await devices.recognise(call, 'ada@example.org', value), undefined, JSON.stringify(changed))
  }
  stored = undefined
  assert.equal(await devices.recognise(call, 'ada@example.org', value), undefined)
  stored = ada
  asked = 0
  assert.equal(await devices.recognise(call, 'eve@example.org', value), undefined)
  for (const forged of [undefined, '', '.', value.slice(0, -1), `x${value}`, `${value}.x`, value.split('.')[0]]) {
    assert.equal(await devices.recognise(call, 'ada@example.org', forged), undefined, forged)
  }
  const elsewhere = createDevices({ keyRing: createKeyRing(new Secret(randomToken())), accounts })
  assert.equal(await elsewhere.recognise(call, 'ada@example.org', value), undefined)
  assert.equal(asked, 0, 'the clock tells whoever has no mark of ours nothing about the address')
})

test('a browser in which both steps were proved stays known for both, until what was proved is no more', async () => {
  const ada = { id: '1', email: 'ada@example.org', name: 'Ada', password: 'hash 1', createdAt: 0 }
  let stored: Account = ada
  const devices = createDevices({ keyRing: createKeyRing(new Secret(randomToken())), accounts: { findByEmail: async () => stored } })
  const owner = { accountId: '1', email: 'ada@example.org', credential: credentialOf(ada) }
  const steps = async (value: string): Promise<number | undefined> => (await devices.recognise(call, 'ada@example.org', value))?.steps
  const one = devices.remember(owner, 1)
  const both = devices.remember(owner, 2, one)
  assert.deepEqual([await steps(one), await steps(both)], [1, 2])
  assert.equal(await steps(devices.remember(owner, 1, both)), 2, 'as much as it was worth')
  assert.equal(await steps(devices.remember(owner, 1, one)), 1)
  const [name = '', , code = ''] = both.split('.')
  const other = { accountId: '2', email: 'eve@example.org', credential: owner.credential }
  stored = { ...ada, id: '2', email: 'eve@example.org' }
  assert.equal((await devices.recognise(call, 'eve@example.org', devices.remember(other, 1, both)))?.steps, 1, 'of somebody else')
  stored = { ...ada, password: 'hash 2' }
  const renewed = { ...owner, credential: credentialOf(stored) }
  assert.equal(await steps(devices.remember(renewed, 1, both)), 1, 'from before the password was changed')
  assert.equal(await steps(`${name}.${devices.remember(renewed, 1).split('.')[1] ?? ''}.${code}`), undefined)
})
