// Passkeys with an authenticator in software: what is taken, and everything that is not.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Answer } from '#kernel/http/route.ts'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { ChallengePlace } from '../../src/auth/passkeys/challenges.ts'
import { createPasskeys, type PasskeysParts } from '../../src/auth/passkeys/create.ts'
import { createPasskeysRepository } from '../../src/auth/passkeys/repository.ts'
import type { Passkey, UsedChallenge } from '../../src/auth/passkeys/schemas.ts'
import type { Passkeys } from '../../src/auth/passkeys/service.ts'
import { fieldProblem } from '../../src/auth/texts/problem.ts'
import { type AccountsWorld, call, cookiesAfter, openAccounts, ORIGIN } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { type Ceremony, SoftAuthenticator } from '../support/authenticator.ts'
import { until } from '../support/until.ts'

let world: AccountsWorld
let count = 0
const by = { client: 'client-1', device: 'Firefox on Linux' }
const rpId = new URL(ORIGIN).hostname
const here: ChallengePlace = { purpose: 'sign-in', browser: 'this browser', subject: 'u1' }

before(async () => {
  world = await openAccounts()
})
after(() => world.stop())

interface Owner {
  readonly accountId: string
  readonly email: string
  readonly name: string
}

async function person(): Promise<Owner> {
  const { accountId, email } = await world.person({ email: `passkey-${(count += 1)}@example.org` })
  return { accountId, email, name: 'Ada' }
}

const placeFor = ({ accountId }: Owner): ChallengePlace => ({ purpose: 'add', browser: 'this browser', subject: accountId })

const credentialOf = async ({ accountId }: Owner): Promise<string> => (await world.accounts.find(call, accountId))?.credential ?? ''

interface Made {
  readonly device?: SoftAuthenticator
  readonly ceremony?: Partial<Ceremony>
  readonly name?: string
  readonly credential?: string
  readonly passkeys?: Passkeys
}

async function add(owner: Owner, made: Made = {}) {
  const { device = new SoftAuthenticator(), ceremony = {}, name = 'My phone', passkeys = world.running.passkeys } = made
  const place = placeFor(owner)
  const { challenge } = await passkeys.creationOptions(call, owner, place)
  const answer = device.create({ challenge, origin: ORIGIN, rpId, ...ceremony })
  const { credential = await credentialOf(owner) } = made
  return { device, added: await passkeys.add(call, { ...owner, credential }, { place, answer, name, client: 'client-1', by }) }
}

async function challengeAt(place: ChallengePlace): Promise<string> {
  return (await world.running.passkeys.requestOptions(call, place)).challenge
}

async function signIn(device: SoftAuthenticator, ceremony: Partial<Ceremony> = {}, place = here): Promise<string | undefined> {
  const challenge = await challengeAt(here)
  const answer = device.get({ challenge, origin: ORIGIN, rpId, ...ceremony })
  return (await world.running.passkeys.prove(call, { place, answer, client: `client-${(count += 1)}`, by }))?.accountId
}

const kept = async ({ accountId }: Owner): Promise<readonly Passkey[]> => world.running.passkeys.list(call, accountId)

/** What the owner has been told of, once that is among it: events of one account come in order. */
function told({ accountId }: Owner, last: string): Promise<readonly string[]> {
  return until(`the event ${last}`, async () => {
    const types = (await world.securityEvents.list(call, accountId, { limit: 20 })).items.map(({ type }) => type)
    return types.some((type) => type === last) && types
  })
}

test('requirement 72: people have several passkeys, each signs in alone, and their backup state is kept', async () => {
  const owner = await person()
  const phone = await add(owner, { name: 'Phone', ceremony: { backedUp: true, counter: 0 } })
  world.clock.advance(1)
  const key = await add(owner, { name: 'Key' })
  assert.deepEqual(
    (await kept(owner)).map(({ name, backupEligible, backedUp, lastUsedAt }) => ({ name, backupEligible, backedUp, lastUsedAt })),
    [
      { name: 'Phone', backupEligible: true, backedUp: true, lastUsedAt: undefined },
      { name: 'Key', backupEligible: false, backedUp: false, lastUsedAt: undefined },
    ],
  )
  assert.equal(
    await signIn(phone.device, { counter: 0, backupEligible: true, backedUp: false, userHandle: owner.accountId }),
    owner.accountId,
  )
  assert.equal(await signIn(phone.device, { counter: 0, backedUp: true }), owner.accountId, 'those that do not count stay at nought')
  assert.equal(await signIn(key.device), owner.accountId)
  const [first, second] = await kept(owner)
  assert.equal(first?.lastUsedAt, world.clock.now())
  assert.equal(second?.counter, 2)
  await told(owner, 'passkey.added')
})

