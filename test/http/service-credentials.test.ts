// How service accounts prove themselves: by a secret or by a key, which of them counts after a change, and for how long the one before does.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import { randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import { errorOf, type Reply, send } from '../support/oauth.ts'
import { asked, assertionOf, call, claims, code, made, openServices, type ServicesWorld } from '../support/services.ts'
import { until } from '../support/until.ts'

describe('how a service account proves itself', () => {
  let services: ServicesWorld
  let world: ServicesWorld['world']
  let part: ServicesWorld['part']
  let owner: ServicesWorld['owner']
  let tokenFor: ServicesWorld['tokenFor']

  before(async () => {
    services = await openServices()
    ;({ world, part, owner, tokenFor } = services)
  })
  after(() => services.stop())

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
    await assert.rejects(part.services.renewSecret(asked, acme, { clientId: service.clientId }), code('service_proof'))
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
    await assert.rejects(part.services.setKey(asked, acme, change), code('service_proof'), 'it has a secret')
  })

  test('one with a secret signs for itself from now on, and back, and either way is good for as long as is said', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Changes'))
    const { service, secret: first = '' } = await part.services.create(asked, acme, made)
    const { clientId } = service
    const pair = await generateKeyPair('ES256', { extractable: true })
    const key = JSON.stringify({ ...(await exportJWK(pair.publicKey)), alg: 'ES256' })
    const signed = async (): Promise<Reply> =>
      send(world, { path: '/token', form: await assertionOf(clientId, pair.privateKey, world.sites.accounts) })
    const listed = async () => {
      const [{ authentication, earlierUntil } = assert.fail()] = await part.services.list(call, acme)
      return [authentication, earlierUntil !== undefined]
    }
    const isIn = (reply: Reply): void => assert.equal(claims(reply)['sub'], `client:${clientId}`)
    const isOut = (reply: Reply, why?: string): void => assert.equal(errorOf(reply), 'invalid_client', why)

    await assert.rejects(part.services.useSecret(asked, acme, { clientId }), code('service_proof'), 'it has one')
    await assert.rejects(
      part.services.useKey(asked, acme, { clientId, key: JSON.stringify(await exportJWK(pair.privateKey)) }),
      code('bad_details'),
    )
    isOut(await signed())
    await part.services.useKey(asked, acme, { clientId, key })
    assert.deepEqual(await listed(), ['key', true])
    isIn(await signed())
    isIn(await tokenFor(clientId, first))
    isOut(await tokenFor(clientId, randomToken()))
    isOut(await send(world, { path: '/token', form: { grant_type: 'client_credentials', client_id: clientId, client_secret: first } }))
    await assert.rejects(part.services.useKey(asked, acme, { clientId, key }), code('service_proof'))
    assert.equal(await part.services.endEarlier(asked, acme, clientId), true)
    isOut(await tokenFor(clientId, first))
    isIn(await signed())

    const second = await part.services.useSecret(asked, acme, { clientId, keepSeconds: 2 })
    assert.deepEqual(await listed(), ['secret', true])
    isIn(await tokenFor(clientId, second))
    isOut(await tokenFor(clientId, first))
    isIn(await signed())
    await until('the key to end', async () => (await signed()).status === 401)
    assert.deepEqual(await listed(), ['secret', false])

    await part.services.useKey(asked, acme, { clientId, key, keepSeconds: 0 })
    isOut(await tokenFor(clientId, second), 'at once')
    isIn(await signed())
    const third = await part.services.useSecret(asked, acme, { clientId })
    const fourth = await part.services.renewSecret(asked, acme, { clientId })
    for (const good of [third, fourth]) isIn(await tokenFor(clientId, good))
    isOut(await signed(), 'of several before it, the last is kept')
    await part.services.remove(asked, acme, clientId)
    for (const gone of [third, fourth]) isOut(await tokenFor(clientId, gone))
  })

  test('whoever says which secret they replace replaces no other: a second press ends nothing that is deployed', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Presses'))
    const { service, secret: deployed = '' } = await part.services.create(asked, acme, made)
    const { clientId, credential: replacing = assert.fail() } = service
    const present = async () => (await part.services.list(call, acme)).find((each) => each.clientId === clientId)
    const isIn = async (secret: string): Promise<void> =>
      assert.equal(claims(await tokenFor(clientId, secret))['sub'], `client:${clientId}`)
    assert.equal((await present())?.credential, replacing)
    assert.equal(JSON.stringify(await present()).includes(sha256(deployed)), false, 'the mark is not the hash')
    const pressed = await Promise.allSettled(
      Array.from({ length: 3 }, async () => part.services.renewSecret(asked, acme, { clientId, replacing, keepSeconds: 60 })),
    )
    const [second = assert.fail(), ...more] = pressed.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    assert.deepEqual(more, [])
    for (const each of pressed) if (each.status === 'rejected') assert.equal(each.reason.code, 'auth.credential_changed')
    for (const good of [deployed, second]) await isIn(good)

    const after = await present()
    await assert.rejects(part.services.renewSecret(asked, acme, { clientId, replacing }), code('credential_changed'), 'an answer was lost')
    const key = JSON.stringify(await exportJWK((await generateKeyPair('ES256')).publicKey))
    await assert.rejects(part.services.useKey(asked, acme, { clientId, key, replacing, keepSeconds: 0 }), code('credential_changed'))
    assert.deepEqual(await present(), after, 'nothing was changed')
    for (const good of [deployed, second]) await isIn(good)
    const other = await part.services.create(asked, acme, made)
    for (const wrong of ['', other.service.credential])
      await assert.rejects(part.services.renewSecret(asked, acme, { clientId, replacing: wrong }), code('credential_changed'))

    const third = await part.services.renewSecret(asked, acme, { clientId, replacing: after?.credential })
    assert.equal(
      errorOf(await tokenFor(clientId, deployed)),
      'invalid_client',
      'one that got out and is replaced twice on purpose has ended',
    )
    for (const good of [second, third]) await isIn(good)
  })

  test('whose new secret never arrived replaces that one alone: what is deployed goes on until its time', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Unseen'))
    const { service, secret: deployed = '' } = await part.services.create(asked, acme, made)
    const { clientId } = service
    const earlier = async () => (await part.services.list(call, acme))[0]?.earlierUntil
    await assert.rejects(part.services.renewSecret(asked, acme, { clientId, unseen: true }), code('bad_details'), 'nothing is before it')
    claims(await tokenFor(clientId, deployed))
    const lost = await part.services.renewSecret(asked, acme, { clientId, keepSeconds: 600 })
    const end = await earlier()
    await assert.rejects(part.services.renewSecret(asked, acme, { clientId, unseen: true, keepSeconds: 0 }), code('bad_details'))
    const second = await part.services.renewSecret(asked, acme, { clientId, unseen: true })
    assert.equal(errorOf(await tokenFor(clientId, lost)), 'invalid_client')
    for (const good of [deployed, second]) claims(await tokenFor(clientId, good))
    assert.equal(await earlier(), end)
    const key = JSON.stringify(await exportJWK((await generateKeyPair('ES256')).publicKey))
    await part.services.useKey(asked, acme, { clientId, key, unseen: true })
    assert.equal(errorOf(await tokenFor(clientId, second)), 'invalid_client')
    claims(await tokenFor(clientId, deployed))
    assert.equal(await earlier(), end)
    assert.equal(await part.services.endEarlier(asked, acme, clientId), true)
    assert.equal(errorOf(await tokenFor(clientId, deployed)), 'invalid_client')
    await assert.rejects(part.services.useSecret(asked, acme, { clientId, unseen: true }), code('bad_details'))
  })

  test('the same of keys, and from one way to the other; a key that is sent once more ends nothing', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Presses keys'))
    const pairs = await Promise.all([0, 1, 2].map(() => generateKeyPair('ES256', { extractable: true })))
    const [deployed = assert.fail(), next = assert.fail(), third = assert.fail()] = pairs
    // Not in the order in which PostgreSQL gives them back.
    const jwk = async ({ publicKey }: (typeof pairs)[number]) => {
      const { crv, ...rest } = await exportJWK(publicKey)
      return JSON.stringify({ crv, ...rest, alg: 'ES256' })
    }
    const { service } = await part.services.create(asked, acme, { ...made, key: await jwk(deployed) })
    const { clientId, credential: replacing = assert.fail() } = service
    const isIn = async ({ privateKey }: (typeof pairs)[number]): Promise<void> => {
      claims(await send(world, { path: '/token', form: await assertionOf(clientId, privateKey, world.sites.accounts) }))
    }
    await part.services.setKey(asked, acme, { clientId, key: await jwk(next), replacing })
    await assert.rejects(part.services.setKey(asked, acme, { clientId, key: await jwk(third), replacing }), code('credential_changed'))
    await assert.rejects(part.services.useSecret(asked, acme, { clientId, replacing }), code('credential_changed'))
    const same = JSON.parse(await jwk(next))
    for (const key of [same, { ...same, use: 'sig' }, { ...same, kid: 'next' }, { ...same, alg: undefined }, { ...same, x: `${same.x}==` }])
      await assert.rejects(
        part.services.setKey(asked, acme, { clientId, key: JSON.stringify(key) }),
        code('bad_details'),
        'it has this one',
      )
    for (const good of [deployed, next]) await isIn(good)
    const [listed] = await part.services.list(call, acme)
    const secret = await part.services.useSecret(asked, acme, { clientId, replacing: listed?.credential })
    claims(await tokenFor(clientId, secret))
    await isIn(next)
  })

  test('of two owners who change how a machine proves itself, the second is told that it did already', async () => {
    const acme = await part.services.ownerOf(asked, await owner('Twice'))
    const { service } = await part.services.create(asked, acme, made)
    const { clientId } = service
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const change = { clientId, key: JSON.stringify(await exportJWK(publicKey)) }
    services.meanwhile = () => part.services.useKey(asked, acme, change)
    await assert.rejects(part.services.renewSecret(asked, acme, { clientId }), code('service_proof'))
    assert.equal((await part.services.list(call, acme))[0]?.authentication, 'key')
  })
})
