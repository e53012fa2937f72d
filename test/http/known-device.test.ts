// Browsers that are known: whom strangers keep out, whom they cannot, and what has to be proved in a browser until it is known.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createKeyRing } from '#kernel/keyring.ts'
import { Secret } from '#kernel/secret.ts'
import { createDevices } from '../../src/auth/accounts/devices.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { credentialOf } from '../../src/auth/accounts/schemas.ts'
import type { Proof } from '../../src/auth/levels.ts'
import { type AccountsWorld, call, openAccounts, tokenIn, type Visited, WENT_ON } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { authorizePath, Browser, openOauth, type OauthWorld, pkce } from '../support/oauth.ts'

const COOKIE = '__Host-Http-known-device'
const HOUR = 3_600_000
const NEXT = 'four quiet river stones'

let world: AccountsWorld
let count = 0

before(async () => {
  world = await openAccounts()
})
after(() => world.stop())

const fresh = (): string => `known-${(count += 1)}@example.org`
const here = { '__Host-Http-here': 'x'.repeat(43) }
const keptIn = ({ cookies }: Visited): Record<string, string> => {
  const value = new RegExp(`${COOKIE}=([^;]+)`).exec(cookies.join('\n'))?.[1]
  return value === undefined ? here : { ...here, [COOKIE]: value }
}
const isIn = ({ headers }: Visited): boolean => headers?.['location'] === WENT_ON

type Cookies = Readonly<Record<string, string>>

function signIn(email: string, password: string, cookies: Cookies): Promise<Visited> {
  world.engine.current = SIGN_IN
  return world.visit({ path: '/interaction/u1/sign-in', form: { email, password }, cookies, client: 'the owner' })
}

/** Strangers close the door of the address, from many places and with every puzzle solved. */
async function closeDoor(email: string): Promise<void> {
  for (let bot = 0; bot < 9; bot += 1)
    await world.accounts.signIn(call, { email, password: `guess ${bot}`, client: `bot-${bot}-${email}` }).catch(() => undefined)
  await assert.rejects(world.accounts.signIn(call, { email, password: 'x', client: 'new place' }), { code: 'auth.too_many_tries' })
}

interface Halfway {
  readonly email: string
  readonly accountId: string
  readonly codes: readonly string[]
  enter(cookies: Cookies, recovery: string, client: string): Promise<Visited>
}

/** Somebody with recovery codes, at the page of the second step. */
async function halfway(): Promise<Halfway> {
  const { email, accountId } = await world.person({ email: fresh() })
  const credential = (await world.accounts.find(call, accountId))?.credential ?? ''
  const by = { client: 'c', device: 'd' }
  const codes = (await world.running.secondFactors.newRecoveryCodes(call, { accountId, credential, by })) ?? []
  const half = { accountId, credential, next: { kind: 'prove', totp: true, recovery: true, passkey: false } } as const
  const enter: Halfway['enter'] = (cookies, recovery, client) => {
    world.engine.current = { ...SIGN_IN, half }
    return world.visit({ path: '/interaction/u1/second-step', form: { way: 'recovery', recovery }, cookies, client })
  }
  return { email, accountId, codes, enter }
}

const closeSecond = async ({ accountId }: Halfway): Promise<void> => {
  const { secondFactors } = world.running
  const guess = (client: string) =>
    secondFactors.proveRecoveryCode(call, { accountId, code: 'aaaa-bbbb', client, by: { client, device: 'd' } })
  for (let thief = 0; thief < 4; thief += 1) await guess(`thief-${thief}-${accountId}`)
  await assert.rejects(guess('another thief'), { code: 'auth.too_many_tries' })
}

test('requirement 69: whoever guesses at the second step cannot keep its owner out of a browser in which both steps were proved', async () => {
  const at = await halfway()
  const [first = '', second = '', third = '', fourth = ''] = at.codes
  const home = keptIn(await at.enter(here, first, 'home'))
  assert.ok(COOKIE in home)
  await closeSecond(at)
  assert.equal((await at.enter(here, second, 'elsewhere')).status, 429)
  assert.ok(isIn(await at.enter(home, second, 'home')))
  const ofOneStep = { ...here, [COOKIE]: await world.deviceOf(at.accountId, 1) }
  assert.equal((await at.enter(ofOneStep, third, 'known for a password')).status, 429)
  // In a known browser nobody guesses for ever either.
  for (let tries = 0; tries < 4; tries += 1) assert.equal((await at.enter(home, 'aaaa-bbbb', `again-${tries}`)).status, 422)
  assert.equal((await at.enter(home, third, 'home')).status, 429)
  world.clock.advance(HOUR)
  assert.ok(isIn(await at.enter(home, third, 'home')))
  world.clock.advance(2 * HOUR)
  // What was proved is no more.
  await closeSecond(at)
  await world.database.collection(accountsCollection).update(call, at.accountId, { set: { waysVersion: 1 } })
  assert.equal((await at.enter(home, fourth, 'home')).status, 429)
})

