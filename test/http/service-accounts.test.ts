// Service accounts: what their tokens say, who may make and end them, and that another organisation's owner may not.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { callAs, systemCall } from '#kernel/call.ts'
import { sha256 } from '#kernel/keyring.ts'
import { newId, randomToken } from '#kernel/ids.ts'
import { JOB_REQUESTED } from '#kernel/job.ts'
import { accountsCollection, createAccountsRepository } from '../../src/auth/accounts/repository.ts'
import { createOrganisationsRepository } from '../../src/auth/organisations/repository.ts'
import { createOrganisations, type Organisations } from '../../src/auth/organisations/service.ts'
import { createServiceAccountsPart, type ServiceAccountsPart } from '../../src/auth/service-accounts/create.ts'
import { createServiceAccountsRepository } from '../../src/auth/service-accounts/repository.ts'
import type { Database } from '../../src/database/contract.ts'
import { claimsOf, errorOf, type OauthWorld, openOauth, type Reply, send } from '../support/oauth.ts'
import { everythingStored } from '../support/scenario-database.ts'
import { until } from '../support/until.ts'

const roles = { editor: { permissions: ['photos:write'] }, staff: { permissions: [] } }
const scopes = { 'photos:read': 'see your photos', 'photos:write': 'add and change photos' }
const ARCHIVE = 'https://archive.example.org/'
const ARCHIVE_SECRET = 'archive-secret-of-at-least-32-characters'
const call = systemCall('test')
const asked = callAs(call, { kind: 'anonymous' })
const code = (name: string) => ({ code: `auth.${name}` })

async function assertionOf(clientId: string, privateKey: Parameters<SignJWT['sign']>[0], aud: string): Promise<Record<string, string>> {
  const assertion = new SignJWT({ jti: randomToken(), iss: clientId, sub: clientId, aud })
  return {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await assertion.setProtectedHeader({ alg: 'ES256' }).setIssuedAt().setExpirationTime('1m').sign(privateKey),
  }
}

