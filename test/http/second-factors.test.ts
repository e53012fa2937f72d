// The second step: authenticator apps, recovery codes, and what pages say of them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { callAs } from '#kernel/call.ts'
import { generate } from 'otplib'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { Interaction } from '../../src/auth/engine.ts'
import { secondStepReset } from '../../src/auth/second-factors/create.ts'
import { codesCollection, createSecondFactorsRepository, LOST, totpCollection } from '../../src/auth/second-factors/repository.ts'
import { recordsOf } from '../support/records.ts'
import { type AccountsWorld, call, openAccounts } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { until } from '../support/until.ts'

let world: AccountsWorld
let count = 0
const by = { client: 'client-1', device: 'Firefox on Linux' }
const here = { '__Host-Http-here': 'x'.repeat(43) }
const STEP_MS = 30_000

before(async () => {
  world = await openAccounts()
})
after(() => world.stop())

const fresh = (): string => `second-${(count += 1)}@example.org`

/** What the app shows now. */
const shown = (key: string): Promise<string> => generate({ secret: key, epoch: Math.floor(world.clock.now() / 1000) })

/** What the page to set one up has. */
const read = (text: string): { key: string; sealed: string } => ({
  key: /<code[^>]*>([A-Z2-7 ]+)<\/code>/.exec(text)?.[1]?.replaceAll(' ', '') ?? assert.fail('no key'),
  sealed: /name="sealed" value="([^"]+)"/.exec(text)?.[1] ?? assert.fail('no form'),
})

const credentialOf = async (accountId: string): Promise<string> => (await world.accounts.find(call, accountId))?.credential ?? ''

async function withApp(): Promise<{ accountId: string; key: string; codes: readonly string[] }> {
  const { accountId } = await world.person({ email: fresh() })
  const { secondFactors } = world.running
  const place = { accountId, browser: 'browser' }
  const { key, sealed } = await secondFactors.enrolment(call, place)
  const credential = await credentialOf(accountId)
  const enabled = await secondFactors.enable(call, { ...place, credential, by }, { sealed, code: await shown(key) })
  assert.ok(typeof enabled === 'object')
  return { accountId, key, codes: enabled.codes }
}

const typed = (accountId: string, code: string, client = 'client-1') => ({ accountId, code, client, by })

test('a code opens once, and none that is older opens after it', async () => {
  const { accountId, key } = await withApp()
  const { secondFactors } = world.running
  assert.equal(await secondFactors.proveTotp(call, typed(accountId, await shown(key))), false, 'the code that turned it on is used')
  world.clock.advance(STEP_MS)
  const code = await shown(key)
  assert.equal(await secondFactors.proveTotp(call, typed(accountId, `${code.slice(0, 3)} ${code.slice(3)}`)), true)
  assert.equal(await secondFactors.proveTotp(call, typed(accountId, code)), false)
})

test('of twenty who send one code at once, one gets in', async () => {
  const { accountId, key } = await withApp()
  world.clock.advance(STEP_MS)
  const code = await shown(key)
  const tries = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => world.running.secondFactors.proveTotp(call, typed(accountId, code, `racer-${index}`))),
  )
  assert.equal(tries.filter((one) => one.status === 'fulfilled' && one.value).length, 1)
})

test('the code of one step before and one after are taken, and no others', async () => {
  const { secondFactors } = world.running
  for (const [steps, taken] of [
    [-2, false],
    [-1, true],
    [1, true],
    [2, false],
  ] as const) {
    const { accountId, key } = await withApp()
    world.clock.advance(10 * STEP_MS)
    const code = await generate({ secret: key, epoch: Math.floor((world.clock.now() + steps * STEP_MS) / 1000) })
    assert.equal(await secondFactors.proveTotp(call, typed(accountId, code)), taken, `${steps} steps away`)
  }
})

