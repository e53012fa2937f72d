// What a known browser stays known by: a change that its owner makes in it, another account in it, and strangers behind the same client address.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createBrowserPasses, KNOWN_BROWSER_COOKIE } from '#kernel/http/known-browser.ts'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing, sha256 } from '#kernel/keyring.ts'
import { Secret } from '#kernel/secret.ts'
import { passkeysCollection } from '../../src/auth/passkeys/repository.ts'
import { totpCollection } from '../../src/auth/second-factors/repository.ts'
import { identitiesCollection } from '../../src/auth/upstream/repository.ts'
import { type AccountsWorld, call, openAccounts, ORIGIN, tokenIn, type Visited, WENT_ON } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { SoftAuthenticator } from '../support/authenticator.ts'

let world: AccountsWorld
let count = 0

before(async () => {
  world = await openAccounts({ definition: { methods: { emailCode: true } } })
})
after(() => world.stop())

type Cookies = Readonly<Record<string, string>>

const fresh = (): string => `kept-${(count += 1)}@example.org`
const here = { '__Host-Http-here': 'x'.repeat(43) }
const markIn = ({ cookies }: Visited): string | undefined => new RegExp(`${KNOWN_BROWSER_COOKIE}=([^;]+)`).exec(cookies.join('\n'))?.[1]
const withMark = (mark: string | undefined): Cookies => (mark === undefined ? here : { ...here, [KNOWN_BROWSER_COOKIE]: mark })
const isIn = ({ headers }: Visited): boolean => headers?.['location'] === WENT_ON
const stepsOf = async (email: string, mark: string | undefined): Promise<number | undefined> =>
  (await world.running.shared.devices.recognise(call, email, mark))?.steps

function signIn(email: string, password: string, cookies: Cookies): Promise<Visited> {
  world.engine.current = SIGN_IN
  return world.visit({ path: '/interaction/u1/sign-in', form: { email, password }, cookies, client: 'the owner' })
}

async function closeDoor(email: string): Promise<void> {
  for (let bot = 0; bot < 9; bot += 1)
    await world.accounts.signIn(call, { email, password: `guess ${bot}`, client: `bot-${bot}-${email}` }).catch(() => undefined)
  await assert.rejects(world.accounts.signIn(call, { email, password: 'x', client: 'new place' }), { code: 'auth.too_many_tries' })
}

function beHere(accountId: string): void {
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
}

test('requirement 69: two people who use one browser are both known in it', async () => {
  const [one, two] = [await world.person({ email: fresh() }), await world.person({ email: fresh() })]
  const first = markIn(await signIn(one.email, one.password, here))
  const both = markIn(await signIn(two.email, two.password, withMark(first)))
  await closeDoor(one.email)
  await closeDoor(two.email)
  assert.equal((await signIn(one.email, one.password, here)).status, 429)
  const again = await signIn(one.email, one.password, withMark(both))
  assert.ok(isIn(again))
  assert.ok(isIn(await signIn(two.email, two.password, withMark(markIn(again)))))
})

test('a new password leaves others known in the browser where it was set', async () => {
  const [one, two] = [await world.person({ email: fresh() }), await world.person({ email: fresh() })]
  const first = markIn(await signIn(one.email, one.password, here))
  const both = markIn(await signIn(two.email, two.password, withMark(first)))
  beHere(two.accountId)
  const form = { current: two.password, password: 'four quiet river stones' }
  const changed = markIn(await world.visit({ path: '/account/password', form, cookies: withMark(both) }))
  assert.deepEqual([await stepsOf(one.email, changed), await stepsOf(two.email, changed)], [1, 1])
})

test('requirement 69: the browser in which somebody changes their address stays known, for the new one, and no other does', async () => {
  const { accountId, email, password } = await world.person({ email: fresh() })
  const mark = await world.deviceOf(accountId, 2)
  const other = await world.deviceOf(accountId)
  const [next, last] = [fresh(), fresh()]
  const move = async (to: string, cookies: Cookies): Promise<Visited> => {
    beHere(accountId)
    await world.visit({ path: '/account/email', form: { email: to }, cookies })
    const token = tokenIn(await world.mailTo(to, 'confirm-new-address'))
    const done = await world.visit({ path: '/account/email/confirm', form: { token }, cookies })
    assert.equal(done.headers?.['location'], '/account?done=email')
    return done
  }
  const kept = markIn(await move(next, withMark(mark)))
  assert.equal(await stepsOf(next, kept), 2)
  assert.deepEqual([await stepsOf(next, mark), await stepsOf(next, other), await stepsOf(email, kept)], [undefined, undefined, undefined])
  assert.equal(kept?.split('~').length, 2, 'the mark for the address of before is gone')
  await closeDoor(next)
  assert.ok(isIn(await signIn(next, password, withMark(kept))))
  assert.equal(markIn(await move(last, here)), undefined, 'a stranger stays one')
  assert.equal(markIn(await move(fresh(), withMark(other))), undefined, 'and so does what was known before')
})

const id = 'i'.repeat(43)
const WAYS = [
  [
    '/account/passkeys/:id/remove',
    async (accountId: string) => {
      const made = { credentialId: id, publicKey: 'AA', counter: 0, transports: [], backupEligible: false, backedUp: false, aaguid: '' }
      const passkey = { id: `${accountId}${id}`.slice(0, 43), accountId, ...made, name: 'Mine', createdAt: world.clock.now() }
      await world.database.collection(passkeysCollection).insert(call, passkey)
      return passkey.id
    },
  ],
  [
    '/account/identities/:id/unlink',
    async (accountId: string) => {
      const identity = { id: `u${accountId}${id}`.slice(0, 43), accountId, issuer: 'https://club.example', subject: accountId }
      await world.database.collection(identitiesCollection).insert(call, { ...identity, linkedAt: world.clock.now() })
      return identity.id
    },
  ],
  [
    '/account/second-step/remove',
    async (accountId: string) => {
      const totp = { id: accountId, key: 'sealed', lastStep: 0, createdAt: world.clock.now() }
      await world.database.collection(totpCollection).insert(call, totp)
      return accountId
    },
  ],
] as const

