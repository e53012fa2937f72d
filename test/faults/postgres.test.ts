// PostgreSQL when things go wrong: connections that end or go silent in the middle, a server that stops, is slow or has no more connections.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { Client } from 'pg'
import { systemClock } from '#kernel/clock.ts'
import { newId } from '#kernel/ids.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import type { Collection, Database } from '../../src/database/contract.ts'
import { createDatabase } from '../../src/database/database.ts'
import { createPostgresEngine } from '../../src/database/drivers/postgres/engine.ts'
import { POOL_TIMES } from '../../src/database/drivers/postgres/pool.ts'
import type { Engine } from '../../src/database/ports.ts'
import { call, eventually, type Photo, photo, photos, type Ticket, ticket, tickets } from '../support/database.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const logger = createLogger({ level: 'silent' })
const unavailable = { code: 'database.unavailable' }
const TIMES = { acquireMs: 500, statementMs: 500, answerMs: 1000 }

interface Proxy {
  readonly port: number
  /** What happens to what the server sends from now on. */
  answers: 'pass' | 'swallow'
  /** Nothing passes either way, and nothing is closed. */
  silent: boolean
  cut(): void
  close(): Promise<void>
}

async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const [from, to, isAnswer] of [
      [client, upstream, false],
      [upstream, client, true],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (!proxy.silent && !(isAnswer && proxy.answers === 'swallow')) to.write(chunk)
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const proxy: Proxy = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    answers: 'pass',
    silent: false,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    async close() {
      proxy.cut()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

interface World {
  readonly database: Running<Database>
  readonly engine: Engine
  readonly photos: Collection<Photo>
  readonly tickets: Collection<Ticket>
}

interface Options {
  readonly port?: number
  readonly connections?: number
  readonly times?: typeof TIMES
}

describe('faults of PostgreSQL', { skip: withoutPostgres }, () => {
  let server: PostgresServer
  const cleanup: (() => Promise<unknown>)[] = []
  before(async () => {
    server = await startPostgres()
  })
  after(async () => {
    for (const clean of cleanup.toReversed()) await clean()
    await server.stop()
  })

  async function open({ port = server.port, connections = 4, times = TIMES }: Options = {}): Promise<World & { schema: string }> {
    const schema = `f_${newId(1)}`
    const url = `${server.url(schema).replace(String(server.port), String(port))}&connections=${connections}`
    const engine = createPostgresEngine({ url, logger, times })
    const database = createDatabase({ engine, clock: systemClock, logger, sweepEveryMs: 60_000 })
    const world = { database, engine, photos: database.contract.collection(photos), tickets: database.contract.collection(tickets), schema }
    cleanup.push(() => database.stop())
    await database.start()
    return world
  }
  async function proxied(options: { connections?: number } = {}): Promise<World & { schema: string; proxy: Proxy }> {
    const proxy = await startProxy(server.port)
    cleanup.push(() => proxy.close())
    return { ...(await open({ port: proxy.port, ...options })), proxy }
  }
  async function holding(statement: string): Promise<() => Promise<void>> {
    const client = new Client({ connectionString: server.url() })
    await client.connect()
    await client.query('begin')
    await client.query(statement)
    return async () => {
      await client.query('rollback')
      await client.end()
    }
  }
  const count = (schema: string, where: string): number => Number(server.sql(`select count(*) from ${schema}.photos where ${where}`))

  test('a write whose connection ends before its answer says that its outcome is not known; it may be stored, and things go on', async () => {
    const { photos: collection, proxy, schema } = await proxied()
    await collection.insert(call, photo())
    proxy.answers = 'swallow'
    const lost = assert.rejects(collection.insert(call, photo({ slug: 'lost' })), { ...unavailable, message: /may or may not be stored/ })
    await eventually(() => count(schema, "slug = 'lost'") === 1, 'the server has it')
    proxy.cut()
    await lost
    proxy.answers = 'pass'
    await collection.insert(call, photo({ slug: 'next' }))
    assert.equal((await collection.getByKey(call, 'bySlug', { slug: 'lost' }))?.version, 1)
  })

  test('a read whose connection ends is asked again on another one', async () => {
    const { photos: collection, proxy } = await proxied()
    const { id } = (await collection.insert(call, photo())).value
    let answered = 0
    for (let round = 0; round < 50 && (round < 5 || answered === 0); round += 1) {
      const reads = Promise.all(Array.from({ length: 8 }, () => collection.get(call, id)))
      proxy.cut()
      const found = await reads.catch((error: unknown) => Reflect.get(Object(error), 'code'))
      if (found !== 'database.unavailable') {
        assert.ok(Array.isArray(found) && found.every((one) => one !== undefined))
        answered += 1
      }
      // Where the cut has met a connection that was being opened, the next one is opened a moment later.
      await until('the next read', async () => (await collection.get(call, id).catch(() => undefined)) !== undefined)
    }
    assert.ok(answered > 0)
  })

  test('when the server ends connections in the middle of writes, every answer is true and nothing is half', async () => {
    const { photos: collection, database, schema } = await open()
    const said: [string, boolean | 'unknown'][] = []
    let ending = false
    const writer = async (): Promise<void> => {
      while (!ending) {
        const id = newId(1)
        try {
          await database.contract.commit(
            call,
            ['a', 'b'].map((half) => ({ kind: 'insert' as const, collection: 'photos', value: photo({ id: `${id}${half}` }) })),
            [{ topic: 'pair', key: id, data: null }],
          )
          said.push([id, true])
        } catch (error) {
          assert.equal(Reflect.get(Object(error), 'code'), 'database.unavailable')
          said.push([id, /may or may not/.test(String(error)) ? 'unknown' : false])
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      }
    }
    const writers = Promise.all(Array.from({ length: 8 }, writer))
    for (let round = 0; round < 10; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 30))
      server.sql("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'ninefold'")
    }
    ending = true
    await writers
    assert.ok(said.some(([, answer]) => answer === true))
    const stored = new Set(server.sql(`select id from ${schema}.photos`).trim().split('\n'))
    const events = new Set(server.sql(`select key from ${schema}.ninefold_events`).trim().split('\n'))
    for (const [id, answer] of said) {
      const there = [stored.has(`${id}a`), stored.has(`${id}b`), events.has(id)]
      assert.ok(
        there.every((one) => one === there[0]),
        `${id} is there by half`,
      )
      if (answer !== 'unknown') assert.equal(there[0], answer)
    }
    // The last ends may have left it refusing for half a second.
    await eventually(async () => (await database.health()) === undefined, 'it is well again')
    assert.notEqual(await collection.get(call, [...stored][0] ?? ''), undefined)
  })

  test('a server that stops is missed within two seconds, requests are refused at once, and when it is back everything goes on', async () => {
    const { photos: collection, database } = await open()
    const { id } = (await collection.insert(call, photo())).value
    for (const mode of ['fast', 'immediate'] as const) {
      await server.halt(mode)
      await eventually(async () => (await database.health()) !== undefined, 'health says so')
      assert.match((await database.health()) ?? '', /cannot be reached/)
      const began = performance.now()
      await assert.rejects(collection.get(call, id), unavailable)
      await assert.rejects(collection.insert(call, photo({ slug: mode })), (error: Error) => {
        assert.deepEqual(Reflect.get(error, 'headers'), { 'Retry-After': '1' })
        return Reflect.get(error, 'code') === unavailable.code
      })
      assert.ok(performance.now() - began < 1000)
      await server.resume()
      await eventually(async () => (await database.health()) === undefined, 'health is back')
      assert.equal((await collection.get(call, id))?.version, 1)
      assert.equal(await collection.getByKey(call, 'bySlug', { slug: mode }), undefined)
      await collection.insert(call, photo({ slug: mode }))
    }
  })

  test('a statement that the server cannot finish in time is given up there, stores nothing, and says so', async () => {
    const { photos: collection, schema } = await open()
    const value = (await collection.insert(call, photo({ slug: 'held' }))).value
    const release = await holding(`select 1 from ${schema}.photos where slug = 'held' for update`)
    const began = performance.now()
    await assert.rejects(collection.update(call, value.id, { set: { caption: 'x' } }), { ...unavailable, message: /nothing was stored/ })
    assert.ok(performance.now() - began < 3000)
    assert.equal((await collection.get(call, value.id))?.value.caption, '')
    await release()
    assert.equal((await collection.update(call, value.id, { set: { caption: 'x' } }))?.version, 2)
  })

  test('a network that goes silent is noticed, nobody waits for ever, and it heals', async () => {
    const { photos: collection, database, proxy } = await proxied()
    const { id } = (await collection.insert(call, photo())).value
    proxy.silent = true
    const began = performance.now()
    const reads = Array.from({ length: 3 }, () => assert.rejects(collection.get(call, id), unavailable))
    const write = assert.rejects(collection.insert(call, photo({ slug: 'silent' })), unavailable)
    const asked = performance.now()
    await database.health()
    assert.ok(performance.now() - asked < 1000)
    await Promise.all([...reads, write])
    assert.ok(performance.now() - began < 8000)
    assert.match((await database.health()) ?? '', /does not answer|cannot be reached/)
    proxy.silent = false
    proxy.cut()
    await eventually(async () => (await database.health()) === undefined, 'health is back')
    assert.equal((await collection.get(call, id))?.version, 1)
  })

  test('a network that is silent while nobody asks is noticed by health all the same', async () => {
    const { database, proxy } = await proxied()
    proxy.silent = true
    await eventually(async () => (await database.health()) !== undefined, 'health says so')
    proxy.silent = false
    proxy.cut()
    await eventually(async () => (await database.health()) === undefined, 'health is back')
  })

  test('when all connections are busy the next requests wait for a while, then are refused; too many are refused at once', async () => {
    const { photos: collection, engine, schema } = await open({ connections: 2 })
    const { id } = (await collection.insert(call, photo())).value
    const release = await holding(`lock table ${schema}.photos in access exclusive mode`)
    const busy = Array.from({ length: 2 }, () => collection.get(call, id).catch((error: unknown) => error))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const crowd = Array.from({ length: 2200 }, () => collection.get(call, id).catch((error: unknown) => error))
    const began = performance.now()
    const refused = (await Promise.all(crowd.slice(2000))) as Error[]
    assert.ok(performance.now() - began < 400, 'at once')
    assert.match(refused.at(-1)?.message ?? '', /Too many requests wait/)
    assert.deepEqual(Reflect.get(refused.at(-1) ?? {}, 'headers'), { 'Retry-After': '1' })
    const waited = (await Promise.all(crowd.slice(0, 2000))) as Error[]
    assert.ok(waited.some((error) => /All connections to the database are busy/.test(String(error))))
    assert.ok([...(await Promise.all(busy)), ...waited].every((error) => Reflect.get(Object(error), 'code') === 'database.unavailable'))
    await release()
    assert.equal(engine.health(), undefined)
    assert.equal((await collection.get(call, id))?.version, 1)
  })

  test('writers that would lock each other out all get an answer that is true', async () => {
    const { database, photos: collection, tickets: others } = await open({ connections: 8, times: POOL_TIMES })
    const [a, b] = ['a', 'b'].map((id) => ({ kind: 'insert' as const, collection: 'tickets', value: ticket({ id, code: `code ${id}` }) }))
    assert.ok(a !== undefined && b !== undefined)
    const codes: string[] = []
    for (let round = 0; round < 5; round += 1) {
      const renamed = (slugs: readonly string[]) =>
        slugs.map((slug) => ({ kind: 'insert' as const, collection: 'photos', value: photo({ slug }) }))
      const slugs = Array.from({ length: 6 }, (_, number) => `${round} ${number}`)
      const results = await Promise.allSettled(
        Array.from({ length: 12 }, (_, number) => database.contract.commit(call, renamed(number % 2 === 0 ? slugs : slugs.toReversed()))),
      )
      codes.push(...results.flatMap((one) => (one.status === 'rejected' ? [String(Reflect.get(one.reason, 'code'))] : [])))
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    }
    // On a machine with much else to do some may give up waiting for their turn: that they have stored nothing is true, too.
    const gaveUp = codes.filter((code) => code === 'database.unavailable').length
    assert.ok(gaveUp < codes.length / 2, `${gaveUp} of ${codes.length} gave up`)
    assert.equal(codes.filter((code) => code === 'database.duplicate').length, codes.length - gaveUp)
    await database.contract.commit(call, [a, b])
    const update = (id: string) => ({ kind: 'update' as const, collection: 'tickets', id, change: { set: { uses: 1 } } })
    const both = await Promise.allSettled(
      Array.from({ length: 20 }, (_, number) =>
        database.contract.commit(call, number % 2 === 0 ? [update('a'), update('b')] : [update('b'), update('a')]),
      ),
    )
    assert.ok(both.every((one) => one.status === 'fulfilled'))
    assert.equal((await others.get(call, 'a'))?.version, 21)
    assert.equal((await collection.list(call, { index: 'bySlug', limit: 100 })).items.length, 30)
  })

  test('a commit that has to give way to somebody who locks in the other order is tried again, and stored', async () => {
    const { database, tickets: others, schema } = await open({ connections: 2, times: POOL_TIMES })
    await database.contract.commit(
      call,
      ['a', 'b'].map((id) => ({ kind: 'insert' as const, collection: 'tickets', value: ticket({ id, code: `code ${id}` }) })),
    )
    const client = new Client({ connectionString: server.url() })
    await client.connect()
    const lock = (id: string) => client.query(`select 1 from ${schema}.tickets where id = '${id}' for update`)
    await client.query('begin')
    await lock('b')
    const update = (id: string) => ({ kind: 'update' as const, collection: 'tickets', id, change: { set: { uses: 1 } } })
    const commit = database.contract.commit(call, [update('a'), update('b')])
    await eventually(
      () => Number(server.sql("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")) > 0,
      'the commit waits for b, and holds a',
    )
    // Whoever has waited longer looks for deadlocks first, and gives way: the commit.
    await lock('a')
    await client.query('rollback')
    await client.end()
    await commit
    assert.equal((await others.get(call, 'a'))?.value.uses, 1)
    assert.equal((await others.get(call, 'b'))?.value.uses, 1)
  })

  test('a start without a server says so and can be tried again', async () => {
    const engine = createPostgresEngine({ url: 'postgres://ninefold@127.0.0.1:1/nothing', logger, times: TIMES })
    await assert.rejects(engine.start([]), { ...unavailable, message: /cannot be reached: connect ECONNREFUSED/ })
    assert.equal(engine.health(), 'the database is closed')
    await engine.stop()
  })
})
