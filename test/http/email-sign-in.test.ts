// Signing in by mail: a code or a link, good once, in the browser that asked, and never used up by looking.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sha256 } from '#kernel/keyring.ts'
import { emailSignInsCollection } from '../../src/auth/email-sign-in/repository.ts'
import { type AccountsWorld, call, openAccounts, type SentMail, tokenIn, type Visited, WENT_ON } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { until } from '../support/until.ts'

let world: AccountsWorld
let places = 0

before(async () => {
  world = await openAccounts({ definition: { methods: { emailCode: true, magicLink: true } } })
})

after(() => world.stop())

/** A browser on the way to the app, with the cookies that it was given. */
class Waiting {
  readonly uid: string
  cookies: Record<string, string> = {}

  /** In a sign-in of its own unless told. */
  constructor(uid = `mail-${(places += 1)}`) {
    this.uid = uid
  }

  async visit(path: string, form?: Record<string, string>): Promise<Visited> {
    world.engine.current = { ...SIGN_IN, uid: this.uid }
    const visited = await world.visit({
      path: `/interaction/${this.uid}${path}`,
      cookies: this.cookies,
      client: this.uid,
      ...(form === undefined ? {} : { form }),
    })
    for (const cookie of visited.cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      this.cookies[name] = value
    }
    return visited
  }

  async ask(email: string): Promise<SentMail> {
    const known = world.mails.length
    const asked = await this.visit('/email', { email })
    assert.equal(asked.headers?.['location'], `/interaction/${this.uid}/email/code`)
    return until(`a mail to ${email}`, () => world.mails.slice(known).find(({ to }) => to === email))
  }
}

const codeIn = (sent: SentMail): string => sent.data['code'] ?? ''
const isIn = (visited: Visited): boolean => visited.headers?.['location'] === WENT_ON

test('requirement 70: the code signs in where it was asked for, once, however it is spelled', async () => {
  const { email, accountId } = await world.person({ email: 'code@example.org' })
  const here = new Waiting()
  assert.match((await here.visit('')).text, new RegExp(`href="/interaction/${here.uid}/email"`))
  const sent = await here.ask(email)
  assert.match(codeIn(sent), /^\d{4} \d{4}$/)
  assert.match((await here.visit('/email/code')).text, /autocomplete="one-time-code"/)
  const stranger = new Waiting()
  await stranger.visit('/email', { email: 'other@example.org' })
  assert.equal((await stranger.visit('/email/code', { code: codeIn(sent) })).status, 422, 'in another browser it is worth nothing')
  const sameName = new Waiting()
  sameName.cookies = here.cookies
  assert.equal((await sameName.visit('/email/code', { code: codeIn(sent) })).status, 422, 'nor in another interaction')
  const lookingOn = new Waiting(here.uid)
  lookingOn.cookies = stranger.cookies
  assert.equal((await lookingOn.visit('/email/code', { code: codeIn(sent) })).status, 422, 'nor for another browser in this one')
  const kept = JSON.stringify(
    await world.database.collection(emailSignInsCollection).getByKey(call, 'link', { link: sha256(tokenIn(sent)) }),
  )
  assert.ok(kept.includes(email), kept)
  for (const secret of [tokenIn(sent), codeIn(sent).replace(' ', '')])
    assert.ok(!kept.includes(secret), 'what is stored of it opens nothing')
  const done = await here.visit('/email/code', { code: ` ${codeIn(sent).replace(' ', '-')} ` })
  assert.ok(isIn(done))
  assert.equal(done.csrfRenewed, true)
  assert.equal(world.engine.asked.at(-1), `finishSignIn ${accountId} by email`)
  assert.ok(done.cookies.some((cookie) => cookie.startsWith('__Host-Http-known-device=')))
  assert.equal((await here.visit('/email/code', { code: codeIn(sent) })).status, 422)
})

test('requirement 70: five wrong codes end it, and many at once are not more than five', async () => {
  const { email } = await world.person({ email: 'guessed@example.org' })
  const here = new Waiting()
  const right = codeIn(await here.ask(email))
  const guesses = Array.from({ length: 20 }, (_, index) => String(index).padStart(8, '0')).filter(
    (guess) => guess !== right.replace(' ', ''),
  )
  const answers = await Promise.all(guesses.map((code) => here.visit('/email/code', { code })))
  const wrong = answers.filter(({ text }) => text.includes('This is not the code'))
  assert.ok(wrong.length <= 4, `${wrong.length} guesses were answered`)
  const late = await here.visit('/email/code', { code: right })
  assert.equal(isIn(late), false)
  assert.match(late.text, /does not work any more/)
})

test('requirement 70: of many at once with the right code or link one gets in', async () => {
  const { email } = await world.person({ email: 'many@example.org' })
  const here = new Waiting()
  const sent = await here.ask(email)
  const asked = world.engine.asked.length
  const tries = [
    ...Array.from({ length: 3 }, () => here.visit('/email/code', { code: codeIn(sent) })),
    ...Array.from({ length: 10 }, () => here.visit('/email/link', { token: tokenIn(sent) })),
  ]
  const answers = await Promise.all(tries)
  assert.equal(answers.filter(isIn).length, 1)
  assert.equal(world.engine.asked.slice(asked).filter((words) => words.startsWith('finishSignIn')).length, 1)
})

