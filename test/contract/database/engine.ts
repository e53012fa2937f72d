// The bare engine: what moving house, backups and migrations stand on.
import assert from 'node:assert/strict'
import type { StoredEvent } from '../../../src/database/contract.ts'
import { layoutOf } from '../../../src/database/layout.ts'
import type { Awaitable, Body, Engine, NamedRow, Step, WholeRow } from '../../../src/database/ports.ts'
import { articles, photos, type TestInWorld, tickets } from '../../support/database.ts'

const photoLayout = layoutOf(photos)
const ticketLayout = layoutOf(tickets)
const articleLayout = layoutOf(articles)
const layouts = [photoLayout, ticketLayout, articleLayout]
const NOW = 1_800_000_000_000

async function started(engine: Engine): Promise<Engine> {
  await engine.start(layouts.map((layout) => ({ layout })))
  return engine
}

function body(engine: Engine, fields: Readonly<Record<string, unknown>>): Body {
  return engine.form === 'text' ? JSON.stringify(fields) : fields
}

function fieldsOf(document: Body): Record<string, unknown> {
  return typeof document === 'string' ? JSON.parse(document) : { ...document }
}

const photoFields = (id: string, takenAt: number) => ({ id, ownerId: 'ada', takenAt, caption: `c${takenAt}` })

async function write(engine: Engine, steps: readonly Step[], events: readonly string[] = []): Promise<void> {
  const request = { kind: 'write', now: NOW, steps, events: events.map((key) => ({ topic: 'news', key, data: '{"a":1}' })) } as const
  assert.equal((await engine.write(request)).kind, 'done')
}

function insert(engine: Engine, id: string, takenAt: number): Step {
  return { kind: 'insert', collection: 'photos', id, document: body(engine, photoFields(id, takenAt)), expiresAt: null }
}

async function all<Item>(page: (last: Item | undefined) => Awaitable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = []
  for (;;) {
    const next: readonly Item[] = await page(items.at(-1))
    if (next.length === 0) return items
    items.push(...next)
  }
}

