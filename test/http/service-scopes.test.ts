// What owners of organisations may give to their service accounts: what their people could do in the app anyway, or what the app says. Operators give all.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createServiceAccountsRepository } from '../../src/auth/service-accounts/repository.ts'
import { clientsCollection } from '../../src/auth/clients/repository.ts'
import { errorOf, send } from '../support/oauth.ts'
import { ARCHIVE, ARCHIVE_SECRET, asked, call, claims, code, openServices, type ServicesWorld } from '../support/services.ts'

const all = ['photos:read', 'photos:write']
const named = (...scopes: string[]) => ({ name: 'Nightly', roles: [], scopes })

describe('scopes of service accounts', () => {
  let services: ServicesWorld

  before(async () => {
    services = await openServices({ frontend: ['profile', 'photos:read'] })
  })
  after(() => services.stop())

  const scopeOf = async (clientId: string, secret: string): Promise<unknown> => claims(await services.tokenFor(clientId, secret))['scope']

  test("owners give what the app's own frontends have and nothing else, and operators all", async () => {
    const { part, tokenFor, owner } = services
    const acting = await owner('Acme')
    const acme = await part.services.ownerOf(asked, acting)
    await assert.rejects(part.services.create(asked, acme, named('photos:write')), code('bad_details'))
    await assert.rejects(part.services.create(asked, acme, named('profile')), ({ fields: [problem] }) => {
      assert.equal(problem.message, 'There is no such right here. Unknown: profile. There are photos:read, permissions.')
      return true
    })
    assert.deepEqual(await part.services.list(asked, acme), [])
    const { service, secret = '' } = await part.services.create(asked, acme, named('photos:read', 'permissions'))
    const { clientId } = service
    await assert.rejects(part.services.setScopes(asked, acme, { clientId, scopes: all }), code('bad_details'))
    assert.equal(await scopeOf(clientId, secret), 'photos:read permissions')

    await part.desk.setScopes(call, clientId, all)
    assert.equal(await scopeOf(clientId, secret), 'photos:read photos:write')
    await part.services.setScopes(asked, acme, { clientId, scopes: ['photos:write'] })
    assert.equal(await scopeOf(clientId, secret), 'photos:write', 'an owner leaves what an operator has given')
    await part.services.setScopes(asked, acme, { clientId, scopes: ['photos:read'] })
    await assert.rejects(part.services.setScopes(asked, acme, { clientId, scopes: ['photos:write'] }), code('bad_details'))
    assert.equal(errorOf(await tokenFor(clientId, secret, { scope: 'photos:write' })), 'invalid_scope', 'and does not give it back')

    const made = await part.desk.create(call, { ...named(...all), organisationId: acting.organisationId })
    assert.equal(await scopeOf(made.service.clientId, made.secret ?? ''), 'photos:read photos:write')
    const own = await part.desk.create(call, named(...all))
    assert.equal(await scopeOf(own.service.clientId, own.secret ?? ''), 'photos:read photos:write')
  })

  test('one that was given more before that was asked gets no more than an owner may give, until an operator gives it', async () => {
    const { part, tokenFor, owner, world } = services
    const acme = await part.services.ownerOf(asked, await owner('Early'))
    const { service, secret = '' } = await part.services.create(asked, acme, named('photos:read'))
    const { clientId } = service
    const repository = createServiceAccountsRepository(world.database)
    const [stored, client] = [await repository.find(call, clientId), await repository.findClient(call, clientId)]
    assert.ok(stored && client)
    const collection = world.database.collection(clientsCollection)
    const change = { scopes: all, scopesByOperator: [], at: stored.value.membershipAt, also: [], events: [] }
    assert.equal(await repository.updateScopes(call, { service: stored, client }, change), true)
    assert.deepEqual((await collection.get(call, clientId, { fresh: true }))?.value.definition.scopes, all)

    assert.equal(await scopeOf(clientId, secret), 'photos:read')
    assert.equal(errorOf(await tokenFor(clientId, secret, { scope: 'photos:write' })), 'invalid_scope')
    assert.deepEqual((await part.services.list(asked, acme))[0]?.scopes, ['photos:read'], 'and that is what is shown')
    await part.desk.setScopes(call, clientId, all)
    assert.equal(await scopeOf(clientId, secret), 'photos:read photos:write')
  })

  test('are those of the other resources of the app, too, by operators, for tokens that are good there', async () => {
    const { part, tokenFor, owner, world } = services
    const acting = await owner('Archivists')
    const acme = await part.services.ownerOf(asked, acting)
    await assert.rejects(part.services.create(asked, acme, named('archive:read')), code('bad_details'))
    const { service, secret = '' } = await part.desk.create(call, { ...named('archive:read'), organisationId: acting.organisationId })
    const { clientId } = service
    const reply = await tokenFor(clientId, secret, { resource: ARCHIVE })
    assert.equal(reply.status, 200, reply.body)
    const { access_token: token, scope } = JSON.parse(reply.body)
    assert.equal(scope, 'archive:read')
    const authorization = `Basic ${Buffer.from(`archive:${ARCHIVE_SECRET}`).toString('base64')}`
    const known = JSON.parse((await send(world, { path: '/introspect', form: { token }, headers: { authorization } })).body)
    assert.deepEqual([known.active, known.aud, known.client_id, known.scope], [true, ARCHIVE, clientId, 'archive:read'])
    assert.equal(errorOf(await tokenFor(clientId, secret, { resource: 'https://unknown.example/' })), 'invalid_target')
  })

  test('of an owner and an operator at once, the later one decides of what there is by then', async () => {
    const { part, owner } = services
    const acme = await part.services.ownerOf(asked, await owner('Both'))
    const { clientId } = (await part.services.create(asked, acme, named())).service
    await part.desk.setScopes(call, clientId, all)
    services.meanwhile = () => part.desk.setScopes(call, clientId, ['photos:read'])
    await assert.rejects(part.services.setScopes(asked, acme, { clientId, scopes: all }), code('bad_details'))
    assert.deepEqual((await part.services.list(asked, acme))[0]?.scopes, ['photos:read'])
  })
})

describe('scopes of service accounts as the app says it', () => {
  let services: ServicesWorld

  before(async () => {
    services = await openServices({ organisations: { services: { scopes: ['photos:write'] } } })
  })
  after(() => services.stop())

  test('owners give those that are named, in place of those of the frontends', async () => {
    const { part, owner } = services
    const acme = await part.services.ownerOf(asked, await owner('Acme'))
    assert.deepEqual(part.services.scopesByOwners, ['photos:write', 'permissions'])
    assert.deepEqual((await part.services.create(asked, acme, named('photos:write'))).service.scopes, ['photos:write'])
    await assert.rejects(part.services.create(asked, acme, named('photos:read')), code('bad_details'))
  })

  test('those of other resources, too, where the app says so', async () => {
    const archiving = await openServices({ organisations: { services: { scopes: ['archive:read'] } } })
    try {
      assert.deepEqual(archiving.part.services.scopesByOwners, ['archive:read', 'permissions'])
    } finally {
      await archiving.stop()
    }
  })
})
