// Every statement that PostgreSQL is given walks the index that it was written for: nothing sorts, nothing reads what it then leaves out.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '#kernel/clock.ts'
import { createLogger } from '#kernel/log.ts'
import { partsOf } from '../../src/database/drivers/postgres/reader.ts'
import type { Statement } from '../../src/database/drivers/postgres/statement.ts'
import { createTable } from '../../src/database/drivers/postgres/table.ts'
import { type CollectionLayout, type IndexLayout, layoutOf } from '../../src/database/layout.ts'
import type { Scalar, Stretch } from '../../src/database/ports.ts'
import { createPostgresDatabase } from '../support/other-databases.ts'
import { articles, call, photo, photos, ticket, tickets } from '../support/database.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from '../support/postgres.ts'

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Filter?: string
  readonly Plans?: readonly PlanNode[]
}

const SETTINGS = [
  'enable_seqscan = off',
  'enable_sort = off',
  'enable_incremental_sort = off',
  'max_parallel_workers_per_gather = 0',
  'plan_cache_mode = force_generic_plan',
  'search_path = plans',
]

/** Every stretch that a query or a cursor can ask of an index. */
function stretchesOf(index: IndexLayout): Stretch[] {
  const found: Stretch[] = []
  const add = (equal: readonly Scalar[], bounds: Pick<Stretch, 'lower' | 'upper'>): void => {
    for (const descending of [false, true]) found.push({ index, equal, descending, limit: 20, ...bounds })
  }
  const inclusive = [true, false]
  const walk = (equal: readonly Scalar[]): void => {
    const depth = equal.length
    if (depth > index.fields.length) return
    add(equal, {})
    if (depth < index.fields.length + (index.unique ? 0 : 1)) {
      for (const one of inclusive) add(equal, { lower: { value: '1', inclusive: one } })
      for (const one of inclusive) add(equal, { lower: { value: '1', inclusive: one }, upper: '2' })
      add(equal, { upper: '2' })
      if (depth < index.fields.length) add(equal, { lower: { value: null, inclusive: false } })
    }
    walk([...equal, '1'])
    if (!index.unique) walk([...equal, null])
  }
  walk([])
  return found
}

describe('plans of PostgreSQL', { skip: withoutPostgres }, () => {
  let server: PostgresServer
  const plansOf = (statements: readonly Statement[], first = `'1'`): PlanNode[] => {
    const script = statements.flatMap(({ name, text }) => {
      const count = new Set(text.match(/\$\d+/g)).size
      const values = Array.from({ length: count }, (_, number) => (number === 0 ? first : `'1'`)).join(', ')
      return [`prepare ${name} as ${text}`, `explain (format json) execute ${name}${count === 0 ? '' : `(${values})`}`]
    })
    const output = server.sql([...SETTINGS.map((setting) => `set ${setting}`), ...script].join(';\n'))
    return output
      .split(/^(?=\[$)/m)
      .filter((part) => part.startsWith('['))
      .map((part) => (JSON.parse(part) as { Plan: PlanNode }[])[0]!.Plan)
  }
  const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

  before(async () => {
    server = await startPostgres()
    const database = createPostgresDatabase({ url: server.url('plans'), clock: systemClock, logger: createLogger({ level: 'silent' }) })
    const collections = { photos: database.contract.collection(photos), tickets: database.contract.collection(tickets) }
    database.contract.collection(articles)
    await database.start()
    for (let number = 0; number < 50; number += 1) {
      await collections.photos.insert(call, photo({ takenAt: number % 7, slug: `${number}`, ...(number % 2 === 0 ? { album: 'a' } : {}) }))
      await collections.tickets.insert(call, ticket())
    }
    await database.stop()
    server.sql('analyze')
  })
  after(async () => await server.stop())

  const shapes = (layout: CollectionLayout): { index: IndexLayout; stretch: Stretch; statements: Statement[] }[] => {
    const table = createTable(layout, [])
    return layout.indexes.flatMap((index) =>
      stretchesOf(index).map((stretch) => ({
        index,
        stretch,
        statements: partsOf(stretch).flatMap(({ shape }) => [table.stretch(shape), table.count(shape)]),
      })),
    )
  }

  for (const definition of [photos, tickets]) {
    const layout = layoutOf<{ id: string }>(definition as never)
    test(`no stretch of an index of ${layout.name} sorts, scans or filters`, () => {
      const all = shapes(layout)
      assert.ok(all.length > 30)
      const unique = [...new Map(all.flatMap(({ statements }) => statements.map((one) => [one.name, one]))).values()]
      const plans = new Map(plansOf(unique).map((plan, number) => [unique[number]!.name, plan]))
      assert.equal(plans.size, unique.length)
      for (const { index, statements } of all) {
        for (const { name, text } of statements) {
          const nodes = nodesOf(plans.get(name)!)
          const leaf = nodes.at(-1)!
          assert.match(leaf['Node Type'], /^Index (Only )?Scan$/, text)
          assert.equal(leaf['Index Name'], `${layout.name}:${index.name}`, text)
          // Whether it has expired is the one thing that the index does not know.
          if (leaf.Filter !== undefined) assert.match(leaf.Filter, /^\(\(_expires_at IS NULL\) OR \(_expires_at > '?\$?\d+/, text)
          assert.ok(
            nodes.every((node) => !/Sort|Seq|Bitmap/.test(node['Node Type'])),
            text,
          )
        }
      }
    })
  }

  test('reads by id and by key and pages of everything walk their indexes too', () => {
    const table = createTable(layoutOf<{ id: string }>(photos as never), [])
    const statements = [table.find, table.rows, table.wholeRows, ...table.findByKey.values()]
    const leaves = plansOf(statements).map((plan) => nodesOf(plan).at(-1)!)
    assert.deepEqual(
      leaves.map((leaf) => leaf['Index Name']),
      ['photos::id', 'photos::id', 'photos::id', 'photos:bySlug', 'photos:byOwnerAndSlug'],
    )
  })

  test('a search reads its index only, with its filters in it', () => {
    const table = createTable(layoutOf<{ id: string }>(articles as never), [])
    const [plan] = plansOf([table.search], `'''wsea'' & ''f123'' & ''wbo'':*'`)
    const nodes = nodesOf(plan!)
    assert.deepEqual(
      nodes.map((node) => node['Node Type']),
      ['Limit', 'Sort', 'Bitmap Heap Scan', 'Bitmap Index Scan'],
    )
    assert.equal(nodes.at(-1)?.['Index Name'], 'articles::search')
    assert.match(nodes.at(-1)?.['Index Cond'] ?? '', /_terms @@/)
    assert.doesNotMatch(nodes[2]?.Filter ?? '', /_terms/)
    const [newest] = plansOf([table.searchNewest], `'''wsea'''`)
    const leaf = nodesOf(newest!).find((node) => node['Node Type'] === 'Bitmap Index Scan')
    assert.equal(leaf?.['Index Name'], 'articles::search')
    assert.match(leaf?.['Index Cond'] ?? '', /_terms @@ \$\d/)
  })

  test('the check above notices a statement that sorts', () => {
    const [plan] = plansOf([{ name: 'bad', text: 'select * from plans.photos where "ownerId" = $1 order by caption limit 3' }])
    assert.ok(nodesOf(plan!).some((node) => /Sort/.test(node['Node Type'])))
  })
})
