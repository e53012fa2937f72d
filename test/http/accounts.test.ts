// Signing up, confirming, signing in and the account page, on a real database: what works, what is refused, and that refusing changes nothing.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sha256 } from '#kernel/keyring.ts'
import { accountsCollection, emailTokensCollection } from '../../src/auth/accounts/repository.ts'
import { type AccountsWorld, call, comparable, cookiesAfter, openAccounts, tokenIn, type Visited } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'

let world: AccountsWorld

before(async () => {
  world = await openAccounts()
})

after(() => world.stop())

let counter = 0
const fresh = (): string => `person-${(counter += 1)}@example.org`
const details = (email: string): { name: string; email: string; password: string } => ({
  name: 'Grace',
  email,
  password: 'a long enough one',
})

/** The browser that signs up, as it names itself from then on. */
const here = { '__Host-Http-here': 'h'.repeat(43) }

test('requirement 70: signs up, confirms by the button behind the mailed link, and signs in', async () => {
  const email = fresh()
  const sent = await world.visit({ path: '/sign-up', cookies: here, form: details(email) })
  assert.equal(sent.status, 303)
  assert.equal(sent.headers?.['location'], '/check-mail')
  const mail = await world.mailTo(email)
  assert.equal(mail.template, 'confirm-address')
  const token = tokenIn(mail)
  const asked = await world.visit({ path: `/confirm?token=${token}`, cookies: here })
  assert.equal(asked.status, 200)
  assert.match(asked.text, new RegExp(email))
  assert.doesNotMatch(asked.text, /type="password"/, 'one press of the button in the browser that signed up')
  assert.equal(
    await world.accounts.signIn(call, { email, password: 'a long enough one', client: 'c' }),
    undefined,
    'looking at the link made no account',
  )
  const confirmed = await world.visit({ path: '/confirm', cookies: here, form: { token } })
  assert.equal(confirmed.headers?.['location'], '/confirmed')
  world.engine.current = SIGN_IN
  const signedIn = await world.visit({
    path: '/interaction/u1/sign-in',
    form: { email: email.toUpperCase(), password: 'a long enough one' },
  })
  assert.equal(signedIn.status, 303)
  assert.equal(signedIn.csrfRenewed, true)
  assert.match(
    signedIn.cookies.join(),
    /^__Host-Http-known-device=[\w-]+\.[\w-]+\.[\w-]+~[\w-]+\.[\w-]+\.[\w-]+; Path=\/; Max-Age=15552000; Secure; HttpOnly; SameSite=Strict$/,
  )
  assert.match(world.engine.asked.at(-1) ?? '', /^finishSignIn /)
})

test('pages that say that something was done say it where it was done, for a while, and by no link', async () => {
  const email = fresh()
  await world.visit({ path: '/sign-up', cookies: here, form: details(email) })
  const done = await world.visit({ path: '/confirm', cookies: here, form: { token: tokenIn(await world.mailTo(email)) } })
  const cookies = cookiesAfter(done)
  for (let load = 0; load < 2; load += 1)
    assert.match((await world.visit({ path: '/confirmed', cookies })).text, /Your address is confirmed/)
  const pages = ['/confirmed', '/goodbye', '/goodbye?days=3', '/reset-password/done']
  for (const path of pages) {
    const led = await world.visit({ path })
    assert.deepEqual([led.status, led.headers?.['location'], led.text], [303, '/account', ''], path)
    if (path !== '/confirmed') assert.equal((await world.visit({ path, cookies })).status, 303, `${path}, where something else was done`)
  }
  world.clock.advance(2 * 60_000)
  assert.equal((await world.visit({ path: '/confirmed', cookies })).status, 303)
})

