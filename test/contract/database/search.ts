// Counting and full-text search: the same words on every database, newest first, and never what the filters leave out.
import assert from 'node:assert/strict'
import type { SearchQuery } from '../../../src/database/contract.ts'
import { type Article, article, call, type Opened, photo, type TestInWorld, ticket } from '../../support/database.ts'

const bad = { code: 'database.bad_query' }

async function found(db: Opened, text: string, parts: Partial<SearchQuery<Article>> = {}): Promise<string[]> {
  const { items } = await db.articles.search(call, { text, limit: 50, ...parts })
  return items.map((item) => item.value.id)
}

export function searchTests(test: TestInWorld): void {
  test('counts what a query would find, and no further than it was asked to', async ({ open, clock }) => {
    const db = await open()
    for (let takenAt = 0; takenAt < 30; takenAt += 1) {
      await db.photos.insert(
        call,
        photo({ takenAt, ownerId: takenAt % 3 === 0 ? 'bob' : 'ada', ...(takenAt < 4 ? { slug: `s${takenAt}` } : {}) }),
      )
    }
    const count = async (query: object, upTo = 100): Promise<number> => await db.photos.count(call, { index: 'byOwner', ...query }, upTo)
    assert.equal(await count({}), 30)
    assert.equal(await count({}, 7), 7)
    assert.equal(await count({ where: { ownerId: 'ada' } }), 20)
    assert.equal(await count({ where: { ownerId: 'ada' }, range: { from: 10, below: 20 } }), 7)
    assert.equal(await count({ where: { ownerId: 'nobody' } }), 0)
    assert.equal(await count({ index: 'bySlug' }), 4)
    await db.tickets.insert(call, ticket({ expiresAt: clock.now() + 10 }))
    await db.tickets.insert(call, ticket())
    clock.advance(11)
    assert.equal(await db.tickets.count(call, { index: 'byUses' }, 10), 1)
    for (const upTo of [0, -1, 1.5, Number.NaN, 1e9]) await assert.rejects(count({}, upTo), bad)
    await assert.rejects(count({ where: { caption: 'x' } }), bad)
    await assert.rejects(count({ index: 'none' }), bad)
  })

  test('finds all words in any field, whatever their case and accents, the last by its beginning', async ({ open }) => {
    const db = await open()
    const values = {
      sea: article({ title: 'A Day at the SEA', text: 'Wind, waves and caf\u00e9s.' }),
      river: article({ title: 'River day', text: 'The caf\u00e9 at the river; prices from 20 EUR.' }),
      cjk: article({ title: '\u6771\u4eac\u306e\u5929\u6c17', text: '\u041f\u0440\u0438\u0432\u0435\u0442 \uff21\uff22\uff23' }),
    }
    for (const value of Object.values(values)) await db.articles.insert(call, value)
    const { sea, river, cjk } = values
    assert.deepEqual(await found(db, 'day'), [river.id, sea.id])
    assert.deepEqual(await found(db, 'DAY cafe'), [river.id, sea.id])
    assert.deepEqual(await found(db, 'caf\u00e9 riv'), [river.id])
    assert.deepEqual(await found(db, 'riv caf\u00e9'), [], 'only the last word may be a beginning')
    assert.deepEqual(await found(db, 'ri'), [river.id])
    assert.deepEqual(await found(db, 'sea river'), [])
    assert.deepEqual(await found(db, '20'), [river.id])
    assert.deepEqual(await found(db, '\u5929\u6c17'), [cjk.id])
    assert.deepEqual(await found(db, '\u043f\u0440\u0438\u0432'), [cjk.id])
    assert.deepEqual(await found(db, 'abc'), [cjk.id], 'wide letters are letters')
    assert.deepEqual(await found(db, 'ada'), [], 'fields that are not declared are not searched')
  })

  test('newest first, page by page, whatever comes and goes meanwhile', async ({ open }) => {
    const db = await open()
    const ids: string[] = []
    for (let number = 0; number < 25; number += 1) {
      const { value } = await db.articles.insert(
        call,
        article({ id: `${String.fromCodePoint(97 + ((number * 7) % 26))}${number}`, title: 'word' }),
      )
      ids.unshift(value.id)
    }
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await db.articles.search(call, { text: 'wor', limit: 4, ...(after === undefined ? {} : { after }) })
      seen.push(...page.items.map((item) => item.value.id))
      after = page.next
      await db.articles.insert(call, article({ title: 'word' }))
      const { value } = await db.articles.insert(call, article({ title: 'word' }))
      await db.articles.delete(call, value.id)
      assert.ok(seen.length <= 25)
    } while (after !== undefined)
    assert.deepEqual(seen, ids)
  })

  test('a filter leaves out all others, by value and by type', async ({ open }) => {
    const db = await open()
    const mine = await db.articles.insert(call, article({ title: 'secret', ownerId: 'ada', open: true }))
    const yours = await db.articles.insert(call, article({ title: 'secret', ownerId: 'bob', open: false }))
    await db.articles.insert(call, article({ title: 'secret', ownerId: 'true' }))
    assert.deepEqual(await found(db, 'secret', { where: { ownerId: 'ada' } }), [mine.value.id])
    assert.deepEqual(await found(db, 'secret', { where: { ownerId: 'bob', open: false } }), [yours.value.id])
    assert.deepEqual(await found(db, 'secret', { where: { ownerId: 'bob', open: true } }), [])
    assert.deepEqual(await found(db, 'secret', { where: { open: true } }), [mine.value.id])
    assert.deepEqual(await found(db, 'secret', { where: { ownerId: 'ad' } }), [])
    await db.articles.update(call, mine.value.id, { set: { ownerId: 'eve' } })
    assert.deepEqual(await found(db, 'secret', { where: { ownerId: 'ada' } }), [])
    assert.deepEqual(await found(db, 'secret', { where: { ownerId: 'eve' } }), [mine.value.id])
  })

  test('what is changed, deleted or expired is found as it is now', async ({ open, clock }) => {
    const db = await open()
    const { id } = (await db.articles.insert(call, article({ title: 'first words' }))).value
    await db.articles.update(call, id, { set: { title: 'second thoughts' } })
    assert.deepEqual(await found(db, 'first'), [])
    assert.deepEqual(await found(db, 'thoughts second'), [id])
    await db.database.commit(call, [{ kind: 'update', collection: 'articles', id, change: { set: { text: 'third' } } }])
    assert.deepEqual(await found(db, 'second third'), [id])
    await db.articles.delete(call, id)
    assert.deepEqual(await found(db, 'second'), [])
    await db.articles.insert(call, article({ id, title: 'again' }))
    assert.deepEqual(await found(db, 'second'), [])
    assert.deepEqual(await found(db, 'again'), [id])
    await db.articles.insert(call, article({ title: 'again', expiresAt: clock.now() + 10 }))
    assert.equal((await found(db, 'again')).length, 2)
    clock.advance(10)
    assert.deepEqual(await found(db, 'again'), [id])
    await db.articles.insert(call, article({ id: 'ends', title: 'mortal', expiresAt: clock.now() + 10 }))
    clock.advance(10)
    await db.articles.insert(call, article({ id: 'ends', title: 'risen' }))
    assert.deepEqual(await found(db, 'mortal'), [])
    assert.deepEqual(await found(db, 'risen'), ['ends'])
  })

  test('a search text is words, never a query language', async ({ open }) => {
    const db = await open()
    const { id } = (await db.articles.insert(call, article({ title: 'plain or NEAR not select' }))).value
    await db.articles.insert(call, article({ title: 'other' }))
    for (const text of [
      'plain" OR "other',
      'plain*',
      '-plain',
      '(plain)',
      '"plain"',
      'title:plain',
      'plain -other',
      "plain'; DROP TABLE articles",
      '{"$ne":1}',
    ]) {
      const ids = await found(db, text)
      assert.ok(ids.length === 0 || (ids.length === 1 && ids[0] === id), text)
    }
    assert.deepEqual(await found(db, 'near("plain", "select")'), [id])
    assert.deepEqual(await found(db, 'plain AND OR NOT select'), [], 'and is a word')
    assert.deepEqual(await found(db, '%%%plain_'), [id])
    assert.equal((await found(db, 'x'.repeat(10_000))).length, 0)
  })

  test('refuses a search that cannot be answered, and says why', async ({ open }) => {
    const db = await open()
    for (let number = 0; number < 5; number += 1) await db.articles.insert(call, article({ title: 'word' }))
    for (const text of ['', '  ', '?!', '\u0301']) await assert.rejects(found(db, text), /no word/)
    await assert.rejects(found(db, 'a '.repeat(100)), bad)
    for (const limit of [0, 1001, 1.5]) await assert.rejects(found(db, 'word', { limit }), bad)
    await assert.rejects(found(db, 'word', { where: { title: 'word' } }), /cannot be narrowed by field title.*ownerId, open/)
    // @ts-expect-error -- what a careless caller gives
    await assert.rejects(found(db, 'word', { where: { ownerId: undefined } }), bad)
    await assert.rejects(db.photos.search(call, { text: 'word', limit: 1 }), /declares no search/)
    const forge = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const after of ['', 'nonsense', forge([]), forge(['x']), forge(["1' OR 1=1"]), forge([{ $gt: 0 }]), forge([1])]) {
      await assert.rejects(found(db, 'word', { after }), bad)
    }
  })

  test('long texts are searched, and a search among many documents takes no scan', async ({ open }) => {
    const db = await open()
    const text = Array.from({ length: 3000 }, (_, number) => `word${number}`).join(' ')
    const { id } = (await db.articles.insert(call, article({ text }))).value
    for (const word of ['word0', 'word1500', 'word2999']) assert.deepEqual(await found(db, word), [id])
    await Promise.all(
      Array.from({ length: 300 }, (_, number) =>
        db.articles.insert(call, article({ title: `common rare${number}`, ownerId: `o${number % 10}` })),
      ),
    )
    assert.equal((await found(db, 'common', { where: { ownerId: 'o3' }, limit: 1000 })).length, 30)
    assert.equal((await found(db, 'common rare29')).length, 11)
  })
}