test('guessing at codes is slowed down, and recovery codes have a door of their own', async () => {
  const { accountId, key, codes } = await withApp()
  const { secondFactors } = world.running
  world.clock.advance(STEP_MS)
  for (let index = 0; index < 4; index += 1)
    assert.equal(await secondFactors.proveTotp(call, typed(accountId, '000000', `guesser-${index}`)), false)
  await until('the owner hears of it', async () =>
    (await world.securityEvents.list(call, accountId, { limit: 20 })).items.some(({ type }) => type === 'sign_in.failed'),
  )
  await assert.rejects(secondFactors.proveTotp(call, typed(accountId, await shown(key), 'owner')), { code: 'auth.too_many_tries' })
  assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, codes[0] ?? '', 'owner')), true)
  world.clock.advance(STEP_MS + 1)
  assert.equal(await secondFactors.proveTotp(call, typed(accountId, await shown(key), 'owner')), true, 'and the door opens again')
})

test('requirement 72: there are ten recovery codes, each works once, new ones end them all', async () => {
  const { accountId, codes } = await withApp()
  const { secondFactors } = world.running
  assert.equal(new Set(codes).size, 10)
  const [first = '', second = ''] = codes
  assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, first)), true)
  assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, first)), false)
  assert.equal((await secondFactors.state(call, accountId)).unusedCodes, 9)
  const spelled = second.toUpperCase().replace(/.{4}/g, '$& - ').replaceAll('0', 'O').replaceAll('1', 'l')
  const races = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) => secondFactors.proveRecoveryCode(call, typed(accountId, spelled, `racer-${index}`))),
  )
  assert.equal(races.filter((one) => one.status === 'fulfilled' && one.value).length, 1)
  world.clock.advance(60 * 60_000)
  const renewed = (await secondFactors.newRecoveryCodes(call, { accountId, credential: await credentialOf(accountId), by })) ?? []
  assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, codes[2] ?? '')), false)
  assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, renewed[0] ?? '')), true)
  const other = await withApp()
  assert.equal(await secondFactors.proveRecoveryCode(call, typed(other.accountId, renewed[1] ?? '')), false, 'another account has its own')
})

test('an app that is set up when every recovery code is used comes with ten new ones, and with none as long as one is left', async () => {
  const { accountId, codes } = await withApp()
  const { secondFactors } = world.running
  const place = { accountId, browser: 'browser' }
  const setUpAgain = async (): Promise<readonly string[]> => {
    await secondFactors.disable(call, { accountId, by })
    const { key, sealed } = await secondFactors.enrolment(call, place)
    const credential = await credentialOf(accountId)
    const enabled = await secondFactors.enable(call, { ...place, credential, by }, { sealed, code: await shown(key) })
    return typeof enabled === 'object' ? enabled.codes : assert.fail(enabled)
  }
  for (const code of codes.slice(1)) assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, code)), true)
  assert.deepEqual(await setUpAgain(), [])
  assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, codes[0] ?? '')), true)
  const renewed = await setUpAgain()
  assert.equal(new Set(renewed).size, 10)
  assert.equal((await secondFactors.state(call, accountId)).unusedCodes, 10)
  assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, renewed[9] ?? '')), true)
})

test('of two who press at once to turn an app on, both see the same recovery codes, of which each works once', async () => {
  const { accountId } = await world.person({ email: fresh() })
  const { secondFactors } = world.running
  const place = { accountId, browser: 'browser' }
  const { key, sealed } = await secondFactors.enrolment(call, place)
  const press = async (): Promise<readonly string[] | undefined> => {
    const acting = { ...place, credential: await credentialOf(accountId), by }
    const outcome = await secondFactors.enable(call, acting, { sealed, code: await shown(key) })
    return typeof outcome === 'object' ? outcome.codes : (await secondFactors.setUpBy(call, place, sealed))?.codes
  }
  const [codes, others] = await Promise.all([press(), press()])
  assert.equal(new Set(codes).size, 10)
  assert.deepEqual(others, codes)
  assert.equal(await secondFactors.setUpBy(call, { ...place, browser: 'elsewhere' }, sealed), undefined)
  for (const code of codes ?? []) assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, code)), true)
  await secondFactors.disable(call, { accountId, by })
  world.clock.advance(STEP_MS)
  const renewed = await press()
  assert.ok(
    renewed?.length === 10 && renewed.every((code) => codes?.includes(code) === false),
    'the same form makes others at another time',
  )
  world.clock.advance(15 * 60_000)
  assert.equal(await secondFactors.setUpBy(call, place, sealed), undefined)
})

