import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { createBrowserPasses } from '#kernel/http/known-browser.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { Secret } from '#kernel/secret.ts'
import { createDevices } from './devices.ts'
import { normaliseEmail, typedAddress } from './email.ts'
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
    // Small, it would be a `k`.
    '\u212aevin@example.org',
    `${'x'.repeat(250)}@example.org`,
    `${'x'.repeat(65)}@example.org`,
  ]
  for (const text of typed) assert.equal(normaliseEmail(text), undefined, text)
})

test('tries are counted for the address that was typed, and for nobody else', () => {
  assert.equal(typedAddress(' Kevin@Example.org'), 'kevin@example.org')
  for (const text of ['\u212aevin@example.org', 'KEVIN']) assert.equal(typedAddress(`${text} `), text)
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
  const [pass = '', mark = ''] = value.split('~')
  for (const forged of [
    undefined,
    '',
    '.',
    '~',
    pass,
    value.slice(0, -1),
    `${pass}~x${mark}`,
    `${value}.x`,
    mark.split('.')[0],
    `x${mark}`,
  ]) {
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
  const markOf = (value: string): string[] => value.split('~')[1]?.split('.') ?? []
  const [name = '', , code = ''] = markOf(both)
  const other = { accountId: '2', email: 'eve@example.org', credential: owner.credential }
  stored = { ...ada, id: '2', email: 'eve@example.org' }
  assert.equal((await devices.recognise(call, 'eve@example.org', devices.remember(other, 1, both)))?.steps, 1, 'of somebody else')
  stored = { ...ada, password: 'hash 2' }
  const renewed = { ...owner, credential: credentialOf(stored) }
  assert.equal(await steps(devices.remember(renewed, 1, both)), 1, 'from before the password was changed')
  assert.equal(await steps(`${name}.${markOf(devices.remember(renewed, 1))[1] ?? ''}.${code}`), undefined)
})

test('a browser keeps marks of the accounts that were signed in to last, one of each, and nothing else that is put into the cookie', async () => {
  const accounts = new Map<string, Account>()
  const devices = createDevices({
    keyRing: createKeyRing(new Secret(randomToken())),
    accounts: { findByEmail: async (_call, email) => accounts.get(email) },
  })
  let value: string | undefined = `planted~${'a'.repeat(22)}.${'b'.repeat(43)}.${'c'.repeat(42)}`
  const enter = (id: string): void => {
    const account = { id, email: `${id}@example.org`, name: id, password: `hash of ${id}`, createdAt: 0 }
    accounts.set(account.email, account)
    value = devices.remember({ accountId: id, email: account.email, credential: credentialOf(account) }, 1, value)
  }
  const known = async (): Promise<string[]> => {
    const found = []
    for (const email of accounts.keys())
      if ((await devices.recognise(call, email, value)) !== undefined) found.push(email.split('@')[0] ?? '')
    return found
  }
  for (const id of ['one', 'two', 'three', 'four', 'one']) enter(id)
  assert.deepEqual(await known(), ['one', 'two', 'three', 'four'])
  assert.equal(value.split('~').length, 5)
  assert.ok(value.length < 600, `${value.length} characters`)
  enter('five')
  assert.deepEqual(await known(), ['one', 'three', 'four', 'five'], 'who was not here for the longest time goes')
})

test('what a browser keeps from before there were several marks is a mark still, and is kept', async () => {
  const ada = { id: '1', email: 'ada@example.org', name: 'Ada', password: 'hash 1', createdAt: 0 }
  const devices = createDevices({ keyRing: createKeyRing(new Secret(randomToken())), accounts: { findByEmail: async () => ada } })
  const [, old] = devices.remember({ accountId: '1', email: ada.email, credential: credentialOf(ada) }, 2).split('~')
  assert.equal((await devices.recognise(call, ada.email, old))?.steps, 2)
  assert.equal(devices.passOf(old), undefined)
  const both = devices.remember({ accountId: '2', email: 'eve@example.org', credential: 'x' }, 1, old)
  assert.equal((await devices.recognise(call, ada.email, both))?.steps, 2)
})

test('a pass is told from an invented one, says nothing of its account, and all of one account are of one', () => {
  const [ours, theirs] = [createKeyRing(new Secret(randomToken())), createKeyRing(new Secret(randomToken()))].map(createBrowserPasses)
  assert.ok(ours !== undefined && theirs !== undefined)
  const [first, second, other] = [ours.make('1'), ours.make('1'), ours.make('2')].map((pass) => ours.read(pass))
  assert.equal(first?.account, second?.account)
  assert.notEqual(first?.name, second?.name)
  assert.notEqual(first?.account, other?.account)
  const [name = '', account = '', code = ''] = ours.make('1').split('.')
  for (const forged of [
    '',
    '..',
    theirs.make('1'),
    `${name}.${other?.account ?? ''}.${code}`,
    `${name}x.${account}.${code}`,
    `${name}.${account}`,
  ])
    assert.equal(ours.read(forged), undefined, forged)
  assert.deepEqual(ours.read(`${name}.${account}.${code}~and more`), { name, account })
})
