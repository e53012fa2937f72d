// The console's API about people, on the whole platform: who may ask it, what it ends, and that nothing is left of whom it deletes.
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { z } from '#kernel/schema.ts'
import { accountList, accountView } from '../../src/auth/finding/schemas.ts'
import { CANARY, aviary, type CanaryPerson, formsOfValue, liveALife } from '../support/canary-person.ts'
import { type ConsoleApi, consoleApi, operatorApi } from '../support/operator.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { authorize, redeem, refresh } from '../support/third-party.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { Visitor } from '../support/visitor.ts'
import type { WholePlatform } from '../support/whole-platform.ts'

const MINUTE = 60_000
const DAY_MS = 86_400_000
const ACTS = ['sign-out', 'delete', 'keep', 'view', 'find'] as const
/** What may stay for a while, and why: erasure.test.ts has the whole list. */
const STAYS = new Set(['ninefold_events', 'auth_revocations', 'mailbox', 'jobs', 'log: requests'])

let club: Upstream
let platform: WholePlatform
let operator: ConsoleApi
let friend: Person
let canary: CanaryPerson

before(async () => {
  club = await startUpstream()
  platform = await aviary(club)
  await platform.start()
  operator = await operatorApi(platform, await platform.consoleLink())
  friend = await signUp(platform, 'friend@example.org')
  await signIn(platform, friend)
  canary = await liveALife(platform, { friend, club })
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
  await club?.stop()
})

const act = (what: (typeof ACTS)[number], body: unknown) => operator(`POST /api/accounts/${what}`, body)

async function answered<T>(what: (typeof ACTS)[number], body: unknown, schema: z.ZodType<T>): Promise<T> {
  const reply = await act(what, body)
  assert.equal(reply.status, 200, reply.body)
  return schema.parse(JSON.parse(reply.body))
}

const ending = z.strictObject({ accountId: z.string(), deleted: z.boolean(), deletionAt: z.int(), mailSent: z.boolean() })
const view = (email: string) => answered('view', { email }, accountView)

/** What begins in the second after the end of everything is taken for what was under way then. */
async function signInLater(person: Person): Promise<void> {
  await delay(2000)
  await signIn(platform, person)
}