export function engineTests(test: TestInWorld): void {
  test('a snapshot shows everything as it was at one moment, while writes go on', async ({ engine }) => {
    const source = await started(engine())
    assert.equal(source.capabilities.snapshot, true)
    for (let number = 0; number < 50; number += 1) await write(source, [insert(source, `p${number + 10}`, number)], [`e${number}`])
    const snapshot = await source.snapshot()
    try {
      const head = await snapshot.head()
      const taken = await snapshot.rows(photoLayout, { limit: 7 })
      assert.equal(taken.length, 7)
      await write(
        source,
        [insert(source, 'p100', 1), insert(source, 'a', 1), { kind: 'delete', collection: 'photos', id: 'p59' }],
        ['late'],
      )
      const before = await source.find(photoLayout, 'p30', NOW)
      assert.ok(before !== undefined)
      await write(source, [
        { kind: 'replace', collection: 'photos', id: 'p30', before, document: body(source, photoFields('p30', 999)), expiresAt: null },
      ])
      const rows = await all<WholeRow>((last) =>
        snapshot.rows(photoLayout, { limit: 7, ...(last === undefined ? {} : { after: last.id }) }),
      )
      assert.deepEqual(
        rows.map((row) => [row.id, row.version, row.expiresAt]),
        Array.from({ length: 50 }, (_, number) => [`p${number + 10}`, 1, null]),
      )
      assert.equal(fieldsOf(rows[20]?.document ?? '')['takenAt'], 20)
      const events = await all<StoredEvent>((last) => snapshot.events({ after: last?.sequence ?? 0, limit: 8 }))
      assert.deepEqual(
        events.map((event) => event.key),
        Array.from({ length: 50 }, (_, number) => `e${number}`),
      )
      assert.equal(await snapshot.head(), head)
      assert.equal(events.at(-1)?.sequence, head)
    } finally {
      await snapshot.close()
    }
    const later = await source.snapshot()
    assert.equal((await later.rows(photoLayout, { limit: 1 }))[0]?.id, 'a')
    await later.close()
  })

  test('what is loaded is there as it was: versions, ends, terms, events and positions', async ({ engine }) => {
    const target = await started(engine())
    const rows: WholeRow[] = Array.from({ length: 120 }, (_, number) => ({
      id: `t${number + 100}`,
      version: number + 1,
      document: body(target, { id: `t${number + 100}`, code: `code${number}`, uses: number, expiresAt: NOW + number }),
      expiresAt: NOW + number,
    }))
    await target.load({ kind: 'rows', collection: 'tickets', rows })
    const found = await target.find(ticketLayout, 't150', NOW)
    assert.equal(found?.version, 51)
    assert.equal(fieldsOf(found.document)['code'], 'code50')
    assert.equal(await target.find(ticketLayout, 't150', NOW + 50), undefined)
    const byUses = ticketLayout.indexes.find((index) => index.name === 'byUses')
    assert.ok(byUses !== undefined)
    const stretch = { index: byUses, equal: [], descending: true, limit: 1000 }
    assert.equal((await target.scan(ticketLayout, stretch, NOW + 100)).length, 19)

    const terms = ['wsea', 'wday', 'fabc']
    const one = { id: 'one', ownerId: 'ada', title: 'sea day' }
    await target.load({
      kind: 'rows',
      collection: 'articles',
      rows: [{ id: 'one', version: 3, document: body(target, one), expiresAt: null, terms }],
    })
    const asked = { all: ['fabc'], prefix: 'wse', limit: 10 }
    assert.deepEqual(
      (await target.search(articleLayout, asked, NOW)).rows.map((row) => row.version),
      [3],
    )
    await target.load({
      kind: 'rows',
      collection: 'articles',
      rows: [{ id: 'one', version: 4, document: body(target, one), expiresAt: null, terms: ['wother'] }],
    })
    assert.deepEqual((await target.search(articleLayout, asked, NOW)).rows, [])
    assert.equal((await target.search(articleLayout, { all: [], prefix: 'wother', limit: 1 }, NOW)).rows[0]?.version, 4)

    const events = [5, 6, 9].map((sequence) => ({ sequence, topic: 'news', key: `k${sequence}`, data: { sequence }, at: NOW - sequence }))
    await target.load({ kind: 'events', events, head: 20 })
    await target.load({ kind: 'consumers', consumers: [{ name: 'reader', position: 6, seenAt: NOW - 1 }] })
    assert.equal(await target.events.head(), 20)
    assert.equal(await target.events.first(), 5)
    assert.deepEqual(await target.events.read({ topics: ['news'], after: 5, upTo: 20, limit: 10 }), events.slice(1))
    assert.deepEqual(await target.events.consumers(), [{ name: 'reader', position: 6, seenAt: NOW - 1 }])
    await write(target, [], ['next'])
    const next = await target.events.read({ topics: ['news'], after: 9, upTo: await target.events.head(), limit: 10 })
    assert.deepEqual(
      next.map((event) => event.key),
      ['next'],
    )
    assert.ok((next[0]?.sequence ?? 0) > 20)
  })

  test('loading puts rows over what is there, and takes away what it is told to', async ({ engine }) => {
    const target = await started(engine())
    await write(target, [insert(target, 'a', 1), insert(target, 'b', 2), insert(target, 'c', 3)])
    await target.load({
      kind: 'rows',
      collection: 'photos',
      rows: [
        { id: 'b', version: 7, document: body(target, photoFields('b', 20)), expiresAt: null },
        { id: 'd', version: 2, document: body(target, photoFields('d', 40)), expiresAt: null },
      ],
    })
    await target.load({ kind: 'erase', collection: 'photos', ids: ['a', 'never there'] })
    const rows = await all<NamedRow>((last) => target.rows(photoLayout, { limit: 2, ...(last === undefined ? {} : { after: last.id }) }))
    assert.deepEqual(
      rows.map((row) => [row.id, row.version, fieldsOf(row.document)['takenAt']]),
      [
        ['b', 7, 20],
        ['c', 1, 3],
        ['d', 2, 40],
      ],
    )
    const before = await target.find(photoLayout, 'b', NOW)
    assert.ok(before !== undefined)
    await write(target, [
      { kind: 'replace', collection: 'photos', id: 'b', before, document: body(target, photoFields('b', 21)), expiresAt: null },
    ])
    assert.equal((await target.find(photoLayout, 'b', NOW))?.version, 8)
  })

  test('a row is replaced only where it is exactly the one that was read, and reshaped without a new version', async ({ engine }) => {
    const target = await started(engine())
    await write(target, [insert(target, 'a', 1)])
    const before = await target.find(photoLayout, 'a', NOW)
    assert.ok(before !== undefined)
    // Deleted and inserted again: the same id, the same version, another row.
    await write(target, [{ kind: 'delete', collection: 'photos', id: 'a' }])
    await write(target, [insert(target, 'a', 2)])
    const document = body(target, photoFields('a', 9))
    const attempt = async (kind: 'replace' | 'reshape'): Promise<string> => {
      const step = { kind, collection: 'photos', id: 'a', before, document, expiresAt: null } as const
      return (await target.write({ kind: 'write', now: NOW, steps: [step], events: [] })).kind
    }
    assert.equal(await attempt('replace'), 'stale')
    assert.equal(await attempt('reshape'), 'stale')
    const [row] = await target.rows(photoLayout, { limit: 10 })
    assert.ok(row !== undefined)
    await write(target, [{ kind: 'reshape', collection: 'photos', id: 'a', before: row, document, expiresAt: null }])
    const after = await target.find(photoLayout, 'a', NOW)
    assert.equal(after?.version, 1)
    assert.equal(fieldsOf(after.document)['takenAt'], 9)
  })

  test('marks are kept, and a plan says what a start would do without doing it', async ({ engine }) => {
    const first = engine()
    const fresh = await first.plan([{ layout: photoLayout }])
    assert.ok(fresh.statements.length > 0)
    assert.deepEqual(fresh.marks, [])
    await first.start([{ layout: photoLayout }])
    const mark = { name: 'photos', shape: 0, target: 0, expiry: null, search: null }
    assert.equal((await first.write({ kind: 'mark', mark })).kind, 'done')
    assert.equal((await first.write({ kind: 'mark', mark: { ...mark, target: 2, search: 'x' } })).kind, 'done')
    assert.deepEqual(await first.marks(), [{ ...mark, target: 2, search: 'x' }])
    await write(first, [insert(first, 'a', 1), insert(first, 'b', 1)])
    await first.stop()
    const second = engine()
    const newer = { ...photoLayout, shape: 2, indexes: photoLayout.indexes.filter((index) => index.name !== 'byAlbum') }
    const plan = await second.plan([{ layout: newer }, { layout: ticketLayout }])
    assert.ok(plan.statements.length > 1)
    assert.deepEqual(plan.documents, [{ collection: 'photos', all: 2, outdated: 2 }])
    assert.deepEqual(plan.marks, [{ ...mark, target: 2, search: 'x' }])
    const same = engine()
    await assert.rejects(same.start([{ layout: photoLayout }]), /half migrated/)
    await second.start([{ layout: newer }])
    assert.deepEqual((await second.plan([{ layout: newer }])).statements, [])
    assert.equal((await second.find(newer, 'a', NOW))?.shape, 0)
    assert.deepEqual(
      (await second.rows(newer, { limit: 5 })).map((row) => [row.id, row.shape]),
      [
        ['a', 0],
        ['b', 0],
      ],
    )
  })
}
