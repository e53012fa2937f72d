// No event is lost on PostgreSQL, although its transactions take their numbers in one order and commit in another.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Client } from 'pg'
import { systemClock } from '#kernel/clock.ts'
import { newId } from '#kernel/ids.ts'
import { createLogger } from '#kernel/log.ts'
import { createPostgresEngine } from '../../src/database/drivers/postgres/engine.ts'
import { createPostgresDatabase } from '../support/other-databases.ts'
import type { Engine } from '../../src/database/ports.ts'
import { call, eventually } from '../support/database.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from '../support/postgres.ts'

const logger = createLogger({ level: 'silent' })
const INSERT = "insert into ninefold_events (topic, key, data, at) values ('t', $1, 'null', 0) returning sequence"

describe('events on PostgreSQL', { skip: withoutPostgres }, () => {
  let server: PostgresServer
  let engine: Engine
  let schema: string
  const clients: Client[] = []
  const connect = async (): Promise<Client> => {
    const client = new Client({ connectionString: server.url(), options: `-c search_path=${schema}` })
    clients.push(client)
    await client.connect()
    return client
  }
  const append = async (client: Client, key: string): Promise<number> => Number((await client.query(INSERT, [key])).rows[0]['sequence'])
  const store = async (key: string): Promise<void> => {
    const answer = await engine.write({ kind: 'write', now: 0, steps: [], events: [{ topic: 't', key, data: 'null' }] })
    assert.equal(answer.kind, 'done')
  }
  const keys = async (): Promise<string[]> => {
    const upTo = await engine.events.head()
    return (await engine.events.read({ topics: ['t'], after: 0, upTo, limit: 1000 })).map((event) => event.key)
  }

  before(async () => {
    server = await startPostgres()
  })
  after(async () => {
    await Promise.all(clients.map((client) => client.end()))
    await server.stop()
  })
  const inSchema = (title: string, body: () => Promise<void>): void => {
    test(title, async () => {
      schema = `e_${newId(1)}`
      engine = createPostgresEngine({ url: server.url(schema), logger })
      await engine.start([])
      try {
        await body()
      } finally {
        await engine.stop()
      }
    })
  }

  inSchema('the head waits for a lower number that is still on its way, and passes one that was given back', async () => {
    await store('first')
    const slow = await connect()
    await slow.query('begin')
    const low = await append(slow, 'slow')
    await store('later')
    await store('latest')
    assert.equal(await engine.events.head(), low - 1)
    assert.deepEqual(await keys(), ['first'])
    await slow.query('commit')
    assert.deepEqual(await keys(), ['first', 'slow', 'later', 'latest'])
    await slow.query('begin')
    const given = await append(slow, 'never')
    await store('after')
    assert.equal(await engine.events.head(), given - 1)
    await slow.query('rollback')
    assert.deepEqual(await keys(), ['first', 'slow', 'later', 'latest', 'after'])
  })

  inSchema('a younger transaction with a lower number holds the head back too, which a snapshot alone would not show', async () => {
    const [older, younger, watcher] = [await connect(), await connect(), await connect()]
    await older.query('begin')
    await older.query('select pg_current_xact_id()')
    await younger.query('begin')
    const low = await append(younger, 'low')
    const high = await append(older, 'high')
    assert.ok(low < high)
    await older.query('commit')
    // What could be taken for "everything that was running has ended":
    const { rows } = await watcher.query(
      'select pg_snapshot_xmin(pg_current_snapshot()) >= pg_snapshot_xmax(pg_current_snapshot()) as settled, max(sequence) as newest from ninefold_events',
    )
    assert.deepEqual(rows, [{ settled: true, newest: String(high) }])
    assert.equal(await engine.events.head(), low - 1)
    await younger.query('commit')
    assert.equal(await engine.events.head(), high)
    assert.deepEqual(await keys(), ['low', 'high'])
  })

  inSchema('an engine that starts while a number is on its way does not begin past it', async () => {
    await store('first')
    await engine.write({ kind: 'position', now: 0, consumer: 'reader', position: await engine.events.head() })
    const slow = await connect()
    await slow.query('begin')
    const low = await append(slow, 'slow')
    await store('later')
    const second = createPostgresEngine({ url: server.url(schema), logger })
    await second.start([])
    try {
      assert.equal(await second.events.head(), low - 1)
      await slow.query('commit')
      assert.equal(await second.events.head(), low + 1)
    } finally {
      await second.stop()
    }
  })

  inSchema('events that a snapshot has not seen have higher numbers than its head', async () => {
    await store('first')
    const slow = await connect()
    await slow.query('begin')
    const low = await append(slow, 'slow')
    await store('later')
    const snapshot = await engine.snapshot()
    await slow.query('commit')
    assert.equal(await snapshot.head(), low - 1)
    await snapshot.close()
  })

  inSchema('the head knows what was stored when everything was removed, and numbers are never used again', async () => {
    for (const key of ['a', 'b', 'c']) await store(key)
    const head = await engine.events.head()
    assert.equal(await engine.events.first(), head - 2)
    await engine.write({ kind: 'prune', upTo: head, limit: 100 })
    assert.equal(await engine.events.head(), head)
    assert.equal(await engine.events.first(), head + 1)
    const second = createPostgresEngine({ url: server.url(schema), logger })
    await second.start([])
    assert.equal(await second.events.head(), head)
    await second.stop()
    await store('d')
    assert.equal(await engine.events.head(), head + 1)
  })

  test('twenty writers whose transactions end in any order, some of them in nothing: a consumer gets everything once, in order per key', async () => {
    schema = `e_${newId(1)}`
    const database = createPostgresDatabase({ url: server.url(schema), clock: systemClock, logger })
    await database.start()
    const seen: { key: string; at: number }[] = []
    database.contract.subscribe({
      consumer: 'all',
      topics: ['t'],
      handle: async (events) => void seen.push(...events.map(({ key, sequence }) => ({ key, at: sequence }))),
    })
    const expected = new Map<string, number>()
    const writer = async (name: string): Promise<void> => {
      const client = await connect()
      for (let number = 0; number < 15; number += 1) {
        await client.query('begin')
        await append(client, `${name} ${number}`)
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
        const given = Math.random() < 0.3
        await client.query(given ? 'rollback' : 'commit')
        if (!given) expected.set(`${name} ${number}`, number)
        if (number % 5 === 0) await database.contract.commit(call, [], [{ topic: 't', key: `${name} own ${number}`, data: null }])
      }
    }
    await Promise.all(Array.from({ length: 20 }, (_, number) => writer(`w${number}`)))
    const total = expected.size + 20 * 3
    await eventually(() => seen.length >= total, 'all events')
    await database.stop()
    assert.equal(seen.length, total)
    assert.equal(new Set(seen.map(({ key }) => key)).size, total)
    for (const key of expected.keys())
      assert.ok(
        seen.some((one) => one.key === key),
        key,
      )
    assert.deepEqual(
      seen.map(({ at }) => at),
      seen.map(({ at }) => at).toSorted((a, b) => a - b),
    )
  })
})