test('neither a key nor a recovery code is stored as it is', async () => {
  const { accountId, key, codes } = await withApp()
  const stored = await recordsOf(world.database, accountId)
  assert.match(stored, /lastStep/)
  assert.ok(!stored.includes(key))
  for (const code of codes) assert.ok(!stored.includes(code))
})

test('a key is taken over by the account and the browser that it was shown to, and while it is fresh', async () => {
  const { secondFactors } = world.running
  const [mine, theirs] = [await world.person({ email: fresh() }), await world.person({ email: fresh() })]
  const { key, sealed } = await secondFactors.enrolment(call, { accountId: mine.accountId, browser: 'here' })
  const code = await shown(key)
  const at = { accountId: mine.accountId, browser: 'here', credential: await credentialOf(mine.accountId), by }
  for (const place of [
    { accountId: theirs.accountId, browser: 'here' },
    { accountId: mine.accountId, browser: 'elsewhere' },
  ])
    assert.equal(
      await secondFactors.enable(call, { ...place, credential: await credentialOf(place.accountId), by }, { sealed, code }),
      'ended',
    )
  assert.equal(await secondFactors.enable(call, at, { sealed, code: '000000' }), 'wrong_code')
  world.clock.advance(15 * 60_000)
  assert.equal(await secondFactors.enable(call, at, { sealed, code: await shown(key) }), 'ended')
  assert.equal((await secondFactors.state(call, mine.accountId)).totpSince, undefined)
})

test('an app that was set up in a request that was held up over a new password, or over a block, counts for nothing', async () => {
  const { secondFactors } = world.running
  const accounts = world.database.collection(accountsCollection)
  for (const set of [{ password: 'another one' }, { waysVersion: 7 }, { suspendedAt: 1 }]) {
    const { accountId } = await world.person({ email: fresh() })
    const credential = await credentialOf(accountId)
    const { key, sealed } = await secondFactors.enrolment(call, { accountId, browser: 'here' })
    const record = { id: accountId, key: 'k', lastStep: 0, createdAt: world.clock.now() }
    const codes = { id: accountId, unused: ['hash'], createdAt: world.clock.now() }
    const commit: typeof world.database.commit = async (...written) => {
      await accounts.update(call, accountId, { set })
      return world.database.commit(...written)
    }
    const racing = createSecondFactorsRepository({ ...world.database, commit })
    assert.equal(await racing.insertTotp(call, record, { credential, codes, events: [] }), false, 'to the last moment')
    assert.equal(
      await secondFactors.enable(call, { accountId, browser: 'here', credential, by }, { sealed, code: await shown(key) }),
      'ended',
    )
    assert.deepEqual(await secondFactors.state(call, accountId), { totpSince: undefined, unusedCodes: 0 })
  }
})

test('recovery codes of a request that was held up over a new password, or over a block, replace none', async () => {
  const { secondFactors } = world.running
  const accounts = world.database.collection(accountsCollection)
  for (const set of [{ password: 'another one' }, { waysVersion: 7 }, { suspendedAt: 1 }]) {
    const { accountId, codes } = await withApp()
    const credential = await credentialOf(accountId)
    const commit: typeof world.database.commit = async (...written) => {
      await accounts.update(call, accountId, { set })
      return world.database.commit(...written)
    }
    const racing = createSecondFactorsRepository({ ...world.database, commit })
    const write = { credential, spent: await racing.findCodes(call, accountId), events: [] }
    assert.equal(await racing.putCodes(call, { id: accountId, unused: [], createdAt: 1 }, write), 'moved', 'to the last moment')
    assert.equal(await secondFactors.newRecoveryCodes(call, { accountId, credential, by }), undefined)
    assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, codes[0] ?? '', `held-up-${accountId}`)), true)
  }
})

