// What a stop and a start leave as it was, what they change on purpose, and what they refuse.
import assert from 'node:assert/strict'
import { z } from '#kernel/schema.ts'
import type { CollectionDefinition } from '#kernel/collection.ts'
import type { StoredEvent } from '../../../src/database/contract.ts'
import { call, eventually, photo, photos, type TestInWorld } from '../../support/database.ts'

interface Note {
  readonly id: string
  readonly [field: string]: unknown
}

function notes(parts: Partial<CollectionDefinition<Note>>): CollectionDefinition<Note> {
  const schema = z.looseObject({ id: z.string(), a: z.number().optional(), b: z.string().optional(), endsAt: z.number().optional() })
  return { name: 'notes', schema, indexes: {}, ...parts }
}

export function restartTests(test: TestInWorld): void {
  test('documents, versions and unique values are there after a restart', async ({ open }) => {
    const first = await open()
    const { id } = (await first.photos.insert(call, photo({ slug: 'kept' }))).value
    const changed = await first.photos.update(call, id, { set: { caption: 'changed' } })
    await first.stop()
    await assert.rejects(first.photos.get(call, id), { code: 'database.unavailable' })
    await assert.rejects(first.photos.insert(call, photo()), { code: 'database.unavailable' })
    const second = await open()
    assert.deepEqual(await second.photos.getByKey(call, 'bySlug', { slug: 'kept' }), changed)
    await assert.rejects(second.photos.insert(call, photo({ slug: 'kept' })), { code: 'database.duplicate' })
  })

  test('a consumer goes on after a restart where it has stopped', async ({ open }) => {
    const seen: string[] = []
    const handle = async (events: readonly StoredEvent[]): Promise<void> => void seen.push(...events.map((event) => event.key))
    const subscription = { consumer: 'steady', topics: ['photos'], handle }
    const first = await open()
    first.database.subscribe(subscription)
    await first.database.commit(call, [], [{ topic: 'photos', key: '1', data: null }])
    await eventually(() => seen.length === 1, 'the first event')
    await first.stop()
    const second = await open()
    await second.database.commit(call, [], [{ topic: 'photos', key: '2', data: null }])
    await second.stop()
    const third = await open()
    third.database.subscribe(subscription)
    await eventually(() => seen.length >= 2, 'the second event')
    assert.deepEqual(seen, ['1', '2'])
  })

  test('what is under way when stop is called is finished', async ({ open }) => {
    const first = await open()
    const writes = Array.from({ length: 100 }, (_, number) => first.photos.insert(call, photo({ id: `w${number}` })))
    await first.stop()
    await Promise.all(writes)
    const second = await open()
    assert.equal((await second.photos.list(call, { index: 'byOwner', limit: 1000 })).items.length, 100)
  })

  test('migrations rewrite earlier documents once, in order, many of them', async ({ create }) => {
    const first = create()
    const old = first.contract.collection(notes({}))
    await first.start()
    await Promise.all(Array.from({ length: 1200 }, (_, number) => old.insert(call, { id: `n${number}`, text: `${number}` })))
    await first.stop()
    const migrations = [
      ({ text, ...rest }: Record<string, unknown>) => ({ ...rest, body: text }),
      (document: Record<string, unknown>) => ({ ...document, body: `${String(document['body'])}!`, size: 1 }),
    ]
    const strict = z.strictObject({ id: z.string(), body: z.string(), size: z.number() })
    for (const expectedVersion of [1, 1]) {
      const next = create()
      const migrated = next.contract.collection(notes({ schema: strict, migrations, indexes: { bySize: { fields: ['size', 'body'] } } }))
      await next.start()
      assert.deepEqual(await migrated.get(call, 'n1199'), { value: { id: 'n1199', body: '1199!', size: 1 }, version: expectedVersion })
      assert.equal((await migrated.list(call, { index: 'bySize', where: { size: 1 }, limit: 1000 })).items.length, 1000)
      await next.stop()
    }
  })

  test('a migration that makes a bad document stops the start and changes nothing', async ({ create }) => {
    const first = create()
    const old = first.contract.collection(notes({}))
    await first.start()
    for (const id of ['a', 'b']) await old.insert(call, { id, text: id })
    await first.stop()
    const second = create()
    second.contract.collection(
      notes({ migrations: [(document) => (document['id'] === 'b' ? { id: 'c' } : { ...document, text: 'changed' })] }),
    )
    await assert.rejects(second.start(), /Document b of collection notes/)
    const third = create()
    const same = third.contract.collection(notes({}))
    await third.start()
    assert.deepEqual(await same.get(call, 'a'), { value: { id: 'a', text: 'a' }, version: 1 })
  })

  test('refuses to start on documents of a newer version, says what to do, and touches nothing', async ({ create }) => {
    const newer = create()
    const future = newer.contract.collection(notes({ migrations: [(document) => document, (document) => document] }))
    await newer.start()
    await future.insert(call, { id: 'a', text: 'from the future' })
    await newer.stop()
    const older = create()
    const collection = older.contract.collection(notes({ migrations: [(document) => document] }))
    await assert.rejects(older.start(), /notes has shape 2.*knows shapes up to 1.*newer version.*restore a backup/)
    assert.notEqual(await older.health(), undefined)
    await assert.rejects(collection.get(call, 'a'), { code: 'database.unavailable' })
    const again = create()
    const untouched = again.contract.collection(notes({ migrations: [(document) => document, (document) => document] }))
    await again.start()
    assert.equal((await untouched.get(call, 'a'))?.version, 1)
  })

  test('indexes that a definition gains are built and those it loses are dropped', async ({ create }) => {
    const first = create()
    const plain = first.contract.collection(notes({ indexes: { byA: { fields: ['a'], unique: true } } }))
    await first.start()
    await plain.insert(call, { id: '1', a: 1, b: 'x' })
    await plain.insert(call, { id: '2', a: 2, b: 'x' })
    await first.stop()
    const second = create()
    const changed = second.contract.collection(notes({ indexes: { byB: { fields: ['b', 'a'] } } }))
    await second.start()
    assert.equal((await changed.list(call, { index: 'byB', where: { b: 'x' }, limit: 5 })).items.length, 2)
    await changed.insert(call, { id: '3', a: 1, b: 'y' })
    await second.stop()
    const third = create()
    third.contract.collection(notes({ indexes: { byA: { fields: ['a'], unique: true } } }))
    await assert.rejects(third.start(), /notes:byA cannot be built/)
  })

  test('an expiry that a definition gains counts for the documents that are there', async ({ create, clock }) => {
    const first = create()
    const plain = first.contract.collection(notes({}))
    await first.start()
    await plain.insert(call, { id: 'a', endsAt: clock.now() + 1000 })
    await first.stop()
    const second = create()
    const ending = second.contract.collection(notes({ expiry: 'endsAt' }))
    await second.start()
    assert.notEqual(await ending.get(call, 'a'), undefined)
    clock.advance(1000)
    assert.equal(await ending.get(call, 'a'), undefined)
  })

  test('start and stop can be called twice, and stop without start', async ({ create }) => {
    await create().stop()
    const server = create()
    const collection = server.contract.collection(photos)
    await Promise.all([server.start(), server.start()])
    assert.equal(await server.health(), undefined)
    await collection.insert(call, photo())
    await Promise.all([server.stop(), server.stop()])
    assert.equal(await server.health(), 'the database is not started')
  })

  test('a stored document that no longer fits its schema is named and not returned', async ({ create }) => {
    const first = create()
    const loose = first.contract.collection(notes({}))
    await first.start()
    await loose.insert(call, { id: 'misfit', size: 'large' })
    await first.stop()
    const second = create()
    const strict = second.contract.collection(notes({ schema: z.looseObject({ id: z.string(), size: z.number() }) }))
    await second.start()
    await assert.rejects(strict.get(call, 'misfit'), (error: Error) => {
      assert.equal(Reflect.get(error, 'code'), 'database.bad_document')
      assert.match(error.message, /misfit of collection notes.*size/)
      assert.ok(error.cause instanceof Error)
      return !error.message.includes('large')
    })
    await assert.rejects(strict.update(call, 'misfit', { set: { size: 1 } }), { code: 'database.bad_document' })
  })
}
