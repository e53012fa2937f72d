// Signing keys in use: two processes on one database, people who refresh without pause, and keys that change under them.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { apiAudience } from '#kernel/sites.ts'
import { createResealing, type Resealing } from '../../src/auth/keys/reseal.ts'
import { SEALED_FIELDS } from '../../src/auth/sealed-fields.ts'
import { KEY_SET_SECONDS, PUBLISHED_BEFORE_USE_MS } from '../../src/auth/keys/generations.ts'
import type { AuthorizationServer } from '../../src/auth/provider/create.ts'
import { createTokenKeys } from '../../src/gateway/tokens/keys.ts'
import { createTokenVerifier, type TokenVerifier } from '../../src/gateway/tokens/verifier.ts'
import {
  Browser,
  call,
  DIARY_SECRET,
  errorOf,
  frontendTokens,
  type OauthWorld,
  openOauth,
  pkce,
  refresh,
  send,
  tokensFor,
} from '../support/oauth.ts'
import { until } from '../support/until.ts'

let folder: string
let world: OauthWorld
let twin: Awaited<ReturnType<OauthWorld['twin']>>

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-keys-'))
  world = await openOauth({ file: join(folder, 'main.db') })
  twin = await world.twin()
})

after(async () => {
  await twin.stop()
  await world.stop()
  await rm(folder, { recursive: true, force: true })
})

const keySet = async (): Promise<JSONWebKeySet> => JSON.parse((await send(world, { path: '/jwks' })).body)
const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? ''

/** The gateway's own verifier, beside this process. */
function verifierBeside(server: AuthorizationServer): TokenVerifier {
  return createTokenVerifier({
    keys: createTokenKeys({ auth: { keys: () => server.keySet() }, clock: world.clock }),
    clock: { now: () => Date.now() },
    issuer: world.sites.accounts,
    audience: apiAudience(world.sites),
    firstParty: new Set(['diary']),
  })
}

interface Session {
  refreshToken: string
  accessToken: string
}

async function refreshAt(server: AuthorizationServer, session: Session): Promise<void> {
  const { status, body } = await server.exchange(call, {
    method: 'POST',
    path: '/token',
    headers: {
      authorization: `Basic ${Buffer.from(`diary:${DIARY_SECRET}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: session.refreshToken }).toString(),
  })
  assert.equal(status, 200, body)
  const tokens = JSON.parse(body) as { access_token: string; refresh_token: string }
  session.refreshToken = tokens.refresh_token
  session.accessToken = tokens.access_token
}

test('requirement 51: keys change under load, in two processes, without one failed request', async () => {
  const servers = [world.server, twin.server] as const
  const gateways = servers.map(verifierBeside)
  const sessions = await Promise.all(
    [0, 1, 2, 3].map(async (index): Promise<Session> => {
      const { refresh_token: refreshToken = '', access_token: accessToken } = await frontendTokens(
        world,
        new Browser(world),
        `person-load${index}`,
      )
      return { refreshToken, accessToken }
    }),
  )
  let done = false
  let requests = 0
  /** Each takes turns at both processes, and shows what it got to the gateway of the other one. */
  const load = sessions.map(async (session, index) => {
    for (let turn = index; !done; turn += 1) {
      const at = servers[turn % 2] ?? world.server
      await refreshAt(at, session)
      await gateways[(turn + 1) % 2]?.verify(call, session.accessToken)
      requests += 1
    }
  })
  const changing = async (): Promise<void> => {
    for (const now of [false, true]) {
      const before = (await world.server.keySet()).keys[0]?.kid ?? ''
      await twin.server.signingKeys.rotate(call, { now })
      // What a client keeps from this moment on, for as long as it may.
      const kept = await until('both publish the new key', async () => {
        const [here, there] = await Promise.all([keySet(), twin.server.keySet()])
        return here.keys.length === there.keys.length && here.keys.length > 2 && here
      })
      if (!now) {
        world.advance(KEY_SET_SECONDS * 1000)
        assert.equal((await twin.server.keySet()).keys[0]?.kid, before, 'not used before every cache of the key set has ended')
        world.advance(PUBLISHED_BEFORE_USE_MS - KEY_SET_SECONDS * 1000)
      }
      await until('both sign with it', () => sessions.every(({ accessToken }) => kidOf(accessToken) !== before) && requests > 50)
      const known = createLocalJWKSet(kept)
      for (const { accessToken } of sessions) await jwtVerify(accessToken, known)
    }
  }
  try {
    await Promise.race([changing(), Promise.all(load)])
  } finally {
    done = true
  }
  await Promise.all(load)
  assert.ok(requests > 50, `${requests} requests`)
})

test('requirement 51: the key set has RS256 and ES256, may be kept for minutes, and is told again in a few bytes', async () => {
  const first = await send(world, { path: '/jwks' })
  assert.equal(first.headers['cache-control'], `public, max-age=${KEY_SET_SECONDS}`)
  const { etag } = first.headers
  assert.ok(typeof etag === 'string')
  assert.deepEqual(new Set((JSON.parse(first.body) as JSONWebKeySet).keys.map(({ alg }) => alg)), new Set(['ES256', 'RS256']))
  const again = await send(world, { path: '/jwks', headers: { 'if-none-match': etag } })
  assert.equal(again.status, 304)
  assert.equal(again.body, '')
  assert.equal(again.headers['etag'], etag)
  const other = await send(world, { path: '/jwks', headers: { 'if-none-match': '"another"' } })
  assert.equal(other.status, 200)
})

test('a revoked key is taken by nobody, what it has signed ends, and nobody is signed out', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-theft' })
  const stolen = kidOf(tokens.access_token)
  assert.equal(await twin.server.signingKeys.revoke(call, stolen), true)
  const { items } = await world.revocations.list(call)
  assert.ok(items.some(({ kind, subject }) => kind === 'key' && subject === stolen))
  await until('the other process has let go of it', async () => !(await keySet()).keys.some(({ kid }) => kid === stolen))
  await assert.rejects(verifierBeside(world.server).verify(call, tokens.access_token), /unknown key/)
  const { status, body } = await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${tokens.access_token}` } })
  assert.equal(status, 401)
  assert.equal(errorOf({ body }), 'invalid_token')
  const next = await refresh(world, tokens.refresh_token)
  assert.equal(next.status, 200)
  assert.notEqual(kidOf(JSON.parse(next.body).access_token), stolen)
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