test('requirement 70: looking at the link does nothing; the button signs in, in the browser that asked alone', async () => {
  const { email, accountId } = await world.person({ email: 'link@example.org' })
  const here = new Waiting()
  const sent = await here.ask(email)
  const path = `/email/link?token=${tokenIn(sent)}`
  const asked = world.engine.asked.length
  for (let look = 0; look < 3; look += 1) assert.match((await here.visit(path)).text, /Yes, sign me in/)
  const elsewhere = new Waiting()
  const shown = await world.visit({ path: `/interaction/${here.uid}${path}`, client: 'elsewhere' })
  assert.equal(shown.status, 200)
  assert.doesNotMatch(shown.text, /Yes, sign me in/)
  assert.match(shown.text, new RegExp(codeIn(sent)))
  assert.equal((await elsewhere.visit('/email/link', { token: tokenIn(sent) })).status, 410)
  const lookingOn = new Waiting(here.uid)
  lookingOn.cookies = { '__Host-Http-here': 'x'.repeat(43) }
  assert.doesNotMatch((await lookingOn.visit(path)).text, /Yes, sign me in/)
  assert.equal((await lookingOn.visit('/email/link', { token: tokenIn(sent) })).status, 410, 'another browser in the same sign-in')
  assert.equal(world.engine.asked.length, asked, 'none of that has signed anybody in')
  assert.ok(isIn(await here.visit('/email/link', { token: tokenIn(sent) })))
  assert.equal(world.engine.asked.at(-1), `finishSignIn ${accountId} by email`)
  assert.equal((await here.visit(path)).status, 410)
})

test('requirement 70: code and link are dead after 15 minutes, and when another mail was asked for', async () => {
  const { email } = await world.person({ email: 'late@example.org' })
  const here = new Waiting()
  const first = await here.ask(email)
  const second = await here.ask(email)
  assert.notEqual(codeIn(first), codeIn(second))
  assert.equal((await here.visit(`/email/link?token=${tokenIn(first)}`)).status, 410)
  assert.equal(isIn(await here.visit('/email/code', { code: codeIn(first) })), false)
  world.clock.advance(15 * 60_000)
  assert.equal(isIn(await here.visit('/email/code', { code: codeIn(second) })), false)
  assert.equal((await here.visit('/email/link', { token: tokenIn(second) })).status, 410)
})

test('asking once too often leaves what was mailed last as good as it was, and changes nothing for whoever has no account', async () => {
  const { email } = await world.person({ email: 'often@example.org' })
  const [here, nobody] = [new Waiting(), new Waiting()]
  const strangers = 'often-nobody@example.org'
  let last = await here.ask(email)
  for (let times = 0; times < 2; times += 1) last = await here.ask(email)
  for (let times = 0; times < 3; times += 1) await nobody.visit('/email', { email: strangers })
  await world.settled()
  const mails = world.mails.length
  assert.equal(isIn(await here.visit('/email/code', { code: '00000000' })), false)
  const again = [await here.visit('/email', { email }), await nobody.visit('/email', { email: strangers })]
  assert.deepEqual(
    again.map(({ status, headers }) => [status, headers?.['location']]),
    [here, nobody].map(({ uid }) => [303, `/interaction/${uid}/email/code`]),
  )
  await world.settled()
  assert.equal(world.mails.length, mails, 'there was no fourth mail')
  const row = await world.database.collection(emailSignInsCollection).getByKey(call, 'link', { link: sha256(tokenIn(last)) })
  assert.equal(row?.value.tries, 1, 'nor are there more tries')
  assert.ok(isIn(await here.visit('/email/code', { code: codeIn(last) })))
  // What was used does not come back by asking.
  await here.visit('/email', { email })
  assert.equal(isIn(await here.visit('/email/code', { code: codeIn(last) })), false)
})

test('requirement 69: an address without an account gets the same answers, and a mail that says so', async () => {
  const { email } = await world.person({ email: 'known-code@example.org' })
  const answers = async (address: string): Promise<unknown[]> => {
    const here = new Waiting()
    const all = [
      await here.visit('/email', { email: address }),
      await here.visit('/email/code'),
      await here.visit('/email/code', { code: '00000000' }),
    ]
    return all.map(({ status, text, headers, cookies }) =>
      JSON.parse(
        JSON.stringify({ status, text, headers, cookies: cookies.map((cookie) => cookie.replace(/=[^;]+/, '')) }).replaceAll(
          here.uid,
          'UID',
        ),
      ),
    )
  }
  assert.deepEqual(await answers(email), await answers('nobody-code@example.org'))
  await world.mailTo('nobody-code@example.org', 'no-account')
})

test('is not there unless the app has switched it on', async (t) => {
  const plain = await openAccounts()
  t.after(() => plain.stop())
  plain.engine.current = { ...SIGN_IN, uid: 'off' }
  assert.doesNotMatch((await plain.visit({ path: '/interaction/off' })).text, /Sign in by mail/)
  await assert.rejects(plain.visit({ path: '/interaction/off/email' }), /No route/)
})