const cookies = { '__Host-Http-here': 'x'.repeat(43) }

function signedIn({ accountId }: Owner): void {
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
}

/** What the account page says of each passkey, by its name. */
async function shownOf(owner: Owner): Promise<Record<string, string>> {
  signedIn(owner)
  const { text } = await world.visit({ path: '/account', cookies })
  const section = /<section class="sheet" id="passkeys"[\s\S]*?<\/section>/.exec(text)?.[0] ?? assert.fail('no passkeys')
  const rows = section.matchAll(/<strong class="wrap">([^<]*)<\/strong><\/p>\n<p class="soft small">(.*?)<\/p>/g)
  return Object.fromEntries(Array.from(rows, ([, name = '', words = '']) => [name, words.replaceAll(/<[^>]*>/g, '')]))
}

test('a passkey is called after its browser in the language of the page until its owner says otherwise', async () => {
  signedIn(await person())
  for (const [language, name] of [
    ['de', 'Firefox unter Linux'],
    ['en', 'Firefox on Linux'],
  ]) {
    const { text } = await world.visit({
      path: '/account/passkeys/add',
      cookies: { ...cookies, '__Host-Http-language': language ?? '' },
      headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' },
    })
    assert.ok(text.includes(`value="${name}"`), language)
  }
})

test('requirement 72: the account page says of each passkey where it is kept and when it was used', async () => {
  const owner = await person()
  const synced = await add(owner, { name: 'Synced', ceremony: { backedUp: true, counter: 0 } })
  await add(owner, { name: 'Syncable', ceremony: { backupEligible: true } })
  await add(owner, { name: 'Key' })
  assert.deepEqual(await shownOf(owner), {
    Synced: 'added just now, never used; kept by your password manager',
    Syncable: 'added just now, never used; can be kept by your password manager, but is not',
    Key: 'added just now, never used; on one device only',
  })
  // Synchronisation was switched off at the device since.
  await signIn(synced.device, { counter: 0, backupEligible: true, backedUp: false, userHandle: owner.accountId })
  assert.equal((await shownOf(owner))['Synced'], 'added just now, last used just now; can be kept by your password manager, but is not')
})

test('people give a passkey another name, and what cannot be one is marked at that passkey', async () => {
  const [owner, other] = [await person(), await person()]
  const { added, device } = await add(owner, { name: 'Phone' })
  await add(owner, { name: 'Key' })
  const rename = (id: string | undefined, name: string) =>
    world.visit({ path: `/account/passkeys/${encodeURIComponent(id ?? '')}/name`, cookies, form: { name } })
  const names = async () => (await kept(owner)).map(({ name }) => name).toSorted()
  signedIn(owner)
  const renamed = await rename(added?.id, '  Old   phone ')
  assert.equal(renamed.headers?.['location'], '/account?done=passkey-renamed')
  const then = { path: '/account?done=passkey-renamed', cookies: { ...cookies, ...cookiesAfter(renamed) } }
  assert.match((await world.visit(then)).text, /The passkey has its new name\./)
  assert.deepEqual(Object.keys(await shownOf(owner)).toSorted(), ['Key', 'Old phone'])
  for (const [name, words] of [
    ['x'.repeat(81), 'Use at most 80 characters.'],
    ['x\u202ey', 'There is a character in it that cannot be shown.'],
  ] as const) {
    const refused = await rename(added?.id, name)
    assert.equal(refused.status, 422)
    const marked = refused.text.match(/<details[^>]* open>[\s\S]*?<\/details>/g) ?? []
    assert.equal(marked.length, 1, 'and at no other')
    assert.match(marked[0] ?? '', new RegExp(`action="/account/passkeys/${added?.id}/name"[\\s\\S]*aria-invalid="true"[\\s\\S]*${words}`))
  }
  // Of somebody else, and one that was removed meanwhile.
  signedIn(other)
  assert.equal((await rename(added?.id, 'Mine now')).headers?.['location'], '/account')
  world.engine.signedInAs = undefined
  assert.match(String((await rename(added?.id, 'Nobody')).headers?.['location']), /^\/authorize/)
  assert.deepEqual(await names(), ['Key', 'Old phone'])
  assert.equal(await signIn(device), owner.accountId, 'a name is all that has changed')
})