test('leads back to the authorization that the sign-up began in', async () => {
  const email = fresh()
  const sent = await world.visit({ path: '/interaction/u7/sign-up', cookies: here, form: details(email) })
  assert.equal(sent.headers?.['location'], '/interaction/u7/check-mail')
  const confirmed = await world.visit({ path: '/confirm', cookies: here, form: { token: tokenIn(await world.mailTo(email)) } })
  assert.equal(confirmed.headers?.['location'], '/interaction/u7')
  const cookies = cookiesAfter(confirmed)
  const visit = (path: string, kept = cookies): Promise<Visited> => world.visit({ path, cookies: kept })
  world.engine.current = { ...SIGN_IN, uid: 'u7' }
  assert.match((await visit('/interaction/u7')).text, /Your address is confirmed/)
  const signIn = await visit('/interaction/u7?confirmed=1', {})
  assert.equal(signIn.status, 200)
  assert.doesNotMatch(signIn.text, /is confirmed/, 'no link makes it say so')
  world.engine.current = undefined
  const elsewhere = await visit('/interaction/u7')
  assert.equal(elsewhere.status, 200)
  assert.match(elsewhere.text, /Go on to Pixel Diary/)
  for (const said of [await visit('/interaction/u7?confirmed=1', {}), await visit('/interaction/u8?confirmed=1')]) {
    assert.equal(said.status, 400)
    assert.doesNotMatch(said.text, /is confirmed|account is ready/, 'no link makes it say so')
  }
  world.clock.advance(2 * 60_000)
  assert.equal((await visit('/interaction/u7')).status, 400)
})

test('writes to people in the language in which they read, and keeps it with the account', async () => {
  const form = { name: 'Jo', email: 'jo-reads-german@example.org', password: 'vier gefaltete blaetter' }
  const headers = { 'accept-language': 'de-AT,de;q=0.9' }
  await world.visit({ path: '/sign-up', form, headers, cookies: here })
  const sent = await world.mailTo(form.email)
  assert.equal(sent.language, 'de')
  await world.visit({ path: '/confirm', form: { token: tokenIn(sent) }, headers, cookies: here })
  const stored = await world.database.collection(accountsCollection).getByKey(call, 'email', { email: form.email })
  assert.equal(stored?.value.language, 'de')
  const asked = { form: { email: form.email }, headers: { 'accept-language': 'en' }, cookies: here }
  await world.visit({ path: '/forgot-password', ...asked })
  await world.visit({ path: '/sign-up', ...asked, form: { ...form, name: 'Somebody' } })
  for (const template of ['reset-password', 'already-registered'])
    assert.equal((await world.mailTo(form.email, template)).language, 'de', 'whoever asks for it')
})

test('requirement 70: refuses an unknown, a used and an expired link alike', async () => {
  const unknown = await world.visit({ path: '/confirm', cookies: here, form: { token: 'x'.repeat(43) } })
  const email = fresh()
  await world.visit({ path: '/sign-up', cookies: here, form: details(email) })
  const token = tokenIn(await world.mailTo(email))
  await world.visit({ path: '/confirm', cookies: here, form: { token } })
  const used = await world.visit({ path: '/confirm', cookies: { '__Host-Http-here': 'e'.repeat(43) }, form: { token } })
  const late = fresh()
  await world.visit({ path: '/sign-up', cookies: here, form: details(late) })
  const lateToken = tokenIn(await world.mailTo(late))
  world.clock.advance(15 * 60_000)
  const expired = await world.visit({ path: '/confirm', cookies: here, form: { token: lateToken } })
  const looked = await world.visit({ path: `/confirm?token=${lateToken}` })
  for (const refused of [unknown, used, expired, looked]) {
    assert.equal(refused.status, 410)
    assert.equal(refused.text, unknown.text)
  }
  assert.equal(await world.accounts.signIn(call, { email: late, password: 'a long enough one', client: 'late' }), undefined)
})

test('makes one account when one link is confirmed many times at once', async () => {
  const email = fresh()
  await world.visit({ path: '/sign-up', cookies: here, form: details(email) })
  const token = tokenIn(await world.mailTo(email))
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => world.accounts.confirm(call, { token, client: 'c', browser: sha256(here['__Host-Http-here']) })),
  )
  assert.equal(outcomes.filter((outcome) => outcome !== undefined).length, 1)
})