describe('the API about people', () => {
  test('is for operators alone, takes what it knows, and says who is not there', async () => {
    const stranger = consoleApi(platform, new Visitor(platform.port))
    for (const what of ACTS) {
      assert.equal((await stranger(`POST /api/accounts/${what}`, { email: friend.email })).status, 401, what)
      assert.equal((await operator(`POST /api/accounts/${what}`, { email: friend.email }, { 'x-csrf-token': 'none' })).status, 403, what)
      assert.equal((await act(what, { email: friend.email, odd: 1 })).status, 422, what)
    }
    for (const what of ['sign-out', 'delete', 'keep', 'view'] as const) {
      const nobody = await act(what, { email: 'nobody@example.org' })
      assert.equal(nobody.status, 404, what)
      assert.match(nobody.body, /Nobody has this address/)
      assert.equal((await act(what, {})).status, 422, what)
    }
    assert.equal((await act('view', { accountId: 'nobody' })).status, 404)
    assert.equal((await act('view', { accountId: 'a', email: friend.email })).status, 422)
    for (const limit of [0, 101, 1.5, '5']) assert.equal((await act('find', { limit })).status, 422, String(limit))
    const odd = await act('find', { after: 'no cursor' })
    assert.ok(odd.status >= 400 && odd.status < 500, odd.body)
    assert.equal((await session(platform, friend.visitor)).signedIn, true, 'nothing has changed')
  })

  test('finds people, and shows what there is of one', async () => {
    const found = await answered('find', { email: 'friend', limit: 1 }, accountList)
    assert.deepEqual(
      found.items.map(({ email }) => email),
      [friend.email],
    )
    const all = await answered('find', {}, accountList)
    assert.deepEqual(all.items.map(({ email }) => email).toSorted(), [CANARY.address, friend.email].toSorted())
    const { next } = await answered('find', { limit: 1 }, accountList)
    assert.equal((await answered('find', { limit: 1, after: next }, accountList)).items[0]?.email, all.items[1]?.email)

    const seen = await view(CANARY.address)
    assert.equal(seen.accountId, canary.accountId)
    assert.deepEqual([seen.name, seen.passkeys, seen.authenticatorApp, seen.hasPassword], [CANARY.name, 1, true, true])
    assert.ok(seen.sessions.length > 0 && seen.apps.length > 0 && seen.identities.length > 0 && seen.recoveryCodes > 0)
    assert.ok(seen.events.some(({ type }) => type === 'email.changed'))
    assert.ok(seen.events.length <= 50)
    assert.deepEqual(await answered('view', { accountId: canary.accountId }, accountView), seen)
  })

  test('requirement 32: signs out everywhere, and leaves the account open', async () => {
    const granted = JSON.parse((await redeem(platform, await authorize(platform, friend))).body) as { refresh_token: string }
    const out = z.strictObject({ accountId: z.string(), signedOut: z.literal(true) })
    const { accountId } = await answered('sign-out', { email: friend.email }, out)
    await until('the session to be over', async () => !(await session(platform, friend.visitor)).signedIn)
    assert.equal((await refresh(platform, granted.refresh_token)).status, 400)
    assert.deepEqual((await view(friend.email)).sessions, [])
    await signInLater(friend)
    assert.equal((await session(platform, friend.visitor)).signedIn, true)
    const event = await until('the event', async () => (await view(friend.email)).events.find(({ type }) => type === 'account.signed_out'))
    assert.match(event.actor ?? '', /^operator /)
    assert.equal((await view(friend.email)).accountId, accountId)
  })

  test('asks for an end that signing in calls off, and calls it off itself', async () => {
    const { deleted, deletionAt } = await answered('delete', { email: friend.email }, ending)
    assert.equal(deleted, false)
    assert.ok(Math.abs(deletionAt - platform.now() - DAY_MS) < MINUTE)
    assert.deepEqual((await view(friend.email)).deletion?.byOperator, true)
    await signInLater(friend)
    await until('that it is called off', async () => (await view(friend.email)).deletion === undefined)
    await answered('delete', { email: friend.email }, ending)
    const kept = z.strictObject({ accountId: z.string(), kept: z.boolean() })
    assert.equal((await answered('keep', { email: friend.email }, kept)).kept, true)
    assert.equal((await answered('keep', { email: friend.email }, kept)).kept, false)
    assert.equal((await view(friend.email)).deletion, undefined)
  })

  test('deletes at once who is blocked, with the address once more, and nothing is left', async () => {
    assert.equal((await operator('POST /api/accounts/block', { email: CANARY.address })).status, 200)
    for (const body of [{ now: true }, { now: true, confirm: CANARY.firstAddress }]) {
      const refused = await act('delete', { email: CANARY.address, ...body })
      assert.equal(refused.status, 422)
      assert.match(refused.body, /"field":"confirm"/)
    }
    assert.equal((await view(CANARY.address)).deletion, undefined)
    const done = await answered('delete', { email: CANARY.address, now: true, confirm: CANARY.address }, ending)
    assert.deepEqual([done.accountId, done.deleted], [canary.accountId, true])
    assert.equal((await act('view', { accountId: canary.accountId })).status, 404)
    const values = Object.entries({ ...CANARY, accountId: canary.accountId })
    // What is told of the end of an organisation names it, and stays with the events of who was in it.
    const forms = values.flatMap(([what, value]) => (what === 'organisation' ? [] : [...formsOfValue(value).values()]))
    let left: string[] = []
    await until('nothing to be left', async () => {
      platform.advance(MINUTE)
      const rows = [...(await platform.rows())].filter(([place]) => !STAYS.has(place))
      left = rows.filter(([, text]) => forms.some((bytes) => Buffer.from(text, 'latin1').includes(bytes))).map(([place]) => place)
      return left.length === 0
    }).catch((error: unknown) => assert.deepEqual(left, [], String(error)))
  })
})