test('an app that is set up in a session that has ended meanwhile is not', async () => {
  const { accountId } = await world.person({ email: fresh() })
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
  const page = await world.visit({ path: '/account/second-step', cookies: here })
  const field = (name: string): string => new RegExp(`name="${name}" value="([^"]+)"`).exec(page.text)?.[1] ?? assert.fail(name)
  const key = /<code[^>]*>([A-Z2-7 ]+)<\/code>/.exec(page.text)?.[1]?.replaceAll(' ', '') ?? assert.fail('no key')
  const { browserSession } = world.engine
  let looks = 0
  world.engine.browserSession = (exchange) =>
    browserSession(exchange).finally(() => (looks += 1) === 1 && world.engine.sessionList.splice(0))
  const sent = await world.visit({ path: '/account/second-step', cookies: here, form: { sealed: field('sealed'), code: await shown(key) } })
  world.engine.browserSession = browserSession
  assert.match(String(sent.headers?.['location']), /^\/authorize/)
  assert.deepEqual(await world.running.secondFactors.state(call, accountId), { totpSince: undefined, unusedCodes: 0 })
})

test('an app is set up with time enough to do it, and a page that was open for too long says what to remove from the app', async () => {
  const { accountId } = await world.person({ email: fresh() })
  world.engine.signedInAs = accountId
  const signIn = (): void => {
    const now = world.clock.now()
    world.engine.sessionList.splice(0)
    world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  }
  const path = '/account/second-step'
  const send = async ({ key, sealed }: { key: string; sealed: string }, language = 'en') =>
    await world.visit({ path, cookies: { ...here, '__Host-Http-language': language }, form: { sealed, code: await shown(key) } })
  signIn()
  world.clock.advance(5 * 60_000 + 1)
  assert.match(
    String((await world.visit({ path, cookies: here })).headers?.['location']),
    /^\/authorize\?.*&again$/,
    'before a key is shown',
  )
  signIn()
  world.clock.advance(5 * 60_000)
  const first = read((await world.visit({ path, cookies: here })).text)
  world.clock.advance(15 * 60_000 + 1)
  signIn()
  const late = await send(first)
  assert.equal(late.status, 422)
  assert.match(late.text, /open for too long\. Remove the entry that you have just made in your app/)
  assert.match((await send(first, 'de')).text, /zu lange offen\. Entfernen Sie den Eintrag/)
  const second = read(late.text)
  assert.notEqual(second.key, first.key)
  assert.match((await send(second)).text, /The second step is on/)
  world.engine.sessionList.splice(0)
})

test('on the way in, a set-up that has been overtaken says what to remove from the app, and pressing twice is no mistake', async () => {
  const path = '/interaction/u1/second-step/set-up'
  const { accountId } = await world.person({ email: fresh() })
  const credential = await credentialOf(accountId)
  const enrolling = { accountId, credential, next: { kind: 'enrol', totp: true, passkey: false } } as const
  const at = (half: Interaction['half']): void => void (world.engine.current = half === undefined ? SIGN_IN : { ...SIGN_IN, half })
  const open = async () => read((await world.visit({ path: '/interaction/u1', cookies: here })).text)
  const send = async ({ key, sealed }: { key: string; sealed: string }) =>
    await world.visit({ path, cookies: here, form: { sealed, code: await shown(key) } })
  at(enrolling)
  const old = await open()
  world.clock.advance(15 * 60_000 + 1)
  const late = await send(old)
  assert.equal(late.status, 422)
  assert.match(late.text, /open for too long\. Remove the entry that you have just made in your app/)
  assert.notEqual(read(late.text).key, old.key)
  assert.doesNotMatch(late.text, /autofocus/, 'a phone shows what is said, and the key, before the field')
  const wrong = { sealed: read(late.text).sealed, code: '000000' }
  assert.match((await world.visit({ path, cookies: here, form: wrong })).text, /autofocus/)
  at(undefined)
  const over = await send(old)
  assert.equal(over.status, 422)
  assert.match(over.text, /Sign in once more, and remove the entry/, 'the first step counts no more')
  at(enrolling)
  const [kept, other] = [await open(), await open()]
  const first = await send(kept)
  assert.match(first.text, /Your recovery codes/)
  const codesIn = (text: string): string[] => [...text.matchAll(/<code>([0-9a-z-]{29})<\/code>/g)].map(([, code = '']) => code)
  assert.equal(codesIn(first.text).length, 10)
  for (const half of [
    enrolling,
    { accountId, credential, next: undefined },
    { ...enrolling, next: { kind: 'prove', totp: true, recovery: true, passkey: false } },
  ] as const) {
    at(half)
    // What the form finds is older than what the engine says when asked anew.
    const asked = world.engine.interaction
    if (half === enrolling)
      world.engine.interaction = (exchange) => asked(exchange).finally(() => at({ accountId, credential, next: undefined }))
    const elsewhere = await send(other)
    world.engine.interaction = asked
    assert.match(`${elsewhere.status} ${elsewhere.text}`, /^422 [^]*was set up in another window\. Remove the entry/)
    at(half)
    const again = half === enrolling ? first : await send(kept)
    const due = half.next?.kind === 'prove' ? [] : codesIn(first.text)
    assert.deepEqual([again.status, codesIn(again.text)], [200, due], 'the same, and nothing that would prove what is asked')
    assert.match(again.text, due.length > 0 ? /action="\/interaction\/u1\/go-on"/ : /name="code"/)
  }
  world.engine.signedInAs = accountId
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  const onAccount = async ({ key, sealed }: { key: string; sealed: string }) =>
    await world.visit({ path: '/account/second-step', cookies: here, form: { sealed, code: await shown(key) } })
  assert.match((await onAccount(other)).text, /was set up in another window\. Remove the entry/)
  assert.deepEqual(codesIn((await onAccount(kept)).text), codesIn(first.text))
  assert.equal(await world.running.secondFactors.proveRecoveryCode(call, typed(accountId, codesIn(first.text)[3] ?? '')), true)
  assert.equal((await onAccount(kept)).headers?.['location'], '/account?done=second-step-on', 'who has used one has seen them')
  at({ accountId, credential, next: undefined })
  assert.deepEqual(codesIn((await send(kept)).text), [])
  world.engine.sessionList.splice(0)
  world.engine.asked.splice(0)
})

