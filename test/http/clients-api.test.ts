// The console's API for clients and invitations, on the whole platform: what it does is what clients and people then meet, and nobody else may ask it.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { z } from '#kernel/schema.ts'
import { admissionRoutes } from '../../src/auth/admission/routes.ts'
import { clientRoutes } from '../../src/auth/clients/routes.ts'
import type { AppFactory } from '../../src/app.ts'
import { resource } from '../../src/resource/definition.ts'
import { type Reply, send } from '../support/http.ts'
import { type ConsoleApi, consoleApi, operatorApi } from '../support/operator.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { authorizationUrl, redirectUri } from '../support/third-party.ts'
import { until } from '../support/until.ts'
import { Visitor } from '../support/visitor.ts'
import { type WholePlatform, wholePlatform } from '../support/whole-platform.ts'

const notes = resource('notes', {
  schema: z.strictObject({ text: z.string() }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: ['list'] }],
  scopes: { read: 'notes:read', write: 'notes:write' },
})

const app: AppFactory = () => ({
  name: 'Notebook',
  scopes: { 'notes:read': 'see your notes', 'notes:write': 'write notes' },
  resources: [notes],
  frontends: [{ name: 'diary', title: 'Notebook', mode: 'cookie', scopes: ['notes:read'], folder: import.meta.dirname }],
  clients: [{ clientId: 'of-the-app', name: 'Of the app', redirectUris: ['https://app.example/'], origins: [], scopes: [] }],
  auth: { signUp: { mode: 'invitation' }, registration: { dynamic: 'invited' } },
})

/** A program that acts for itself. */
const till = { clientId: 'till', name: 'Till', redirectUris: [], origins: [], scopes: ['notes:read'], grants: ['client_credentials'] }
const PICTURE = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

let platform: WholePlatform
let operator: ConsoleApi
let ada: Person

before(async () => {
  platform = await wholePlatform(app)
  await platform.start()
  operator = await operatorApi(platform, await platform.consoleLink())
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
})

const fieldsOf = ({ body }: Pick<Reply, 'body'>): Record<string, unknown> => JSON.parse(body)

async function post(path: string, form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>): Promise<Reply> {
  const host = `accounts.localhost:${platform.port}`
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams(form).toString()
  return send({ port: platform.port, host, path, method: 'POST', headers: { ...type, ...headers }, body })
}

