// One document at a time: insert, get, update, delete, unique keys, and values that try to be something else.
import assert from 'node:assert/strict'
import { call, photo, photos, type TestInWorld } from '../../support/database.ts'

const code = (expected: string) => ({ code: expected })

export function documentTests(test: TestInWorld): void {
  test('get finds what insert stored, and nothing else', async ({ open }) => {
    const db = await open()
    const value = photo({ caption: 'A day at sea', tags: ['sea', 'boat'], starred: true })
    assert.deepEqual(await db.photos.insert(call, value), { value, version: 1 })
    assert.deepEqual(await db.photos.get(call, value.id), { value, version: 1 })
    assert.equal(await db.photos.get(call, photo().id), undefined)
    assert.equal(await db.photos.get(call, ''), undefined)
  })

  test('refuses a document that its schema refuses, and stores nothing', async ({ open }) => {
    const db = await open()
    const value = { ...photo(), caption: 7 }
    // @ts-expect-error -- the point of the test
    await assert.rejects(db.photos.insert(call, value), code('database.bad_document'))
    assert.equal(await db.photos.get(call, value.id), undefined)
    await assert.rejects(db.photos.insert(call, photo({ id: '' })), code('database.bad_document'))
    await assert.rejects(db.photos.insert(call, photo({ ownerId: 'half \ud800' })), code('database.bad_document'))
  })

  test('refuses an update whose result its schema refuses, and changes nothing', async ({ open }) => {
    const db = await open()
    const { id } = (await db.photos.insert(call, photo({ caption: 'before' }))).value
    await assert.rejects(db.photos.update(call, id, { set: { takenAt: undefined } }), code('database.bad_document'))
    await assert.rejects(db.photos.update(call, id, { set: { id: 'another' } }), code('database.bad_document'))
    const stored = await db.photos.get(call, id)
    assert.equal(stored?.version, 1)
    assert.equal(stored.value.caption, 'before')
  })

  test('an id can be inserted once', async ({ open }) => {
    const db = await open()
    const first = photo({ caption: 'first' })
    await db.photos.insert(call, first)
    await assert.rejects(db.photos.insert(call, photo({ id: first.id, caption: 'second' })), (error: Error) => {
      assert.match(error.message, /the id/)
      return code('database.duplicate').code === Reflect.get(error, 'code')
    })
    assert.equal((await db.photos.get(call, first.id))?.value.caption, 'first')
  })

  test('a unique value can be taken once, by insert and by update, until it is given up', async ({ open }) => {
    const db = await open()
    const first = await db.photos.insert(call, photo({ slug: 'sunrise' }))
    await assert.rejects(db.photos.insert(call, photo({ ownerId: 'bob', slug: 'sunrise' })), /bySlug/)
    const other = await db.photos.insert(call, photo({ slug: 'sunset' }))
    await assert.rejects(db.photos.update(call, other.value.id, { set: { slug: 'sunrise' } }), code('database.duplicate'))
    assert.deepEqual(await db.photos.get(call, other.value.id), other)
    assert.deepEqual(await db.photos.getByKey(call, 'bySlug', { slug: 'sunrise' }), first)
    await db.photos.update(call, first.value.id, { set: { slug: undefined } })
    await db.photos.update(call, other.value.id, { set: { slug: 'sunrise' } })
    assert.equal((await db.photos.getByKey(call, 'bySlug', { slug: 'sunrise' }))?.value.id, other.value.id)
    assert.equal(await db.photos.getByKey(call, 'bySlug', { slug: 'sunset' }), undefined)
  })

  test("documents without a unique value do not stand in each other's way", async ({ open }) => {
    const db = await open()
    await db.photos.insert(call, photo())
    await db.photos.insert(call, photo())
    const page = await db.photos.list(call, { index: 'byOwner', where: { ownerId: 'ada' }, limit: 10 })
    assert.equal(page.items.length, 2)
  })

  test('one of fifty parallel inserts of a unique value wins', async ({ open }) => {
    const db = await open()
    const tries = await Promise.allSettled(Array.from({ length: 50 }, () => db.photos.insert(call, photo({ slug: 'one' }))))
    assert.equal(tries.filter((one) => one.status === 'fulfilled').length, 1)
    const codes = tries.flatMap((one) => (one.status === 'rejected' ? [Reflect.get(one.reason, 'code')] : []))
    assert.deepEqual(codes, Array(49).fill('database.duplicate'))
  })

  test('one of fifty parallel updates of a version wins, and the others change nothing', async ({ open }) => {
    const db = await open()
    const { id } = (await db.photos.insert(call, photo())).value
    const tries = await Promise.all(
      Array.from({ length: 50 }, (_, number) => db.photos.update(call, id, { set: { caption: `${number}` }, ifVersion: 1 })),
    )
    const winners = tries.filter((one) => one !== undefined)
    assert.equal(winners.length, 1)
    assert.deepEqual(await db.photos.get(call, id), winners[0])
    assert.equal(winners[0]?.version, 2)
  })

  test('one of fifty parallel updates of a field value wins, also when half of them come by commit', async ({ open }) => {
    const db = await open()
    const { id } = (await db.photos.insert(call, photo({ caption: 'free' }))).value
    const change = (number: number) => ({ set: { caption: `taken by ${number}` }, where: { caption: 'free' } })
    const tries = await Promise.allSettled(
      Array.from({ length: 50 }, async (_, number) => {
        if (number % 2 === 0) return await db.photos.update(call, id, change(number))
        await db.database.commit(call, [{ kind: 'update', collection: 'photos', id, change: change(number) }])
        return 'committed'
      }),
    )
    assert.equal(tries.filter((one) => one.status === 'fulfilled' && one.value !== undefined).length, 1)
    assert.equal((await db.photos.get(call, id))?.version, 2)
  })

  test('fifty parallel updates without a condition all count', async ({ open }) => {
    const db = await open()
    const { id } = (await db.photos.insert(call, photo())).value
    await Promise.all(Array.from({ length: 50 }, (_, number) => db.photos.update(call, id, { set: { takenAt: number } })))
    assert.equal((await db.photos.get(call, id))?.version, 51)
  })

  test('an update sets, removes and leaves fields, and asks what it must', async ({ open }) => {
    const db = await open()
    const { id } = (await db.photos.insert(call, photo({ caption: 'a', album: 'x', tags: ['one'] }))).value
    assert.equal(await db.photos.update(call, photo().id, { set: { caption: 'b' } }), undefined)
    assert.equal(await db.photos.update(call, id, { set: { caption: 'b' }, where: { album: undefined } }), undefined)
    assert.equal(await db.photos.update(call, id, { set: { caption: 'b' }, where: { tags: ['two'] } }), undefined)
    assert.equal(await db.photos.update(call, id, { set: { caption: 'b' }, ifVersion: 2 }), undefined)
    const changed = await db.photos.update(call, id, {
      set: { caption: 'b', album: undefined },
      where: { tags: ['one'], slug: undefined },
      ifVersion: 1,
    })
    assert.equal(changed?.version, 2)
    assert.equal(changed.value.caption, 'b')
    assert.equal('album' in changed.value, false)
    assert.deepEqual(changed.value.tags, ['one'])
    assert.deepEqual(await db.photos.get(call, id), changed)
  })

  test('delete says whether it deleted, and keeps to the version', async ({ open }) => {
    const db = await open()
    const { id } = (await db.photos.insert(call, photo())).value
    assert.equal(await db.photos.delete(call, id, { ifVersion: 2 }), false)
    assert.notEqual(await db.photos.get(call, id), undefined)
    assert.equal(await db.photos.delete(call, id, { ifVersion: 1 }), true)
    assert.equal(await db.photos.get(call, id), undefined)
    assert.equal(await db.photos.delete(call, id), false)
  })

  test('a document that was deleted and inserted again is not changed by who read the first one', async ({ open }) => {
    const db = await open()
    // The update has read the first document when the delete and the second insert are sent before it; they may overtake each other, and then it is tried anew.
    const replaced = async (): Promise<string> => {
      const value = photo({ caption: 'first' })
      await db.photos.insert(call, value)
      const [deletion, insertion] = await Promise.allSettled([
        db.photos.delete(call, value.id),
        db.photos.insert(call, { ...value, caption: 'second', album: 'new' }),
        db.photos.update(call, value.id, { set: { takenAt: 5 } }),
      ])
      if (insertion.status === 'rejected' && /database\.duplicate/.test(String(insertion.reason))) return await replaced()
      assert.equal(insertion.status, 'fulfilled')
      assert.deepEqual(deletion, { status: 'fulfilled', value: true })
      return value.id
    }
    const stored = await db.photos.get(call, await replaced())
    assert.equal(stored?.value.caption, 'second')
    assert.equal(stored.value.album, 'new')
  })

  test('values that look like code are only values', async ({ open }) => {
    const db = await open()
    const hostile = [
      `'; DROP TABLE photos; --`,
      `" OR 1=1 --`,
      '$.id',
      '{"$gt":""}',
      '\\',
      '%',
      '_',
      '__proto__',
      'NULL',
      '?1',
      ':now',
      "it''s",
    ]
    for (const value of hostile) await db.photos.insert(call, photo({ id: `id ${value}`, ownerId: value, slug: value, caption: value }))
    for (const value of hostile) {
      assert.equal((await db.photos.get(call, `id ${value}`))?.value.caption, value)
      assert.equal((await db.photos.getByKey(call, 'bySlug', { slug: value }))?.value.ownerId, value)
      const page = await db.photos.list(call, { index: 'byOwner', where: { ownerId: value }, limit: 10 })
      assert.deepEqual(
        page.items.map((item) => item.value.slug),
        [value],
      )
    }
    assert.equal(await db.photos.getByKey(call, 'bySlug', { slug: `' OR ''='` }), undefined)
  })

  test('text of any script and long text come back as they were', async ({ open }) => {
    const db = await open()
    const texts = [
      '\u{1f30a}\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
      'na\u00efve \u05e9\u05dc\u05d5\u05dd \u4f60\u597d',
      'a\\u0000b \\ud800',
      'a',
      '\uffff\u{10ffff}',
      'e\u0301',
      '\u00e9',
      'x'.repeat(400),
    ]
    for (const text of texts) await db.photos.insert(call, photo({ id: `id-${text}`, slug: text, caption: text, ownerId: text }))
    const long = await db.photos.insert(call, photo({ caption: '\u00e9'.repeat(500_000) }))
    assert.deepEqual(await db.photos.get(call, long.value.id), long)
    for (const text of texts) {
      assert.equal((await db.photos.get(call, `id-${text}`))?.value.caption, text)
      assert.equal((await db.photos.getByKey(call, 'bySlug', { slug: text }))?.value.caption, text)
      const page = await db.photos.list(call, { index: 'byOwner', where: { ownerId: text }, limit: 10 })
      assert.deepEqual(
        page.items.map((item) => item.value.caption),
        [text],
      )
    }
    // Half a surrogate pair has no encoding of its own, and must not be taken for the character that stands for "unknown".
    await db.photos.insert(call, photo({ id: '\ufffd', caption: 'unknown' }))
    assert.equal((await db.photos.get(call, '\ufffd'))?.value.caption, 'unknown')
    assert.equal(await db.photos.get(call, '\ud800'), undefined)
    assert.equal(await db.photos.delete(call, '\ud800'), false)
    assert.equal(await db.photos.update(call, '\ud800', { set: { caption: '' } }), undefined)
    await assert.rejects(db.photos.getByKey(call, 'bySlug', { slug: '\ud800' }), code('database.bad_query'))
  })

  test('text that one of the databases could not store is refused on all of them, at any depth', async ({ open }) => {
    const db = await open()
    for (const text of ['a\u0000b', '\u0000', 'half \ud800', '\udc00', '\\\u0000']) {
      for (const parts of [{ caption: text }, { tags: ['fine', text] }, { id: `id ${text}` }, { slug: text }]) {
        await assert.rejects(db.photos.insert(call, photo(parts)), code('database.bad_document'))
      }
      assert.equal(await db.photos.get(call, text), undefined)
      await assert.rejects(db.photos.getByKey(call, 'bySlug', { slug: text }), code('database.bad_query'))
      await assert.rejects(db.photos.list(call, { index: 'byOwner', where: { ownerId: text }, limit: 1 }), code('database.bad_query'))
      await assert.rejects(db.database.commit(call, [], [{ topic: 'photos', key: text, data: null }]), code('database.bad_document'))
      await assert.rejects(db.database.commit(call, [], [{ topic: text, key: '', data: null }]), code('database.bad_document'))
    }
    assert.deepEqual((await db.photos.list(call, { index: 'byOwner', limit: 1 })).items, [])
  })

  test('a text that is too long for an index is refused, and one that just fits is stored', async ({ open }) => {
    const db = await open()
    // Not one that compresses.
    const noise = (length: number): string =>
      Array.from({ length }, () => String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 20_000))).join('')
    const fits = photo({ id: noise(170), ownerId: noise(300), slug: noise(366) })
    await db.photos.insert(call, fits)
    assert.deepEqual((await db.photos.getByKey(call, 'byOwnerAndSlug', { ownerId: fits.ownerId, slug: fits.slug ?? '' }))?.value, fits)
    assert.deepEqual((await db.photos.get(call, fits.id))?.value, fits)
    for (const parts of [{ id: noise(171) }, { slug: noise(667) }, { ownerId: noise(334), slug: noise(333) }]) {
      await assert.rejects(db.photos.insert(call, photo(parts)), code('database.bad_document'))
    }
  })

  test('a collection is declared once, before start', async ({ create, open }) => {
    const server = create()
    const first = server.contract.collection(photos)
    assert.equal(server.contract.collection(photos), first)
    assert.throws(() => server.contract.collection({ ...photos }), /Two definitions/)
    assert.throws(() => server.contract.collection({ ...photos, name: 'Bad-Name' }), /cannot be the name/)
    await assert.rejects(first.get(call, 'x'), code('database.unavailable'))
    assert.notEqual(await server.health(), undefined)
    const db = await open()
    assert.throws(() => db.database.collection({ ...photos, name: 'late' }), /before the database is started/)
  })
}