test('lets the first of two sign-ups for one address win, and keeps its password', async () => {
  const email = fresh()
  await world.visit({ path: '/sign-up', cookies: here, form: { ...details(email), password: 'the first password' } })
  const first = tokenIn(await world.mailTo(email))
  await world.visit({ path: '/sign-up', cookies: here, form: { ...details(email), password: 'the second password' } })
  await world.settled()
  const second = tokenIn(await world.mailTo(email))
  assert.notEqual(first, second)
  assert.equal((await world.visit({ path: '/confirm', cookies: here, form: { token: first } })).status, 303)
  assert.equal((await world.visit({ path: '/confirm', cookies: here, form: { token: second } })).status, 410)
  assert.equal(await world.accounts.signIn(call, { email, password: 'the second password', client: 'c' }), undefined)
  assert.ok(await world.accounts.signIn(call, { email, password: 'the first password', client: 'c' }))
})

test('requirement 69: answers a sign-up for a taken address exactly like one for a new address', async () => {
  const { email, password } = await world.person({ email: fresh() })
  const taken = await world.visit({ path: '/sign-up', cookies: here, form: { ...details(email), password: 'the thief wants in' } })
  const free = await world.visit({ path: '/sign-up', cookies: here, form: details(fresh()) })
  assert.deepEqual({ ...taken, cookies: comparable(taken) }, { ...free, cookies: comparable(free) })
  await world.settled()
  const mail = await world.mailTo(email)
  assert.equal(mail.template, 'already-registered')
  assert.equal(mail.data['name'], 'Ada', 'the name is the one of the account, never what the stranger typed')
  assert.equal(await world.accounts.signIn(call, { email, password: 'the thief wants in', client: 'c' }), undefined)
  assert.ok(await world.accounts.signIn(call, { email, password, client: 'c' }))
})

test('requirement 70: stores neither the token of a link nor a password as it is', async () => {
  const email = fresh()
  await world.visit({ path: '/sign-up', cookies: here, form: details(email) })
  const token = tokenIn(await world.mailTo(email))
  const stored = JSON.stringify(await world.database.collection(emailTokensCollection).get(call, sha256(token)))
  assert.match(stored, /argon2id/)
  assert.ok(!stored.includes(token))
  assert.ok(!stored.includes('a long enough one'))
})

test('requirement 70: asks for the chosen password when the link is opened in another browser than the one that signed up', async () => {
  const email = fresh()
  const sent = await world.visit({ path: '/sign-up', form: details(email) })
  assert.match(sent.cookies[0] ?? '', /^__Host-Http-here=[\w-]{43}; Path=\/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax$/)
  const token = tokenIn(await world.mailTo(email))
  for (const cookies of [{}, here, { '__Host-Http-here': '' }, { '__Host-Http-here': 'short' }]) {
    const asked = await world.visit({ path: `/confirm?token=${token}`, cookies })
    assert.match(asked.text, /name="password" type="password" autocomplete="current-password" required/)
    const careless = await world.visit({ path: '/confirm', cookies, client: JSON.stringify(cookies), form: { token } })
    assert.ok([422, 429].includes(careless.status), String(careless.status))
    assert.match(careless.text, /type="password"/)
  }
  const signIn = { email, password: 'a long enough one', client: 'elsewhere' }
  assert.equal(await world.accounts.signIn(call, signIn), undefined, 'a click alone has made no account')
  world.clock.advance(5 * 60_000)
  const proved = await world.visit({ path: '/confirm', form: { token, password: 'a long enough one' } })
  assert.equal(proved.headers?.['location'], '/confirmed')
  assert.ok(await world.accounts.signIn(call, { ...signIn, client: 'elsewhere-2' }))
})