describe('service accounts', () => {
  let world: OauthWorld
  let folder: string
  let organisations: Organisations
  let part: ServiceAccountsPart
  /** Done once, in front of the next commit about a service account. */
  let meanwhile: (() => Promise<unknown>) | undefined
  let jobsRun = 0

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ninefold-services-'))
    world = await openOauth({
      definition: {
        roles,
        resources: [{ audience: ARCHIVE, scopes: { 'archive:read': 'read the archive' }, format: 'opaque', servers: ['archive'] }],
      },
      clients: [
        {
          clientId: 'archive',
          name: 'Archive',
          redirectUris: [],
          origins: [],
          scopes: [],
          grants: ['client_credentials'],
          authentication: { method: 'client_secret_basic', secretHashes: [sha256(ARCHIVE_SECRET)] },
        },
      ],
      file: join(folder, 'main.db'),
      services({ database, revocations, clock }) {
        const repository = createOrganisationsRepository(database)
        const accounts = createAccountsRepository(database)
        const settings = { definition: { roles: ['editor'] }, roles }
        organisations = createOrganisations({ repository, accounts, revocations, clock, settings })
        const overtaken: Database = {
          ...database,
          async commit(...commit) {
            const act = meanwhile
            meanwhile = undefined
            await act?.()
            await database.commit(...commit)
          },
        }
        part = createServiceAccountsPart({
          database: overtaken,
          clock,
          organisations,
          revocations,
          scopes: { ...scopes, 'archive:read': '' },
          definition: { roles },
        })
        return part.services
      },
    })
    world.database.subscribe({
      consumer: 'test-jobs',
      topics: [JOB_REQUESTED],
      async handle(events) {
        for (const { data } of events) {
          const { name, input } = Object(data)
          const wanted = part.jobs.find((job) => job.name === name)
          await wanted?.handle({ call, jobId: name, attempt: 1 }, input)
          jobsRun += Number(wanted !== undefined)
        }
      },
    })
  })
  after(async () => {
    await world.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function owner(name: string): Promise<{ accountId: string; organisationId: string }> {
    const now = Date.now()
    const accountId = newId(now)
    await world.database
      .collection(accountsCollection)
      .insert(call, { id: accountId, email: `${accountId}@example.org`, name, emailVerifiedAt: now, createdAt: now })
    const { id } = await organisations.create(asked, { name, accountId })
    return { accountId, organisationId: id }
  }
  const made = { name: 'Nightly', roles: ['editor'], scopes: ['photos:read'] }
  const tokenFor = (clientId: string, secret: string, form: Record<string, string> = {}): Promise<Reply> =>
    send(world, {
      path: '/token',
      form: { grant_type: 'client_credentials', ...form },
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
    })
  const claims = (reply: Reply): Readonly<Record<string, unknown>> => {
    assert.equal(reply.status, 200, reply.body)
    return claimsOf(JSON.parse(reply.body).access_token)
  }
  const revocationsOf = async (clientId: string) =>
    (await world.revocations.list(call)).items.filter(({ subject }) => subject === `client:${clientId}`)

  test('requirement 23: one of an organisation acts for it under a name that no person can have, and its secret is kept as a hash', async () => {
    const acme = await owner('Acme')
    const { service, secret = '' } = await part.services.create(asked, await part.services.ownerOf(asked, acme), made)
    const told = claims(await tokenFor(service.clientId, secret, { scope: 'photos:read photos:write' }))
    assert.equal(told['sub'], `client:${service.clientId}`)
    assert.deepEqual(told['organization'], { id: acme.organisationId, roles: ['editor'] })
    assert.deepEqual([told['roles'], told['sid'], told['scope']], [undefined, undefined, 'photos:read'])
    assert.equal(typeof told['membership_at'], 'number')
    assert.equal(errorOf(await tokenFor(service.clientId, randomToken())), 'invalid_client')
    const stored = await everythingStored(join(folder, 'main.db'))
    assert.equal(stored.includes(secret), false)
    assert.equal(world.logs.join('').includes(secret), false)
  })

  test('one with a key signs for itself, and a private key is refused', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Keys'))
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const key = JSON.stringify({ ...(await exportJWK(publicKey)), alg: 'ES256' })
    const good = await exportJWK(publicKey)
    for (const bad of [
      JSON.stringify(await exportJWK(privateKey)),
      'not json',
      '{"kty":"oct","k":"c2VjcmV0"}',
      '[]',
      '{"kty":"EC"}',
      JSON.stringify({ ...good, y: good.x }),
      JSON.stringify({ ...good, oth: [] }),
      JSON.stringify({ ...good, kid: '\u0000' }),
      JSON.stringify({ ...good, kid: '\ud800' }),
      JSON.stringify({ ...good, '\u0000': 1 }),
    ])
      await assert.rejects(part.services.create(asked, acme, { ...made, key: bad }), code('bad_details'), bad)
    assert.deepEqual(await part.services.list(call, acme), [])
    const { service, secret } = await part.services.create(asked, acme, { ...made, key })
    assert.equal(secret, undefined)
    const form = await assertionOf(service.clientId, privateKey, world.sites.accounts)
    assert.equal(claims(await send(world, { path: '/token', form }))['sub'], `client:${service.clientId}`)
    assert.equal(errorOf(await send(world, { path: '/token', form })), 'invalid_client', 'an assertion counts once')
    await assert.rejects(part.services.renewSecret(asked, acme, { clientId: service.clientId }), code('service_not_found'))
  })

  test('a new secret leaves the old one good for as long as is said, and it can be ended before', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Rotates'))
    const { service, secret: first = '' } = await part.services.create(asked, acme, made)
    const { clientId } = service
    const earlier = async () => (await part.services.list(call, acme))[0]?.earlierUntil
    for (const keepSeconds of [-1, 0.5, 30 * 86_400 + 1, Number.NaN])
      await assert.rejects(part.services.renewSecret(asked, acme, { clientId, keepSeconds }), code('bad_details'))
    const second = await part.services.renewSecret(asked, acme, { clientId, keepSeconds: 60 })
    for (const good of [first, second]) assert.equal(claims(await tokenFor(clientId, good))['sub'], `client:${clientId}`)
    const third = await part.services.renewSecret(asked, acme, { clientId })
    assert.equal(errorOf(await tokenFor(clientId, first)), 'invalid_client', 'of several before it, the last is kept')
    assert.ok((await earlier()) !== undefined)
    claims(await tokenFor(clientId, second))
    assert.equal(await part.services.endEarlier(asked, acme, clientId), true)
    assert.equal(await part.services.endEarlier(asked, acme, clientId), false)
    assert.equal(errorOf(await tokenFor(clientId, second)), 'invalid_client')
    claims(await tokenFor(clientId, third))
    await part.services.renewSecret(asked, acme, { clientId, keepSeconds: 0 })
    assert.equal(errorOf(await tokenFor(clientId, third)), 'invalid_client')
    assert.equal(await earlier(), undefined)
  })

  test('one that signs for itself gets another key under the same name, and the old one ends when it is said to', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Rekeys'))
    const pairs = await Promise.all([0, 1].map(() => generateKeyPair('ES256', { extractable: true })))
    const [first = assert.fail(), second = assert.fail()] = pairs
    const jwk = async ({ publicKey }: (typeof pairs)[number]) => JSON.stringify({ ...(await exportJWK(publicKey)), alg: 'ES256' })
    const { service } = await part.services.create(asked, acme, { ...made, key: await jwk(first) })
    const { clientId } = service
    const signed = async ({ privateKey }: (typeof pairs)[number]): Promise<Reply> =>
      send(world, { path: '/token', form: await assertionOf(clientId, privateKey, world.sites.accounts) })
    await assert.rejects(part.services.setKey(asked, acme, { clientId, key: 'none' }), code('bad_details'))
    await part.services.setKey(asked, acme, { clientId, key: await jwk(second), keepSeconds: 3600 })
    for (const pair of pairs) assert.equal(claims(await signed(pair))['sub'], `client:${clientId}`)
    assert.equal(await part.services.endEarlier(asked, acme, clientId), true)
    assert.equal(errorOf(await signed(first)), 'invalid_client')
    claims(await signed(second))
    await part.services.setKey(asked, acme, { clientId, key: await jwk(first), keepSeconds: 1 })
    claims(await signed(second))
    await until('the old key to end', async () => (await signed(second)).status === 401)
    claims(await signed(first))
    const other = await part.services.create(asked, acme, made)
    const change = { clientId: other.service.clientId, key: await jwk(second) }
    await assert.rejects(part.services.setKey(asked, acme, change), code('service_not_found'), 'it has a secret')
  })

  test('fewer scopes end the tokens of before, more count with the next one, and none that is not offered', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Scopes'))
    const { service, secret = '' } = await part.services.create(asked, acme, { ...made, scopes: ['photos:read', 'photos:write'] })
    const { clientId } = service
    const asking = { scope: 'photos:read photos:write' }
    const first = claims(await tokenFor(clientId, secret, asking))
    assert.equal(first['scope'], 'photos:read photos:write')
    await assert.rejects(part.services.setScopes(asked, acme, { clientId, scopes: ['photos:read', 'openid'] }), code('bad_details'))
    await part.services.setScopes(asked, acme, { clientId, scopes: ['photos:read'] })
    const [superseded] = await revocationsOf(clientId)
    assert.ok((superseded?.before ?? 0) > Number(first['membership_at']), 'gateways refuse the first one')
    assert.equal(claims(await tokenFor(clientId, secret, asking))['scope'], 'photos:read')
    await part.services.setScopes(asked, acme, { clientId, scopes: ['photos:write', 'photos:read'] })
    assert.deepEqual(await revocationsOf(clientId), [superseded], 'nothing was taken away')
    assert.equal(claims(await tokenFor(clientId, secret, asking))['scope'], 'photos:read photos:write')
    assert.deepEqual((await part.services.list(call, acme))[0]?.scopes.toSorted(), ['photos:read', 'photos:write'])
  })

  test("another organisation's owner, a member and a stranger change nothing", async () => {
    const acme = await owner('Ours')
    const evil = await owner('Evil')
    const ours = await part.services.ownerOf(asked, acme)
    const theirs = await part.services.ownerOf(asked, evil)
    const { service, secret = '' } = await part.services.create(asked, ours, made)
    const { clientId } = service
    await assert.rejects(part.services.ownerOf(asked, { ...evil, organisationId: acme.organisationId }), code('organisation_not_found'))
    for (const other of [theirs, {}]) {
      await assert.rejects(part.services.setRoles(asked, other, { clientId, roles: [] }), code('service_not_found'))
      await assert.rejects(part.services.renewSecret(asked, other, { clientId }), code('service_not_found'))
      await assert.rejects(part.services.setScopes(asked, other, { clientId, scopes: [] }), code('service_not_found'))
      await assert.rejects(part.services.endEarlier(asked, other, clientId), code('service_not_found'))
      assert.equal(await part.services.remove(asked, other, clientId), false)
      assert.equal(
        (await part.services.list(call, other)).some((each) => each.clientId === clientId),
        false,
      )
    }
    assert.deepEqual(claims(await tokenFor(clientId, secret))['organization'], { id: acme.organisationId, roles: ['editor'] })
    assert.deepEqual(await revocationsOf(clientId), [])
    for (const principal of [
      { kind: 'anonymous' } as const,
      { kind: 'user', accountId: `client:${clientId}`, sessionId: 's', clientId, scopes: [], firstParty: false, roles: ['staff'] } as const,
    ]) {
      const asking = callAs(call, principal)
      for (const run of [
        () => part.desk.list(asking),
        () => part.desk.create(asking, made),
        () => part.desk.setRoles(asking, clientId, []),
        () => part.desk.renewSecret(asking, clientId),
        () => part.desk.setScopes(asking, clientId, []),
        () => part.desk.setKey(asking, clientId, { key: '' }),
        () => part.desk.endEarlier(asking, clientId),
        () => part.desk.remove(asking, clientId),
      ])
        await assert.rejects(run(), code('operators_only'))
    }
  })

  test('roles and scopes are those that the owner may give', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Limits'))
    await assert.rejects(part.services.create(asked, acme, { ...made, roles: ['staff'] }), code('bad_details'))
    await assert.rejects(part.services.create(asked, acme, { ...made, scopes: ['openid'] }), code('bad_details'))
    await assert.rejects(part.services.create(asked, acme, { ...made, scopes: ['roles'] }), code('bad_details'))
    await assert.rejects(part.services.create(asked, acme, { ...made, name: ' ' }), code('bad_details'))
    const { service, secret = '' } = await part.desk.create(call, { ...made, roles: ['staff'] })
    const told = claims(await tokenFor(service.clientId, secret))
    assert.deepEqual([told['roles'], told['organization']], [['staff'], undefined])
    assert.equal(told['permissions'], undefined)
    await assert.rejects(part.desk.create(call, { ...made, roles: ['boss'] }), code('bad_details'))
    await assert.rejects(part.desk.create(call, { ...made, organisationId: '0'.repeat(26) }), code('organisation_not_found'))
  })

  test('one that may ask what its roles allow is told so, in its organisation or in the whole app', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Allowed'))
    const allowed = { ...made, scopes: ['photos:read', 'permissions'] }
    const { service, secret = '' } = await part.services.create(asked, acme, allowed)
    const organization = { id: acme.organisationId, roles: ['editor'] }
    const scope = 'photos:read permissions'
    assert.deepEqual(claims(await tokenFor(service.clientId, secret, { scope: 'photos:read' }))['organization'], organization)
    const reply = await tokenFor(service.clientId, secret, { scope })
    assert.deepEqual(claims(reply)['organization'], { ...organization, permissions: ['photos:write'] })
    const introspected = await send(world, {
      path: '/introspect',
      form: { token: JSON.parse(reply.body).access_token },
      headers: { authorization: `Basic ${Buffer.from(`${service.clientId}:${secret}`).toString('base64')}` },
    })
    assert.deepEqual(JSON.parse(introspected.body).organization, { ...organization, permissions: ['photos:write'] })
    await part.services.setRoles(asked, acme, { clientId: service.clientId, roles: [] })
    assert.deepEqual(Object(claims(await tokenFor(service.clientId, secret, { scope }))['organization']).permissions, [])
    const platform = await part.desk.create(call, { ...allowed, roles: ['editor', 'staff'] })
    const told = claims(await tokenFor(platform.service.clientId, platform.secret ?? '', { scope }))
    assert.deepEqual([told['roles'], told['permissions'], told['organization']], [['editor', 'staff'], ['photos:write'], undefined])
  })

  test('other roles end the tokens of before, a new secret the old one, and removal everything', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Changes'))
    const { service, secret = '' } = await part.services.create(asked, acme, made)
    const { clientId } = service
    const first = claims(await tokenFor(clientId, secret))
    await part.services.setRoles(asked, acme, { clientId, roles: [] })
    const [superseded] = await revocationsOf(clientId)
    assert.equal(superseded?.kind, 'membership')
    assert.ok((superseded?.before ?? 0) > Number(first['membership_at']), 'gateways refuse the first one')
    const second = claims(await tokenFor(clientId, secret))
    assert.deepEqual([Object(second['organization']).roles, second['membership_at']], [[], superseded?.before])
    const renewed = await part.services.renewSecret(asked, acme, { clientId, keepSeconds: 0 })
    assert.equal(errorOf(await tokenFor(clientId, secret)), 'invalid_client')
    const third = claims(await tokenFor(clientId, renewed))
    assert.equal(await part.services.remove(asked, acme, clientId), true)
    assert.equal(errorOf(await tokenFor(clientId, renewed)), 'invalid_client')
    const ended = (await revocationsOf(clientId)).find(({ kind }) => kind === 'account')
    assert.ok((ended?.before ?? 0) > Number(third['iat']) + 30, 'what a slower process still issues is covered')
    assert.equal(await part.services.remove(asked, acme, clientId), false)
  })

  test('what an introspecting resource server is told ends with the roles and with the service account', async () => {
    const basic = { authorization: `Basic ${Buffer.from(`archive:${ARCHIVE_SECRET}`).toString('base64')}` }
    const isActive = async (token: string): Promise<boolean> => {
      const reply = await send(world, { path: '/introspect', form: { token }, headers: basic })
      assert.equal(reply.status, 200, reply.body)
      return JSON.parse(reply.body).active
    }
    const { service, secret = '' } = await part.desk.create(call, { name: 'Reader', roles: ['staff'], scopes: ['archive:read'] })
    const opaque = async (): Promise<string> => {
      const reply = await tokenFor(service.clientId, secret, { resource: ARCHIVE, scope: 'archive:read' })
      assert.equal(reply.status, 200, reply.body)
      return JSON.parse(reply.body).access_token
    }
    const first = await opaque()
    assert.equal(first.includes('.'), false)
    assert.equal(await isActive(first), true)
    await part.desk.setRoles(call, service.clientId, [])
    assert.equal(await isActive(first), false)
    const second = await opaque()
    assert.equal(await isActive(second), true)
    await part.desk.remove(call, service.clientId)
    assert.equal(await isActive(second), false)
  })

  test('when its organisation ends it gets no token any more, and is removed with it', async () => {
    const acme = await owner('Ends')
    const by = await part.services.ownerOf(asked, acme)
    const { service, secret = '' } = await part.services.create(asked, by, made)
    claims(await tokenFor(service.clientId, secret))
    const repository = createOrganisationsRepository(world.database)
    const found = (await repository.find(call, acme.organisationId)) ?? assert.fail('it is gone')
    assert.equal(await repository.commit(call, [repository.operations.end(found, Date.now())], []), true)
    assert.equal(errorOf(await tokenFor(service.clientId, secret)), 'invalid_client')
    await part.services.removeAll(call, by)
    assert.deepEqual(await part.services.list(call, by), [])
    assert.equal(
      (await revocationsOf(service.clientId)).some(({ kind }) => kind === 'account'),
      true,
    )
  })

  test('when the last owner is blocked, its tokens end and it gets no more, until an owner is back', async () => {
    const acme = await owner('Blocked')
    const { service, secret = '' } = await part.services.create(asked, await part.services.ownerOf(asked, acme), made)
    const token = () => tokenFor(service.clientId, secret)
    const first = claims(await token())
    const block = (accountId: string, suspendedAt: number | undefined) =>
      world.database.collection(accountsCollection).update(call, accountId, { set: { suspendedAt } })
    const other = await owner('Other')
    const of = { organisationId: acme.organisationId, accountId: other.accountId }
    await organisations.changing.change(call, of, async () => ({ roles: ['owner'] }))
    await block(acme.accountId, Date.now())
    await part.services.halt(call, acme.accountId)
    assert.equal(claims(await token())['membership_at'], first['membership_at'], 'another owner answers for it')
    assert.deepEqual(await revocationsOf(service.clientId), [])
    await block(other.accountId, Date.now())
    await part.services.halt(call, other.accountId)
    assert.equal(errorOf(await token()), 'invalid_client')
    const [superseded] = await revocationsOf(service.clientId)
    assert.ok((superseded?.before ?? 0) > Number(first['membership_at']), 'gateways refuse the first one')
    await block(acme.accountId, undefined)
    assert.equal(claims(await token())['membership_at'], superseded?.before)
  })

  /** As they are stored, however many. */
  async function crowd(organisationId: string, count: number): Promise<void> {
    const repository = createServiceAccountsRepository(world.database)
    for (let number = 0; number < count; number += 1) {
      const now = Date.now()
      const id = `svc-${newId(now)}`
      const service = { id, owner: organisationId, name: `Machine ${number}`, roles: [], scopes: [], membershipAt: now, createdAt: now }
      const definition = { clientId: id, name: service.name, redirectUris: [], origins: [], scopes: [] }
      const client = { id, source: 'operator', definition, createdAt: now } as const
      await repository.insert(call, { ...service, authentication: 'secret' }, { client, also: [], events: [] })
    }
  }

  test('fifty are the most of one organisation, however many are made at once', async () => {
    const acme = await owner('Full')
    await crowd(acme.organisationId, 45)
    const by = await part.services.ownerOf(asked, acme)
    const all = await Promise.allSettled(Array.from({ length: 12 }, () => part.services.create(asked, by, made)))
    assert.equal((await part.services.list(call, by)).length, 50)
    const refused = all.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []))
    assert.deepEqual(
      refused,
      Array.from({ length: 7 }, () => 'auth.organisation_full'),
    )
  })

  test('requirement 32: what is more than a page holds is seen, halted and removed like the rest', async () => {
    const acme = await owner('Crowd')
    const { organisationId } = acme
    await crowd(organisationId, 60)
    const ids = (await part.services.list(call, { organisationId })).map(({ clientId }) => clientId)
    assert.equal(new Set(ids).size, 60)
    await world.database.collection(accountsCollection).update(call, acme.accountId, { set: { suspendedAt: Date.now() } })
    await part.services.halt(call, acme.accountId)
    const halted = new Set((await world.revocations.list(call)).items.map(({ subject }) => subject))
    assert.deepEqual(
      ids.filter((id) => !halted.has(`client:${id}`)),
      [],
    )
    await part.services.removeAll(call, { organisationId })
    assert.deepEqual(await part.services.list(call, { organisationId }), [])
  })

  async function twoOwners(
    name: string,
  ): Promise<{ acme: Awaited<ReturnType<typeof owner>>; takeOut: (after?: string[]) => Promise<void> }> {
    const acme = await owner(name)
    const other = await owner(`${name} too`)
    const change = (accountId: string, after: string[] | undefined) =>
      organisations.changing.change(call, { organisationId: acme.organisationId, accountId }, async () => ({ roles: after }))
    await change(other.accountId, ['owner'])
    return { acme, takeOut: (after) => change(acme.accountId, after) }
  }

  test('whoever is taken out while they make or change a machine is too late', async () => {
    for (const [after, refusal] of [
      [undefined, 'organisation_not_found'],
      [['editor'], 'owners_only'],
    ] as const) {
      const { acme, takeOut } = await twoOwners('Overtaken')
      const by = await part.services.ownerOf(asked, acme)
      const { service, secret = '' } = await part.services.create(asked, by, made)
      const { clientId } = service
      for (const late of [
        () => part.services.create(asked, by, made),
        () => part.services.renewSecret(asked, by, { clientId }),
        () => part.services.setScopes(asked, by, { clientId, scopes: [] }),
        () => part.services.setRoles(asked, by, { clientId, roles: [] }),
        () => part.services.remove(asked, by, clientId),
      ]) {
        await organisations.changing.change(call, acme, async () => ({ roles: ['owner'] }))
        meanwhile = () => takeOut(after && [...after])
        await assert.rejects(late(), code(refusal))
        assert.equal(meanwhile, undefined, 'it was under way')
      }
      assert.deepEqual(
        (await part.services.list(call, by)).map((each) => [each.clientId, each.roles]),
        [[clientId, ['editor']]],
      )
      claims(await tokenFor(clientId, secret))
    }
  })

  test('nothing is made for an organisation that ends meanwhile, by an owner or by an operator', async () => {
    const repository = createOrganisationsRepository(world.database)
    for (const create of [
      async (acme: Awaited<ReturnType<typeof owner>>) => part.services.create(asked, await part.services.ownerOf(asked, acme), made),
      ({ organisationId }: Awaited<ReturnType<typeof owner>>) => part.desk.create(call, { ...made, organisationId }),
    ]) {
      const acme = await owner('Ending')
      const found = (await repository.find(call, acme.organisationId)) ?? assert.fail('it is gone')
      meanwhile = () => repository.commit(call, [repository.operations.end(found, Date.now())], [])
      await assert.rejects(create(acme), code('organisation_not_found'))
      assert.equal(meanwhile, undefined, 'it was under way')
      assert.deepEqual(await part.services.list(call, acme), [])
    }
  })

  test('requirement 32: when the last owner who is not blocked goes or is none any more, its machines are halted', async () => {
    for (const after of [undefined, ['editor']]) {
      const { acme, takeOut } = await twoOwners('Left')
      const { service, secret = '' } = await part.services.create(asked, await part.services.ownerOf(asked, acme), made)
      const first = claims(await tokenFor(service.clientId, secret))
      const { items } = await createOrganisationsRepository(world.database).owners(call, acme.organisationId, { limit: 10 })
      const blocked = items.map(({ value }) => value.accountId).find((id) => id !== acme.accountId) ?? assert.fail('no other owner')
      await world.database.collection(accountsCollection).update(call, blocked, { set: { suspendedAt: Date.now() } })
      await part.services.halt(call, blocked)
      assert.deepEqual(await revocationsOf(service.clientId), [], 'one is left')
      await takeOut(after)
      const [superseded] = await until('its machines to be halted', async () => {
        const found = await revocationsOf(service.clientId)
        return found.length > 0 ? found : undefined
      })
      assert.ok((superseded?.before ?? 0) > Number(first['membership_at']), 'gateways refuse the first one')
      assert.equal(errorOf(await tokenFor(service.clientId, secret)), 'invalid_client')
    }
  })

  test('machines go on when an owner goes and another answers for them', async () => {
    const { acme, takeOut } = await twoOwners('Goes on')
    const { service, secret = '' } = await part.services.create(asked, await part.services.ownerOf(asked, acme), made)
    const first = claims(await tokenFor(service.clientId, secret))
    const before = jobsRun
    await takeOut()
    await until('the job to have run', () => jobsRun > before)
    assert.deepEqual(await revocationsOf(service.clientId), [])
    assert.equal(claims(await tokenFor(service.clientId, secret))['membership_at'], first['membership_at'])
  })
})
