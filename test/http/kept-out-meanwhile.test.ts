// A sign-in that is under way while its account is blocked or ends: it was let in before, and is stored after all that was open has ended.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { z } from '#kernel/schema.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { WriteRequest } from '../../src/database/ports.ts'
import { consentsCollection, grantsCollection } from '../../src/auth/provider/collections.ts'
import sealedApp, { SECRET } from '../fixtures/sealed/ninefold.config.ts'
import { type Reply, send } from '../support/http.ts'
import { type Person, PASSWORD, signIn, signUp } from '../support/person.ts'
import { withWrites } from '../support/scenario-database.ts'
import { authorizationUrl } from '../support/third-party.ts'
import { until } from '../support/until.ts'
import { type Page, Visitor } from '../support/visitor.ts'
import { type WholePlatform, wholePlatform } from '../support/whole-platform.ts'

/** Where what has ended may be named for a while: see erasure.test.ts. */
const MAY_NAME = new Set(['ninefold_events', 'auth_revocations', 'jobs', 'log: requests'])

const call = systemCall('test')
let platform: WholePlatform
let friend: Person
/** Done once, in front of the first write that it is for. */
let meanwhile: { readonly isFor: (request: WriteRequest) => boolean; act(): Promise<unknown> } | undefined

/** Of what was done meanwhile: a write that fails is tried again. */
const failures: unknown[] = []
let accessEndings = 0
/** The job is done. */
const endsAccess = (request: WriteRequest): boolean =>
  request.kind === 'write' &&
  request.steps.some(
    (step) => step.kind === 'replace' && step.collection === 'jobs' && /auth\.end_access.*done/.test(JSON.stringify(step.document)),
  )

let networks = 0
/** No network has so many people that they would have to wait. */
function somewhereElse(): string {
  networks += 1
  return `198.51.${networks}.7`
}
const join = (email: string): Promise<Person> => signUp(platform, email, { address: somewhereElse() })

