// Nobody learns from an answer whether an address has an account: not from what it says, not from its headers, not from how long it took.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addressOf, type Caller, callFrom, type Door, openDoor } from '../support/flood.ts'
import { neutral } from '../support/neutral.ts'
import { mailedLink, PASSWORD } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { assertAlike, interleaved } from '../support/rank.ts'
import { formsOf, type Page, Visitor } from '../support/visitor.ts'

/** With so many, chance passes 0.55 in one measurement of 12, and in two of 140; a difference passes it every time. */
const PAIRS = 200
const MOST = 0.55
/** After these the throttle closes the door to an address, whether there is somebody behind it or not. */
const TRIES_PER_ADDRESS = 4
const NEEDED = Math.ceil(PAIRS / TRIES_PER_ADDRESS)

const NAVIGATION = { accept: 'text/html', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' }

describe('known and unknown addresses', () => {
  let platform: PlatformProcess
  let door: Door
  let addresses = 0

  before(async () => {
    platform = await startPlatform({
      environment: {
        NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1',
        NINEFOLD_AUTH_SUSPICION_FACTOR: '1000000',
        NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000000',
      },
    })
    door = openDoor(platform)
  })

  after(async () => {
    door?.close()
    await platform?.stop({ remove: true })
  })

  /** A network address that nobody has used yet, so that no throttle per address is in the way. */
  function fresh(): string {
    addresses += 1
    return addressOf(addresses)
  }

  async function open(visitor: Visitor, path: string, from: string): Promise<Page> {
    return visitor.request(new URL(path, platform.origin('accounts')), { headers: { ...NAVIGATION, 'x-forwarded-for': from } })
  }

  async function submit(visitor: Visitor, page: Page, given: { fields: Record<string, string>; from: string }): Promise<Page> {
    const names = Object.keys(given.fields)
    const form = formsOf(page.body).find((candidate) => names.every((name) => candidate.names.includes(name)))
    assert.ok(form, `${page.url.href} ${page.status} has no form with ${names.join()}:\n${page.body.slice(0, 1000)}`)
    const headers = {
      ...NAVIGATION,
      origin: page.url.origin,
      'content-type': 'application/x-www-form-urlencoded',
      'x-forwarded-for': given.from,
    }
    const body = new URLSearchParams({ ...form.hidden, ...given.fields }).toString()
    return visitor.request(new URL(form.action, page.url), { method: 'POST', headers, body })
  }

  const details = (email: string): Record<string, string> => ({ email, name: 'Grace', password: PASSWORD })

  async function makeAccount(email: string): Promise<void> {
    const visitor = new Visitor(platform.port)
    const from = fresh()
    await submit(visitor, await open(visitor, '/sign-up', from), { fields: details(email), from })
    const link = new URL(await mailedLink(platform, email, /https?:\/\/\S+\/confirm\?token=[\w-]+/))
    const page = await open(visitor, link.pathname + link.search, from)
    const done = await submit(visitor, page, { fields: { token: link.searchParams.get('token') ?? '' }, from })
    assert.equal(done.headers.location, '/confirmed', done.body)
  }

  async function signInAnswers(email: string, password: string, tries = 1): Promise<unknown[]> {
    const visitor = new Visitor(platform.port)
    const answers: unknown[] = []
    const from = fresh()
    let page = await visitor.request(new URL(`${platform.origin('diary')}/session/sign-in?return_to=/`), {
      headers: { ...NAVIGATION, 'x-forwarded-for': from },
    })
    while (page.headers.location !== undefined) page = await open(visitor, new URL(page.headers.location, page.url).href, from)
    for (let count = 0; count < tries; count += 1) {
      answers.push(neutral(await submit(visitor, page, { fields: { email, password }, from }), email))
    }
    return answers
  }

  async function signUpAnswers(email: string): Promise<unknown[]> {
    const visitor = new Visitor(platform.port)
    const from = fresh()
    const form = await open(visitor, '/sign-up', from)
    const sent = await submit(visitor, form, { fields: details(email), from })
    assert.equal(sent.status, 303, sent.body)
    const next = await open(visitor, sent.headers.location ?? '', from)
    const refused = await submit(visitor, form, { fields: { ...details(email), password: 'short' }, from })
    assert.equal(refused.status, 422)
    return [sent, next, refused].map((reply) => neutral(reply, email))
  }

  test('get the same answers to a wrong password, from the first try to the one that is told to wait', async () => {
    await makeAccount('known-a@example.com')
    const known = await signInAnswers('known-a@example.com', 'not the password', TRIES_PER_ADDRESS + 2)
    const unknown = await signInAnswers('other-a@example.com', 'not the password', TRIES_PER_ADDRESS + 2)
    assert.deepEqual(known, unknown)
    const statuses = known.map((answer) => (answer as { status: number }).status)
    assert.deepEqual(statuses, [422, 422, 422, 422, 429, 429])
  })

  test('get the same answers to the right password while the throttle is closed', async () => {
    // The owner's own password must not be told from a wrong one by whoever made the owner wait.
    const right = await signInAnswers('known-a@example.com', PASSWORD)
    const wrong = await signInAnswers('known-a@example.com', 'not the password')
    assert.deepEqual(right, wrong)
  })

  test('get the same answer when the address is not confirmed yet, and the password right', async () => {
    const waiting = 'await-b@example.com'
    await signUpAnswers(waiting)
    assert.deepEqual(await signInAnswers(waiting, PASSWORD), await signInAnswers('other-b@example.com', PASSWORD))
  })

  test('get the same answers to a sign-up, and one mail each', async () => {
    const known = 'known-c@example.com'
    const unknown = 'other-c@example.com'
    await makeAccount(known)
    assert.deepEqual(await signUpAnswers(known), await signUpAnswers(unknown))
    await mailedLink(platform, known, /https?:\/\/\S+\/account/)
    await mailedLink(platform, unknown, /https?:\/\/\S+\/confirm/)
    assert.equal((await platform.mails(unknown)).length, 1)
    assert.equal((await platform.mails(known)).length, 2, 'that of the confirmation before, and this one')
  })

  /** So many known addresses, and as many unknown ones of the same length. */
  async function addressesFor(label: string): Promise<{ known: string[]; unknown: string[] }> {
    const name = (kind: string, index: number): string => `${kind}-${label}-${String(index).padStart(3, '0')}@example.com`
    const known = Array.from({ length: NEEDED }, (_, index) => name('known', index))
    for (let index = 0; index < NEEDED; index += 4) await Promise.all(known.slice(index, index + 4).map(makeAccount))
    const unknown = known.map((_, index) => name('other', index))
    // Both have had a mail by then: after some, no more are sent to an address for a while.
    for (let index = 0; index < NEEDED; index += 4) await Promise.all(unknown.slice(index, index + 4).map(signUpAnswers))
    return { known, unknown }
  }

  const nth = <T>(list: readonly T[], round: number): T => {
    const item = list[round % list.length]
    assert.ok(item !== undefined)
    return item
  }

  test('take the same time to refuse a password', async (t) => {
    let measurement = 0
    await assertAlike(t, MOST, async () => {
      measurement += 1
      const { known, unknown } = await addressesFor(`in${measurement}`)
      const callers: Caller[] = []
      for (let count = 0; count < 25; count += 1) callers.push(await callFrom(platform, fresh()))
      const run = (list: readonly string[]) => async (round: number) => {
        const tried = await door.signIn(nth(callers, round), { email: nth(list, round), password: `not the password ${round}` })
        assert.equal(tried.status, 422)
      }
      return interleaved(PAIRS, { left: run(known), right: run(unknown) })
    })
  })

  test('take the same time to sign up', async (t) => {
    let measurement = 0
    await assertAlike(t, MOST, async () => {
      measurement += 1
      const { known, unknown } = await addressesFor(`up${measurement}`)
      const visitor = new Visitor(platform.port)
      const form = await open(visitor, '/sign-up', fresh())
      const run = (list: readonly string[]) => async (round: number) => {
        const sent = await submit(visitor, form, { fields: details(nth(list, round)), from: fresh() })
        assert.equal(sent.status, 303)
      }
      return interleaved(PAIRS, { left: run(known), right: run(unknown) })
    })
  })
})
