// Ending things: what the account page, the gateway and a client can end, what dies with it and what stays.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { insertInto } from '#kernel/collection.ts'
import { grantsCollection, interactionsCollection, sessionsCollection } from '../../src/auth/provider/collections.ts'
import { recordId } from '../../src/auth/provider/ids.ts'
import {
  authorizePath,
  Browser,
  call,
  claimsOf,
  codeFor,
  errorOf,
  frontendToken,
  frontendTokens,
  type OauthWorld,
  openOauth,
  pkce,
  PRINT_SHOP,
  type Reply,
  refresh,
  send,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'
import { everythingStored } from '../support/scenario-database.ts'

const file = join(tmpdir(), `ninefold-oauth-${process.pid}.db`)
let world: OauthWorld

before(async () => {
  world = await openOauth({ file })
})

after(async () => {
  await world.stop()
  for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true })
})

async function revokedSids(): Promise<Set<string>> {
  const { items } = await world.revocations.list(call)
  return new Set(items.filter(({ kind }) => kind === 'session').map(({ subject }) => subject))
}

const sidOf = (tokens: Tokens): string => String(claimsOf(tokens.access_token)['sid'])
const works = async (tokens: Tokens): Promise<boolean> =>
  (await frontendToken(world, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' })).status === 200

test('requirement 32: signing out ends the browser session with its frontends, and leaves other browsers and offline access', async () => {
  const account = 'person-sign-out'
  const browser = new Browser(world)
  const here = await frontendTokens(world, browser, account)
  const shop = await tokensFor(world, browser, { account })
  const elsewhere = await frontendTokens(world, new Browser(world), account)
  const heard: string[] = []
  const quiet = world.cache.subscribe('auth.revoked', (message) => heard.push(message))
  await world.server.endSessionOf(call, sidOf(here))
  quiet()
  assert.equal(await works(here), false)
  assert.equal(await works(elsewhere), true)
  assert.equal((await refresh(world, shop.refresh_token)).status, 200)
  const revoked = await revokedSids()
  assert.deepEqual(
    [here, shop, elsewhere].map((tokens) => revoked.has(sidOf(tokens))),
    [true, false, false],
  )
  assert.ok(heard.some((message) => message.includes(sidOf(here))))
  assert.equal((await world.server.engine.sessions(call, account)).length, 1)
})

test('ending an unknown session changes nothing and is no error', async () => {
  const known = await revokedSids()
  await world.server.endSessionOf(call, 'unknown')
  await world.server.engine.endBrowserSession(call, 'person1', 'unknown')
  assert.deepEqual(await revokedSids(), known)
})

test('nobody ends the session of somebody else', async () => {
  const tokens = await frontendTokens(world, new Browser(world), 'person-victim')
  const [session] = await world.server.engine.sessions(call, 'person-victim')
  await world.server.engine.endBrowserSession(call, 'person-other', session?.id ?? '')
  assert.equal(await works(tokens), true)
})

test('requirement 32: revoking an app ends its tokens in every browser, and it must ask again', async () => {
  const account = 'person-revoke'
  const one = new Browser(world)
  const first = await tokensFor(world, one, { account })
  const second = await tokensFor(world, new Browser(world), { account })
  const diary = await frontendTokens(world, one, account)
  const [app] = await world.server.engine.authorisedApps(call, account)
  assert.equal(app?.name, 'Print Shop')
  assert.deepEqual(app?.scopes.map(({ name }) => name).toSorted(), ['offline_access', 'photos:read'])
  await world.server.engine.revokeApp(call, account, PRINT_SHOP.clientId)
  assert.equal(errorOf(await refresh(world, first.refresh_token)), 'invalid_grant')
  assert.equal(errorOf(await refresh(world, second.refresh_token)), 'invalid_grant')
  const revoked = await revokedSids()
  assert.deepEqual(
    [first, second, diary].map((tokens) => revoked.has(sidOf(tokens))),
    [true, true, false],
  )
  assert.deepEqual(await world.server.engine.authorisedApps(call, account), [])
  assert.equal(await works(diary), true)
  const again = await tokensFor(world, one, { account })
  assert.notEqual(sidOf(again), sidOf(first))
})

test('requirement 32: a new password ends everything but the session it was set in, and in that one all but the frontends', async () => {
  const account = 'person-password'
  const here = new Browser(world)
  const kept = await frontendTokens(world, here, account)
  const [current] = await world.server.engine.sessions(call, account)
  const shop = await tokensFor(world, here, { account })
  const bound = await tokensFor(world, here, { account, scope: 'openid photos:read' })
  const other = await frontendTokens(world, new Browser(world), account)
  const elsewhere = await tokensFor(world, new Browser(world), { account })
  await world.server.engine.revokeAccount(call, account, current?.id)
  assert.deepEqual(
    (await world.server.engine.sessions(call, account)).map(({ id }) => id),
    [current?.id],
  )
  const revoked = await revokedSids()
  assert.deepEqual(
    [kept, shop, bound, other, elsewhere].map((tokens) => revoked.has(sidOf(tokens))),
    [false, true, true, true, true],
  )
  assert.deepEqual([await works(kept), await works(other)], [true, false])
  for (const tokens of [shop, elsewhere]) assert.equal(errorOf(await refresh(world, tokens.refresh_token)), 'invalid_grant')
  assert.deepEqual(await world.server.engine.authorisedApps(call, account), [])
  const silent = await here.authorize(authorizePath(pkce().challenge, { extra: { prompt: 'none' } }), { account })
  assert.equal(silent.location.searchParams.get('error'), 'consent_required')
})

test('a new password ends more sessions than one page of the list has', async () => {
  const account = 'person-crowd'
  const sessions = world.database.collection(sessionsCollection)
  const now = Date.now()
  const common = { accountId: account, device: '', lastUsedAt: now, payload: '', expiresAt: now + 3_600_000 }
  for (let index = 0; index < 600; index += 100) {
    const some = Array.from({ length: 100 }, (_, part) => `crowd-${index + part}`)
    await world.database.commit(
      call,
      some.map((id) => insertInto(sessionsCollection, { ...common, id, cookieHash: id })),
    )
  }
  await world.server.engine.revokeAccount(call, account, 'crowd-7')
  const left = await sessions.list(call, { index: 'account', where: { accountId: account }, limit: 1000 })
  assert.deepEqual(
    left.items.map(({ value }) => value.id),
    ['crowd-7'],
  )
})

test('nothing of a finished sign-in is left for a later request: no address goes on with it, and no cookie', async () => {
  const account = 'person-kept-back'
  const thief = new Browser(world)
  const place = await interactionOf(thief)
  const signedIn = await thief.visit({ method: 'POST', path: `${place}/sign-in?account=${account}` })
  const consent = String(signedIn.headers['location'])
  const agreed = await thief.visit({ method: 'POST', path: `${consent}/consent?approved=yes` })
  assert.match(String(agreed.headers['location']), /callback\?code=/, 'the answer to the form leads to the client')
  assert.deepEqual(
    thief.cookieNames.filter((name) => /resume/i.test(name)),
    [],
  )
  const interactions = world.database.collection(interactionsCollection)
  for (const path of [place, consent]) {
    const uid = path.replace('/interaction/', '')
    assert.equal(await interactions.get(call, recordId(uid)), undefined, 'what was asked is gone with the answer')
    assert.equal((await thief.visit({ path: `/authorize/${uid}` })).status, 404)
  }
})

test('a credential that changes while it is being proved proves nothing', async () => {
  const account = 'person-overtaken'
  const browser = new Browser(world)
  const place = await interactionOf(browser)
  world.credentials.set(account, 'the second password')
  const late = await browser.visit({
    method: 'POST',
    path: `${place}/sign-in?account=${account}&credential=${encodeURIComponent('the first password')}`,
  })
  assert.equal(late.status, 400, late.body)
  assert.match(late.body, /start again/)
  assert.deepEqual(await world.server.engine.sessions(call, account), [])
  const owner = await browser.visit({ method: 'POST', path: `${place}/sign-in?account=${account}` })
  assert.match(String(owner.headers['location']), /\/interaction\//, 'the owner is in, and is asked for consent')
  assert.equal((await world.server.engine.sessions(call, account)).length, 1)
})

test('a credential that changes while a hook of the app thinks proves nothing any more', async (context) => {
  const account = 'person-hooked'
  const own = await openOauth({
    hooks: {
      afterSignIn: async () => {
        own.credentials.set(account, 'the second password')
        await own.server.engine.revokeAccount(call, account)
      },
    },
  })
  context.after(() => own.stop())
  const browser = new Browser(own)
  const place = await interactionOf(browser)
  const late = await browser.visit({ method: 'POST', path: `${place}/sign-in?account=${account}` })
  assert.equal(late.status, 400, late.body)
  assert.deepEqual(await own.server.engine.sessions(call, account), [])
})

test('requirement 32: whoever is blocked while a hook of the app thinks is not signed in, nor later', async (context) => {
  const account = 'person-blocked-meanwhile'
  const own = await openOauth({
    hooks: {
      afterSignIn: async () => {
        own.suspended.add(account)
        await own.server.engine.revokeAccount(call, account)
      },
    },
  })
  context.after(() => own.stop())
  const browser = new Browser(own)
  const place = await interactionOf(browser)
  const late = await browser.visit({ method: 'POST', path: `${place}/sign-in?account=${account}` })
  assert.equal(late.status, 400, late.body)
  assert.match(late.body, /start again/)
  own.suspended.clear()
  assert.deepEqual(await own.server.engine.sessions(call, account), [])
})

test('requirement 32: what somebody allows while all of their account ends, ends with it', async (context) => {
  const account = 'person-allowing'
  let allow: (() => Promise<Reply>) | undefined
  const own = await openOauth({
    between: (database) => ({
      ...database,
      async commit(...given) {
        const act = allow
        allow = undefined
        // By then what was allowed before is removed, and the session has not ended.
        if (act !== undefined) assert.match(String((await act()).headers['location']), /callback\?code=/)
        return database.commit(...given)
      },
    }),
  })
  context.after(() => own.stop())
  const browser = new Browser(own)
  const signedIn = await browser.visit({ method: 'POST', path: `${await interactionOf(browser)}/sign-in?account=${account}` })
  const consent = String(signedIn.headers['location'])
  allow = () => browser.visit({ method: 'POST', path: `${consent}/consent?approved=yes` })
  await own.server.engine.revokeAccount(call, account)
  assert.equal(allow, undefined)
  assert.deepEqual(await own.server.engine.authorisedApps(call, account), [])
})

test('requirement 32: an app that is let in while its access ends has none, by a yes of before', async (context) => {
  const account = 'person-ending'
  let end: (() => Promise<unknown>) | undefined
  const own = await openOauth({
    between: (database) => ({
      ...database,
      async commit(...given) {
        const isGiven = given[1].some(({ kind, collection }) => kind === 'insert' && collection === grantsCollection.name)
        const act = isGiven ? end : undefined
        if (act !== undefined) end = undefined
        // By then the yes of before has been read, and there is no grant of it that could be ended.
        await act?.()
        return database.commit(...given)
      },
    }),
  })
  context.after(() => own.stop())
  await tokensFor(own, new Browser(own), { account })
  const other = new Browser(own)
  await frontendTokens(own, other, account)
  const { revokeApp, authorisedApps } = own.server.engine
  end = () => revokeApp(call, account, PRINT_SHOP.clientId)
  const form = await codeFor(other, { account })
  assert.equal(end, undefined, 'it was under way meanwhile')
  assert.equal(errorOf(await send(own, { path: '/token', form })), 'invalid_grant')
  assert.deepEqual(await authorisedApps(call, account), [])
  const { asked } = await other.authorize(authorizePath(pkce().challenge), { account })
  assert.deepEqual(asked, ['consent'])
  assert.equal((await authorisedApps(call, account)).length, 1, 'and a yes that comes after the end counts')
})

test('an answer counts once: the form that is sent again opens no second session', async () => {
  const account = 'person-twice'
  const browser = new Browser(world)
  const place = await interactionOf(browser)
  const cookie = browser.cookiesFor(place).join('; ')
  const path = `${place}/sign-in?account=${account}`
  assert.equal((await browser.visit({ method: 'POST', path })).status, 303)
  const again = await send(world, { method: 'POST', path, headers: { cookie } })
  assert.equal(again.status, 400, again.body)
  assert.equal((await world.server.engine.sessions(call, account)).length, 1)
})

test('of answers that come at once one counts, and the others leave nothing behind', async () => {
  const account = 'person-at-once'
  const browser = new Browser(world)
  const place = await interactionOf(browser)
  const cookie = browser.cookiesFor(place).join('; ')
  const path = `${place}/sign-in?account=${account}`
  const sent = await Promise.all(Array.from({ length: 8 }, () => send(world, { method: 'POST', path, headers: { cookie } })))
  assert.deepEqual(sent.map(({ status }) => status).toSorted(), [303, ...Array.from({ length: 7 }, () => 400)])
  for (const { status, body } of sent) if (status === 400) assert.match(body, /start again/)
  assert.equal((await world.server.engine.sessions(call, account)).length, 1)
  assert.deepEqual(
    world.logs.filter((line) => line.includes('the OpenID engine failed')),
    [],
  )
})

test('of allowing and refusing at once the one that counts is all that is kept', async () => {
  const account = 'person-undecided'
  const browser = new Browser(world)
  const signedIn = await browser.visit({ method: 'POST', path: `${await interactionOf(browser)}/sign-in?account=${account}` })
  const consent = String(signedIn.headers['location'])
  const cookie = browser.cookiesFor(consent).join('; ')
  const sent = await Promise.all(
    ['no', 'yes', 'yes'].map((approved) =>
      send(world, { method: 'POST', path: `${consent}/consent?approved=${approved}`, headers: { cookie } }),
    ),
  )
  assert.deepEqual(sent.map(({ status }) => status).toSorted(), [303, 400, 400])
  const allowed = sent.some(({ headers }) => /callback\?code=/.test(String(headers['location'])))
  const apps = await world.server.engine.authorisedApps(call, account)
  assert.equal(apps.length, allowed ? 1 : 0)
})

test('half a sign-in that comes after the whole one brings nothing back', async () => {
  const account = 'person-half-late'
  world.secondFactors.add(account)
  const browser = new Browser(world)
  const place = await interactionOf(browser)
  const half = `${place}/sign-in?account=${account}&by=password`
  await browser.visit({ method: 'POST', path: half })
  const cookie = browser.cookiesFor(place).join('; ')
  const both = await Promise.all([
    send(world, { method: 'POST', path: `${place}/sign-in?account=${account}&by=totp`, headers: { cookie } }),
    send(world, { method: 'POST', path: half, headers: { cookie } }),
  ])
  assert.equal(both[0]?.status, 303)
  const interactions = world.database.collection(interactionsCollection)
  const isOver = (await world.server.engine.sessions(call, account)).length === 1
  assert.equal((await interactions.get(call, recordId(place.replace('/interaction/', '')))) === undefined, isOver)
  assert.equal((await send(world, { method: 'POST', path: half, headers: { cookie } })).status, isOver ? 400 : 303)
})

test('a pushed request is used up with the answer that counts', async () => {
  const account = 'person-pushed'
  const pushed = async (): Promise<string> => {
    const form = Object.fromEntries(new URL(authorizePath(pkce().challenge), world.sites.accounts).searchParams)
    const { request_uri: uri } = JSON.parse((await send(world, { path: '/par', form })).body) as { request_uri: string }
    return `/authorize?${new URLSearchParams({ client_id: PRINT_SHOP.clientId, request_uri: uri }).toString()}`
  }
  const browser = new Browser(world)
  await browser.authorize(authorizePath(pkce().challenge), { account })
  // Allowed before, so that the answer to the sign-in is the code.
  const begun = await browser.visit({ path: await pushed() })
  assert.match(String(begun.headers['location']), /callback\?code=/)
  const other = new Browser(world)
  const asked = await other.visit({ path: await pushed() })
  const place = new URL(String(asked.headers['location']), world.sites.accounts).pathname
  const cookie = other.cookiesFor(place).join('; ')
  const path = `${place}/sign-in?account=${account}`
  const sent = await Promise.all(Array.from({ length: 4 }, () => send(world, { method: 'POST', path, headers: { cookie } })))
  const codes = sent.filter(({ headers }) => /callback\?code=/.test(String(headers['location'])))
  assert.equal(codes.length, 1, sent.map(({ status, headers }) => `${status} ${String(headers['location'])}`).join('\n'))
})

/** Where a new authorization stops to ask. */
async function interactionOf(browser: Browser): Promise<string> {
  const begun = await browser.visit({ path: authorizePath(pkce().challenge) })
  return new URL(String(begun.headers['location']), world.sites.accounts).pathname
}

test('a late job ends what was there when its write was, and spares who has signed in since', async () => {
  const account = 'person-late-job'
  const old = new Browser(world)
  const earlier = await frontendTokens(world, old, account)
  const shop = await tokensFor(world, new Browser(world), { account })
  const until = world.clock.now()
  world.advance(5000)
  const thief = await tokensFor(world, old, { account })
  const browser = new Browser(world)
  const later = await frontendTokens(world, browser, account)
  const shopLater = await tokensFor(world, browser, { account })
  await world.server.engine.revokeUntil(call, account, { until })
  assert.equal(await works(earlier), false)
  assert.equal(errorOf(await refresh(world, shop.refresh_token)), 'invalid_grant')
  assert.equal(errorOf(await refresh(world, thief.refresh_token)), 'invalid_grant', 'a young grant of an old session ends with it')
  const apps = (await world.server.engine.authorisedApps(call, account)).map(({ clientId, unasked }) => ({ clientId, unasked }))
  assert.deepEqual(
    apps,
    [{ clientId: PRINT_SHOP.clientId, unasked: true }],
    'nothing that was allowed comes back by itself; what goes on is shown',
  )
  assert.equal(await works(later), true)
  assert.equal((await refresh(world, shopLater.refresh_token)).status, 200)
  const { items } = await world.revocations.list(call)
  const whole = items.filter(({ kind, subject }) => kind === 'account' && subject === account)
  assert.deepEqual(
    whole.map(({ before: at }) => at),
    [Math.floor(until / 1000)],
    'tokens that were issued since are good',
  )
})

test('ending all of an account lists the account itself, for tokens that are just being issued', async () => {
  const account = 'person-all'
  const tokens = await frontendTokens(world, new Browser(world), account)
  await world.server.engine.revokeAccount(call, account)
  const { items } = await world.revocations.list(call)
  assert.ok(items.some(({ kind, subject }) => kind === 'account' && subject === account))
  assert.ok(items.some(({ kind, subject }) => kind === 'session' && subject === sidOf(tokens)))
  assert.equal(await works(tokens), false)
})

test('a client may revoke its own refresh token, and nobody elses', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-client-revoke' })
  const form = { token: tokens.refresh_token ?? '' }
  const foreign = await send(world, { path: '/revoke', form: { ...form, client_id: 'accounts' } })
  assert.equal(foreign.status, 200, 'it is not told whether the token exists')
  const next = JSON.parse((await refresh(world, tokens.refresh_token)).body).refresh_token
  assert.ok(next)
  assert.equal((await send(world, { path: '/revoke', form: { token: 'unknown', client_id: PRINT_SHOP.clientId } })).status, 200)
  assert.equal((await send(world, { path: '/revoke', form: { token: next, client_id: PRINT_SHOP.clientId } })).status, 200)
  assert.equal(errorOf(await refresh(world, next)), 'invalid_grant')
  assert.equal((await revokedSids()).has(sidOf(tokens)), true)
})

test('revocations are found from a cursor on, and leave when no token can carry them any more', async () => {
  const end = async (): Promise<string> => {
    world.advance(20_000)
    const tokens = await frontendTokens(world, new Browser(world), 'person-cursor')
    await world.server.endSessionOf(call, sidOf(tokens))
    return sidOf(tokens)
  }
  const first = await end()
  const { items, next } = await world.revocations.list(call)
  assert.equal(items.at(-1)?.subject, first)
  const second = await end()
  const third = await end()
  const later = await world.revocations.list(call, next)
  // The last one known comes again: a writer that was slow may have stored something in between.
  assert.deepEqual(
    later.items.map(({ subject }) => subject),
    [first, second, third],
  )
  assert.deepEqual(
    (await world.revocations.list(call, later.next)).items.map(({ subject }) => subject),
    [third],
  )
  world.advance(13 * 60_000)
  assert.deepEqual((await world.revocations.list(call)).items, [])
})

test('requirement 33: no bearer value is on disk as it is, and each has 256 bits', async () => {
  const browser = new Browser(world)
  const form = await tokensFor(world, browser, { account: 'person-disk' })
  const unused = await codeFor(browser, { account: 'person-disk' })
  const [session = ''] = browser.cookiesFor('/').flatMap((cookie) => /^__Host-session=([\w-]{43,})/.exec(cookie)?.[1] ?? [])
  assert.ok(session !== '' && unused['code'] !== undefined)
  const bytes = await everythingStored(file)
  assert.match(form.refresh_token ?? '', /^nfr1_[\w-]{43}[0-9a-f]{8}[\w-]{43}$/)
  assert.ok(bytes.length > 10_000)
  assert.ok(bytes.includes('auth_refresh_tokens'), 'this is the file that has them')
  const [family, code] = [form.refresh_token?.slice(5, 48) ?? '', form.refresh_token?.slice(-43) ?? '']
  for (const secret of [family, code, form.access_token, form.id_token, unused['code'], session])
    assert.equal(bytes.includes(secret), false)
})