test('turning it off lets the password in alone again, ends sign-ins under way, and tells the owner', async () => {
  const email = fresh()
  const { accountId } = await world.person({ email })
  const { secondFactors, rules } = world.running
  const place = { accountId, browser: 'browser' }
  const { key, sealed } = await secondFactors.enrolment(call, place)
  await secondFactors.enable(call, { ...place, credential: await credentialOf(accountId), by }, { sealed, code: await shown(key) })
  const asked = { accountId, proofs: ['password'], wanted: 1 } as const
  assert.deepEqual(await rules.nextStep(call, asked), { kind: 'prove', totp: true, recovery: true, passkey: false })
  const before = await world.accounts.find(call, accountId)
  await secondFactors.disable(call, { accountId, by })
  assert.equal(await rules.nextStep(call, asked), undefined)
  assert.notEqual((await world.accounts.find(call, accountId))?.credential, before?.credential)
  for (const wanted of ['totp-enabled', 'totp-disabled'])
    await until(wanted, () => world.mails.some(({ to, template }) => to === email && template === wanted))
  await until('both events', async () => {
    const told = new Set((await world.securityEvents.list(call, accountId, { limit: 20 })).items.map(({ type }) => type))
    return told.has('totp.enabled') && told.has('totp.disabled')
  })
})

test('an app that was lost with the master key still stands between the password and the account, until it is set up anew', async () => {
  const { accountId, key } = await withApp()
  const { secondFactors, rules } = world.running
  await world.database.collection(totpCollection).update(call, accountId, { set: { key: LOST } })
  assert.deepEqual(await secondFactors.state(call, accountId), { totpLost: true, unusedCodes: 10 })
  world.clock.advance(STEP_MS)
  assert.equal(await secondFactors.proveTotp(call, typed(accountId, await shown(key))), false)
  const asked = { accountId, proofs: ['password'], wanted: 1 } as const
  const byCode = { kind: 'prove', totp: false, recovery: true, passkey: false, lost: true }
  for (const wanted of [1, 2, 3] as const) assert.deepEqual(await rules.nextStep(call, { ...asked, wanted }), byCode, `level ${wanted}`)
  await world.database.collection(codesCollection).delete(call, accountId)
  assert.deepEqual(await rules.nextStep(call, asked), byCode, 'nobody sets one up by the password alone, with no codes left either')

  const place = { accountId, browser: 'browser' }
  const { key: other, sealed } = await secondFactors.enrolment(call, place)
  const code = await shown(other)
  const enabled = await secondFactors.enable(call, { ...place, credential: await credentialOf(accountId), by }, { sealed, code })
  assert.equal(typeof enabled === 'object' && enabled.codes.length, 10)
  assert.deepEqual(await rules.nextStep(call, asked), { kind: 'prove', totp: true, recovery: true, passkey: false })
})

