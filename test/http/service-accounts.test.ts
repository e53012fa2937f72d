// Service accounts: what their tokens say, who may make and end them, and that another organisation's owner may not.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import { callAs } from '#kernel/call.ts'
import { newId, randomToken } from '#kernel/ids.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { createOrganisationsRepository } from '../../src/auth/organisations/repository.ts'
import { createServiceAccountsRepository } from '../../src/auth/service-accounts/repository.ts'
import { errorOf, send } from '../support/oauth.ts'
import { everythingStored } from '../support/scenario-database.ts'
import { ARCHIVE, ARCHIVE_SECRET, asked, call, claims, code, made, openServices, type ServicesWorld } from '../support/services.ts'
import { until } from '../support/until.ts'

describe('service accounts', () => {
  let services: ServicesWorld
  let world: ServicesWorld['world']
  let organisations: ServicesWorld['organisations']
  let part: ServicesWorld['part']
  let owner: ServicesWorld['owner']
  let tokenFor: ServicesWorld['tokenFor']

  before(async () => {
    services = await openServices()
    ;({ world, organisations, part, owner, tokenFor } = services)
  })
  after(() => services.stop())

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
    const stored = await everythingStored(services.file)
    assert.equal(stored.includes(secret), false)
    assert.equal(world.logs.join('').includes(secret), false)
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
    const goodKey = JSON.stringify(await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey))
    const { service, secret = '' } = await part.services.create(asked, ours, made)
    const { clientId } = service
    await assert.rejects(part.services.ownerOf(asked, { ...evil, organisationId: acme.organisationId }), code('organisation_not_found'))
    for (const other of [theirs, {}]) {
      await assert.rejects(part.services.setRoles(asked, other, { clientId, roles: [] }), code('service_not_found'))
      await assert.rejects(part.services.renewSecret(asked, other, { clientId }), code('service_not_found'))
      await assert.rejects(part.services.useKey(asked, other, { clientId, key: goodKey }), code('service_not_found'))
      await assert.rejects(part.services.useSecret(asked, other, { clientId }), code('service_not_found'))
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

  test('single roles are given and taken beside what somebody else gives in that moment', async () => {
    const { clientId } = (await part.desk.create(call, { name: 'Both', roles: [], scopes: [] })).service
    const giving = (addRoles: readonly string[], removeRoles: readonly string[] = []) =>
      part.desk.setRoles(call, clientId, { addRoles, removeRoles })
    services.meanwhile = () => giving(['editor'])
    assert.deepEqual(await giving(['staff']), ['editor', 'staff'])
    services.meanwhile = () => giving([], ['editor'])
    assert.deepEqual(await giving(['editor'], ['staff']), ['editor'])
    await assert.rejects(giving([], ['staf']), code('bad_details'))
    const endings = (await revocationsOf(clientId)).length
    assert.deepEqual(await giving([]), ['editor'])
    assert.equal((await revocationsOf(clientId)).length, endings, 'what changes nothing ends no token')
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
    const goodKey = JSON.stringify(await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey))
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
        () => part.services.useKey(asked, by, { clientId, key: goodKey }),
        () => part.services.setScopes(asked, by, { clientId, scopes: [] }),
        () => part.services.setRoles(asked, by, { clientId, roles: [] }),
        () => part.services.remove(asked, by, clientId),
      ]) {
        await organisations.changing.change(call, acme, async () => ({ roles: ['owner'] }))
        services.meanwhile = () => takeOut(after && [...after])
        await assert.rejects(late(), code(refusal))
        assert.equal(services.meanwhile, undefined, 'it was under way')
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
      services.meanwhile = () => repository.commit(call, [repository.operations.end(found, Date.now())], [])
      await assert.rejects(create(acme), code('organisation_not_found'))
      assert.equal(services.meanwhile, undefined, 'it was under way')
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
    const before = services.jobsRun
    await takeOut()
    await until('the job to have run', () => services.jobsRun > before)
    assert.deepEqual(await revocationsOf(service.clientId), [])
    assert.equal(claims(await tokenFor(service.clientId, secret))['membership_at'], first['membership_at'])
  })
})