test('requirement 72: without user verification a passkey neither is added nor signs in', async () => {
  const owner = await person()
  assert.equal((await add(owner, { ceremony: { verified: false } })).added, undefined)
  assert.deepEqual(await kept(owner), [])
  const { device } = await add(owner)
  assert.equal(await signIn(device, { verified: false }), undefined)
  assert.equal((await kept(owner))[0]?.lastUsedAt, undefined)
})

test('requirement 72: a count that goes back is noticed: refused, marked, and told of', async () => {
  const owner = await person()
  const { device } = await add(owner)
  assert.equal(await signIn(device, { counter: 10 }), owner.accountId)
  assert.equal(await signIn(device, { counter: 9 }), undefined)
  assert.equal(await signIn(device, { counter: 10 }), undefined)
  const [marked] = await kept(owner)
  assert.equal(marked?.copySuspectedAt, world.clock.now())
  assert.equal(marked?.counter, 10)
  await told(owner, 'passkey.copy_suspected')
  assert.equal(await signIn(device, { counter: 11 }), owner.accountId, 'its owner is not locked out')
})

test('an answer of another origin or for another relying party is refused', async () => {
  const owner = await person()
  const { device } = await add(owner)
  const wrong: readonly Partial<Ceremony>[] = [
    { origin: 'https://accounts.example.org.evil.example' },
    { origin: 'https://app.example.org' },
    { origin: 'http://accounts.example.org' },
    { rpId: 'example.org' },
    { rpId: 'evil.example' },
  ]
  for (const ceremony of wrong) {
    assert.equal(await signIn(device, ceremony), undefined, JSON.stringify(ceremony))
    assert.equal((await add(owner, { ceremony })).added, undefined, JSON.stringify(ceremony))
  }
  assert.equal((await kept(owner)).length, 1)
  assert.equal((await kept(owner))[0]?.lastUsedAt, undefined)
})

test('a challenge counts where it was given: in this browser, this interaction, for this purpose, and for ten minutes', async () => {
  const owner = await person()
  const { device } = await add(owner)
  const elsewhere: readonly ChallengePlace[] = [
    { ...here, browser: 'another browser' },
    { ...here, subject: 'u2' },
    { ...here, purpose: 'add' },
  ]
  for (const place of elsewhere) assert.equal(await signIn(device, {}, place), undefined, JSON.stringify(place))
  assert.equal(await signIn(device, { challenge: Buffer.from('made by a stranger').toString('base64url') }), undefined)
  const old = await challengeAt(here)
  world.clock.advance(10 * 60_000)
  assert.equal(await signIn(device, { challenge: old }), undefined)
  assert.equal(await signIn(device), owner.accountId)
})

test('an answer signs in once, however many send it at once', async () => {
  const owner = await person()
  const { device, added } = await add(owner)
  const challenge = await challengeAt(here)
  const answer = device.get({ challenge, origin: ORIGIN, rpId })
  const proofs = await Promise.all(
    Array.from({ length: 20 }, (_, index) => world.running.passkeys.prove(call, { place: here, answer, client: `racer-${index}`, by })),
  )
  assert.equal(proofs.filter((proof) => proof !== undefined).length, 1)
  // Another answer to the same challenge is none either.
  assert.equal(await signIn(device, { challenge }), undefined)
  await world.running.passkeys.remove(call, { id: added?.id ?? '', accountId: owner.accountId, by })
  assert.ok(!(await told(owner, 'passkey.removed')).includes('passkey.copy_suspected'), 'a repetition is no copy')
})