test('the page of the second step asks for what the person has, and takes nothing else', async () => {
  const { accountId, key, codes } = await withApp()
  const send = (form: Record<string, string>) => world.visit({ path: '/interaction/u1/second-step', cookies: here, form })
  const half = (next: NonNullable<Interaction['half']>['next']): Interaction => ({ ...SIGN_IN, half: { accountId, credential: '', next } })
  world.clock.advance(STEP_MS)
  world.engine.current = half({ kind: 'prove', totp: true, recovery: true, passkey: false })
  const page = await world.visit({ path: '/interaction/u1', cookies: here })
  assert.match(page.text, /autocomplete="one-time-code"/)
  assert.match(page.text, /name="recovery"/)
  const wrong = await send({ way: 'totp', code: '000000' })
  assert.equal(wrong.status, 422)
  assert.match(wrong.text, /aria-invalid="true"/)
  assert.doesNotMatch(world.engine.asked.at(-1) ?? '', /by totp/)

  // Only a passkey will do: neither code is even looked at.
  world.engine.current = half({ kind: 'prove', totp: false, recovery: false, passkey: true })
  for (const form of [
    { way: 'totp', code: await shown(key) },
    { way: 'recovery', recovery: codes[0] ?? '' },
  ])
    assert.equal((await send(form)).status, 200)
  assert.equal((await world.running.secondFactors.state(call, accountId)).unusedCodes, 10)

  world.engine.current = half({ kind: 'prove', totp: true, recovery: true, passkey: false })
  assert.equal((await send({ way: 'totp', code: await shown(key) })).status, 303)
  assert.equal(world.engine.asked.at(-1), `finishSignIn ${accountId} by totp`)
  assert.equal((await send({ way: 'recovery', recovery: codes[0] ?? '' })).status, 303)
  assert.equal(world.engine.asked.at(-1), `finishSignIn ${accountId} by recovery_code`)
})

test('a code ends half a sign-in with the credential that the first step has proved, not with one that came since', async () => {
  const { accountId, key } = await withApp()
  const credential = await credentialOf(accountId)
  const { finishSignIn } = world.engine
  const finished: string[] = []
  world.engine.finishSignIn = (exchange, who) => {
    finished.push(who.credential)
    return finishSignIn(exchange, who)
  }
  world.engine.current = {
    ...SIGN_IN,
    half: { accountId, credential, next: { kind: 'prove', totp: true, recovery: true, passkey: false } },
  }
  await world.database.collection(accountsCollection).update(call, accountId, { set: { password: 'another one' } })
  world.clock.advance(STEP_MS)
  await world.visit({ path: '/interaction/u1/second-step', cookies: here, form: { way: 'totp', code: await shown(key) } })
  world.engine.finishSignIn = finishSignIn
  assert.notEqual(await credentialOf(accountId), credential)
  assert.deepEqual(finished, [credential])
})

test('without a first step there is no second one to send to', async () => {
  const { accountId, key } = await withApp()
  world.clock.advance(STEP_MS)
  const asked = world.engine.asked.length
  world.engine.current = SIGN_IN
  for (const [path, form, says] of [
    ['second-step', { way: 'totp', code: await shown(key) }, /took too long\. Please sign in once more/],
    ['passkey/add', { name: 'mine', answer: '{}' }, /delete it on your device\. Please sign in once more/],
  ] as const) {
    const { status, text } = await world.visit({ path: `/interaction/u1/${path}`, cookies: here, form })
    assert.equal(status, 422, path)
    assert.match(text, says)
    assert.match(text, /action="\/interaction\/u1\/sign-in"/)
  }
  for (const [path, form] of [
    ['go-on', {}],
    ['start-over', {}],
  ] as const) {
    const answer = await world.visit({ path: `/interaction/u1/${path}`, cookies: here, form })
    assert.equal(answer.headers?.['location'], '/interaction/u1', path)
  }
  assert.equal(world.engine.asked.length, asked)
  assert.equal((await world.running.secondFactors.state(call, accountId)).unusedCodes, 10)
})

