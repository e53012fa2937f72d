// Documents that end by themselves.
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { call, eventually, ticket, type TestInWorld } from '../../support/database.ts'

export function expiryTests(test: TestInWorld): void {
  test('an expired document is gone for every reader at once', async ({ open, clock }) => {
    const db = await open()
    const short = await db.tickets.insert(call, ticket({ code: 'short', expiresAt: clock.now() + 1000 }))
    const long = await db.tickets.insert(call, ticket({ code: 'long', expiresAt: clock.now() + 5000 }))
    const forever = await db.tickets.insert(call, ticket({ code: 'forever' }))
    clock.advance(999)
    assert.deepEqual(await db.tickets.get(call, short.value.id), short)
    clock.advance(1)
    assert.equal(await db.tickets.get(call, short.value.id), undefined)
    assert.equal(await db.tickets.getByKey(call, 'byCode', { code: 'short' }), undefined)
    const page = await db.tickets.list(call, { index: 'byUses', limit: 10 })
    assert.deepEqual(new Set(page.items.map((item) => item.value.id)), new Set([long.value.id, forever.value.id]))
    assert.equal(await db.tickets.update(call, short.value.id, { set: { uses: 1 } }), undefined)
    assert.equal(await db.tickets.delete(call, short.value.id), false)
    const operation = { kind: 'update', collection: 'tickets', id: short.value.id, change: { set: { uses: 1 } } } as const
    await assert.rejects(db.database.commit(call, [operation]), { code: 'database.conflict' })
    await assert.rejects(db.database.commit(call, [{ kind: 'delete', collection: 'tickets', id: short.value.id }]), {
      code: 'database.conflict',
    })
    await db.database.commit(call, [{ kind: 'delete', collection: 'tickets', id: short.value.id, ifPresent: true }])
  })

  test('an update moves the end', async ({ open, clock }) => {
    const db = await open()
    const { id } = (await db.tickets.insert(call, ticket({ expiresAt: clock.now() + 1000 }))).value
    await db.tickets.update(call, id, { set: { expiresAt: clock.now() + 3000 } })
    clock.advance(2000)
    assert.notEqual(await db.tickets.get(call, id), undefined)
    await db.tickets.update(call, id, { set: { expiresAt: undefined } })
    clock.advance(10_000)
    assert.notEqual(await db.tickets.get(call, id), undefined)
  })

  test('an expired document holds neither its id nor a unique value', async ({ open, clock }) => {
    const db = await open()
    const old = ticket({ code: 'once', expiresAt: clock.now() + 1000 })
    await db.tickets.insert(call, old)
    await assert.rejects(db.tickets.insert(call, ticket({ code: 'once' })), { code: 'database.duplicate' })
    clock.advance(1000)
    await db.tickets.insert(call, ticket({ id: old.id, code: 'other' }))
    const next = await db.tickets.insert(call, ticket({ code: 'once', expiresAt: clock.now() + 1000 }))
    assert.equal((await db.tickets.getByKey(call, 'byCode', { code: 'once' }))?.value.id, next.value.id)
    clock.advance(1000)
    const moved = await db.tickets.update(call, old.id, { set: { code: 'once' } })
    assert.equal(moved?.value.code, 'once')
    await assert.rejects(db.tickets.insert(call, ticket({ code: 'once' })), { code: 'database.duplicate' })
  })

  test('a failed write does not bring back or remove what has expired in its way', async ({ open, clock }) => {
    const db = await open()
    await db.tickets.insert(call, ticket({ id: 'gone', code: 'gone', expiresAt: clock.now() + 1 }))
    await db.tickets.insert(call, ticket({ id: 'kept', code: 'kept' }))
    clock.advance(10)
    await assert.rejects(db.tickets.insert(call, ticket({ id: 'gone', code: 'kept' })), { code: 'database.duplicate' })
    assert.equal(await db.tickets.get(call, 'gone'), undefined)
    assert.equal((await db.tickets.getByKey(call, 'byCode', { code: 'kept' }))?.value.id, 'kept')
  })

  test('expired documents are removed in the background, more than one batch of them', async ({ open, clock }) => {
    const first = await open({ sweepEveryMs: 10 })
    const expiresAt = clock.now() + 1000
    await Promise.all(Array.from({ length: 450 }, () => first.tickets.insert(call, ticket({ expiresAt }))))
    const stays = await first.tickets.insert(call, ticket({ uses: 1 }))
    clock.advance(2000)
    await eventually(async () => {
      // Time for a few batches: while the clock is turned back, nothing has expired and nothing is removed.
      await delay(300)
      // With the clock turned back, a reader would see whatever is still stored.
      clock.advance(-2000)
      const page = await first.tickets.list(call, { index: 'byUses', limit: 1000 })
      clock.advance(2000)
      return page.items.length === 1 && page.items[0]?.value.id === stays.value.id
    }, 'the expired documents are removed')
  })
}