test('a passkey that was removed opens nothing, and what it had opened halfway does not go on', async () => {
  const owner = await person()
  const { device, added } = await add(owner)
  const before = await world.accounts.find(call, owner.accountId)
  assert.equal(await world.running.passkeys.remove(call, { id: added?.id ?? '', accountId: owner.accountId, by }), 'removed')
  assert.equal(await signIn(device), undefined)
  assert.notEqual((await world.accounts.find(call, owner.accountId))?.credential, before?.credential)
  await told(owner, 'passkey.removed')
  await until('a mail about it', () => world.mails.some(({ to, template }) => to === owner.email && template === 'passkey-removed'))
})

/** The same on the same data, in an app that has no other way in, with something in between. */
function passkeysWith(between: Partial<PasskeysParts>): Passkeys {
  const { database, clock, accounts, running } = world
  return createPasskeys({
    database,
    keyRing: createKeyRing(new Secret(randomToken())),
    clock,
    logger: createLogger({ level: 'error' }),
    throttle: running.shared.throttle,
    accounts,
    origin: ORIGIN,
    productName: 'Pixel Diary',
    hasOtherWay: async () => false,
    ...between,
  })
}

test('of two tabs that remove the last two passkeys one is told that it is the last, whatever is read first', async () => {
  const owner = await person()
  const { accountId } = owner
  const [first, second] = [await add(owner), await add(owner)]
  const gone = (id: string | undefined) => ({ id: id ?? '', accountId, by })
  const other = passkeysWith({})
  let overtaken = false
  const held = passkeysWith({
    accounts: {
      async find(...asked) {
        // Longer than the passkeys take, and longer than the other tab takes for all of it.
        await delay(20)
        if (!overtaken) assert.equal(await other.remove(call, gone(first.added?.id)), 'removed')
        overtaken = true
        return await world.accounts.find(...asked)
      },
    },
  })
  assert.equal(await held.remove(call, gone(second.added?.id)), 'last')
  assert.deepEqual(
    (await kept(owner)).map(({ id }) => id),
    [second.added?.id],
  )
})

test('nobody renames or removes the passkey of somebody else, or signs in with it as somebody else', async () => {
  const [owner, thief] = [await person(), await person()]
  const { device, added } = await add(owner)
  const { passkeys } = world.running
  const theirs = { id: added?.id ?? '', accountId: thief.accountId }
  assert.equal(await passkeys.rename(call, theirs, 'Mine now'), false)
  assert.equal(await passkeys.remove(call, { ...theirs, by }), 'unknown')
  assert.equal((await add(thief, { device })).added, undefined, 'one credential has one owner')
  assert.equal(await signIn(device, { userHandle: thief.accountId }), undefined)
  const answer = device.get({ challenge: await challengeAt(here), origin: ORIGIN, rpId })
  assert.equal(await passkeys.prove(call, { place: here, answer, client: 'c', by }, thief.accountId), undefined)
  assert.equal((await kept(owner))[0]?.name, 'My phone')
})

test('suspended people and answers that are none are refused like unknown passkeys, and nothing is written', async () => {
  const owner = await person()
  const { device } = await add(owner)
  const { passkeys } = world.running
  for (const answer of ['', '{}', 'null', '[]', '{"id":"x"}', 'x'.repeat(5000)])
    assert.equal(await passkeys.prove(call, { place: here, answer, client: 'odd', by }), undefined, answer.slice(0, 20))
  assert.equal(await signIn(new SoftAuthenticator()), undefined)
  const accounts = world.database.collection(accountsCollection)
  await accounts.update(call, owner.accountId, { set: { suspendedAt: 1 } })
  assert.equal(await signIn(device), undefined)
  assert.equal((await kept(owner))[0]?.counter, 1)
  await accounts.update(call, owner.accountId, { set: { suspendedAt: undefined } })
  assert.equal(await signIn(device), owner.accountId)
})

