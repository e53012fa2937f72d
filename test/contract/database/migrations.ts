// Migrations while the database is in use: readers see the new shape at once, writers are not held up, and no query misses a document in silence.
import assert from 'node:assert/strict'
import type { CollectionDefinition, Migration } from '#kernel/collection.ts'
import { z } from '#kernel/schema.ts'
import { call, eventually, type TestInWorld } from '../../support/database.ts'

const before = z.strictObject({ id: z.string(), name: z.string(), group: z.string() })
const after = z.strictObject({ id: z.string(), title: z.string(), group: z.string(), size: z.number() })
type Before = z.infer<typeof before>
type After = z.infer<typeof after>

const rename: Migration = {
  changes: ['name', 'title', 'size'],
  up: ({ name, ...rest }) => ({ ...rest, title: name, size: String(name).length }),
}

const oldBooks: CollectionDefinition<Before> = {
  name: 'books',
  schema: before,
  indexes: { byGroup: { fields: ['group'] }, byName: { fields: ['name'] } },
}
const newBooks = (migrations: readonly Migration[]): CollectionDefinition<After> => ({
  name: 'books',
  schema: after,
  indexes: { byGroup: { fields: ['group'] }, bySize: { fields: ['size'] } },
  search: { fields: ['title'] },
  migrations,
})

