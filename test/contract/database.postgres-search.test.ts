// Search on PostgreSQL asks the newest buckets of rows first: what it finds, and in which order, must not show that.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLogger } from '#kernel/log.ts'
import { createPostgresEngine } from '../../src/database/drivers/postgres/engine.ts'
import type { CollectionLayout } from '../../src/database/layout.ts'
import type { TermSearch } from '../../src/database/ports.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from '../support/postgres.ts'

const ROWS = 12_000
const NOW = 0
const layout: CollectionLayout = {
  name: 'texts',
  fields: [{ name: 'nth', kind: 'number' }],
  searchable: true,
  indexes: [],
  expiry: undefined,
  shape: 0,
}

function termsOf(nth: number): string[] {
  return [
    'wall',
    `f${nth % 7}`,
    ...(nth % 2 === 0 ? ['weven'] : []),
    ...(nth % 997 === 0 ? ['wrare'] : []),
    ...(nth < 300 ? ['wold'] : []),
    ...(nth === 5000 ? ['wonce'] : []),
  ]
}

describe('search on PostgreSQL', { skip: withoutPostgres }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres()
  })
  after(async () => await server.stop())

  test('every page of every search has the newest first, whichever buckets they are in, also after rows were changed or loaded again', async () => {
    const engine = createPostgresEngine({ url: server.url('search'), logger: createLogger({ level: 'silent' }) })
    await engine.start([{ layout }])
    const rowOf = (nth: number, terms = termsOf(nth)) => ({
      id: `r${nth}`,
      version: 1,
      document: { id: `r${nth}`, nth },
      expiresAt: null,
      terms,
    })
    for (let from = 0; from < ROWS; from += 1000) {
      await engine.load({ kind: 'rows', collection: 'texts', rows: Array.from({ length: 1000 }, (_, number) => rowOf(from + number)) })
    }
    // In the order of insertion; a row that is changed or loaded again keeps its place.
    const held = new Map<number, string[]>(Array.from({ length: ROWS }, (_, nth) => [nth, termsOf(nth)]))
    await engine.load({ kind: 'rows', collection: 'texts', rows: [rowOf(3, ['wall', 'wonce']), rowOf(11_000, ['wonce'])] })
    held.set(3, ['wall', 'wonce']).set(11_000, ['wonce'])
    const before = await engine.find(layout, 'r7000', NOW)
    assert.ok(before !== undefined)
    const changed = {
      kind: 'replace',
      collection: 'texts',
      id: 'r7000',
      before,
      document: { id: 'r7000', nth: 7000 },
      expiresAt: null,
    } as const
    const inserted = {
      kind: 'insert',
      collection: 'texts',
      id: `r${ROWS}`,
      document: { id: `r${ROWS}`, nth: ROWS },
      expiresAt: null,
    } as const
    const steps = [
      { ...changed, terms: ['wonce'] },
      { ...inserted, terms: ['wonce', 'wrare'] },
    ]
    assert.equal((await engine.write({ kind: 'write', now: NOW, steps, events: [] })).kind, 'done')
    held.set(7000, ['wonce']).set(ROWS, ['wonce', 'wrare'])

    const searches: Pick<TermSearch, 'all' | 'prefix'>[] = [
      { all: [], prefix: 'wall' },
      { all: ['f3'], prefix: 'wev' },
      { all: ['weven', 'wall'] },
      { all: [], prefix: 'wrare' },
      { all: ['f1'], prefix: 'wol' },
      { all: [], prefix: 'wo' },
      { all: ['wonce'] },
      { all: ['wnever'] },
    ]
    for (const search of searches) {
      const fits = (terms: readonly string[]): boolean =>
        search.all.every((term) => terms.includes(term)) &&
        (search.prefix === undefined || terms.some((term) => term.startsWith(search.prefix ?? '')))
      const expected = [...held]
        .filter(([, terms]) => fits(terms))
        .map(([nth]) => nth)
        .toReversed()
      const found: unknown[] = []
      let after: string | undefined
      for (let page = 0; page < 40 || after === undefined; page += 1) {
        const { rows, next } = await engine.search(layout, { ...search, limit: 17, ...(after === undefined ? {} : { after }) }, NOW)
        found.push(...rows.map(({ document }) => (typeof document === 'string' ? document : document['nth'])))
        after = next
        if (next === undefined) break
        assert.equal(rows.length, 17)
      }
      assert.deepEqual(found, expected.slice(0, after === undefined ? undefined : found.length), JSON.stringify(search))
      assert.equal(found.length, Math.min(expected.length, 40 * 17), JSON.stringify(search))
    }
    await assert.rejects(Promise.resolve(engine.search(layout, { all: ['wall'], limit: 5, after: "1'; --" }, NOW)), {
      code: 'database.bad_query',
    })
    await engine.stop()
  })
})