test('a passkey is made on the way in as long as the credential is what the first step has proved', async () => {
  const owner = await person()
  const credential = (await world.accounts.find(call, owner.accountId))?.credential ?? ''
  const at = async (proved: string) => {
    const half = { accountId: owner.accountId, credential: proved, next: { kind: 'enrol', totp: false, passkey: true } } as const
    world.engine.current = { ...SIGN_IN, half }
    const page = await world.visit({ path: '/interaction/u1', cookies })
    const challenge = challengeIn(page.answer)
    const answer = new SoftAuthenticator().create({ challenge, origin: ORIGIN, rpId })
    await world.visit({ path: '/interaction/u1/passkey/add', cookies, form: { name: 'Mine', answer } })
    return (await kept(owner)).length
  }
  assert.equal(await at('of the password before'), 0)
  assert.equal(await at(credential), 1)
})

test('a passkey whose request was held up over a new password, or over a block, is not added', async () => {
  const accounts = world.database.collection(accountsCollection)
  for (const set of [{ password: 'another one' }, { waysVersion: 7 }, { suspendedAt: 1 }]) {
    const owner = await person()
    const credential = await credentialOf(owner)
    await accounts.update(call, owner.accountId, { set })
    assert.equal((await add(owner, { credential })).added, undefined)
    assert.deepEqual(await kept(owner), [])
  }
})

test('the account that a passkey is added to is the one that was looked at, to the last moment', async () => {
  const accounts = world.database.collection(accountsCollection)
  for (const set of [{ password: 'another one' }, { waysVersion: 7 }, { suspendedAt: 1 }]) {
    const owner = await person()
    const credential = await credentialOf(owner)
    const commit: typeof world.database.commit = async (...written) => {
      await accounts.update(call, owner.accountId, { set })
      return world.database.commit(...written)
    }
    const repository = createPasskeysRepository({ ...world.database, commit })
    const { passkey, challenge } = unstored(owner)
    assert.equal(await repository.add(call, passkey, { credential, challenge, most: 20, events: [] }), 'moved')
    assert.deepEqual(await kept(owner), [])
    await accounts.update(call, owner.accountId, { set: { suspendedAt: undefined } })
    const now = await credentialOf(owner)
    const late = createPasskeysRepository(world.database)
    const again = { credential: now, challenge, most: 20, events: [] }
    assert.equal(await late.add(call, passkey, again), 'done', 'the challenge was not used up')
  }
})

test('of two who add the twentieth passkey at once one is told that there is no room; of many, all for whom there is none', async () => {
  const [owner, other] = [await person(), await person()]
  for (let more = 0; more < 19; more += 1) await add(owner)
  let overtaken = false
  const commit: typeof world.database.commit = async (...written) => {
    if (!overtaken) {
      overtaken = true
      await add(owner)
    }
    return world.database.commit(...written)
  }
  const held = passkeysWith({ database: { ...world.database, commit } })
  await assert.rejects(add(owner, { passkeys: held }), { fields: [fieldProblem('name', 'passkeys_many')] })
  assert.equal((await kept(owner)).length, 20)
  const tries = await Promise.allSettled(Array.from({ length: 26 }, () => add(other)))
  assert.deepEqual([tries.filter(({ status }) => status === 'rejected').length, (await kept(other)).length], [6, 20])
})

function unstored({ accountId }: Owner): { passkey: Passkey; challenge: UsedChallenge } {
  const id = `unstored-${accountId}`
  const made = { credentialId: id, publicKey: 'AA', counter: 0, transports: [], backupEligible: false, backedUp: false, aaguid: '' }
  const passkey = { id, accountId, ...made, name: 'Mine', createdAt: world.clock.now() }
  return { passkey, challenge: { id, expiresAt: world.clock.now() + 60_000 } }
}

test('adding a passkey in a session that has ended meanwhile adds none', async () => {
  const owner = await person()
  signedIn(owner)
  const page = await world.visit({ path: '/account/passkeys/add', cookies })
  const answer = new SoftAuthenticator().create({ challenge: challengeIn(page.answer), origin: ORIGIN, rpId })
  const { browserSession } = world.engine
  let looks = 0
  world.engine.browserSession = (exchange) =>
    browserSession(exchange).finally(() => (looks += 1) === 1 && world.engine.sessionList.splice(0))
  const sent = await world.visit({ path: '/account/passkeys/add', cookies, form: { name: 'Mine', answer } })
  world.engine.browserSession = browserSession
  assert.match(String(sent.headers?.['location']), /^\/authorize/)
  assert.deepEqual(await kept(owner), [])
})

