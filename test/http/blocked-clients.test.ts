// Clients that are refused for good, whatever brought them here; what operators change of clients that are described by a document; and that whoever
// leaves has nothing at once.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { callAs } from '#kernel/call.ts'
import { clientRoutes } from '../../src/auth/clients/routes.ts'
import { consentsCollection, grantsCollection } from '../../src/auth/provider/collections.ts'
import type { Database } from '../../src/database/contract.ts'
import { type SignedIn, signInTo } from '../support/client-sign-in.ts'
import { call, claimsOf, errorOf, type OauthWorld, openOauth, PRINT_SHOP, send } from '../support/oauth.ts'
import { until } from '../support/until.ts'

const CALLBACK = 'https://notes.example/callback'
const GOOD = { redirect_uris: [CALLBACK], client_name: 'Notes', token_endpoint_auth_method: 'none', scope: 'openid photos:read' }
const DAY_MS = 86_400_000

let world: OauthWorld
let origin: string
let asked: string[]
let answer: (request: IncomingMessage, response: ServerResponse) => void
let isDatabaseAway = false
let beforeConsent: (() => Promise<unknown>) | undefined
const host = createServer((request, response) => {
  asked.push(request.url ?? '')
  answer(request, response)
})
const serving =
  (change: Record<string, unknown> = {}) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const body = { ...GOOD, client_id: `${origin}${request.url ?? ''}`, ...change }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

/** Of the engine: what it would write in one commit cannot be written. */
const between = (database: Database): Database => ({
  ...database,
  // oxlint-disable-next-line eslint/max-params -- the contract has three
  commit: async (of, operations, events) => {
    if (isDatabaseAway) throw new Error('the database is away')
    if (operations.some(({ collection }) => collection === consentsCollection.name)) {
      const first = beforeConsent
      beforeConsent = undefined
      await first?.()
    }
    return await database.commit(of, operations, events)
  },
})

before(async () => {
  world = await openOauth({ definition: { registration: { documents: true, dynamic: 'anyone' } }, withJobs: true, between })
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
  asked = []
  answer = serving()
})
after(async () => {
  host.close()
  await world.stop()
})

const signIn = (clientId: string, { account = 'person-blocked', redirectUri = CALLBACK } = {}): Promise<SignedIn> =>
  signInTo(world, clientId, { account, redirectUri })

async function tokensOf(clientId: string): Promise<{ access: string; refresh: Record<string, string> }> {
  const reply = await send(world, { path: '/token', form: (await signIn(clientId)).form })
  assert.equal(reply.status, 200, reply.body)
  const { access_token: access, refresh_token: refreshToken } = JSON.parse(reply.body)
  return { access, refresh: { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken } }
}