before(async () => {
  platform = await wholePlatform(sealedApp, {
    environment: { NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1' },
    between: (engine) =>
      withWrites(engine, async (request, write) => {
        const due = meanwhile?.isFor(request) === true ? meanwhile : undefined
        if (due !== undefined) meanwhile = undefined
        await due?.act().catch((error: unknown) => failures.push(error))
        const answer = await write(request)
        if (endsAccess(request)) accessEndings += 1
        return answer
      }),
  })
  await platform.start()
  friend = await join('friend@example.org')
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
})
beforeEach(() => {
  meanwhile = undefined
})
afterEach(() => {
  assert.deepEqual(failures.splice(0), [])
})

const stores =
  (wanted: string, by: 'insert' | 'replace' = 'insert') =>
  (request: WriteRequest): boolean =>
    request.kind === 'write' && request.steps.some(({ kind, collection }) => kind === by && collection === wanted)
const tells =
  (type: string) =>
  (request: WriteRequest): boolean =>
    request.kind === 'write' && request.events.some(({ data }) => data.includes(`"${type}"`))

const viewOf = (email: string) => platform.running().auth.finding.view(call, { email })

async function idOf(email: string): Promise<string> {
  const view = await viewOf(email)
  assert.ok(view)
  return view.accountId
}

/** In a browser of its own. */
async function signsIn(email: string, password = PASSWORD): Promise<{ readonly visitor: Visitor; readonly page: Page }> {
  const visitor = new Visitor(platform.port, somewhereElse())
  const page = await signIn(platform, { email, visitor }, password)
  assert.equal(meanwhile, undefined, 'it was under way meanwhile')
  return { visitor, page }
}

/** Where the account page leads whoever is not signed in. */
async function isSignedIn(visitor: Visitor): Promise<boolean> {
  const { url } = await visitor.visit(`${platform.origin('accounts')}/account`)
  return url.pathname === '/account'
}

/** When that is done at once, and by the job that the write has asked for: each lists the account. */
async function accessEnded(id: string): Promise<void> {
  await until('the job to have run', async () => ((await platform.rows()).get('auth_revocations') ?? '').split(id).length > 2)
}

/** When all that was told until now has been taken in. */
async function eventsTaken(): Promise<void> {
  const { auth } = platform.running()
  const known = (await viewOf(friend.email))?.events.length ?? 0
  await auth.signOutAccount(call, { email: friend.email })
  await until('the events to be taken in', async () => ((await viewOf(friend.email))?.events.length ?? 0) > known)
}

test('requirement 32: whoever is blocked while their sign-in is being stored is not signed in, nor when they are let in again', async () => {
  const { email } = await join('blocked@example.org')
  const id = await idOf(email)
  const { auth } = platform.running()
  const act = async (): Promise<void> => {
    await auth.suspendAccount(call, { email, suspended: true })
    await accessEnded(id)
  }
  meanwhile = { isFor: stores('auth_sessions'), act }
  const { visitor, page } = await signsIn(email)
  assert.match(page.url.pathname, /^\/interaction\//)
  assert.equal(page.status, 400, page.body)
  assert.match(page.body, /start again/)
  assert.deepEqual((await viewOf(email))?.sessions, [])
  assert.equal(await isSignedIn(visitor), false)
  await auth.suspendAccount(call, { email, suspended: false })
  assert.equal(await isSignedIn(visitor), false)
  const { visitor: later } = await signsIn(email)
  assert.equal(await isSignedIn(later), true, 'a new sign-in is another matter')
})

test('requirement 32: the pages know nobody who is blocked, although the session has not ended yet', async () => {
  const { email } = await join('still-there@example.org')
  const { visitor } = await signsIn(email)
  assert.equal(await isSignedIn(visitor), true)
  const accounts = platform.running().database.collection(accountsCollection)
  const id = await idOf(email)
  await accounts.update(call, id, { set: { suspendedAt: platform.now() } })
  assert.equal(await isSignedIn(visitor), false)
  await accounts.update(call, id, { set: { suspendedAt: undefined } })
  assert.equal(await isSignedIn(visitor), true, 'it was there all the time')
})

/** On the account page, where this browser keeps its own session. */
async function signsOut(visitor: Visitor): Promise<void> {
  const page = await visitor.visit(`${platform.origin('accounts')}/account`)
  const done = await visitor.press(page, /sign-out/)
  assert.equal(done.status, 200, done.body)
}

/** On the account page, and the job that it has asked for has run. */
async function choosesPassword(visitor: Visitor, next: string): Promise<void> {
  const before = accessEndings
  const page = await visitor.visit(`${platform.origin('accounts')}/account`)
  const changed = await visitor.press(page, /\/account\/password$/, { current: PASSWORD, password: next })
  assert.equal(changed.status, 200, changed.body)
  await until('the job to have run', () => accessEndings > before)
}

test('requirement 32: a sign-in by the old password that is being stored while its owner sets a new one is not signed in', async () => {
  const { email } = await join('thief-is-late@example.org')
  const { visitor } = await signsIn(email)
  meanwhile = { isFor: stores('auth_sessions'), act: () => choosesPassword(visitor, 'a new passphrase of mine') }
  const { visitor: thief, page } = await signsIn(email)
  assert.equal(page.status, 400, page.body)
  assert.match(page.body, /start again/)
  assert.equal(await isSignedIn(thief), false)
  assert.equal(await isSignedIn(visitor), true, 'who has set it is still there')
  assert.equal((await viewOf(email))?.sessions.length, 1)
  const { visitor: later } = await signsIn(email, 'a new passphrase of mine')
  assert.equal(await isSignedIn(later), true)
})

test('a sign-in that a block has overtaken calls off no end that an operator has asked for', async () => {
  const { email } = await join('ends-anyway@example.org')
  const { auth } = platform.running()
  await auth.deleteAccount(call, { email })
  meanwhile = { isFor: stores('auth_sessions'), act: () => auth.suspendAccount(call, { email, suspended: true }) }
  await signsIn(email)
  assert.equal(meanwhile, undefined, 'it was under way meanwhile')
  await eventsTaken()
  assert.notEqual((await viewOf(email))?.deletion, undefined)
})

/** Signs in to a third party and allows it something. */
async function allows(email: string): Promise<{ readonly visitor: Visitor; readonly page: Page }> {
  const visitor = new Visitor(platform.port, somewhereElse())
  const asked = await visitor.visit(authorizationUrl(platform, randomToken(), { scope: 'openid offline_access notes:read' }))
  const consent = await visitor.submit(asked, { email, password: PASSWORD })
  const page = await visitor.submit(consent, { decision: 'allow' })
  assert.equal(meanwhile, undefined, 'it was under way meanwhile')
  return { visitor, page }
}

const toPrintShop = (path: string, form: Record<string, string>): Promise<Reply> =>
  send({
    port: platform.port,
    host: new URL(platform.origin('accounts')).host,
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': '192.0.2.7' },
    body: new URLSearchParams({ client_id: 'print-shop', client_secret: SECRET, ...form }).toString(),
  })

/** The page that asks who is there, for a device that has begun. */
async function connecting(visitor: Visitor): Promise<{ readonly page: Page; poll(): Promise<Reply> }> {
  const began = await toPrintShop('/device-authorization', { scope: 'openid offline_access notes:read' })
  assert.equal(began.status, 200, began.body)
  const { device_code: code, user_code: typed } = z.object({ device_code: z.string(), user_code: z.string() }).parse(JSON.parse(began.body))
  const form = await visitor.visit(`${platform.origin('accounts')}/device`)
  const page = await visitor.submit(await visitor.submit(form, { user_code: typed }), { confirm: 'yes' })
  const poll = (): Promise<Reply> =>
    toPrintShop('/token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: code })
  return { page, poll }
}

/** Whoever does not get in leaves nothing to the client either. */
async function givesNothing(email: string, reply: Promise<Reply>): Promise<void> {
  const { status, body } = await reply
  assert.equal(status, 400, body)
  const accountId = await idOf(email)
  const grants = platform.running().database.collection(grantsCollection)
  const { items } = await grants.list(call, { index: 'account', where: { accountId, clientId: 'print-shop' }, limit: 10 })
  assert.deepEqual(items, [])
}

test('requirement 32: a sign-in by the old password that is being stored while its owner sets a new one connects no device', async () => {
  const { email } = await join('device-of-a-thief@example.org')
  const { visitor } = await signsIn(email)
  const asked = await visitor.visit(authorizationUrl(platform, randomToken(), { scope: 'openid offline_access notes:read' }))
  await visitor.submit(asked, { decision: 'allow' })
  const thief = new Visitor(platform.port, somewhereElse())
  const { page, poll } = await connecting(thief)
  meanwhile = { isFor: stores('auth_grants'), act: () => choosesPassword(visitor, 'a new passphrase of mine') }
  const refused = await thief.submit(page, { email, password: PASSWORD })
  assert.equal(meanwhile, undefined, 'it was under way meanwhile')
  assert.equal(refused.status, 400, refused.body)
  await givesNothing(email, poll())
  assert.equal(await isSignedIn(thief), false)
})

for (const [how, endsIt] of [
  ['by a new password', ({ owner }) => choosesPassword(owner, 'a new passphrase of mine')],
  ['by signing out beside it', ({ visitor }) => signsOut(visitor)],
  ['by an operator', ({ email }) => platform.running().auth.signOutAccount(call, { email })],
] satisfies readonly [string, (of: { email: string; owner: Visitor; visitor: Visitor }) => Promise<unknown>][]) {
  test(`requirement 32: a device is connected by nobody whose session ends meanwhile ${how}`, async () => {
    const { email } = await join(`device-${how.replaceAll(' ', '-')}@example.org`)
    const { visitor: owner } = await signsIn(email)
    const visitor = new Visitor(platform.port, somewhereElse())
    const { page, poll } = await connecting(visitor)
    const consent = await visitor.submit(page, { email, password: PASSWORD })
    meanwhile = { isFor: stores('auth_grants'), act: () => endsIt({ email, owner, visitor }) }
    const refused = await visitor.submit(consent, { decision: 'allow' })
    assert.equal(meanwhile, undefined, 'it was under way meanwhile')
    assert.equal(refused.status, 400, refused.body)
    assert.match(refused.body, /start again/)
    await givesNothing(email, poll())
    assert.equal(await isAllowed(email), false)
  })
}

test('a further consent that is under way while somebody signs out beside it leaves what was allowed before', async () => {
  const { email } = await join('allowed-before@example.org')
  const id = await idOf(email)
  const { visitor } = await signsIn(email)
  const asks = (scope: string): Promise<Page> => visitor.visit(authorizationUrl(platform, randomToken(), { scope, prompt: undefined }))
  const consents = platform.running().database.collection(consentsCollection)
  const allowed = async () =>
    (await consents.list(call, { index: 'account', where: { accountId: id }, limit: 10 })).items.map(({ value }) => value)
  await visitor.submit(await asks('openid'), { decision: 'allow' })
  const before = await allowed()
  const consent = await asks('openid notes:read')
  meanwhile = { isFor: stores('auth_consents', 'replace'), act: () => signsOut(visitor) }
  const refused = await visitor.submit(consent, { decision: 'allow' })
  assert.equal(meanwhile, undefined, 'it was under way meanwhile')
  assert.equal(refused.status, 400, refused.body)
  assert.deepEqual(await allowed(), before)
  await eventsTaken()
  const types = (await viewOf(email))?.events.map(({ type }) => type) ?? []
  assert.equal(types.filter((type) => type === 'app.revoked').length, 1)
})

/** Of this client, by whatever is kept. */
async function isAllowed(email: string): Promise<boolean> {
  const id = await idOf(email)
  return ((await platform.rows()).get('auth_consents') ?? '').includes(id)
}

for (const [what, write] of [
  ['the first consent to an app', 'insert'],
  ['a further consent to an app', 'replace'],
] as const) {
  test(`requirement 32: ${what}, given in a session that ends meanwhile by a new password, does not stay`, async () => {
    const { email } = await join(`allows-${write}@example.org`)
    const { visitor } = await signsIn(email)
    const thief = new Visitor(platform.port, somewhereElse())
    const asked = await thief.visit(authorizationUrl(platform, randomToken(), { scope: 'openid notes:read' }))
    const consent = await thief.submit(asked, { email, password: PASSWORD })
    // Somewhere else, where nothing is under way.
    if (write === 'replace')
      await visitor.submit(await visitor.visit(authorizationUrl(platform, randomToken(), { scope: 'openid' })), { decision: 'allow' })
    meanwhile = {
      isFor: stores('auth_consents', write),
      act: async () => {
        await choosesPassword(visitor, 'a new passphrase of mine')
        assert.equal(await isAllowed(email), false, 'nothing is allowed any more')
      },
    }
    const page = await thief.submit(consent, { decision: 'allow' })
    assert.equal(meanwhile, undefined, 'it was under way meanwhile')
    assert.notEqual(page.url.searchParams.has('code'), true, page.url.href)
    assert.equal(await isAllowed(email), false)
    assert.equal(await isSignedIn(visitor), true)
  })
}

for (const [what, isFor, acts] of [
  ['a sign-in', stores('auth_sessions'), signsIn],
  ['a consent', stores('auth_consents'), allows],
  ['a wrong password', tells('sign_in.failed'), (email: string) => signsIn(email, 'not the password')],
] as const) {
  test(`${what} that is under way while its account ends leaves nothing of whoever has gone`, async () => {
    const { email } = await join(`gone-${what.replaceAll(' ', '-')}@example.org`)
    const id = await idOf(email)
    const { auth } = platform.running()
    const act = async (): Promise<void> => {
      await auth.deleteAccount(call, { email, now: true, confirm: email })
      await accessEnded(id)
      await eventsTaken()
    }
    meanwhile = { isFor, act }
    const { visitor } = await acts(email)
    assert.equal(await viewOf(email), undefined)
    assert.equal(await isSignedIn(visitor), false)
    await eventsTaken()
    let naming: string[] = []
    await until('nothing to be left', async () => {
      naming = [...(await platform.rows())].flatMap(([table, rows]) => (rows.includes(id) && !MAY_NAME.has(table) ? [table] : []))
      return naming.length === 0
    }).catch((error: unknown) => assert.deepEqual(naming, [], String(error)))
  })
}
