// Signing keys in use: two processes on one database, people who refresh without pause, and keys that change under them.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { callAs } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { apiAudience } from '#kernel/sites.ts'
import type { Auth } from '../../src/auth/contract.ts'
import { createBeginAnew } from '../../src/auth/keys/begin-anew.ts'
import { createResealing, type Resealing } from '../../src/auth/keys/reseal.ts'
import { KEY_SET_SECONDS, KNOWN_HERE_MS, LOOK_MS } from '../../src/auth/keys/generations.ts'
import { REFRESH_FIELDS, SEALED_FIELDS } from '../../src/auth/sealed-fields.ts'
import { createTokenKeys } from '../../src/gateway/tokens/keys.ts'
import { createTokenVerifier, type TokenVerifier } from '../../src/gateway/tokens/verifier.ts'
import { type AuthProcess, SHOP_SECRET, startAuthProcess } from '../support/auth-process.ts'
import {
  Browser,
  call,
  errorOf,
  type OauthWorld,
  openOauth,
  pkce,
  refresh,
  send,
  sitesAt,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'
import { until } from '../support/until.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** No process listens there: each is asked at its own port. */
const ISSUER_PORT = 9000

let folder: string
let left: AuthProcess
let right: AuthProcess
/** That of both processes, as far as this one is concerned. */
let ahead = 0
const clock = { now: () => Date.now() + ahead }
const sites = sitesAt(ISSUER_PORT)
const gateways: TokenVerifier[] = []

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-keys-'))
  const shared = { file: join(folder, 'main.db'), masterKey: randomToken(), issuerPort: ISSUER_PORT, mode: 'brief' } as const
  left = await startAuthProcess(shared)
  right = await startAuthProcess(shared)
  gateways.push(verifierBeside(left), verifierBeside(right))
})