test('changing what signs somebody in asks for a recent sign-in first', async () => {
  const { accountId } = await withApp()
  world.engine.signedInAs = accountId
  const session = { id: 'here', accountId, signedInAt: world.clock.now(), lastUsedAt: world.clock.now(), device: 'Firefox on Linux' }
  world.engine.sessionList.push(session)
  world.clock.advance(10 * 60_000 + 1)
  for (const path of ['/account/second-step/remove', '/account/recovery-codes', '/account/passkeys/some/remove']) {
    const answer = await world.visit({ path, cookies: here, form: {} })
    assert.match(String(answer.headers?.['location']), /^\/authorize\?.*&again$/, path)
  }
  for (const path of ['/account/second-step', '/account/passkeys/add']) {
    const answer = await world.visit({ path, cookies: here })
    assert.match(String(answer.headers?.['location']), /^\/authorize\?.*&again$/, path)
  }
  const state = await world.running.secondFactors.state(call, accountId)
  assert.equal(state.unusedCodes, 10)
  assert.ok(state.totpSince !== undefined)
  world.engine.sessionList.splice(0)
})

test('that codes from before work no more is said where there were some', async () => {
  const { accountId } = await world.person({ email: 'first-codes@example.org' })
  world.engine.signedInAs = accountId
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  const made = async (language: string): Promise<string> =>
    (await world.visit({ path: '/account/recovery-codes', cookies: { ...here, '__Host-Http-language': language }, form: {} })).text
  const first = await made('en')
  assert.match(first, /For the day when your device is not at hand\./)
  assert.doesNotMatch(first, /from before/)
  assert.match(await made('de'), /Die bisherigen gelten nicht mehr\./)
  world.engine.sessionList.splice(0)
})

const resetting = (email: string, as = call) =>
  secondStepReset({ ...world.running.shared, database: world.database, engine: world.engine, clock: world.clock })(as, email)

test('an operator takes the second step away from who has lost it: sessions end, and the person is told', async () => {
  const { accountId, codes } = await withApp()
  const email = `second-${count}@example.org`
  const command = callAs(call, { kind: 'system', name: 'account', by: 'ada' })
  assert.deepEqual(await resetting(email.toUpperCase(), command), { accountId, secondStepReset: true })
  const { secondFactors } = world.running
  assert.deepEqual(await secondFactors.state(call, accountId), { totpSince: undefined, unusedCodes: 0 })
  assert.equal(await secondFactors.proveRecoveryCode(call, typed(accountId, codes[0] ?? '')), false)
  assert.equal(world.engine.asked.at(-1), `revokeAccount ${accountId} except none`)
  await until('the mail', () => world.mails.find(({ to, template }) => to === email && template === 'second-step-reset'))
  const told = await until('the event', async () =>
    (await world.securityEvents.list(call, accountId, { limit: 20 })).items.find(({ type }) => type === 'second_step.reset'),
  )
  assert.equal(told.actor, 'account, by ada', 'who did it')
  assert.deepEqual(await resetting(email), { accountId, secondStepReset: false }, 'a second time there is nothing to take')
})

test('a second step is taken away by operators alone, and of nobody by a slip', async () => {
  const { accountId } = await withApp()
  for (const principal of [
    { kind: 'anonymous' },
    { kind: 'user', accountId, sessionId: 's', clientId: 'c', scopes: [], firstParty: true },
  ] as const)
    await assert.rejects(resetting(`second-${count}@example.org`, callAs(call, principal)), /operators/)
  assert.equal(await resetting('nobody-at-all@example.org'), undefined)
  assert.equal(await resetting('no address'), undefined)
  assert.notEqual((await world.running.secondFactors.state(call, accountId)).totpSince, undefined)
})

test('half a sign-in that began before the second step was taken away counts no more', async () => {
  const { accountId } = await withApp()
  const before = (await world.running.accounts.find(call, accountId))?.waysVersion
  await resetting(`second-${count}@example.org`)
  assert.notEqual((await world.running.accounts.find(call, accountId))?.waysVersion, before)
})
