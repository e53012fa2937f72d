// Documents whose keys and values try to be something else: operators, paths, prototypes, other types.
import assert from 'node:assert/strict'
import { article, call, type TestInWorld } from '../../support/database.ts'

/** As JSON text, since a literal cannot have an own `__proto__`. */
const SHAPES = [
  '{"$gt":""}',
  '{"$where":"sleep(1000)","$set":{"ownerId":"eve"},"$ne":null}',
  '{"a.b":1,"a":{"b":2},"$a.$b":[{"$in":[1]}],"":0," ":1}',
  '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}},"toString":"own"}',
  '{"_id":"other","id":7,"version":99,"document":"x","expires_at":0,"expiresAt":"never"}',
  '{"0":"zero","10":"ten","2":"two","01":"one"}',
  '[null,[],{},[[]],"",0,false]',
  '{"$date":"2020-01-01T00:00:00Z","$oid":"507f1f77bcf86cd799439011","$numberLong":"1","$binary":{"base64":"","subType":"00"},"$undefined":true}',
  '{"$ref":"articles","$id":"x","$db":"admin"}',
  '{"_bsontype":"ObjectId","toJSON":1,"then":2}',
  '[9007199254740991,-9007199254740991,1e300,5e-324,0.1,123456789.123456789,1e21,-1]',
  '"\'); DROP TABLE articles; --"',
  '{"k\\u0041\\"\\\\":"\\\\u0000 \\\\ud800"}',
  '"{\\"a\\":1}"',
  'null',
  'true',
]

export function hostileTests(test: TestInWorld): void {
  test('values that look like operators, paths, prototypes or types of a database come back as they were', async ({ open }) => {
    const db = await open()
    for (const [number, text] of SHAPES.entries()) {
      const data: unknown = JSON.parse(text)
      const { value } = await db.articles.insert(call, article({ id: `s${number}`, data }))
      const found = await db.articles.get(call, value.id)
      assert.equal(JSON.stringify(sorted(found?.value.data)), JSON.stringify(sorted(data)), text)
      assert.deepEqual({ ...found?.value, data: null }, { ...article({ id: `s${number}` }), data: null })
      const updated = await db.articles.update(call, value.id, { set: { data: [data, data] }, where: { data: value.data } })
      assert.equal(updated?.version, 2, text)
      const again = await db.articles.get(call, value.id)
      assert.equal(JSON.stringify(sorted(again?.value.data)), JSON.stringify(sorted([data, data])), text)
      await db.database.commit(call, [
        { kind: 'update', collection: 'articles', id: value.id, change: { set: { data: null }, where: { data: [data, data] } } },
      ])
      assert.equal((await db.articles.get(call, value.id))?.value.data, null)
    }
    assert.equal(Reflect.get({}, 'admin'), undefined)
    assert.equal(await db.articles.count(call, { index: 'byOwner', where: { ownerId: 'ada' } }, 100), SHAPES.length)
    assert.equal(await db.articles.count(call, { index: 'byOwner', where: { ownerId: 'eve' } }, 100), 0)
  })

  test('deep and wide values come back as they were', async ({ open }) => {
    const db = await open()
    let deep: unknown = 'bottom'
    for (let level = 0; level < 60; level += 1) deep = level % 2 === 0 ? [deep] : { inner: deep }
    const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, number) => [`field ${number}`, number]))
    for (const data of [deep, wide, Array.from({ length: 5000 }, (_, number) => number)]) {
      const { value } = await db.articles.insert(call, article({ data }))
      assert.deepEqual((await db.articles.get(call, value.id))?.value.data, data)
    }
  })

  test('nothing that is not plain text, number or boolean can be asked for', async ({ open }) => {
    const db = await open()
    await db.articles.insert(call, article({ ownerId: 'ada' }))
    const bad = { code: 'database.bad_query' }
    for (const ownerId of [{ $ne: 'x' }, { $gt: '' }, ['ada'], null, undefined, Symbol.iterator, 1n, new Date()]) {
      // @ts-expect-error -- what a careless caller passes on from outside
      await assert.rejects(db.articles.list(call, { index: 'byOwner', where: { ownerId }, limit: 10 }), bad)
      // @ts-expect-error -- the same
      await assert.rejects(db.articles.count(call, { index: 'byOwner', where: { ownerId } }, 10), bad)
      // @ts-expect-error -- the same
      await assert.rejects(db.articles.search(call, { text: 'x', where: { ownerId }, limit: 10 }), bad)
    }
    for (const id of ['$ne', '{"$ne":null}', '../articles', "' OR 1=1 --", '%', '*'])
      assert.equal(await db.articles.get(call, id), undefined)
    await assert.rejects(db.articles.list(call, { index: 'byOwner', where: JSON.parse('{"__proto__":"x"}'), limit: 1 }), bad)
  })
}

/** Databases may keep the fields of an object in another order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, part]) => [name, sorted(part)])
}
