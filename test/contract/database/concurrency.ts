// Two processes on the same data: nothing is lost, nothing is done twice, and events are complete although transactions end in any order.
import assert from 'node:assert/strict'
import { insertInto, updateIn } from '#kernel/collection.ts'
import type { StoredEvent } from '../../../src/database/contract.ts'
import { call, eventually, type Opened, photo, photos, ticket, tickets, type TestInWorld } from '../../support/database.ts'

const codeOf = (error: unknown): unknown => Reflect.get(Object(error), 'code')

async function both(open: () => Promise<Opened>): Promise<[Opened, Opened]> {
  const first = await open()
  return [first, await open()]
}

export function concurrencyTests(test: TestInWorld): void {
  test('two processes see each other, and their updates of one document all count', async ({ open }) => {
    const [one, two] = await both(open)
    const { id } = (await one.photos.insert(call, photo({ takenAt: 0 }))).value
    assert.equal((await two.photos.get(call, id))?.version, 1)
    const add = async (db: Opened): Promise<void> => {
      for (;;) {
        const current = await db.photos.get(call, id)
        if (current === undefined) throw new Error('It is gone.')
        if ((await db.photos.update(call, id, { set: { takenAt: current.value.takenAt + 1 }, ifVersion: current.version })) !== undefined)
          return
      }
    }
    await Promise.all(Array.from({ length: 30 }, (_, number) => add(number % 2 === 0 ? one : two)))
    for (const db of [one, two]) {
      const found = await db.photos.get(call, id)
      assert.equal(found?.value.takenAt, 30)
      assert.equal(found.version, 31)
    }
  })

  test('of many inserts of one unique value or one id by two processes, one wins', async ({ open }) => {
    const dbs = await both(open)
    for (const parts of [{ slug: 'one' }, { id: 'one' }]) {
      const tries = await Promise.allSettled(dbs.flatMap((db) => Array.from({ length: 15 }, () => db.photos.insert(call, photo(parts)))))
      assert.equal(tries.filter((one) => one.status === 'fulfilled').length, 1)
      for (const one of tries) if (one.status === 'rejected') assert.equal(codeOf(one.reason), 'database.duplicate')
    }
  })

  test('of many takers of one document by two processes, one gets it', async ({ open }) => {
    const dbs = await both(open)
    const { id } = (await dbs[0].photos.insert(call, photo({ caption: 'free' }))).value
    const tries = await Promise.all(
      dbs.flatMap((db, side) =>
        Array.from({ length: 10 }, (_, number) =>
          db.photos.update(call, id, { set: { caption: `${side} ${number}` }, where: { caption: 'free' } }),
        ),
      ),
    )
    const winners = tries.filter((one) => one !== undefined)
    assert.equal(winners.length, 1)
    assert.deepEqual(await dbs[1].photos.get(call, id), winners[0])
    const deletes = await Promise.all(dbs.flatMap((db) => Array.from({ length: 10 }, () => db.photos.delete(call, id))))
    assert.equal(deletes.filter(Boolean).length, 1)
  })

  test('commits of two processes that move between documents lose nothing, and nobody sees half of one', async ({ open }) => {
    const dbs = await both(open)
    const names = ['a', 'b', 'c', 'd']
    for (const id of names) await dbs[0].tickets.insert(call, ticket({ id, uses: 50 }))
    const transfer = async (db: Opened, from: string, to: string): Promise<boolean> => {
      const [source, target] = [await db.tickets.get(call, from), await db.tickets.get(call, to)]
      if (source === undefined || target === undefined) throw new Error('An account is gone.')
      try {
        await db.database.commit(call, [
          updateIn(tickets, from, { set: { uses: source.value.uses - 1 }, ifVersion: source.version }),
          updateIn(tickets, to, { set: { uses: target.value.uses + 1 }, ifVersion: target.version }),
        ])
        return true
      } catch (error) {
        assert.equal(codeOf(error), 'database.conflict')
        return false
      }
    }
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, number) => {
        const from = names[number % 4] ?? 'a'
        const to = names[(number + 1 + (number % 3)) % 4] ?? 'b'
        return transfer(dbs[number % 2] ?? dbs[0], from, to)
      }),
    )
    assert.ok(results.includes(true))
    for (const db of dbs) {
      const { items } = await db.tickets.list(call, { index: 'byUses', limit: 10 })
      assert.equal(
        items.reduce((sum, item) => sum + item.value.uses, 0),
        200,
      )
    }
  })

  test('all or nothing when commits of two processes collide on a unique value', async ({ open }) => {
    const dbs = await both(open)
    const tries = await Promise.allSettled(
      dbs.flatMap((db, side) =>
        Array.from({ length: 10 }, async (_, number) => {
          const own = `${side}-${number}`
          await db.database.commit(call, [
            insertInto(photos, photo({ id: own })),
            insertInto(tickets, ticket({ id: own, code: 'only one' })),
          ])
          return own
        }),
      ),
    )
    const winners = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    assert.equal(winners.length, 1)
    const { items } = await dbs[1].photos.list(call, { index: 'byOwner', limit: 100 })
    assert.deepEqual(
      items.map((item) => item.value.id),
      winners,
    )
  })

  test('events of two processes are complete, once each, in order per document, whatever order their transactions end in', async ({
    open,
  }) => {
    const dbs = await both(open)
    const [consumed, followed]: [StoredEvent[], StoredEvent[]] = [[], []]
    dbs[0].database.subscribe({ consumer: 'counts', topics: ['steps'], handle: async (events) => void consumed.push(...events) })
    dbs[1].database.tail({ topics: ['steps'], handle: (events) => void followed.push(...events) })
    const ids = Array.from({ length: 8 }, (_, number) => `walker${number}`)
    for (const id of ids) await dbs[0].photos.insert(call, photo({ id, takenAt: 0 }))
    const step = async (db: Opened, id: string): Promise<void> => {
      for (;;) {
        const current = await db.photos.get(call, id)
        if (current === undefined) throw new Error('It is gone.')
        const takenAt = current.value.takenAt + 1
        const events = [{ topic: 'steps', key: id, data: takenAt }]
        // Some carry more, and so end later than those that began after them.
        const more = takenAt % 3 === 0 ? Array.from({ length: 40 }, () => insertInto(tickets, ticket())) : []
        try {
          await db.database.commit(call, [...more, updateIn(photos, id, { set: { takenAt }, ifVersion: current.version })], events)
          return
        } catch (error) {
          assert.equal(codeOf(error), 'database.conflict')
        }
      }
    }
    const rounds = 12
    await Promise.all(
      ids.flatMap((id) =>
        dbs.map(async (db) => {
          for (let round = 0; round < rounds; round += 1) await step(db, id)
        }),
      ),
    )
    const total = ids.length * rounds * 2
    for (const [name, seen] of Object.entries({ consumed, followed })) {
      await eventually(() => seen.length >= total, `${name} all events`)
      assert.equal(seen.length, total, name)
      for (const id of ids) {
        assert.deepEqual(
          seen.filter((event) => event.key === id).map((event) => event.data),
          Array.from({ length: rounds * 2 }, (_, number) => number + 1),
          `${name} ${id}`,
        )
      }
      const sequences = seen.map((event) => event.sequence)
      assert.deepEqual(
        sequences,
        sequences.toSorted((a, b) => a - b),
      )
    }
  })
}