const tokenFor = (secret: string, clientId = 'till'): Promise<Reply> =>
  post(
    '/token',
    { grant_type: 'client_credentials', scope: 'notes:read' },
    { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
  )

const readNotes = (token: unknown): Promise<Reply> =>
  send({
    port: platform.port,
    host: `diary.localhost:${platform.port}`,
    path: '/api/notes',
    headers: { authorization: `Bearer ${String(token)}` },
  })

/** Everything that the API shows of clients. */
async function shown(): Promise<string> {
  const [list, one] = [await operator('GET /api/clients'), await operator('GET /api/clients/till')]
  assert.deepEqual([list.status, one.status], [200, 200], one.body)
  return list.body + one.body
}

test('somebody whom an operator invites may sign up, and nobody else', async () => {
  const invited = await operator('POST /api/invitations', { email: ' Ada@Example.org' })
  assert.equal(invited.status, 201, invited.body)
  const { email, expiresAt } = fieldsOf(invited)
  assert.equal(email, 'ada@example.org')
  assert.ok(Math.abs(Number(expiresAt) - platform.now() - 14 * 86_400_000) < 60_000)
  ada = await signUp(platform, 'ada@example.org')
  await signIn(platform, ada)
  assert.equal((await session(platform, ada.visitor)).signedIn, true)
  const eve = new Visitor(platform.port)
  await eve.submit(await eve.visit(`${platform.origin('accounts')}/sign-up`), {
    email: 'eve@example.org',
    name: 'Eve',
    password: 'nobody has invited me',
  })
  const [mail] = await until('a mail to Eve', async () => {
    const mails = await platform.mails('eve@example.org')
    return mails.length > 0 && mails
  })
  assert.doesNotMatch(mail?.text ?? '', /\/confirm\?token=/)
})

test('whom operators have invited they see, until the account is made or they take it back', async () => {
  const invited = async (): Promise<unknown> => {
    const reply = await operator('GET /api/invitations')
    assert.equal(reply.status, 200, reply.body)
    const { items } = fieldsOf(reply) as { items: Record<string, unknown>[] }
    return items.map(({ email }) => email)
  }
  assert.deepEqual(await invited(), [], 'she has signed up')
  assert.equal((await operator('POST /api/invitations', { email: 'adda@example.org' })).status, 201)
  assert.deepEqual(await invited(), ['adda@example.org'])
  const withdrawn = await operator('POST /api/invitations/withdraw', { email: 'Adda@example.org' })
  assert.deepEqual([withdrawn.status, withdrawn.body], [204, ''])
  assert.deepEqual(await invited(), [])
  const again = await operator('POST /api/invitations/withdraw', { email: 'adda@example.org' })
  assert.deepEqual([again.status, fieldsOf(again)['code']], [404, 'auth.invitation_not_found'])
})

test('a client that an operator adds gets tokens that work; its secret is in that answer alone', async () => {
  assert.equal((await tokenFor('x'.repeat(43))).status, 401)
  const added = await operator('POST /api/clients', { definition: till, withSecret: true })
  assert.equal(added.status, 201, added.body)
  assert.equal(added.headers['cache-control'], 'no-store')
  const { client, secret } = fieldsOf(added) as { client: Record<string, unknown>; secret: string }
  assert.match(secret, /^[\w-]{43}$/)
  assert.deepEqual([client['source'], client['hasSecret']], ['operator', true])
  const page = await shown()
  assert.match(page, /"clientId":"till"/)
  assert.match(page, /"clientId":"of-the-app"/)
  assert.equal(page.includes(secret), false)
  const granted = await tokenFor(secret)
  assert.equal(granted.status, 200, granted.body)
  assert.equal((await readNotes(fieldsOf(granted)['access_token'])).status, 200)
  const again = await operator('POST /api/clients', { definition: till, withSecret: true })
  assert.deepEqual([again.status, fieldsOf(again)['code']], [409, 'auth.client_exists'])
  assert.equal((await tokenFor(secret)).status, 200, 'and it is as it was')
  const open = { ...till, clientId: 'open', redirectUris: ['https://open.example/'], grants: ['authorization_code'] }
  assert.equal('secret' in fieldsOf(await operator('POST /api/clients', { definition: open })), false)
  assert.equal((await operator('DELETE /api/clients/open')).status, 204)
})

test('a client is changed, its secret is replaced, and the one before ends when that was said', async () => {
  const change = { name: 'The till', lifetimes: { accessToken: 60 } }
  const changed = await operator('PATCH /api/clients/till', change)
  assert.equal(changed.status, 200, changed.body)
  const { definition } = fieldsOf(changed) as { definition: Record<string, unknown> }
  assert.deepEqual([definition['name'], definition['scopes']], ['The till', ['notes:read']])
  const rotated = async (body: object): Promise<string> => {
    const reply = await operator('POST /api/clients/till/rotate-secret', body)
    assert.equal(reply.status, 200, reply.body)
    assert.equal(reply.headers['cache-control'], 'no-store')
    const secret = String(fieldsOf(reply)['secret'])
    assert.equal((await shown()).includes(secret), false)
    return secret
  }
  const first = await rotated({ keepSeconds: 0 })
  assert.equal(fieldsOf(await tokenFor(first))['expires_in'], 60)
  const second = await rotated({})
  const keptUntil = Number(fieldsOf(await operator('GET /api/clients/till'))['earlierSecretUntil'])
  assert.ok(Math.abs(keptUntil - platform.now() - 3_600_000) < 60_000, 'an hour, unless told')
  for (const secret of [first, second]) assert.equal((await tokenFor(secret)).status, 200)
  const third = await rotated({ keepSeconds: 0 })
  for (const secret of [first, second]) {
    const refused = await tokenFor(secret)
    assert.deepEqual([refused.status, fieldsOf(refused)['error']], [401, 'invalid_client'])
  }
  assert.equal((await tokenFor(third)).status, 200)
})

test('whoever says which secret of a client they replace replaces no other', async () => {
  const rotate = async (body: object): Promise<Reply> => operator('POST /api/clients/till/rotate-secret', body)
  const deployed = String(fieldsOf(await rotate({ keepSeconds: 0 }))['secret'])
  const { credential: replacing } = fieldsOf(await operator('GET /api/clients/till'))
  const pressed = await Promise.all([0, 1, 2].map(() => rotate({ replacing })))
  const [first = assert.fail(), ...more] = pressed.filter(({ status }) => status === 200)
  assert.deepEqual(more, [])
  const { client, secret } = fieldsOf(first) as { client: Record<string, unknown>; secret: string }
  for (const each of [...pressed.filter((reply) => reply !== first), await rotate({ replacing }), await rotate({ replacing: 'other' })]) {
    assert.deepEqual([each.status, fieldsOf(each)['code']], [409, 'auth.credential_changed'], each.body)
    assert.match(String(fieldsOf(each)['detail']), /^Nothing was changed: "till" has another secret or key .* since \d{4}-/)
    assert.equal('secret' in fieldsOf(each), false)
  }
  for (const good of [deployed, secret]) assert.equal((await tokenFor(good)).status, 200, 'what is deployed goes on')
  const instead = await rotate({ replacing: client['credential'], unseen: true })
  assert.equal(instead.status, 200, instead.body)
  assert.equal((await tokenFor(secret)).status, 401, 'the answer was lost')
  const second = String(fieldsOf(instead)['secret'])
  for (const good of [deployed, second]) assert.equal((await tokenFor(good)).status, 200)
  assert.deepEqual([(await rotate({ unseen: true, keepSeconds: 60 })).status, (await tokenFor(second)).status], [422, 200])
  assert.equal((await rotate({})).status, 200)
  assert.equal((await tokenFor(deployed)).status, 401, 'replaced twice on purpose')
  assert.equal((await tokenFor(second)).status, 200)
  await rotate({ keepSeconds: 0 })
  assert.deepEqual(fieldsOf(await rotate({ unseen: true }))['code'], 'auth.bad_client', 'nothing is before it')
})

test('a client that is blocked is refused until it is let in again; one that is removed is gone', async () => {
  const secret = String(fieldsOf(await operator('POST /api/clients/till/rotate-secret', {}))['secret'])
  const token = fieldsOf(await tokenFor(secret))['access_token']
  assert.equal((await readNotes(token)).status, 200)
  const blocked = await operator('POST /api/clients/till/block', {})
  assert.equal(blocked.status, 200, blocked.body)
  assert.equal(typeof fieldsOf(blocked)['blockedAt'], 'number')
  assert.equal(fieldsOf(await tokenFor(secret))['error'], 'invalid_client')
  await until('its token to be refused', async () => (await readNotes(token)).status === 401)
  const back = await operator('POST /api/clients/till/unblock', {})
  assert.deepEqual([back.status, 'blockedAt' in fieldsOf(back)], [200, false], back.body)
  assert.equal((await tokenFor(secret)).status, 200)
  const removed = await operator('DELETE /api/clients/till')
  assert.deepEqual([removed.status, removed.body], [204, ''])
  assert.equal(fieldsOf(await tokenFor(secret))['error'], 'invalid_client')
  assert.equal((await operator('GET /api/clients/till')).status, 404)
  assert.doesNotMatch((await operator('GET /api/clients')).body, /"till"/)
})

test('a token for one registration is good for one', async () => {
  const invited = await operator('POST /api/client-invitations', {})
  assert.deepEqual([invited.status, invited.headers['cache-control']], [201, 'no-store'], invited.body)
  const register = (token: unknown): Promise<Reply> =>
    send({
      port: platform.port,
      host: `accounts.localhost:${platform.port}`,
      path: '/register',
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${String(token)}` },
      body: JSON.stringify({
        client_name: 'Newcomer',
        redirect_uris: ['https://new.example/callback'],
        token_endpoint_auth_method: 'none',
      }),
    })
  const { token } = fieldsOf(invited)
  assert.equal((await register('nobodys')).status, 401)
  const registered = await register(token)
  assert.equal(registered.status, 201, registered.body)
  assert.equal((await register(token)).status, 401)
  const { items } = fieldsOf(await operator('GET /api/clients')) as { items: { source: string; definition: { clientId: string } }[] }
  const found = items.find(({ definition }) => definition.clientId === fieldsOf(registered)['client_id'])
  assert.equal(found?.source, 'registration')
})

test('the logo of a client is on the page that asks for consent, whose policy lets it load', async () => {
  const shop = { clientId: 'shop', name: 'Shop', redirectUris: [redirectUri(platform)], origins: [], scopes: ['notes:read'] }
  assert.equal((await operator('POST /api/clients', { definition: shop })).status, 201)
  const consent = async (): Promise<Reply> => {
    const asked = { client_id: 'shop', scope: 'openid notes:read' }
    const page = await ada.visitor.visit(authorizationUrl(platform, randomBytes(32).toString('base64url'), asked))
    assert.match(page.body, /name="decision" value="allow"/)
    return page
  }
  assert.doesNotMatch((await consent()).body, /<img/)
  const vector = await operator('PATCH /api/clients/shop', { logo: 'data:image/svg+xml;base64,AAAA' })
  assert.deepEqual([vector.status, fieldsOf(vector)['code']], [422, 'auth.bad_client'])
  assert.equal((await operator('PATCH /api/clients/shop', { logo: PICTURE })).status, 200)
  const page = await consent()
  assert.equal(/<img class="of-app" src="([^"]+)" alt="">/.exec(page.body)?.[1], PICTURE)
  const images = /(?:^|; )img-src ([^;]+)/.exec(String(page.headers['content-security-policy']))?.[1]
  assert.deepEqual(images?.split(' '), ["'self'", 'data:'])
})

describe('what operators alone may do', () => {
  const definition = { ...till, clientId: 'mine' }
  /** Every route of it, with what an operator could send. */
  const ASKED: readonly (readonly [address: string, path: string, json?: unknown])[] = [
    ['GET /api/clients', '/api/clients'],
    ['POST /api/clients', '/api/clients', { definition, withSecret: true }],
    ['POST /api/client-invitations', '/api/client-invitations', {}],
    ['GET /api/clients/:clientId', '/api/clients/shop'],
    ['PATCH /api/clients/:clientId', '/api/clients/shop', { name: 'Mine' }],
    ['POST /api/clients/:clientId/rotate-secret', '/api/clients/shop/rotate-secret', {}],
    ['POST /api/clients/:clientId/block', '/api/clients/shop/block', {}],
    ['POST /api/clients/:clientId/unblock', '/api/clients/shop/unblock', {}],
    ['DELETE /api/clients/:clientId', '/api/clients/shop'],
    ['GET /api/invitations', '/api/invitations'],
    ['POST /api/invitations', '/api/invitations', { email: 'mallory@example.org' }],
    ['POST /api/invitations/withdraw', '/api/invitations/withdraw', { email: 'invited@example.org' }],
  ]
  const methodOf = (address: string): string => address.split(' ')[0] ?? ''
  const everything = async (): Promise<string> => (await operator('GET /api/clients')).body
  const refused = async (ask: ConsoleApi, [status, code]: readonly [number, string], what = ASKED): Promise<void> => {
    const before = await everything()
    for (const [address, path, json] of what) {
      const reply = await ask(`${methodOf(address)} ${path}`, json)
      assert.deepEqual([reply.status, fieldsOf(reply)['code']], [status, code], `${address}: ${reply.body}`)
      assert.equal(/clientId|secret"/.test(reply.body), false, address)
    }
    assert.equal(await everything(), before, 'nothing has changed')
    assert.deepEqual(await platform.mails('mallory@example.org'), [])
  }

  test('is the whole of these routes', () => {
    const { auth } = platform.running()
    const routes = [...clientRoutes(auth.clients), ...admissionRoutes(auth)]
    assert.deepEqual(ASKED.map(([address]) => address).toSorted(), routes.map(({ method, path }) => `${method} ${path}`).toSorted())
  })

  test('is refused to whoever is not signed in', async () => {
    await refused(consoleApi(platform, new Visitor(platform.port)), [401, 'http.unauthenticated'])
  })

  test('is refused to somebody who is no operator, with all cookies of theirs', async () => {
    const { csrfToken } = await session(platform, ada.visitor)
    const ask = consoleApi(platform, new Visitor(platform.port))
    const jarOf = (label: string) => ada.visitor.jar(`${label}.localhost:${platform.port}`)
    const access = jarOf('diary').get('__Host-Http-access')
    assert.ok(access !== undefined)
    for (const cookie of [jarOf('accounts').header(), jarOf('diary').header(), `__Host-Http-operator=${access}`])
      await refused((address, json) => ask(address, json, { cookie, 'x-csrf-token': csrfToken }), [401, 'http.unauthenticated'])
  })

  test('is refused without a CSRF token, and from another site', async () => {
    const writing = ASKED.filter(([address]) => !address.startsWith('GET'))
    await refused((address, json) => operator(address, json, { 'x-csrf-token': '' }), [403, 'http.csrf'], writing)
    const other = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    await refused((address, json) => operator(address, json, other), [403, 'http.csrf'], writing)
  })

  test('is refused with members that are not known, or none that are needed', async () => {
    const writing = ASKED.filter(([, , json]) => json !== undefined)
    const more = (json: unknown): unknown => ({ ...Object(json), more: true })
    await refused((address, json) => operator(address, more(json)), [422, 'http.invalid'], writing)
    const wrong: readonly (readonly [string, unknown])[] = [
      ['POST /api/clients', {}],
      ['POST /api/clients', { definition: { ...definition, secretHash: 'x' } }],
      ['POST /api/clients', { definition: { ...definition, redirectUris: 'https://evil.example/' } }],
      ['PATCH /api/clients/shop', { clientId: 'other' }],
      ['PATCH /api/clients/shop', { lifetimes: { accessToken: -1 } }],
      ['POST /api/clients/shop/rotate-secret', { keepSeconds: 'long' }],
      ['POST /api/invitations', { email: 7 }],
      ['POST /api/invitations/withdraw', {}],
    ]
    for (const [address, json] of wrong) {
      const reply = await operator(address, json)
      assert.deepEqual([reply.status, fieldsOf(reply)['code']], [422, 'http.invalid'], `${address}: ${reply.body}`)
    }
    const unusable: readonly (readonly [string, unknown, string])[] = [
      ['POST /api/clients', { definition: { ...definition, scopes: ['everything'] } }, 'auth.bad_client'],
      ['PATCH /api/clients/shop', { redirectUris: ['https://*.example/'] }, 'auth.bad_client'],
      ['PATCH /api/clients/of-the-app', { name: 'Mine' }, 'auth.bad_client'],
      ['POST /api/clients/of-the-app/block', {}, 'auth.bad_client'],
      ['DELETE /api/clients/of-the-app', undefined, 'auth.bad_client'],
      ['POST /api/clients/shop/rotate-secret', {}, 'auth.bad_client'],
      ['POST /api/clients/shop/rotate-secret', { keepSeconds: 31 * 86_400 }, 'auth.bad_client'],
      ['POST /api/invitations', { email: 'no address' }, 'auth.bad_details'],
      ['POST /api/invitations/withdraw', { email: 'no address' }, 'auth.bad_details'],
    ]
    for (const [address, json, code] of unusable) {
      const reply = await operator(address, json)
      assert.deepEqual([reply.status, fieldsOf(reply)['code']], [422, code], `${address}: ${reply.body}`)
    }
  })

  test('is answered with 404 for a client that there is not, and for what is the id of none', async () => {
    const ofOne = ASKED.filter(([address]) => address.includes(':clientId'))
    for (const [address, path, json] of ofOne) {
      const unknown = await operator(`${methodOf(address)} ${path.replace('shop', 'nobody')}`, json)
      assert.deepEqual([unknown.status, fieldsOf(unknown)['code']], [404, 'auth.client_not_found'], `${address}: ${unknown.body}`)
      const none = await operator(`${methodOf(address)} ${path.replace('shop', '~AA')}`, json)
      assert.deepEqual([none.status, fieldsOf(none)['code']], [404, 'http.not_found'], `${address}: ${none.body}`)
    }
  })
})