test('a password that was chosen by a stranger does not become that of the owner who signs up, too', async () => {
  const email = fresh()
  await world.visit({ path: '/sign-up', form: { ...details(email), password: 'chosen by a stranger' } })
  const planted = tokenIn(await world.mailTo(email))
  await world.visit({ path: '/sign-up', cookies: here, form: { ...details(email), password: 'chosen by the owner' } })
  await world.settled()
  const own = tokenIn(await world.mailTo(email))
  const mistaken = await world.visit({ path: '/confirm', cookies: here, form: { token: planted, password: 'chosen by the owner' } })
  assert.equal(mistaken.status, 422)
  assert.match(mistaken.text, /use the newest mail/)
  assert.equal((await world.visit({ path: '/confirm', cookies: here, form: { token: own } })).status, 303)
  assert.equal(await world.accounts.signIn(call, { email, password: 'chosen by a stranger', client: 'c' }), undefined)
  assert.ok(await world.accounts.signIn(call, { email, password: 'chosen by the owner', client: 'c' }))
})

test('slows down guessing at the password of a sign-up, which strangers at the sign-in page cannot do for its owner', async () => {
  const email = fresh()
  await world.visit({ path: '/sign-up', form: details(email) })
  const token = tokenIn(await world.mailTo(email))
  for (let index = 0; index < 6; index += 1) {
    await world.accounts.signIn(call, { email, password: `guess ${index}`, client: `stranger-${index}` }).catch(() => {})
  }
  const statuses: number[] = []
  for (let index = 0; index < 6; index += 1) {
    statuses.push((await world.visit({ path: '/confirm', client: `guesser-${index}`, form: { token, password: `guess ${index}` } })).status)
  }
  assert.deepEqual(statuses, [422, 422, 422, 422, 429, 429])
})

test('requirement 69: answers a wrong password, an unknown address, an unconfirmed one and a suspended account alike', async () => {
  const wrong = await world.person({ email: fresh() })
  const suspended = await world.person({ email: fresh() })
  const accounts = world.database.collection(accountsCollection)
  await accounts.update(call, suspended.accountId, { set: { suspendedAt: 1 } })
  const unconfirmed = fresh()
  await world.visit({ path: '/sign-up', form: details(unconfirmed) })
  world.engine.current = SIGN_IN
  const asked = world.engine.asked.length
  const tries = [
    { email: wrong.email, password: 'not the password' },
    { email: fresh(), password: 'a long enough one' },
    { email: unconfirmed, password: 'a long enough one' },
    { email: suspended.email, password: suspended.password },
    { email: 'no address at all', password: 'a long enough one' },
  ]
  const answers = []
  for (const form of tries) {
    const { text, ...rest } = await world.visit({ path: '/interaction/u1/sign-in', cookies: here, form, client: 'one-person' })
    assert.ok(text.includes(`value="${form.email}"`), 'the address that was typed stays')
    assert.ok(!text.includes(form.password), 'the password does not')
    answers.push({
      status: rest.status,
      headers: rest.headers,
      cookies: rest.cookies,
      policy: rest.answer.policy,
      text: text.replace(form.email, ''),
    })
  }
  assert.equal(answers[0]?.status, 422)
  assert.deepEqual(answers[0]?.policy, { formAction: ['https://diary.example.org'] })
  for (const answer of answers) assert.deepEqual(answer, answers[0])
  assert.equal(world.engine.asked.length, asked, 'nobody was signed in')
})

test('says what is wrong with every field, keeps what was typed but the password, and writes nothing', async () => {
  const refused = await world.visit({ path: '/sign-up', form: { name: '  ', email: 'grace at example', password: 'password1' } })
  assert.equal(refused.status, 422)
  assert.match(refused.text, /value="grace at example"/)
  assert.equal([...refused.text.matchAll(/aria-invalid="true"/g)].length, 3)
  assert.doesNotMatch(refused.text, /password1/)
  assert.match(refused.text, /<title>Problem: /)
})

