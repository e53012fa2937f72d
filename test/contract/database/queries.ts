// Pages over declared indexes: order, ranges, cursors, and the refusal of everything else.
import assert from 'node:assert/strict'
import type { Query } from '../../../src/database/contract.ts'
import { call, type Opened, type Photo, photo, type TestInWorld } from '../../support/database.ts'

const bad = { code: 'database.bad_query' }

async function walk(db: Opened, query: Query<Photo>, between: (page: number) => Promise<void> = async () => {}): Promise<Photo[]> {
  const seen: Photo[] = []
  let after: string | undefined
  for (let page = 0; page < 100; page += 1) {
    const { items, next } = await db.photos.list(call, { ...query, ...(after === undefined ? {} : { after }) })
    assert.ok(items.length <= query.limit)
    seen.push(...items.map((item) => item.value))
    if (next === undefined) return seen
    assert.equal(items.length, query.limit, 'a page that is not the last is full')
    after = next
    await between(page)
  }
  throw new Error('The pages do not end.')
}

const times = (found: readonly Photo[]): number[] => found.map((one) => one.takenAt)

export function queryTests(test: TestInWorld): void {
  test('lists in the order of the index and of the id, both ways, in pages of any size', async ({ open }) => {
    const db = await open()
    const values = [5, 3, 3, 3, -1, 0, 2.5, 1e15, 3, 7].map((takenAt, number) => photo({ id: `p${number}`, takenAt }))
    for (const value of values) await db.photos.insert(call, value)
    await db.photos.insert(call, photo({ ownerId: 'bob', takenAt: 3 }))
    const sorted = values.toSorted((a, b) => a.takenAt - b.takenAt || (a.id < b.id ? -1 : 1))
    for (const limit of [1, 2, 3, 10, 1000]) {
      assert.deepEqual(await walk(db, { index: 'byOwner', where: { ownerId: 'ada' }, limit }), sorted)
      assert.deepEqual(await walk(db, { index: 'byOwner', where: { ownerId: 'ada' }, limit, order: 'descending' }), sorted.toReversed())
    }
    assert.equal((await walk(db, { index: 'byOwner', limit: 4 })).length, 11)
    assert.deepEqual(await db.photos.list(call, { index: 'byOwner', where: { ownerId: 'nobody' }, limit: 5 }), { items: [] })
  })

  test('a range takes its start and leaves its end, both ways, in pages of any size', async ({ open }) => {
    const db = await open()
    for (let takenAt = 0; takenAt < 20; takenAt += 1) await db.photos.insert(call, photo({ takenAt }))
    const where = { ownerId: 'ada' }
    for (const limit of [1, 3, 5, 100]) {
      assert.deepEqual(times(await walk(db, { index: 'byOwner', where, range: { from: 5, below: 9 }, limit })), [5, 6, 7, 8])
      const back = await walk(db, { index: 'byOwner', where, range: { from: 5, below: 9 }, limit, order: 'descending' })
      assert.deepEqual(times(back), [8, 7, 6, 5])
      assert.deepEqual(times(await walk(db, { index: 'byOwner', where, range: { below: 3 }, limit })), [0, 1, 2])
      assert.deepEqual(times(await walk(db, { index: 'byOwner', where, range: { from: 17 }, limit, order: 'descending' })), [19, 18, 17])
    }
    assert.deepEqual(await walk(db, { index: 'byOwner', where, range: { from: 9, below: 5 }, limit: 5 }), [])
    const all = await walk(db, { index: 'byOwner', where, range: { from: -Infinity, below: Infinity }, limit: 100 })
    assert.equal(all.length, 20)
  })

  test('text is ordered by its bytes, in ranges too', async ({ open }) => {
    const db = await open()
    const albums = ['', 'A', 'a', 'aa', 'b', '\u00e9', '\uffee', '\u{1f30a}']
    for (const album of albums.toReversed()) await db.photos.insert(call, photo({ album }))
    const names = (found: readonly Photo[]): unknown[] => found.map((one) => one.album)
    const query = { index: 'byAlbum', where: { ownerId: 'ada' } }
    assert.deepEqual(names(await walk(db, { ...query, limit: 3 })), albums)
    assert.deepEqual(names(await walk(db, { ...query, limit: 2, range: { from: 'a', below: 'b' } })), ['a', 'aa'])
    // In UTF-16 the last two would come the other way round.
    assert.deepEqual(names(await walk(db, { ...query, limit: 1, range: { from: '\uffee' } })), ['\uffee', '\u{1f30a}'])
    assert.deepEqual(names(await walk(db, { ...query, limit: 1, range: { from: '\uffee' }, order: 'descending' })), ['\u{1f30a}', '\uffee'])
  })

  test('documents without an index field come first, page like all others, and are in no range', async ({ open }) => {
    const db = await open()
    const albums = [undefined, undefined, undefined, 'a', 'a', 'b']
    for (const [takenAt, album] of albums.entries())
      await db.photos.insert(call, photo({ takenAt, ...(album === undefined ? {} : { album }) }))
    const query = { index: 'byAlbum', where: { ownerId: 'ada' } }
    for (const limit of [1, 2, 4]) {
      assert.deepEqual(times(await walk(db, { ...query, limit })), [0, 1, 2, 3, 4, 5])
      assert.deepEqual(times(await walk(db, { ...query, limit, order: 'descending' })), [5, 4, 3, 2, 1, 0])
      assert.deepEqual(times(await walk(db, { ...query, limit, range: { below: 'b' } })), [3, 4])
    }
    assert.deepEqual(times(await walk(db, { index: 'byAlbum', where: { ownerId: 'ada', album: 'a' }, limit: 1 })), [3, 4])
  })

  test('a walk sees every document once while others come and go, both ways', async ({ open }) => {
    for (const order of ['ascending', 'descending'] as const) {
      const db = await open()
      const ownerId = `walker ${order}`
      const kept = Array.from({ length: 30 }, (_, number) =>
        photo({ id: `${order}${number + 10}`, ownerId, takenAt: Math.floor(number / 3) }),
      )
      for (const value of kept) await db.photos.insert(call, value)
      const found = await walk(db, { index: 'byOwner', where: { ownerId }, limit: 4, order }, async (page) => {
        // Before, at and behind the place where the walk is; and one that comes and goes.
        for (const takenAt of [-1, page, 100]) await db.photos.insert(call, photo({ ownerId, takenAt, caption: 'new' }))
        const passing = await db.photos.insert(call, photo({ ownerId, takenAt: page }))
        await db.photos.delete(call, passing.value.id)
      })
      const old = found.filter((one) => one.caption !== 'new')
      assert.deepEqual(old, order === 'ascending' ? kept : kept.toReversed())
      assert.equal(new Set(found.map((one) => one.id)).size, found.length)
    }
  })

  test('a walk goes on when the document where it stopped is deleted', async ({ open }) => {
    const db = await open()
    for (let takenAt = 0; takenAt < 6; takenAt += 1) await db.photos.insert(call, photo({ id: `p${takenAt}`, takenAt }))
    const found = await walk(db, { index: 'byOwner', where: { ownerId: 'ada' }, limit: 2 }, async (page) => {
      await db.photos.delete(call, `p${page * 2 + 1}`)
    })
    assert.deepEqual(times(found), [0, 1, 2, 3, 4, 5])
  })

  test('booleans are found, and a unique index lists the documents that have all its fields', async ({ open }) => {
    const db = await open()
    for (let takenAt = 0; takenAt < 6; takenAt += 1) await db.photos.insert(call, photo({ takenAt, starred: takenAt % 2 === 0 }))
    for (const slug of ['c', 'a', 'b']) await db.photos.insert(call, photo({ takenAt: 9, slug }))
    assert.deepEqual(times(await walk(db, { index: 'byStarred', where: { starred: true }, limit: 2 })).toSorted(), [0, 2, 4])
    const slugs = (found: readonly Photo[]): unknown[] => found.map((one) => one.slug)
    assert.deepEqual(slugs(await walk(db, { index: 'bySlug', limit: 1 })), ['a', 'b', 'c'])
    assert.deepEqual(slugs(await walk(db, { index: 'bySlug', limit: 2, order: 'descending', range: { below: 'c' } })), ['b', 'a'])
    assert.deepEqual(slugs(await walk(db, { index: 'byOwnerAndSlug', where: { ownerId: 'ada' }, limit: 2 })), ['a', 'b', 'c'])
    assert.equal((await db.photos.getByKey(call, 'byOwnerAndSlug', { slug: 'a', ownerId: 'ada' }))?.value.slug, 'a')
    assert.equal(await db.photos.getByKey(call, 'byOwnerAndSlug', { slug: 'a', ownerId: 'bob' }), undefined)
  })

  test('refuses every query that no declared index answers, and says what to declare', async ({ open }) => {
    const db = await open()
    const list = (query: object): Promise<unknown> => db.photos.list(call, { index: 'byOwner', limit: 10, ...query })
    await assert.rejects(list({ index: 'byCaption' }), /no index "byCaption".*byOwner, byAlbum.*Declare/)
    await assert.rejects(list({ index: 'toString' }), bad)
    await assert.rejects(list({ where: { takenAt: 3 } }), /does not begin with: takenAt. Declare/)
    await assert.rejects(list({ where: { ownerId: 'ada', caption: 'x' } }), bad)
    await assert.rejects(list({ where: { ownerId: undefined } }), bad)
    await assert.rejects(list({ where: { ownerId: null } }), bad)
    await assert.rejects(list({ where: { ownerId: { $ne: '' } } }), bad)
    await assert.rejects(list({ where: { ownerId: 'ada', takenAt: 1 }, range: { from: 1 } }), /no field left for a range/)
    await assert.rejects(list({ where: { ownerId: 'ada' }, range: { from: 1, below: 'z' } }), bad)
    await assert.rejects(list({ where: { ownerId: 'ada' }, range: { from: Number.NaN } }), bad)
    for (const limit of [0, -1, 1001, 2.5, Number.NaN]) await assert.rejects(list({ limit }), bad)
    await assert.rejects(db.photos.getByKey(call, 'byOwner', { ownerId: 'ada', takenAt: 1 }), /not unique/)
    await assert.rejects(db.photos.getByKey(call, 'byOwnerAndSlug', { ownerId: 'ada' }), /all its fields/)
  })

  test('refuses a cursor that is forged or of another query', async ({ open }) => {
    const db = await open()
    for (let takenAt = 0; takenAt < 6; takenAt += 1) await db.photos.insert(call, photo({ takenAt, album: 'a' }))
    const query = { index: 'byOwner', where: { ownerId: 'ada' }, limit: 2 } as const
    const { next: after = '' } = await db.photos.list(call, query)
    const forge = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const refused = [
      { ...query, after: 'nonsense' },
      { ...query, after: '' },
      { ...query, after: forge({}) },
      { ...query, after: forge(['byOwner', false, [{ a: 1 }, 'x']]) },
      { ...query, after: forge(['byOwner', false, [1]]) },
      { ...query, after, order: 'descending' as const },
      { ...query, after, index: 'byAlbum' },
      { ...query, after, range: { from: 3 } },
      { ...query, after, range: { from: 'x' } },
    ]
    for (const one of refused) await assert.rejects(db.photos.list(call, one), bad)
    assert.equal((await db.photos.list(call, { ...query, after })).items.length, 2)
  })
}