test('requirement 69: a password that is set by mail lets its owner in, in that browser, while others keep the door closed', async () => {
  const { email, accountId } = await world.person({ email: fresh() })
  await closeDoor(email)
  await world.visit({ path: '/forgot-password', form: { email }, cookies: here })
  const token = tokenIn(await world.mailTo(email, 'reset-password'))
  const refused = await world.visit({ path: '/reset-password', form: { token, password: 'short' }, cookies: here })
  assert.equal(keptIn(refused), here, 'nothing was proved')
  const done = await world.visit({ path: '/reset-password', form: { token, password: NEXT }, cookies: here })
  assert.equal((await signIn(email, NEXT, here)).status, 429)
  assert.ok(isIn(await signIn(email, NEXT, keptIn(done))))
  const mark = await world.running.shared.devices.recognise(call, email, keptIn(done)[COOKIE])
  assert.equal(mark?.steps, 1, `the mailbox of ${accountId} is no second step`)
})

test('a password that is set by mail for an address that was never confirmed lets its owner in just so', async () => {
  const { email, accountId } = await world.person({ email: fresh() })
  await world.database.collection(accountsCollection).update(call, accountId, { set: { emailVerifiedAt: undefined } })
  await world.visit({ path: '/forgot-password', form: { email }, cookies: here })
  const token = tokenIn(await world.mailTo(email, 'reset-password'))
  const done = await world.visit({ path: '/reset-password', form: { token, password: NEXT }, cookies: here })
  await closeDoor(email)
  assert.ok(isIn(await signIn(email, NEXT, keptIn(done))))
})

test('requirement 69: whoever guesses at an address that is new here cannot keep its owner from the first sign-in', async () => {
  const email = fresh()
  await world.visit({ path: '/sign-up', form: { name: 'Ada', email, password: NEXT }, cookies: here })
  const token = tokenIn(await world.mailTo(email))
  const confirmed = await world.visit({ path: '/confirm', form: { token }, cookies: here })
  await closeDoor(email)
  assert.equal((await signIn(email, NEXT, here)).status, 429)
  assert.ok(isIn(await signIn(email, NEXT, keptIn(confirmed))))
})

test('a password that is changed on the account page leaves the browser known for as many steps as before', async () => {
  const { email, accountId, password } = await world.person({ email: fresh() })
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
  let current = password
  for (const steps of [2, 1] as const) {
    const cookies = { ...here, [COOKIE]: await world.deviceOf(accountId, steps) }
    const next = `${NEXT} ${steps}`
    const changed = await world.visit({ path: '/account/password', form: { current, password: next }, cookies })
    assert.equal(changed.headers?.['location'], '/account?done=password')
    const known = await world.running.shared.devices.recognise(call, email, keptIn(changed)[COOKIE])
    assert.equal(known?.steps, steps)
    current = next
  }
})

test('a browser is known when all steps of a sign-in are proved there, never by the password alone', async () => {
  const oauth: OauthWorld = await openOauth()
  try {
    const devices = createDevices({
      keyRing: createKeyRing(new Secret(oauth.masterKey)),
      accounts: {
        findByEmail: async (_call, email) => ({ id: email.split('@')[0] ?? '', email, name: 'Ada', password: 'hash', createdAt: 0 }),
      },
    })
    const stepsIn = async (browser: Browser, account: string): Promise<number | undefined> => {
      const value = browser.cookiesFor('/').find((cookie) => cookie.startsWith(`${COOKIE}=`))
      return (await devices.recognise(call, `${account}@example.org`, value?.slice(COOKIE.length + 1)))?.steps
    }
    const come = async (account: string, by: readonly Proof[], browser = new Browser(oauth)): Promise<number | undefined> => {
      oauth.credentials.set(account, credentialOf({ password: 'hash' }))
      await browser.authorize(authorizePath(pkce().challenge, { extra: { prompt: 'login' } }), { account, by })
      return stepsIn(browser, account)
    }
    oauth.secondFactors.add('person-with-app')
    assert.equal(
      await come(
        'person-with-app',
        Array.from({ length: 12 }, () => 'password' as const),
      ),
      undefined,
    )
    const home = new Browser(oauth)
    assert.equal(await come('person-with-app', ['password', 'totp'], home), 2)
    for (const by of ['password', 'email', 'upstream'] as const) assert.equal(await come(`person-by-${by}`, [by]), 1, by)
    const both = new Browser(oauth)
    assert.equal(await come('person-with-key', ['passkey'], both), 2)
    assert.equal(await come('person-with-key', ['password'], both), 2, 'it stays known for both')
    assert.equal(await come('person-other', ['password'], both), 1, 'by somebody else for one')
  } finally {
    await oauth.stop()
  }
})