test('shows a page, not an account, when the interaction is not of this browser', async () => {
  world.engine.current = undefined
  const ended = await world.visit({ path: '/interaction/u1' })
  assert.equal(ended.status, 400)
  const posted = await world.visit({ path: '/interaction/u1/sign-in', form: { email: 'ada@example.org', password: 'whatever it is' } })
  assert.equal(posted.status, 400)
})

test('requirement 69: slows guessing at one address, known or not, and opens again in time', async () => {
  const { email, password } = await world.person({ email: fresh() })
  world.engine.current = SIGN_IN
  const guess = (address: string, index: number): ReturnType<AccountsWorld['visit']> =>
    world.visit({ path: '/interaction/u1/sign-in', form: { email: address, password: 'not the password' }, client: `guesser-${index}` })
  const shapes: unknown[] = []
  for (const address of [email, fresh()]) {
    const statuses: number[] = []
    for (let index = 0; index < 6; index += 1) statuses.push((await guess(address, index)).status)
    assert.deepEqual(statuses, [422, 422, 422, 422, 429, 429])
    const closed = await guess(address, 7)
    assert.equal(closed.headers?.['retry-after'], '30')
    shapes.push(closed.text.replaceAll(address, ''))
  }
  assert.equal(shapes[0], shapes[1])
  const honest = { path: '/interaction/u1/sign-in', form: { email, password } }
  assert.equal((await world.visit(honest)).status, 429, 'even the right password waits')
  world.clock.advance(30_001)
  assert.equal((await world.visit(honest)).status, 303)
})

test('lets about ten guesses an hour through to one address', async () => {
  const email = fresh()
  let tried = 0
  for (let second = 0; second < 3600; second += 10) {
    try {
      await world.accounts.signIn(call, { email, password: 'not the password', client: `bot-${second}` })
      tried += 1
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'auth.too_many_tries')
    }
    world.clock.advance(10_000)
  }
  assert.ok(tried >= 8 && tried <= 10, `${tried} guesses`)
})

test('lets only so many simultaneous guesses through', async () => {
  const email = fresh()
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, index) =>
      world.accounts.signIn(call, { email, password: 'not the password', client: `flood-${index}` }),
    ),
  )
  const tried = outcomes.filter((outcome) => outcome.status === 'fulfilled').length
  assert.ok(tried <= 4, `${tried} guesses`)
})

test('does not let strangers lock a person out of a browser that has signed in before', async () => {
  const { email, password, accountId } = await world.person({ email: fresh() })
  const known = await world.deviceOf(accountId)
  for (let index = 0; index < 6; index += 1) {
    await world.accounts.signIn(call, { email, password: 'not the password', client: `stranger-${index}` }).catch(() => {})
  }
  await assert.rejects(world.accounts.signIn(call, { email, password, client: 'new place' }), { code: 'auth.too_many_tries' })
  assert.ok(await world.accounts.signIn(call, { email, password, client: 'home', device: known }))
  const other = await world.person({ email: fresh() })
  await assert.rejects(world.accounts.signIn(call, { email, password, client: 'x', device: `${known.slice(0, -2)}AA` }), {
    code: 'auth.too_many_tries',
  })
  assert.ok(await world.accounts.signIn(call, { email: other.email, password: other.password, client: 'home', device: known }))
})

test('sends a few mails to one address, not as many as somebody asks for; another can still sign up with it', async () => {
  const email = fresh()
  const asks = async (client: string): Promise<number> => {
    await world.visit({ path: '/sign-up', form: details(email), client })
    await world.settled()
    return world.mails.filter(({ to }) => to === email).length
  }
  for (let index = 0; index < 7; index += 1) await asks('eager')
  assert.equal(await asks('eager'), 3)
  assert.equal(await asks('owner'), 4)
  for (let index = 0; index < 12; index += 1) await asks(`crowd-${index}`)
  assert.equal(await asks('one more'), 12)
})
