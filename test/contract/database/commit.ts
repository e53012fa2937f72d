// Several operations, all or nothing.
import assert from 'node:assert/strict'
import { deleteFrom, insertInto, type Operation, updateIn } from '#kernel/collection.ts'
import type { StoredEvent } from '../../../src/database/contract.ts'
import { call, eventually, type Opened, photo, photos, ticket, tickets, type TestInWorld } from '../../support/database.ts'

async function everything(db: Opened): Promise<unknown> {
  const limit = 1000
  return [await db.photos.list(call, { index: 'byOwner', limit }), await db.tickets.list(call, { index: 'byUses', limit })]
}

export function commitTests(test: TestInWorld): void {
  test('a commit does all of its operations, in several collections', async ({ open }) => {
    const db = await open()
    await db.photos.insert(call, photo({ id: 'changed', caption: 'before' }))
    await db.photos.insert(call, photo({ id: 'deleted' }))
    await db.database.commit(call, [
      insertInto(photos, photo({ id: 'new' })),
      updateIn(photos, 'changed', { set: { caption: 'after' }, ifVersion: 1, where: { caption: 'before' } }),
      deleteFrom(photos, 'deleted', { ifVersion: 1 }),
      deleteFrom(photos, 'never there', { ifPresent: true }),
      insertInto(tickets, ticket({ id: 'ticket' })),
    ])
    assert.equal((await db.photos.get(call, 'new'))?.version, 1)
    assert.deepEqual(await db.photos.get(call, 'changed'), { value: photo({ id: 'changed', caption: 'after' }), version: 2 })
    assert.equal(await db.photos.get(call, 'deleted'), undefined)
    assert.notEqual(await db.tickets.get(call, 'ticket'), undefined)
  })

  test('a failure at any position of a commit leaves nothing behind, not even its events', async ({ open }) => {
    const db = await open()
    await db.photos.insert(call, photo({ id: 'taken', slug: 'taken' }))
    await db.photos.insert(call, photo({ id: 'counted' }))
    await db.photos.insert(call, photo({ id: 'doomed' }))
    const seen: StoredEvent[] = []
    db.database.subscribe({ consumer: 'watcher', topics: ['commit'], handle: async (events) => void seen.push(...events) })
    const before = await everything(db)
    const good: Operation[] = [
      insertInto(photos, photo({ id: 'one' })),
      updateIn(photos, 'counted', { set: { caption: 'changed' } }),
      deleteFrom(photos, 'doomed'),
      insertInto(tickets, ticket({ id: 'two' })),
    ]
    const failures: [Operation, string][] = [
      [insertInto(photos, photo({ id: 'taken' })), 'database.duplicate'],
      [insertInto(photos, photo({ slug: 'taken' })), 'database.duplicate'],
      [updateIn(photos, 'absent', { set: { caption: 'x' } }), 'database.conflict'],
      [updateIn(photos, 'taken', { set: { caption: 'x' }, ifVersion: 2 }), 'database.conflict'],
      [updateIn(photos, 'taken', { set: { caption: 'x' }, where: { slug: undefined } }), 'database.conflict'],
      [deleteFrom(photos, 'absent'), 'database.conflict'],
      [deleteFrom(photos, 'taken', { ifVersion: 2 }), 'database.conflict'],
      [deleteFrom(photos, 'taken', { ifVersion: 2, ifPresent: true }), 'database.conflict'],
      [insertInto(photos, { ...photo(), ownerId: '\ud800' }), 'database.bad_document'],
      [{ kind: 'insert', collection: 'nowhere', value: photo() }, 'database.bad_query'],
    ]
    for (const [failing, code] of failures) {
      for (let position = 0; position <= good.length; position += 1) {
        const operations = good.toSpliced(position, 0, failing)
        await assert.rejects(db.database.commit(call, operations, [{ topic: 'commit', key: 'x', data: null }]), (error: Error) => {
          assert.equal(Reflect.get(error, 'code'), code)
          if (code !== 'database.bad_document') assert.match(error.message, new RegExp(`Operation ${position + 1}\\b`))
          return true
        })
        assert.deepEqual(await everything(db), before)
      }
    }
    await db.database.commit(call, good, [{ topic: 'commit', key: 'good', data: null }])
    await eventually(() => seen.length > 0, 'the event of the good commit')
    assert.deepEqual(
      seen.map((event) => event.key),
      ['good'],
    )
  })

  test('operations of a commit see what the earlier ones leave', async ({ open }) => {
    const db = await open()
    await db.photos.insert(call, photo({ id: 'old', slug: 'name', caption: 'old' }))
    await db.database.commit(call, [
      insertInto(photos, photo({ id: 'new', caption: 'a' })),
      updateIn(photos, 'new', { set: { caption: 'b' }, where: { caption: 'a' } }),
      updateIn(photos, 'new', { set: { album: 'c' }, ifVersion: 2 }),
      deleteFrom(photos, 'old'),
      insertInto(photos, photo({ id: 'old', slug: 'name', caption: 'again' })),
    ])
    assert.deepEqual(await db.photos.get(call, 'new'), { value: photo({ id: 'new', caption: 'b', album: 'c' }), version: 3 })
    assert.deepEqual(await db.photos.get(call, 'old'), { value: photo({ id: 'old', slug: 'name', caption: 'again' }), version: 1 })
    const gone = [deleteFrom(photos, 'new'), updateIn(photos, 'new', { set: { caption: 'c' } })]
    await assert.rejects(db.database.commit(call, gone), /Operation 2/)
    assert.notEqual(await db.photos.get(call, 'new'), undefined)
  })

  test('a hundred operations are taken, one more is refused', async ({ open }) => {
    const db = await open()
    const inserts = Array.from({ length: 101 }, () => insertInto(photos, photo()))
    await assert.rejects(db.database.commit(call, inserts), { code: 'database.bad_query' })
    assert.deepEqual((await db.photos.list(call, { index: 'byOwner', limit: 1 })).items, [])
    await db.database.commit(call, inserts.slice(0, 100))
    assert.equal((await db.photos.list(call, { index: 'byOwner', limit: 1000 })).items.length, 100)
    await db.database.commit(call, [])
  })

  test('parallel commits that move between two documents lose nothing', async ({ open }) => {
    const db = await open()
    const accounts = ['a', 'b', 'c']
    for (const id of accounts) await db.tickets.insert(call, ticket({ id, uses: 100 }))
    const transfer = async (from: string, to: string): Promise<boolean> => {
      const [source, target] = [await db.tickets.get(call, from), await db.tickets.get(call, to)]
      if (source === undefined || target === undefined) throw new Error('An account is gone.')
      const operations = [
        updateIn(tickets, from, { set: { uses: source.value.uses - 1 }, ifVersion: source.version }),
        updateIn(tickets, to, { set: { uses: target.value.uses + 1 }, ifVersion: target.version }),
      ]
      try {
        await db.database.commit(call, operations)
        return true
      } catch (error) {
        assert.equal(Reflect.get(Object(error), 'code'), 'database.conflict')
        return false
      }
    }
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, number) => transfer(accounts[number % 3] ?? 'a', accounts[(number + 1 + (number % 2)) % 3] ?? 'b')),
    )
    assert.ok(results.includes(true))
    const stored = await Promise.all(accounts.map((id) => db.tickets.get(call, id)))
    const sum = stored.reduce((total, one) => total + (one?.value.uses ?? 0), 0)
    assert.equal(sum, 300)
  })
}