after(async () => {
  for (const { child } of [left, right]) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

const keySet = async (at: AuthProcess): Promise<JSONWebKeySet> => JSON.parse((await send(at, { path: '/jwks' })).body)
const kidsOf = ({ keys }: JSONWebKeySet): string[] => keys.map(({ kid = '' }) => kid).toSorted()
/** What both publish, when that is the same. */
const bothPublish = async (): Promise<string[] | undefined> => {
  const [here = [], there = []] = (await Promise.all([left, right].map(keySet))).map(kidsOf)
  return here.join() === there.join() ? here : undefined
}
/** Of each algorithm a process names the key first that it signs with. */
const signingKidsOf = ({ keys }: JSONWebKeySet): string[] =>
  keys.filter(({ alg }, index) => keys.findIndex((key) => key.alg === alg) === index).map(({ kid = '' }) => kid)
const bothSignWithout = async (former: readonly string[]): Promise<boolean> =>
  (await Promise.all([left, right].map(keySet))).flatMap(signingKidsOf).every((kid) => !former.includes(kid))
const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? ''

/** The API's own verifier, which keeps the keys of this process as it does. */
function verifierBeside(at: AuthProcess): TokenVerifier {
  return createTokenVerifier({
    keys: createTokenKeys({ auth: { keys: async () => JSON.parse((await send(at, { path: '/jwks' })).body) }, clock }),
    clock,
    issuer: sites.accounts,
    audience: apiAudience(sites),
    firstParty: new Set(['diary']),
  })
}

interface Visitor {
  readonly account: string
  browser: Browser
  /** One process for one request, the other one for the next: nobody knows who answers. */
  readonly anywhere: Pick<OauthWorld, 'port' | 'sites'>
  tokens?: Tokens
  turns: number
}

function visitor(index: number): Visitor {
  let requests = index
  const anywhere = {
    sites,
    get port() {
      requests += 1
      return (requests % 2 === 0 ? left : right).port
    },
  }
  return { account: `person-load${index}`, browser: new Browser(anywhere), anywhere, turns: 0 }
}

const asShop = { authorization: `Basic ${Buffer.from(`shop:${SHOP_SECRET.replaceAll(' ', '+')}`).toString('base64')}` }

async function answered(at: Visitor['anywhere'], request: Parameters<typeof send>[1]): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await send(at, { headers: asShop, ...request })
  assert.equal(status, 200, `${request.path}: ${body}`)
  return JSON.parse(body)
}
const tokensAt = async (at: Visitor['anywhere'], form: Record<string, string>): Promise<Tokens> =>
  (await answered(at, { path: '/token', form })) as unknown as Tokens

/** By the API of each process, at the userinfo endpoint, and by introspection. */
async function isTaken({ anywhere, account }: Visitor, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` }
  const [person, known, ...admitted] = await Promise.all([
    answered(anywhere, { path: '/userinfo', headers }),
    answered(anywhere, { path: '/introspect', form: { token } }),
    ...gateways.map((gateway) => gateway.verify(call, token)),
  ])
  assert.deepEqual([person['sub'], known['active'], known['sub']], [account, true, account])
  for (const { principal } of admitted) assert.equal(principal.accountId, account)
}

/** The first time by hand, then without a page and by the name of the session, which is a token of before. */
async function signedIn({ account, browser, anywhere, tokens }: Visitor): Promise<Tokens> {
  const { verifier, challenge } = pkce()
  const query = new URLSearchParams({
    client_id: 'shop',
    redirect_uri: 'https://shop.example/callback',
    response_type: 'code',
    scope: 'openid offline_access photos:read',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(tokens === undefined ? {} : { prompt: 'none', id_token_hint: tokens.id_token }),
  })
  const { location, last } = await browser.authorize(`/authorize?${query.toString()}`, { account })
  const code = location.searchParams.get('code') ?? assert.fail(`${location.href} ${last.body}`)
  return tokensAt(anywhere, { grant_type: 'authorization_code', code, code_verifier: verifier })
}

async function renewed(person: Visitor, refreshToken: string): Promise<void> {
  const { access_token: token } = await tokensAt(person.anywhere, { grant_type: 'refresh_token', refresh_token: refreshToken })
  await isTaken(person, token)
}

async function turn(person: Visitor): Promise<void> {
  const kept = person.tokens?.refresh_token
  const [tokens] = await Promise.all([signedIn(person), kept === undefined ? undefined : renewed(person, kept)])
  await isTaken(person, tokens.access_token)
  person.tokens = tokens
  person.turns += 1
}

const visitors = Array.from({ length: 4 }, (_, index) => visitor(index))
const tokensInUse = (): string[] => visitors.flatMap(({ tokens }) => (tokens === undefined ? [] : [tokens.access_token, tokens.id_token]))

/** They come without pause while this goes on, and some more when it has come about. Fails with the first request that fails. */
async function underLoad(what: string, hasComeAbout: () => Promise<boolean> | boolean): Promise<void> {
  let done = false
  const load = visitors.map(async (person) => {
    while (!done) await turn(person)
  })
  const waiting = async (): Promise<void> => {
    await until(what, () => done || hasComeAbout())
    const turns = visitors.map((person) => person.turns)
    // The turn under way began before it.
    await until(`two turns after: ${what}`, () => done || visitors.every((person, index) => person.turns >= (turns[index] ?? 0) + 2))
  }
  try {
    await Promise.race([waiting(), Promise.all(load)])
  } finally {
    done = true
  }
  await Promise.all(load)
}

/** Between two requests of everybody: one that is under way would meet the end of its code, and not the keys. */
async function later(ms: number): Promise<void> {
  ahead += ms
  await Promise.all([left.advance(ms), right.advance(ms)])
}

test('requirement 51: keys go from next to current to previous to gone on their schedule, under load in two processes, without one failed request', {
  timeout: 300_000,
}, async () => {
  const original = kidsOf(await keySet(left))
  assert.equal(original.length, 2)
  const isOriginal = (token: string): boolean => original.includes(kidOf(token))
  await later(89 * DAY_MS - HOUR_MS)
  await underLoad('everybody is here', () => visitors.every(({ turns }) => turns > 0))
  assert.deepEqual(await bothPublish(), original)

  await later(HOUR_MS)
  await underLoad('both publish the next keys', async () => (await bothPublish())?.length === 4)
  assert.ok(tokensInUse().every(isOriginal), 'not used for a day')
  // What a client keeps that asks for the keys once in a while.
  const kept = createLocalJWKSet(await keySet(right))
  assert.deepEqual(
    (await bothPublish())?.filter((kid) => original.includes(kid)),
    original,
  )

  await later(DAY_MS)
  await underLoad('both sign with them', () => bothSignWithout(original))
  assert.equal(tokensInUse().some(isOriginal), false)
  for (const token of tokensInUse()) await jwtVerify(token, kept, { currentDate: new Date(clock.now()) })
  const scheduled = [...new Set(tokensInUse().map(kidOf))].toSorted()
  assert.equal(scheduled.length, 2)

  // An ID token names a session for as long as that lasts: the former keys stay, while sessions are in use.
  for (const days of [10, 10]) {
    await later(days * DAY_MS)
    await underLoad(`everybody is still here after ${days} days`, () => true)
    assert.equal((await bothPublish())?.length, 4)
  }
  // Their sessions would end before the keys do, as all from before the change.
  for (const person of visitors) {
    person.browser = new Browser(person.anywhere)
    delete person.tokens
  }
  await underLoad('everybody has signed in anew', () => visitors.every(({ tokens }) => tokens !== undefined))
  assert.equal((await bothPublish())?.length, 4)
  await later(11 * DAY_MS)
  await underLoad('both have let go of the former keys', async () => (await bothPublish())?.join() === scheduled.join())
  const { body } = await send(left, { path: '/jwks' })
  for (const kid of original) assert.equal(body.includes(kid), false)

  await right.rotateKeysNow()
  await underLoad('both sign with keys of just now', () => bothSignWithout(scheduled))
  assert.equal(
    tokensInUse().some((token) => scheduled.includes(kidOf(token))),
    false,
  )
})

test('requirement 51: the key set has RS256 and ES256, may be kept for minutes, and is told again in a few bytes', async () => {
  const told = await send(left, { path: '/jwks' })
  assert.equal(told.headers['cache-control'], `public, max-age=${KEY_SET_SECONDS}`)
  const { etag } = told.headers
  assert.ok(typeof etag === 'string')
  assert.deepEqual(new Set((JSON.parse(told.body) as JSONWebKeySet).keys.map(({ alg }) => alg)), new Set(['ES256', 'RS256']))
  const again = await send(left, { path: '/jwks', headers: { 'if-none-match': etag } })
  assert.equal(again.status, 304)
  assert.equal(again.body, '')
  assert.equal(again.headers['etag'], etag)
  const other = await send(left, { path: '/jwks', headers: { 'if-none-match': '"another"' } })
  assert.equal(other.status, 200)
})

test('a revoked key is taken by nobody, what it has signed ends, and nobody is signed out', async () => {
  const person = visitor(99)
  const tokens = await signedIn(person)
  const stolen = kidOf(tokens.access_token)
  assert.equal(await right.revokeKey(stolen), true)
  await until('both have let go of it', async () => (await bothPublish())?.includes(stolen) === false)
  for (const at of [left, right]) {
    await assert.rejects(verifierBeside(at).verify(call, tokens.access_token), /unknown key/)
    const { status, body } = await send(at, { path: '/userinfo', headers: { authorization: `Bearer ${tokens.access_token}` } })
    assert.deepEqual([status, errorOf({ body })], [401, 'invalid_token'])
  }
  const next = await tokensAt(person.anywhere, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' })
  assert.notEqual(kidOf(next.access_token), stolen)
})

test('requirement 51: a gateway that has read the key set just before the new key was in it has that key when it signs', async () => {
  const set: Awaited<ReturnType<Auth['keys']>> = JSON.parse((await send(left, { path: '/jwks' })).body)
  const own = set.keys.find(({ alg }) => alg === 'ES256') ?? assert.fail('no key')
  const next = { ...own, kid: 'next' }
  // By somebody who invents keys: as soon as may be, as late as the process itself can be, and again and again.
  for (const asked of [[0], [LOOK_MS - 50], [LOOK_MS + 450], Array.from({ length: 60 }, (_, index) => index * 50)]) {
    let now = 0
    const keys = createTokenKeys({
      auth: { keys: async () => ({ ...set, keys: now >= LOOK_MS + 500 ? [...set.keys, next] : set.keys }) },
      clock: { now: () => now },
    })
    for (now of asked) assert.equal(await keys.find(call, 'invented'), undefined)
    now = KNOWN_HERE_MS
    assert.ok(await keys.find(call, 'next'), asked.join())
  }
})

test('EdDSA keys are there where the app asks for them', async () => {
  const signs = { clientId: 'signs', name: 'Signs', redirectUris: ['https://signs.example/callback'], origins: [], scopes: [] }
  const clients = [{ ...signs, idTokenAlgorithm: 'EdDSA' }] as const
  const own = await openOauth({ clients, definition: { edDsa: true } })
  try {
    const published: JSONWebKeySet = JSON.parse((await send(own, { path: '/jwks' })).body)
    assert.deepEqual(new Set(published.keys.map(({ alg }) => alg)), new Set(['ES256', 'RS256', 'EdDSA']))
    const { verifier, challenge } = pkce()
    const redirect = { client_id: 'signs', redirect_uri: signs.redirectUris[0] ?? '' }
    const asked = { ...redirect, response_type: 'code', scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256' }
    const { location } = await new Browser(own).authorize(`/authorize?${new URLSearchParams(asked).toString()}`, { account: 'person-ed' })
    const code = location.searchParams.get('code') ?? ''
    const reply = await send(own, {
      path: '/token',
      form: { ...redirect, grant_type: 'authorization_code', code, code_verifier: verifier },
    })
    const { id_token: idToken } = JSON.parse(reply.body) as { id_token: string }
    const { protectedHeader, payload } = await jwtVerify(idToken, createLocalJWKSet(published), { issuer: own.sites.accounts })
    assert.equal(protectedHeader.alg, 'EdDSA')
    assert.equal(payload.aud, 'signs')
  } finally {
    await own.stop()
  }
})

test('nobody is signed out while the master key changes, and its former version can be taken away', async (context) => {
  const file = join(folder, 'versions.db')
  const opened: OauthWorld[] = []
  context.after(() => Promise.all(opened.map((each) => each.stop())))
  const former = await openOauth({ file })
  const issuerPort = former.port
  const newest = randomToken()
  const tokens = await tokensFor(former, new Browser(former), { account: 'person-versions' })
  const used = tokens.refresh_token ?? ''
  const first = await refresh(former, used)
  await former.stop()

  const keyRing = createKeyRing(new Secret(`${newest} ${former.masterKey}`))
  const resealing: Resealing[] = []
  const both = await openOauth({
    file,
    sharing: { masterKey: `${newest} ${former.masterKey}`, issuerPort },
    between(database) {
      resealing.push(createResealing({ database, keyRing, logger: createLogger({ level: 'silent' }) }, SEALED_FIELDS))
      return database
    },
  })
  opened.push(both)
  // An answer that was lost with the restart: the successor is the same, whichever version computes it.
  const again = await refresh(both, used)
  assert.equal(again.status, 200, again.body)
  assert.equal(JSON.parse(again.body).refresh_token, JSON.parse(first.body).refresh_token)
  const { reseal } = resealing[0] ?? assert.fail('not made')
  const { sealedAnew, unreadable } = await reseal(call)
  assert.ok(sealedAnew >= 6, `${sealedAnew}: two keys, a secret, a session, a grant, tokens`)
  assert.equal(unreadable, 0)
  assert.deepEqual(await reseal(call), { sealedAnew: 0, unreadable: 0 })
  const after = await openOauth({ file, sharing: { masterKey: newest, issuerPort } })
  opened.push(after)
  const last = await refresh(after, JSON.parse(first.body).refresh_token)
  assert.equal(last.status, 200, last.body)
  // One that was used before the master key changed is known for what it is.
  after.advance(3001)
  assert.equal(errorOf(await refresh(after, used)), 'invalid_grant')
  assert.equal(errorOf(await refresh(after, JSON.parse(last.body).refresh_token)), 'invalid_grant', 'its family has ended')
})

test('the secret behind refresh tokens is given up with all of them, by operators alone, and nothing else ends', async (context) => {
  const file = join(folder, 'refresh-secret.db')
  const keyRing = createKeyRing(new Secret(randomToken()))
  const beginning: Auth['beginAnew'][] = []
  const former = await openOauth({
    file,
    between(database) {
      beginning.push(createBeginAnew({ database, keyRing, losing: {} }, { all: SEALED_FIELDS, refresh: REFRESH_FIELDS }))
      return database
    },
  })
  const opened = [former]
  context.after(() => Promise.all(opened.map((each) => each.stop())))
  const tokens = await tokensFor(former, new Browser(former), { account: 'person-stolen' })
  const beginAnew = beginning[0] ?? assert.fail('not made')
  const asked = { what: 'refresh-tokens', confirmed: true } as const
  await assert.rejects(beginAnew(callAs(call, { kind: 'anonymous' }), asked), /operators/)
  const lost = [
    { what: 'secret behind refresh tokens', count: 1 },
    { what: 'refresh tokens', count: 1 },
  ]
  assert.deepEqual((await beginAnew(call, { ...asked, confirmed: false })).lost, lost)
  const { refresh_token: latest } = JSON.parse((await refresh(former, tokens.refresh_token)).body) as { refresh_token: string }
  assert.ok(latest.length > 0, 'nothing was changed')
  assert.deepEqual((await beginAnew(call, asked)).lost, lost)
  await opened.pop()?.stop()
  const { masterKey, port: issuerPort } = former
  const after = await openOauth({ file, sharing: { masterKey, issuerPort } })
  opened.push(after)
  assert.equal(errorOf(await refresh(after, latest)), 'invalid_grant')
  const authorization = `Bearer ${tokens.access_token}`
  assert.equal((await send(after, { path: '/userinfo', headers: { authorization } })).status, 200, 'its grant and its key are there')
  const again = await tokensFor(after, new Browser(after), { account: 'person-stolen' })
  assert.equal((await refresh(after, again.refresh_token)).status, 200)
})
