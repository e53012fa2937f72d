// MongoDB when things go wrong: a server that dies, is silent, slow or cut off in the middle, a pool that is exhausted, and databases that are not ours.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { systemClock } from '#kernel/clock.ts'
import { newId } from '#kernel/ids.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import type { Collection, Database, StoredEvent } from '../../src/database/contract.ts'
import { createDatabase } from '../../src/database/database.ts'
import { createMongoEngine } from '../../src/database/drivers/mongodb/engine.ts'
import { call, eventually, type Photo, photo, photos, tickets } from '../support/database.ts'
import { type Ferret, startFerret, withoutFerret } from '../support/ferretdb.ts'
import { type MongoProxy, startMongoProxy } from '../support/mongo-proxy.ts'

const logger = createLogger({ level: 'silent' })
const unavailable = { code: 'database.unavailable' }

interface World {
  readonly database: Running<Database>
  readonly photos: Collection<Photo>
  readonly place: string
}

describe('faults of MongoDB', { skip: withoutFerret }, () => {
  let ferret: Ferret
  const cleanup: (() => Promise<unknown>)[] = []
  before(async () => {
    ferret = await startFerret()
  })
  after(async () => {
    for (const clean of cleanup.toReversed()) await clean()
    await ferret.stop()
  })

  async function open(
    options: { readonly proxy?: MongoProxy; readonly place?: string; readonly maxPoolSize?: number } = {},
  ): Promise<World> {
    const { place = `f_${newId(1)}`, proxy, maxPoolSize } = options
    const url = proxy?.url(place) ?? ferret.url(place)
    const engine = createMongoEngine({ url, logger, ...(maxPoolSize === undefined ? {} : { maxPoolSize }) })
    const database = createDatabase({ engine, clock: systemClock, logger, sweepEveryMs: 60_000 })
    const collection = database.contract.collection(photos)
    database.contract.collection(tickets)
    cleanup.push(() => database.stop())
    await database.start()
    return { database, photos: collection, place }
  }
  async function proxied(options: { readonly maxPoolSize?: number } = {}): Promise<World & { proxy: MongoProxy }> {
    const proxy = await startMongoProxy(ferret.port)
    cleanup.push(() => proxy.close())
    return { ...(await open({ proxy, ...options })), proxy }
  }
  async function raw<Result>(work: (client: MongoClient) => Promise<Result>): Promise<Result> {
    const client = new MongoClient(ferret.url('admin'), { retryWrites: false })
    try {
      return await work(client)
    } finally {
      await client.close()
    }
  }

  test('a server that is killed is missed within two seconds, requests are refused at once, and when it is back everything goes on', async () => {
    const { photos: collection, database } = await open()
    const { id } = (await collection.insert(call, photo())).value
    for (const slug of ['first', 'second']) {
      await ferret.kill()
      const killed = performance.now()
      await eventually(async () => (await database.health()) !== undefined, 'health says so')
      assert.ok(performance.now() - killed < 2000)
      const began = performance.now()
      await assert.rejects(collection.get(call, id), unavailable)
      await assert.rejects(collection.insert(call, photo({ slug })), (error: Error) => {
        assert.deepEqual(Reflect.get(error, 'headers'), { 'Retry-After': '1' })
        return Reflect.get(error, 'code') === unavailable.code
      })
      assert.ok(performance.now() - began < 500)
      await ferret.startAgain()
      await eventually(async () => (await database.health()) === undefined, 'health is back')
      assert.equal((await collection.get(call, id))?.version, 1)
      assert.equal(await collection.getByKey(call, 'bySlug', { slug }), undefined)
      await collection.insert(call, photo({ slug }))
    }
  })

  test('a write whose answer is lost is stored once, with its event once, whether or not its caller was told', async () => {
    const { photos: collection, database, proxy } = await proxied()
    const seen: StoredEvent[] = []
    database.contract.subscribe({ consumer: 'all', topics: ['lost'], handle: async (events) => void seen.push(...events) })
    for (let round = 0; round < 4; round += 1) {
      const slug = `lost ${round}`
      proxy.swallowing = true
      const lost = collection
        .insert(call, photo({ slug }), { events: [{ topic: 'lost', key: slug, data: null }] })
        .catch((error: unknown) => error)
      await new Promise((resolve) => setTimeout(resolve, 30 * round))
      proxy.cut()
      proxy.swallowing = false
      const answer = await lost
      await eventually(async () => (await database.health()) === undefined, 'health is back')
      const isFailed = answer instanceof Error
      if (isFailed) assert.equal(Reflect.get(answer, 'code'), unavailable.code)
      const found = await collection.getByKey(call, 'bySlug', { slug })
      if (!isFailed) assert.equal(found?.version, 1)
      if (isFailed && !/may or may not/.test(answer.message)) assert.equal(found, undefined)
      await collection.insert(call, photo({ slug: `after ${round}` }))
      if (found !== undefined) await eventually(() => seen.some(({ key }) => key === slug), 'its event')
    }
    // The cut can also lose the answer to the consumer's new position: then it is told again of what it has seen.
    const stored = new Set(seen.map(({ sequence }) => sequence))
    assert.equal(new Set(seen.map(({ key }) => key)).size, stored.size)
  })

  test('a network that goes silent is noticed, nobody waits for ever, and it heals', async () => {
    const { photos: collection, database, proxy } = await proxied()
    const { id } = (await collection.insert(call, photo())).value
    proxy.silent = true
    const began = performance.now()
    const write = collection.insert(call, photo({ slug: 'silent' })).catch((error: unknown) => error)
    await eventually(async () => (await database.health()) !== undefined, 'health says so')
    assert.ok(performance.now() - began < 2500)
    await assert.rejects(collection.get(call, id), unavailable)
    await assert.rejects(collection.insert(call, photo()), /Nothing was stored/)
    proxy.silent = false
    proxy.cut()
    await eventually(async () => (await database.health()) === undefined, 'health is back')
    assert.equal((await collection.get(call, id))?.version, 1)
    const answer = await write
    const stored = (await collection.getByKey(call, 'bySlug', { slug: 'silent' }))?.version
    if (!(answer instanceof Error)) assert.equal(stored, 1)
    assert.ok(performance.now() - began < 40_000)
  })

  test('a slow server is slow and right', async () => {
    const { photos: collection, database, proxy } = await proxied()
    proxy.delayMs = 60
    const value = photo({ slug: 'slow' })
    await collection.insert(call, value)
    const changes = await Promise.all(Array.from({ length: 6 }, (_, takenAt) => collection.update(call, value.id, { set: { takenAt } })))
    assert.deepEqual(new Set(changes.map((change) => change?.version)), new Set([2, 3, 4, 5, 6, 7]))
    assert.equal(await database.health(), undefined)
    proxy.delayMs = 0
  })

  test('a server that is slow to answer pings alone is there while it answers anything else, and is missed when it does not', async () => {
    const { photos: collection, database, proxy } = await proxied()
    const { id } = (await collection.insert(call, photo())).value
    proxy.pingDelayMs = 5000
    for (const end = performance.now() + 2500; performance.now() < end; await delay(50)) {
      assert.equal((await collection.get(call, id))?.version, 1)
      assert.equal(await database.health(), undefined)
    }
    proxy.delayMs = 5000
    await eventually(async () => (await database.health()) !== undefined, 'health says so')
    proxy.delayMs = 0
    proxy.pingDelayMs = 0
    proxy.cut()
    await eventually(async () => (await database.health()) === undefined, 'health is back')
  })

  test('when all connections are busy the next requests wait for a while, then are refused', async () => {
    const { photos: collection, proxy } = await proxied({ maxPoolSize: 2 })
    const { id } = (await collection.insert(call, photo())).value
    proxy.delayMs = 600
    const began = performance.now()
    const answers = await Promise.all(Array.from({ length: 24 }, () => collection.get(call, id).catch((error: unknown) => error)))
    assert.ok(performance.now() - began < 12_000)
    const refused = answers.filter((answer) => answer instanceof Error)
    assert.ok(refused.length > 0)
    assert.ok(refused.every((error) => Reflect.get(error, 'code') === unavailable.code))
    proxy.delayMs = 0
    await eventually(async () => (await collection.get(call, id).catch(() => undefined))?.version === 1, 'it answers again')
  })

  test('a database of another program, or of a newer version, is refused and not touched', async () => {
    const [theirs, newer] = [`f_${newId(1)}`, `f_${newId(1)}`]
    await raw(async (client) => await client.db(theirs).collection('customers').insertOne({ name: 'somebody' }))
    await assert.rejects(open({ place: theirs }), /belongs to another program/)
    await raw(async (client) => {
      const names = await client.db(theirs).listCollections().toArray()
      assert.deepEqual(
        names.map(({ name }) => name),
        ['customers'],
      )
    })
    const first = await open({ place: newer })
    await first.database.stop()
    await raw(
      async (client) =>
        await client
          .db(newer)
          .collection<{ _id: string }>('ninefold_state')
          .updateOne({ _id: 'format' }, { $set: { format: 2 } }),
    )
    await assert.rejects(open({ place: newer }), /format 2.*newer version.*restore a backup/)
  })

  test('people find documents as they would write them', async () => {
    const { photos: collection, place } = await open()
    await collection.insert(call, photo({ id: 'plain', caption: 'A day at sea', tags: ['sea'], takenAt: 7 }))
    const stored = await raw(async (client) => await client.db(place).collection<{ _id: string }>('photos').findOne({ _id: 'plain' }))
    const natural = Object.fromEntries(Object.entries(stored ?? {}).filter(([name]) => name !== '_at' && name !== '_born'))
    assert.deepEqual(natural, { _id: 'plain', ownerId: 'ada', takenAt: 7, caption: 'A day at sea', tags: ['sea'], _version: 1, _shape: 0 })
  })
})
