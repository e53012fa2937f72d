// What people see in PostgreSQL, and what a start changes there: tables, columns, indexes, other people's things.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { defineCollection } from '#kernel/collection.ts'
import { newId } from '#kernel/ids.ts'
import { systemClock } from '#kernel/clock.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Database } from '../../src/database/contract.ts'
import { createPostgresEngine } from '../../src/database/drivers/postgres/engine.ts'
import { layoutOf } from '../../src/database/layout.ts'
import { createPostgresDatabase } from '../support/other-databases.ts'
import { call, photo, photos } from '../support/database.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from '../support/postgres.ts'

const logger = createLogger({ level: 'silent' })

describe('PostgreSQL as people see it', { skip: withoutPostgres }, () => {
  let server: PostgresServer
  const running: Running<Database>[] = []
  const create = (place: string): Running<Database> => {
    const database = createPostgresDatabase({ url: server.url(place), clock: systemClock, logger })
    running.push(database)
    return database
  }
  const place = (): string => `t_${newId(1)}`
  before(async () => {
    server = await startPostgres()
  })
  after(async () => {
    await Promise.all(running.map((database) => database.stop()))
    await server.stop()
  })

  test('scalar fields are columns of their kind, the rest is JSON, null is not the same as absent, and every index is a real one', async () => {
    const shop = defineCollection({
      name: 'order',
      schema: z.object({
        id: z.string(),
        total: z.number(),
        paid: z.boolean().optional(),
        note: z.string().nullish(),
        xmin: z.string().optional(),
        lines: z.array(z.object({ sku: z.string(), count: z.number() })),
        Group: z.string().optional(),
      }),
      indexes: { byTotal: { fields: ['total'] }, byGroup: { fields: ['Group', 'xmin'], unique: true } },
    })
    const at = place()
    const database = create(at)
    const orders = database.contract.collection(shop)
    await database.start()
    const lines = [{ sku: 'a', count: 2 }]
    await orders.insert(call, { id: '1', total: 12.5, paid: true, note: null, xmin: 'x', lines, Group: 'g' })
    await orders.insert(call, { id: '2', total: 1e21, lines: [] })
    await orders.insert(call, { id: '3', total: -0, note: 'n', lines: [] })
    assert.deepEqual((await orders.get(call, '1'))?.value, { id: '1', total: 12.5, paid: true, note: null, xmin: 'x', lines, Group: 'g' })
    assert.deepEqual((await orders.get(call, '2'))?.value, { id: '2', total: 1e21, lines: [] })
    assert.equal((await orders.getByKey(call, 'byGroup', { Group: 'g', xmin: 'x' }))?.value.id, '1')
    const columns = server.sql(
      `select column_name || ' ' || data_type || coalesce(' ' || collation_name, '') from information_schema.columns where table_schema = '${at}' and table_name = 'order' order by ordinal_position`,
    )
    assert.deepEqual(columns.trim().split('\n'), [
      'id text C',
      '_version bigint',
      '_shape integer',
      '_expires_at double precision',
      '_rest jsonb',
      'total double precision',
      'paid boolean',
      'note text C',
      '_field_xmin text C',
      'Group text C',
    ])
    const rows = server.sql(`select id, total, paid, note, _rest, _version from ${at}."order" order by id`)
    assert.deepEqual(rows.trim().split('\n'), [
      '1|12.5|t||{"note": null, "lines": [{"sku": "a", "count": 2}]}|1',
      '2|1e+21|||{"lines": []}|1',
      '3|0||n|{"lines": []}|1',
    ])
    const indexes = server.sql(`select indexname from pg_indexes where schemaname = '${at}' and tablename = 'order' order by 1`)
    assert.deepEqual(indexes.trim().split('\n'), ['order::id', 'order:byGroup', 'order:byTotal'])
    await database.stop()
  })

  test('names of any allowed length and meaning are kept apart', async () => {
    const long = `c${'o'.repeat(62)}`
    const fields = { [`a${'b'.repeat(62)}`]: z.string().optional(), select: z.string().optional(), ctid: z.number().optional() }
    const schema = z.object({ id: z.string(), ...fields })
    const [first = '', ...others] = Object.keys(fields)
    const names = [`i${'n'.repeat(62)}`, `i${'n'.repeat(61)}m`]
    const definition = defineCollection<{ id: string; [field: string]: unknown }>({
      name: long,
      schema,
      indexes: {
        [names[0] ?? '']: { fields: [first], unique: true },
        [names[1] ?? '']: { fields: others },
        id: { fields: ['select'], unique: true },
      },
    })
    const database = create(place())
    const collection = database.contract.collection(definition)
    await database.start()
    await collection.insert(call, { id: '1', [first]: 'x', select: 'from', ctid: 3 })
    assert.deepEqual((await collection.get(call, '1'))?.value, { id: '1', [first]: 'x', select: 'from', ctid: 3 })
    await assert.rejects(collection.insert(call, { id: '2', [first]: 'x' }), new RegExp(`same value of index ${names[0]}`))
    await assert.rejects(collection.insert(call, { id: '2', select: 'from' }), /same value of index id\./)
    await assert.rejects(collection.insert(call, { id: '1' }), /same value of the id/)
    await database.stop()
  })

  test('a field that a definition gains becomes a column, of another kind another one, and one that it loses goes when no document has it', async () => {
    const at = place()
    const notes = (schema: z.ZodType, indexed?: string) =>
      defineCollection<{ id: string; [field: string]: unknown }>({
        name: 'notes',
        schema: schema as never,
        indexes: indexed === undefined ? {} : { byIt: { fields: [indexed] } },
      })
    const first = create(at)
    const loose = first.contract.collection(notes(z.looseObject({ id: z.string() })))
    await first.start()
    const documents = Array.from({ length: 30 }, (_, number) => ({
      id: `n${number + 10}`,
      size: number % 3 === 0 ? `s${number}` : number,
      tags: ['a'],
    }))
    for (const document of documents) await loose.insert(call, document)
    await loose.insert(call, { id: 'none', size: null })
    await first.stop()
    const sizes = (column: string): string =>
      server.sql(`select count(${column}) from ${at}.notes where not coalesce(_rest, '{}') ? 'size'`).trim()

    for (const [kind, named, count] of [
      [z.number().nullish().catch(undefined), 'number', '20'],
      [z.string().nullish().catch(undefined), 'string', '10'],
    ] as const) {
      const next = create(at)
      const typed = next.contract.collection(notes(z.looseObject({ id: z.string(), size: kind }), 'size'))
      await next.start()
      assert.equal(sizes('size'), count)
      const page = await typed.list(call, { index: 'byIt', limit: 1000 })
      assert.equal(page.items.filter((item) => typeof item.value['size'] === named).length, Number(count))
      await next.stop()
    }

    const last = create(at)
    const again = last.contract.collection(notes(z.looseObject({ id: z.string() })))
    await last.start()
    for (const document of documents) assert.deepEqual((await again.get(call, document.id))?.value, document)
    assert.deepEqual((await again.get(call, 'none'))?.value, { id: 'none', size: null })
    const columns = (): string =>
      server.sql(`select count(*) from information_schema.columns where table_schema = '${at}' and column_name = 'size'`).trim()
    assert.equal(columns(), '1')
    for (const { id } of documents) await again.update(call, id, { set: { seen: true } })
    assert.deepEqual((await again.get(call, 'n11'))?.value, { ...documents[1], seen: true })
    await last.stop()
    const back = create(at)
    const typed = back.contract.collection(notes(z.looseObject({ id: z.string(), size: z.number().nullish().catch(undefined) }), 'size'))
    await back.start()
    assert.equal(sizes('size'), '20')
    assert.equal((await typed.list(call, { index: 'byIt', where: { size: 12 }, limit: 5 })).items.length, 0)
    assert.equal((await typed.list(call, { index: 'byIt', where: { size: 10 }, limit: 5 })).items[0]?.value.id, 'n20')
    await back.stop()
    const lost = create(at)
    const loosely = lost.contract.collection(notes(z.looseObject({ id: z.string() })))
    await lost.start()
    for (const { id } of documents) await loosely.update(call, id, { set: { seen: true } })
    await lost.stop()
    const after = create(at)
    const stays = after.contract.collection(notes(z.looseObject({ id: z.string() })))
    await after.start()
    assert.equal(columns(), '0')
    assert.deepEqual((await stays.get(call, 'n12'))?.value, { ...documents[2], seen: true })
    await after.stop()
  })

  test('many processes that start at once make one schema, and an index that was left half built is built again', async () => {
    const at = place()
    const started = Array.from({ length: 5 }, () => {
      const database = create(at)
      return { database, photos: database.contract.collection(photos) }
    })
    await Promise.all(started.map(({ database }) => database.start()))
    await started[0]?.photos.insert(call, photo({ id: 'one', slug: 's' }))
    assert.notEqual(await started[4]?.photos.get(call, 'one'), undefined)
    await Promise.all(started.map(({ database }) => database.stop()))
    server.sql(`update pg_index set indisvalid = false where indexrelid = '${at}."photos:byOwner"'::regclass`)
    server.sql(`drop index ${at}."photos:bySlug"; create index theirs on ${at}.photos (caption)`)
    // Somebody's open transaction is no reason to wait for ever, and nobody who writes waits for the index.
    const next = create(at)
    const collection = next.contract.collection(photos)
    await next.start()
    assert.equal((await collection.list(call, { index: 'byOwner', where: { ownerId: 'ada' }, limit: 5 })).items.length, 1)
    assert.equal((await collection.getByKey(call, 'bySlug', { slug: 's' }))?.value.id, 'one')
    const valid = server.sql(`select count(*) from pg_index where indrelid = '${at}.photos'::regclass and indisvalid`).trim()
    assert.equal(valid, '7', 'six of ours and one of somebody else, which is left alone')
    await next.stop()
  })

  test('refuses a table of another program, a newer format, a standby-like server and a server without rights, and changes nothing', async () => {
    const theirs = place()
    server.sql(`create schema ${theirs}; create table ${theirs}.photos (id int)`)
    const database = create(theirs)
    database.contract.collection(photos)
    await assert.rejects(database.start(), /table "photos" that belongs to another program/)
    assert.equal(server.sql(`select count(*) from information_schema.tables where table_schema = '${theirs}'`).trim(), '1')
    const newer = place()
    const first = create(newer)
    await first.start()
    await first.stop()
    server.sql(`insert into ${newer}.ninefold_format values (99)`)
    await assert.rejects(create(newer).start(), /format 99.*newer version/)
    server.sql(`create database latin encoding 'LATIN1' locale 'C' template template0; create role guest login`)
    const other = (url: string) => createPostgresDatabase({ url, clock: systemClock, logger }).start()
    await assert.rejects(other(server.url().replace('/postgres', '/latin')), /encoding is LATIN1.*Create a database/)
    await assert.rejects(other(server.url('nowhere').replace('ninefold@', 'guest@')), /permission denied/)
    await assert.rejects(other(server.url().replace('/postgres', '/absent')), {
      code: 'database.unavailable',
      message: /"absent" does not exist/,
    })
    server.sql('alter role guest set default_transaction_read_only = on')
    await assert.rejects(other(server.url().replace('ninefold@', 'guest@')), /read_only is on/)
  })

  test('a plan shows every statement and runs none', async () => {
    const at = place()
    const engine = createPostgresEngine({ url: server.url(at), logger })
    const plan = await engine.plan([{ layout: layoutOf(photos) }])
    assert.ok(plan.statements.some((statement) => statement.startsWith('create table "photos"')))
    assert.ok(plan.statements.some((statement) => statement.includes('create unique index "photos:bySlug"')))
    assert.equal(server.sql(`select count(*) from pg_namespace where nspname = '${at}'`).trim(), '0')
    await engine.start([{ layout: layoutOf(photos) }])
    assert.deepEqual((await engine.plan([{ layout: layoutOf(photos) }])).statements, [])
    await engine.stop()
  })

  test('capabilities say what the server was asked, and a session never answers before the server has synced', async () => {
    const engine = createPostgresEngine({ url: server.url(place()), logger })
    await engine.start([])
    assert.deepEqual(engine.capabilities, { engine: 'postgres', commit: 'transactions', durable: false, snapshot: true, shared: true })
    await engine.stop()
    const careless = await startPostgres({
      fsync: true,
      settings: { synchronous_commit: 'off', log_statement: 'all', log_min_duration_statement: '0' },
    })
    try {
      const other = createPostgresEngine({ url: careless.url(), logger })
      await other.start([{ layout: layoutOf(photos) }])
      assert.equal(other.capabilities.durable, true)
      assert.equal(careless.sql('show synchronous_commit').trim(), 'off')
      const asked = careless.sql("create view public.seen as select current_setting('synchronous_commit') as it; select 1")
      assert.notEqual(asked, '')
      const { Pool, POOL_TIMES } = await import('../../src/database/drivers/postgres/pool.ts')
      const { parsePostgresUrl } = await import('../../src/database/drivers/postgres/url.ts')
      const pool = new Pool({ target: parsePostgresUrl(careless.url()), times: POOL_TIMES, logger }, true)
      await pool.start()
      const [outcome] = await pool.run([{ statement: { name: 'seen', text: 'select it from seen' }, values: [] }])
      assert.deepEqual(outcome?.rows, [['on']])
      await pool.stop()
      await other.stop()
    } finally {
      await careless.stop()
    }
  })
})