export function migrationTests(test: TestInWorld): void {
  test('while documents are rewritten, readers see the new shape, and only queries over what changes wait', async ({ create }) => {
    const first = create()
    const old = first.contract.collection(oldBooks)
    await first.start()
    const count = 1500
    await Promise.all(
      Array.from({ length: count }, (_, n) => old.insert(call, { id: `b${n + 10_000}`, name: `name ${n}`, group: `g${n % 3}` })),
    )
    await first.stop()

    const planner = create()
    planner.contract.collection(newBooks([rename]))
    const plan = await planner.contract.plan(call)
    assert.deepEqual(plan.rewrites, [{ collection: 'books', from: 0, to: 1, documents: count, beforeStart: false }])
    assert.ok(plan.statements.some((statement) => statement.includes('bySize')))
    await planner.stop()

    const second = create()
    const books = second.contract.collection(newBooks([rename]))
    await second.start()
    const last = `b${count + 9999}`
    assert.deepEqual(await books.get(call, last), {
      value: { id: last, title: `name ${count - 1}`, group: `g${(count - 1) % 3}`, size: 9 },
      version: 1,
    })
    const waiting = { code: 'database.unavailable' }
    await assert.rejects(books.list(call, { index: 'bySize', limit: 1 }), waiting)
    await assert.rejects(books.count(call, { index: 'bySize' }, 1), waiting)
    await assert.rejects(books.search(call, { text: 'name', limit: 1 }), (error: Error) => {
      assert.equal(Reflect.get(error, 'code'), 'database.unavailable')
      return Reflect.get(Object(Reflect.get(error, 'headers')), 'Retry-After') !== undefined
    })
    const page = await books.list(call, { index: 'byGroup', where: { group: 'g1' }, limit: 1000 })
    assert.equal(page.items.length, count / 3)
    for (const item of page.items) assert.equal(item.value.size, item.value.title.length)
    // Writers of the new shape, on documents that were rewritten and on some that were not.
    const changed = await books.update(call, last, { set: { title: 'changed' }, ifVersion: 1, where: { title: `name ${count - 1}` } })
    assert.equal(changed?.version, 2)
    await books.insert(call, { id: 'new', title: 'name new', group: 'g9', size: 1 })
    assert.equal(await books.delete(call, 'b10000', { ifVersion: 1 }), true)
    const isDone = async (): Promise<boolean> => {
      try {
        await books.list(call, { index: 'bySize', limit: 1 })
        return true
      } catch {
        return false
      }
    }
    await eventually(isDone, 'the rewriting ends')
    assert.equal(await books.count(call, { index: 'bySize' }, 10_000), count)
    assert.equal((await books.search(call, { text: 'name', limit: 1000 })).items.length, 1000)
    assert.deepEqual((await books.get(call, 'b10001'))?.version, 1, 'the version stays: the document is the same')
    assert.deepEqual(await books.get(call, last), changed)
    await second.stop()
    const third = create()
    third.contract.collection(newBooks([rename]))
    assert.deepEqual(await third.contract.plan(call), { statements: [], rewrites: [] })
  })

  test('a migration that ends in the middle goes on at the next start, and an older program is told so', async ({ create }) => {
    const first = create()
    const old = first.contract.collection(oldBooks)
    await first.start()
    await Promise.all(Array.from({ length: 600 }, (_, n) => old.insert(call, { id: `b${n + 10_000}`, name: `n${n}`, group: 'g' })))
    await first.stop()
    const second = create()
    const books = second.contract.collection(newBooks([rename]))
    await second.start()
    await books.get(call, 'b10000')
    await second.stop()
    const older = create()
    older.contract.collection(oldBooks)
    await assert.rejects(older.start(), /books (is half migrated|has shape 1)/)
    const third = create()
    const again = third.contract.collection(newBooks([rename]))
    await third.start()
    await eventually(async () => {
      try {
        return (await again.count(call, { index: 'bySize' }, 10_000)) === 600
      } catch {
        return false
      }
    }, 'the rest is rewritten')
  })

  test('a process of the version before that was not stopped stops writing, and does not take new documents for old ones', async ({
    create,
  }) => {
    const left = create({ sweepEveryMs: 10 })
    const old = left.contract.collection(oldBooks)
    await left.start()
    assert.ok(left.contract.capabilities.shared)
    await old.insert(call, { id: 'a', name: 'a', group: 'g' })
    const next = create()
    const books = next.contract.collection(newBooks([rename]))
    await next.start()
    await next.contract.settled(call)
    await books.insert(call, { id: 'b', title: 'b', group: 'g', size: 1 })
    const unavailable = { code: 'database.unavailable' }
    let tries = 0
    const isRefused = async (): Promise<boolean> => {
      tries += 1
      const [outcome] = await Promise.allSettled([old.insert(call, { id: `try ${tries}`, name: 'c', group: 'g' })])
      return outcome?.status === 'rejected' && Reflect.get(Object(outcome.reason), 'code') === 'database.unavailable'
    }
    await eventually(isRefused, 'it notices')
    await assert.rejects(old.insert(call, { id: 'c', name: 'c', group: 'g' }), unavailable)
    await assert.rejects(old.delete(call, 'b'), unavailable)
    assert.equal(await books.get(call, 'c'), undefined)
    assert.equal((await books.get(call, 'b'))?.value.title, 'b')
  })

  test('a migration that does not say what it changes, or changes what is unique, is done before the start ends', async ({ create }) => {
    const first = create()
    const old = first.contract.collection(oldBooks)
    await first.start()
    for (const id of ['a', 'b']) await old.insert(call, { id, name: `name ${id}`, group: 'g' })
    await first.stop()
    for (const migrations of [[rename], [typeof rename === 'function' ? rename : rename.up]]) {
      const second = create()
      const unique = { ...newBooks(migrations), indexes: { byTitle: { fields: ['title'], unique: true } } } as const
      const books = second.contract.collection<After>(unique)
      await second.start()
      assert.equal((await books.getByKey(call, 'byTitle', { title: 'name b' }))?.value.id, 'b')
      assert.equal((await books.search(call, { text: 'nam', limit: 5 })).items.length, 2)
      await second.stop()
    }
  })

  test('a document that cannot be rewritten is named, the others go on, and what depends on it stays closed', async ({ create, log }) => {
    const first = create()
    const old = first.contract.collection(oldBooks)
    await first.start()
    for (const id of ['a', 'bad', 'c']) await old.insert(call, { id, name: id, group: 'g' })
    await first.stop()
    const fussy: Migration = {
      changes: ['name', 'title', 'size'],
      up(document) {
        if (document['name'] === 'bad') throw new Error('Not this one.')
        return typeof rename === 'function' ? rename(document) : rename.up(document)
      },
    }
    const second = create()
    const books = second.contract.collection(newBooks([fussy]))
    await second.start()
    await eventually(() => log.some((line) => line.includes('tried again at the next start')), 'the end of the rewriting')
    assert.ok(log.some((line) => line.includes('Document bad of collection books cannot be brought from shape 0 to 1')))
    assert.equal((await books.get(call, 'c'))?.value.title, 'c')
    await assert.rejects(books.get(call, 'bad'))
    await assert.rejects(books.list(call, { index: 'bySize', limit: 1 }), { code: 'database.unavailable' })
    await second.stop()
    const third = create()
    const fixed = third.contract.collection(newBooks([rename]))
    await third.start()
    await eventually(async () => {
      try {
        return (await fixed.count(call, { index: 'bySize' }, 9)) === 3
      } catch {
        return false
      }
    }, 'the repaired migration ends')
  })

  test('a search that a definition gains finds the documents that were there before, in their order', async ({ create }) => {
    const first = create()
    const old = first.contract.collection(oldBooks)
    await first.start()
    for (let n = 0; n < 120; n += 1) await old.insert(call, { id: `b${n + 100}`, name: `same n${n}`, group: 'g' })
    await first.stop()
    for (const fields of [['name'], ['group', 'name']] as const) {
      const second = create()
      const books = second.contract.collection<Before>({ ...oldBooks, search: { fields } })
      await second.start()
      await eventually(async () => {
        try {
          return (await books.search(call, { text: fields.length === 1 ? 'same' : 'g same', limit: 1000 })).items.length === 120
        } catch (error) {
          assert.equal(Reflect.get(Object(error), 'code'), 'database.unavailable')
          return false
        }
      }, 'all are found')
      const { items } = await books.search(call, { text: 'sam', limit: 3 })
      assert.deepEqual(
        items.map((item) => item.value.id),
        ['b219', 'b218', 'b217'],
      )
      await second.stop()
    }
    const third = create()
    const plain = third.contract.collection<Before>({ ...oldBooks })
    await third.start()
    await assert.rejects(plain.search(call, { text: 'same', limit: 1 }), /declares no search/)
  })
}