test('whoever presses twice to add a passkey has added one, and is told so twice; another answer to the same is none', async () => {
  const owner = await person()
  for (let more = 0; more < 19; more += 1) await add(owner)
  signedIn(owner)
  const challenge = challengeIn((await world.visit({ path: '/account/passkeys/add', cookies })).answer)
  const device = new SoftAuthenticator()
  const answer = device.create({ challenge, origin: ORIGIN, rpId })
  const send = (sent: string) => world.visit({ path: '/account/passkeys/add', cookies, form: { name: 'Mine', answer: sent } })
  const pressed = [...(await Promise.all([send(answer), send(answer)])), await send(answer)]
  for (const { headers } of pressed) assert.equal(headers?.['location'], '/account?done=passkey-added')
  const mine = (await kept(owner)).filter(({ name }) => name === 'Mine')
  assert.equal(mine.length, 1)
  await world.settled()
  const { items } = await world.securityEvents.list(call, owner.accountId, { limit: 50 })
  assert.equal(items.filter(({ type, about }) => type === 'passkey.added' && about === 'Mine').length, 1)
  const others = new SoftAuthenticator().create({ challenge, origin: ORIGIN, rpId })
  assert.equal((await send(others)).status, 422)
  await world.running.passkeys.remove(call, { id: mine[0]?.id ?? '', accountId: owner.accountId, by })
  for (const late of [answer, others]) assert.equal((await send(late)).status, 422)
  assert.equal((await kept(owner)).length, 19)
})

test('a device makes a passkey only with time enough left to send it', async () => {
  const owner = await person()
  signedIn(owner)
  const show = () => world.visit({ path: '/account/passkeys/add', cookies })
  world.clock.advance(5 * 60_000)
  const page = await show()
  world.clock.advance(1)
  assert.match(String((await show()).headers?.['location']), /^\/authorize\?.*&again$/)
  world.clock.advance(5 * 60_000 - 1)
  const answer = new SoftAuthenticator().create({ challenge: challengeIn(page.answer), origin: ORIGIN, rpId })
  const sent = await world.visit({ path: '/account/passkeys/add', cookies, form: { name: 'Mine', answer } })
  assert.equal(sent.headers?.['location'], '/account?done=passkey-added')
  assert.equal((await kept(owner)).length, 1)
})

function challengeIn({ body }: Answer): string {
  const html = body !== undefined && 'html' in body ? body.html.toString() : ''
  return /&quot;challenge&quot;:&quot;([\w-]+)&quot;/.exec(html)?.[1] ?? ''
}

test('the sign-in page offers passkeys in the email field, and refuses all alike', async () => {
  world.engine.current = SIGN_IN
  const page = await world.visit({ path: '/interaction/u1', cookies })
  assert.match(page.text, /autocomplete="username webauthn"/)
  assert.match(page.text, /data-passkey="get"[^>]*data-autofill hidden>/)
  assert.match(page.text, /<script type="module" src="\/assets\/accounts-[0-9a-f]{16}\.js" nonce="NONCE">/)
  const asked = world.engine.asked.length
  const unknown = new SoftAuthenticator().get({ challenge: await challengeAt(here), origin: ORIGIN, rpId })
  const texts = new Set<string>()
  for (const answer of ['', unknown]) {
    const refused = await world.visit({ path: '/interaction/u1/passkey', cookies, form: { answer } })
    assert.equal(refused.status, 422)
    texts.add(refused.text)
  }
  assert.equal(texts.size, 1)
  assert.equal(world.engine.asked.length, asked)
  const again = await world.visit({ path: '/interaction/u1/passkey', cookies })
  assert.equal(again.status, 200)
  assert.equal(again.headers?.['cache-control'], 'no-store')
})