async function userinfo(access: string): Promise<number> {
  return (await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${access}` } })).status
}

async function register(): Promise<{ clientId: string; token: string }> {
  const reply = await send(world, { path: '/register', headers: { 'content-type': 'application/json' }, text: JSON.stringify(GOOD) })
  assert.equal(reply.status, 201, reply.body)
  const { client_id: clientId, registration_access_token: token } = JSON.parse(reply.body)
  return { clientId, token }
}

async function refused(clientId: string): Promise<void> {
  const { last, form } = await signIn(clientId)
  assert.equal(last.status, 400)
  assert.match(last.body, /invalid_client/)
  assert.equal(form['code'], '')
}

describe('a blocked client', () => {
  test('of a document does not come back at its next use, and has nothing from that moment', async () => {
    const clientId = `${origin}/blocked.json`
    const { access, refresh } = await tokensOf(clientId)
    const half = await signIn(clientId)
    assert.equal(await userinfo(access), 200)
    // What removing it is worth.
    await world.clients.remove(call, clientId)
    assert.deepEqual((await signIn(clientId)).asked, ['login', 'consent'])
    const again = await tokensOf(clientId)
    const requests = asked.length
    const blocked = await world.clients.block(call, clientId)
    assert.ok(Math.abs(Number(blocked.blockedAt) - world.clock.now()) < 5000)
    for (const token of [access, again.access]) assert.equal(await userinfo(token), 401)
    for (const form of [refresh, again.refresh, half.form])
      assert.equal(errorOf(await send(world, { path: '/token', form })), 'invalid_client')
    await refused(clientId)
    const { items } = await world.revocations.list(call)
    const sid = claimsOf(again.access)['sid']
    assert.ok(items.some(({ kind, subject }) => kind === 'session' && subject === sid))
    assert.ok(
      items.some(
        ({ kind, subject, before: end }) => kind === 'account' && subject === `client:${clientId}` && end > world.clock.now() / 1000,
      ),
    )
    assert.equal(asked.length, requests, 'nobody asks its host any more')
  })

  test('stays so when its document would have been forgotten, and operators see it', async () => {
    const clientId = `${origin}/lasting.json`
    await signIn(clientId)
    await world.clients.block(call, clientId)
    world.advance(60 * DAY_MS)
    const requests = asked.length
    await refused(clientId)
    assert.equal(asked.length, requests)
    const listed = (await world.clients.list(call)).items.find(({ definition }) => definition.clientId === clientId)
    assert.ok(listed?.blockedAt !== undefined)
    world.advance(-60 * DAY_MS)
  })

  test('may be a document that nobody has come with yet, and no other id that is not known', async () => {
    const clientId = `${origin}/never.json`
    assert.ok((await world.clients.block(call, clientId)).blockedAt)
    assert.ok((await world.clients.block(call, clientId)).blockedAt, 'twice is once')
    await refused(clientId)
    assert.equal(asked.includes('/never.json'), false)
    await assert.rejects(world.clients.block(call, 'nobody'), /no client/)
    await assert.rejects(world.clients.block(call, 'https://notes.example/#part'), /no client/)
    await assert.rejects(world.clients.block(call, PRINT_SHOP.clientId), /app definition/)
    await assert.rejects(world.clients.block(callAs(call, { kind: 'anonymous' }), clientId))
    await assert.rejects(world.clients.unblock(callAs(call, { kind: 'anonymous' }), clientId))
    await refused(clientId)
  })

  test('is let in again when that is undone: its document is read anew, people are asked, and what it had is not back', async () => {
    const clientId = `${origin}/back.json`
    const { access, refresh } = await tokensOf(clientId)
    await world.clients.block(call, clientId)
    answer = serving({ redirect_uris: ['https://moved.example/callback'] })
    const open = await world.clients.unblock(call, clientId)
    assert.equal(open.blockedAt, undefined)
    assert.equal((await world.clients.unblock(call, clientId)).blockedAt, undefined)
    // The job of the block ends what was under way at its moment.
    world.advance(3000)
    const { asked: prompts, form } = await signIn(clientId, { redirectUri: 'https://moved.example/callback' })
    assert.deepEqual(prompts, ['login', 'consent'])
    assert.equal((await send(world, { path: '/token', form })).status, 200)
    assert.equal(errorOf(await send(world, { path: '/token', form: refresh })), 'invalid_grant')
    assert.equal(await userinfo(access), 401)
    answer = serving()
    await assert.rejects(world.clients.unblock(call, `${origin}/unknown.json`), /no client/)
    world.advance(-3000)
  })

  test('keeps what it got since it was let in again, however late the job of its block comes', async () => {
    const clientId = `${origin}/late.json`
    const before = await tokensOf(clientId)
    const blockedAt = world.clock.now()
    isDatabaseAway = true
    await world.clients.block(call, clientId)
    isDatabaseAway = false
    await world.clients.unblock(call, clientId)
    // The job runs once, and once more when all is as it was: it may come twice.
    await world.server.endClient(call, clientId, blockedAt + 1)
    world.advance(3000)
    const { refresh } = await tokensOf(clientId)
    await world.server.endClient(call, clientId, blockedAt + 2000)
    assert.equal((await send(world, { path: '/token', form: refresh })).status, 200)
    assert.deepEqual((await signIn(clientId)).asked, ['login'], 'nor is the consent gone')
    assert.equal(errorOf(await send(world, { path: '/token', form: before.refresh })), 'invalid_grant')
    world.advance(-3000)
  })

  test('has nothing of what was being given to it at that moment, when it is let in again or another comes by its id', async () => {
    const named = (clientId: string) => ({ clientId, name: 'x', redirectUris: [CALLBACK], origins: [], scopes: ['photos:read'] })
    const ends: readonly ((clientId: string) => Promise<unknown>)[] = [
      async (clientId) => {
        await world.clients.block(call, clientId)
        await world.clients.unblock(call, clientId)
      },
      async (clientId) => {
        await world.clients.remove(call, clientId)
        await world.clients.add(call, named(clientId))
      },
    ]
    for (const [index, end] of ends.entries()) {
      const clientId = `under-way-${index}`
      await world.clients.add(call, named(clientId))
      beforeConsent = () => end(clientId)
      const { form } = await signIn(clientId)
      assert.equal(beforeConsent, undefined)
      assert.notEqual(form['code'], '', 'the answer was under way')
      assert.equal(errorOf(await send(world, { path: '/token', form })), 'invalid_grant')
      world.advance(3000)
      const kept = [world.database.collection(consentsCollection), world.database.collection(grantsCollection)] as const
      await until('nothing of it is left', async () => {
        const [consents, grants] = await Promise.all(kept.map((one) => one.list(call, { index: 'client', where: { clientId }, limit: 10 })))
        return (
          consents?.items.length === 0 && grants?.items.every(({ value }) => 'endedAt' in value && value.endedAt !== undefined) === true
        )
      })
      assert.deepEqual((await signIn(clientId)).asked, ['login', 'consent'])
      world.advance(-3000)
    }
  })

  test('gets what it is given anew in place of what was left of before', async () => {
    const clientId = 'in-place'
    await world.clients.add(call, { clientId, name: 'x', redirectUris: [CALLBACK], origins: [], scopes: ['photos:read', 'photos:write'] })
    await signIn(clientId)
    const consents = world.database.collection(consentsCollection)
    const present = async () =>
      (await consents.list(call, { index: 'client', where: { clientId }, limit: 10 })).items.map(({ value }) => value)
    const [before] = await present()
    assert.ok(before)
    await world.clients.block(call, clientId)
    await world.clients.unblock(call, clientId)
    assert.deepEqual(await present(), [])
    // Of a time that the job of the block leaves alone.
    world.advance(3000)
    await consents.insert(call, { ...before, since: world.clock.now() })
    const asking = { account: 'person-blocked', redirectUri: CALLBACK, scope: 'openid photos:read' }
    assert.deepEqual((await signInTo(world, clientId, asking)).asked, ['login', 'consent'])
    const [after, ...more] = await present()
    assert.deepEqual([after?.scopes, more], [['openid', 'photos:read'], []])
    assert.deepEqual((await signInTo(world, clientId, asking)).asked, ['login'])
    world.advance(-3000)
  })

  test('is blocked also while its document is being fetched', async () => {
    const clientId = `${origin}/meanwhile.json`
    let finish = (): void => {}
    answer = (request, response) => {
      finish = () => serving()(request, response)
    }
    const coming = signIn(clientId)
    await until('the request', () => asked.includes('/meanwhile.json'))
    await world.clients.block(call, clientId)
    finish()
    const { last, form } = await coming
    assert.deepEqual([last.status, form['code']], [400, ''])
    assert.ok((await world.clients.find(call, clientId))?.blockedAt)
    answer = serving()
    // A known one, whose document is due.
    const known = `${origin}/due.json`
    await signIn(known)
    world.advance(3_700_000)
    answer = (request, response) => {
      finish = () => serving()(request, response)
    }
    const requests = asked.length
    const due = signIn(known)
    await until('the second request', () => asked.length > requests)
    await world.clients.block(call, known)
    finish()
    assert.equal((await due).form['code'], '')
    assert.ok((await world.clients.find(call, known))?.blockedAt)
    world.advance(60 * DAY_MS)
    assert.ok((await world.clients.find(call, known))?.blockedAt, 'nor does it expire')
    world.advance(-60 * DAY_MS - 3_700_000)
    answer = serving()
  })

  test('that registered itself cannot change or remove its registration, and so not its block', async () => {
    const { clientId, token } = await register()
    const { access } = await tokensOf(clientId)
    await world.clients.block(call, clientId)
    assert.equal(await userinfo(access), 401)
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const path = `/register/${clientId}`
    for (const method of ['GET', 'DELETE'])
      assert.equal((await send(world, { method, path, headers: { authorization: headers.authorization } })).status, 401)
    assert.equal((await send(world, { method: 'PUT', path, headers, text: JSON.stringify({ ...GOOD, client_id: clientId }) })).status, 401)
    await refused(clientId)
    await world.clients.unblock(call, clientId)
    assert.equal((await send(world, { method: 'GET', path, headers: { authorization: headers.authorization } })).status, 200)
  })

  test('of an operator has no origin of its scripts at the API', async () => {
    const added = {
      clientId: 'with-origin',
      name: 'x',
      redirectUris: [CALLBACK],
      origins: ['https://notes.example'],
      scopes: ['photos:read'],
    }
    await world.clients.add(call, added)
    const has = async (): Promise<boolean> => (await world.server.origins.list(call)).some(({ clientId }) => clientId === 'with-origin')
    assert.equal(await has(), true)
    await world.clients.block(call, 'with-origin')
    assert.equal(await has(), false)
    await world.clients.unblock(call, 'with-origin')
    assert.equal(await has(), true)
  })
})

test('a client whose id is an address can be named in a path, and no other is taken for it', () => {
  const paths = clientRoutes(world.clients).filter(({ path }) => path.includes(':clientId'))
  assert.equal(paths.length, 6)
  const id = 'https://notes.example/client.json?v=1'
  for (const one of paths) {
    const parse = (clientId: string): unknown => (one.kind === 'handled' ? one.input.params?.parse({ clientId }) : undefined)
    assert.deepEqual(parse(`~${Buffer.from(id).toString('base64url')}`), { clientId: id }, one.path)
    for (const other of ['print-shop', 'a~b', '~', '~a/b']) assert.deepEqual(parse(other), { clientId: other })
    // NUL, another control character, nothing at all, what is no UTF-8.
    for (const none of ['~AA', '~YQpi', '~A', '~_w', 'a\u0000']) assert.throws(() => parse(none), /not the id of a client/, none)
  }
})

describe('of a client that a document describes operators', () => {
  test('change what is theirs to say, and it stays when the document is read again', async () => {
    const clientId = `${origin}/changed.json`
    answer = serving({ scope: 'openid photos:read photos:write' })
    await tokensOf(clientId)
    await world.clients.change(call, clientId, { scopes: ['photos:read'], verified: true, lifetimes: { accessToken: 60 } })
    const shown = await world.clients.change(call, clientId, { consent: 'always' })
    assert.deepEqual(shown.definition.scopes, ['photos:read'])
    world.advance(3_700_000)
    const requests = asked.length
    const { access } = await tokensOf(clientId)
    assert.equal(asked.length, requests + 1, 'it was read again')
    const { iat, exp, scope } = claimsOf(access)
    assert.deepEqual([Number(exp) - Number(iat), scope], [60, 'photos:read'])
    const { definition } = (await world.clients.find(call, clientId)) ?? {}
    assert.deepEqual([definition?.verified, definition?.consent, definition?.name], [true, 'always', 'Notes'])
    assert.deepEqual((await signIn(clientId)).asked, ['login', 'consent'])
    world.advance(-3_700_000)
    answer = serving()
  })

  test('change nothing that the document says, nor give what the app does not have', async () => {
    const clientId = `${origin}/own.json`
    await signIn(clientId)
    const stored = await world.clients.find(call, clientId)
    for (const change of [
      { redirectUris: ['https://evil.example/'] },
      { name: 'Pixel Diary' },
      { origins: ['https://evil.example'] },
      { authentication: { method: 'none' } },
    ] as const)
      await assert.rejects(world.clients.change(call, clientId, change), /Its document says this/)
    await assert.rejects(world.clients.change(call, clientId, { scopes: ['everything'] }), /no plain words/)
    assert.deepEqual(await world.clients.find(call, clientId), stored)
  })
})

describe('whoever removes its own registration', () => {
  const leave = async ({ clientId, token }: { clientId: string; token: string }): Promise<number> =>
    (await send(world, { method: 'DELETE', path: `/register/${clientId}`, headers: { authorization: `Bearer ${token}` } })).status

  test('has no token that works from that moment, before any job has run', async () => {
    const own = await register()
    const { access, refresh } = await tokensOf(own.clientId)
    assert.equal(await userinfo(access), 200)
    const sid = claimsOf(access)['sid']
    assert.equal(await leave(own), 204)
    assert.equal(await userinfo(access), 401)
    assert.equal(errorOf(await send(world, { path: '/token', form: refresh })), 'invalid_client')
    const { items } = await world.revocations.list(call)
    assert.ok(items.some(({ kind, subject }) => kind === 'session' && subject === sid))
    assert.ok(items.some(({ kind, subject }) => kind === 'account' && subject === `client:${own.clientId}`))
  })

  test('is told so also when its tokens could not be ended at once; that is logged, and the job ends them', async () => {
    const own = await register()
    const { access } = await tokensOf(own.clientId)
    const sid = claimsOf(access)['sid']
    isDatabaseAway = true
    assert.equal(await leave(own), 204)
    isDatabaseAway = false
    const line = world.logs.find((one) => one.includes('client.not_ended') && one.includes(own.clientId))
    assert.ok(line?.includes('the database is away'), line)
    await until('the job', async () =>
      (await world.revocations.list(call)).items.some(({ kind, subject }) => kind === 'session' && subject === sid),
    )
  })
})

describe('documents that nobody knows yet', () => {
  const come = (name: string, client: string, network: string): Promise<void> =>
    world.documents.resolve(call, `${origin}/${name}.json`, { client, network })

  test('are limited by address and by network, and one network takes nothing from another', async () => {
    world.advance(2 * 3_600_000)
    answer = serving()
    for (let index = 0; index < 20; index += 1) await come(`address-${index}`, 'one', 'net-0')
    await assert.rejects(come('address-20', 'one', 'net-0'), /too many new clients/)
    // The address was refused before it counted for its network.
    for (let index = 0; index < 80; index += 1) await come(`net-${index}`, `host-${index}`, 'net-0')
    await assert.rejects(come('net-80', 'host-80', 'net-0'), /too many new clients/)
    const requests = asked.length
    await assert.rejects(come('net-81', 'host-81', 'net-0'), /too many new clients/)
    assert.equal(asked.length, requests, 'nothing was fetched for it')
    assert.equal(await world.clients.find(call, `${origin}/net-81.json`), undefined)
    await come('elsewhere', 'host-82', 'net-1')
    // One that is known needs no place, and is asked for again when it is due.
    world.advance(3_650_000)
    await come('address-3', 'one', 'net-0')
  })

  test('do not keep a known one from being read again, however slow their hosts are', async () => {
    world.advance(2 * 3_600_000)
    answer = serving()
    await come('steady', 'honest', 'net-9')
    world.advance(3_700_000)
    const waiting: ServerResponse[] = []
    answer = (_request, response) => void waiting.push(response)
    const slow = Array.from({ length: 16 }, (_, index) =>
      come(`slow-${index}`, `slow-${index}`, `net-slow-${index}`).catch(() => undefined),
    )
    await until('sixteen slow hosts', () => waiting.length === 16)
    await assert.rejects(come('seventeenth', 'late', 'net-late'), /too many documents/)
    answer = serving({ client_name: 'Read again' })
    await come('steady', 'honest', 'net-9')
    assert.equal((await world.clients.find(call, `${origin}/steady.json`))?.definition.name, 'Read again')
    for (const response of waiting) response.destroy()
    await Promise.all(slow)
  })
})