for (const [path, make] of WAYS) {
  test(`requirement 69: whoever takes a way in away stays known where they do it, and nowhere else: ${path}`, async () => {
    const { accountId, email } = await world.person({ email: fresh() })
    const owned = await make(accountId)
    const [mark, other] = [await world.deviceOf(accountId, 2), await world.deviceOf(accountId, 2)]
    beHere(accountId)
    const remove = (cookies: Cookies): Promise<Visited> => world.visit({ path: path.replace(':id', owned), form: {}, cookies })
    const done = await remove(withMark(mark))
    assert.equal(done.status, 303, done.text)
    assert.equal(await stepsOf(email, markIn(done)), 2)
    assert.deepEqual([await stepsOf(email, mark), await stepsOf(email, other)], [undefined, undefined])
    assert.equal(markIn(await remove(withMark(markIn(done)))), undefined, 'nothing was there to take away')
    assert.equal(await stepsOf(email, markIn(done)), 2)
  })
}

test('nobody becomes known by taking a way in away', async () => {
  const { accountId } = await world.person({ email: fresh() })
  const [path, make] = WAYS[0]
  const owned = await make(accountId)
  beHere(accountId)
  const done = await world.visit({ path: path.replace(':id', owned), form: {}, cookies: here })
  assert.equal(done.headers?.['location'], '/account?done=passkey-removed')
  assert.equal(markIn(done), undefined)
})

const junk = JSON.stringify({
  id: 'AAAA',
  rawId: 'AAAA',
  type: 'public-key',
  clientExtensionResults: {},
  response: { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' },
})

test('requirement 69: passkeys that do not hold close no door to a known browser behind the same client address', async () => {
  const { accountId, email } = await world.person({ email: fresh() })
  const rpId = new URL(ORIGIN).hostname
  const key = new SoftAuthenticator()
  const owner = (await world.accounts.find(call, accountId)) ?? assert.fail()
  const place = { purpose: 'add', browser: 'b', subject: accountId } as const
  const { challenge } = await world.running.passkeys.creationOptions(call, { accountId, email, name: 'Ada' }, place)
  const given = {
    place,
    answer: key.create({ challenge, origin: ORIGIN, rpId }),
    name: 'Mine',
    client: 'c',
    by: { client: 'c', device: 'd' },
  }
  assert.ok(await world.running.passkeys.add(call, owner, given))
  world.engine.current = SIGN_IN
  const send = (answer: string, cookies: Cookies): Promise<Visited> =>
    world.visit({ path: '/interaction/u1/passkey', form: { answer }, cookies, client: 'an office' })
  const prove = async (cookies: Cookies): Promise<Visited> => {
    const where = { purpose: 'sign-in', browser: sha256(here['__Host-Http-here']), subject: 'u1' } as const
    const asked = await world.running.passkeys.requestOptions(call, where)
    return send(key.get({ challenge: asked.challenge, origin: ORIGIN, rpId }), cookies)
  }
  const invented = createBrowserPasses(createKeyRing(new Secret(randomToken()))).make(accountId)
  for (let neighbour = 0; neighbour < 31; neighbour += 1) await send(junk, withMark(invented))
  assert.equal((await prove(here)).status, 429)
  assert.equal((await prove(withMark(invented))).status, 429, 'an invented mark has no door')
  const mark = await world.deviceOf(accountId)
  assert.ok(isIn(await prove(withMark(mark))))
  for (let tries = 0; tries < 31; tries += 1) await send(junk, withMark(mark))
  assert.equal((await prove(withMark(mark))).status, 429, 'its own is as narrow')
})

test('requirement 69: mailed codes that are wrong close no door to a browser that is known for the address, and mails come there', async () => {
  const { accountId, email } = await world.person({ email: fresh() })
  const { email: strange } = await world.person({ email: fresh() })
  const mark = await world.deviceOf(accountId)
  const { signIns } = world.byMail
  const client = 'a school'
  for (let neighbour = 0; neighbour < 31; neighbour += 1)
    await signIns.redeemCode(call, { browser: `b${neighbour}`, interaction: 'u1', typed: '000000', client })
  for (let neighbour = 0; neighbour < 61; neighbour += 1)
    await signIns.ask(call, { browser: `b${neighbour}`, interaction: 'u1', email: `neighbour-${neighbour}@example.org`, client })
  const codeAt = async (to: string): Promise<string> => (await world.mailTo(to, 'sign-in-code')).data['code'] ?? ''
  const place = { browser: 'home', interaction: 'u1' }
  const device = mark
  await assert.rejects(signIns.ask(call, { ...place, email: strange, client, device }), { code: 'auth.too_many_tries' })
  await signIns.ask(call, { ...place, email, client, device })
  const typed = await codeAt(email)
  await assert.rejects(signIns.redeemCode(call, { ...place, typed, client }), { code: 'auth.too_many_tries' })
  const signedIn = await signIns.redeemCode(call, { ...place, typed, client, device })
  assert.ok(typeof signedIn === 'object' && signedIn.accountId === accountId)
})
