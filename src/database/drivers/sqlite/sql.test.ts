// Every statement that a declared index can lead to walks that index: no scan of a table, no sorting.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { CollectionLayout, IndexLayout } from '../../layout.ts'
import {
  countStretch,
  createIndexes,
  createSearch,
  createTable,
  deleteExpiredTwin,
  selectById,
  selectByKey,
  selectSearch,
  selectStretch,
  type StretchShape,
} from './sql.ts'

function layout(expiry: string | undefined): CollectionLayout {
  const indexes = [
    { name: 'one', fields: ['a'], unique: false },
    { name: 'two', fields: ['a', 'b'], unique: false },
    { name: 'three', fields: ['b', 'a', 'c'], unique: false },
    { name: 'uniqueOne', fields: ['c'], unique: true },
    { name: 'uniqueThree', fields: ['a', 'b', 'c'], unique: true },
  ]
  return { name: 'things', fields: [], searchable: false, indexes, expiry, shape: 0 }
}

function prepared(collection: CollectionLayout): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  db.exec(createTable(collection))
  for (const statement of createIndexes(collection).values()) db.exec(statement)
  return db
}

function plan(db: DatabaseSync, statement: string): string {
  return db
    .prepare(`EXPLAIN QUERY PLAN ${statement}`)
    .all()
    .map((row) => String(row['detail']))
    .join('; ')
}

function shapesOf(index: IndexLayout): StretchShape[] {
  const counts = Array.from({ length: index.fields.length + 1 }, (_, count) => count)
  return counts.flatMap((equal) => {
    // A unique index has nothing after its last field.
    const bounded = equal < index.fields.length || !index.unique
    const lowers: StretchShape['lower'][] = bounded ? ['', '>', '>='] : ['']
    const uppers: StretchShape['upper'][] = bounded ? ['', '<'] : ['']
    return lowers.flatMap((lower) => uppers.flatMap((upper) => [true, false].map((descending) => ({ equal, lower, upper, descending }))))
  })
}

for (const expiry of [undefined, 'endsAt']) {
  test(`every stretch of every index is walked along that index (${expiry === undefined ? 'without' : 'with'} expiry)`, () => {
    const collection = layout(expiry)
    const db = prepared(collection)
    let checked = 0
    for (const index of collection.indexes) {
      for (const shape of shapesOf(index)) {
        const statement = selectStretch(collection, index, shape)
        const detail = plan(db, statement)
        const bounds = (shape.lower === '' ? 0 : 1) + (shape.upper === '' ? 0 : 1)
        const verb = shape.equal + bounds > 0 ? 'SEARCH' : '(SEARCH|SCAN)'
        assert.match(detail, new RegExp(`^${verb} things USING INDEX things:${index.name}( |$)`), statement)
        assert.doesNotMatch(detail, /TEMP B-TREE/, statement)
        // All equal values and all bounds are used to find the place, none is left to be filtered row by row.
        assert.equal(detail.match(/[=<>]\?/g)?.length ?? 0, shape.equal + bounds, `${detail} for ${statement}`)
        checked += 1
      }
    }
    assert.ok(checked > 150)
  })
}

test('a search walks the inverted index from the newest on, and looks rows up by their numbers', () => {
  for (const expiry of [undefined, 'endsAt']) {
    const collection = { ...layout(expiry), searchable: true, shape: 1 }
    const db = prepared(collection)
    for (const statement of createSearch(collection.name)) db.exec(statement)
    const detail = plan(db, selectSearch(collection))
    assert.match(detail, /^SCAN t VIRTUAL TABLE INDEX \d+:.*M\d+.*; SEARCH o USING INTEGER PRIMARY KEY \(rowid=\?\); SEARCH d USING INDEX/)
    assert.doesNotMatch(detail, /TEMP B-TREE/)
  }
})

test('a count walks the same stretch as its query', () => {
  const collection = layout('endsAt')
  const db = prepared(collection)
  for (const index of collection.indexes) {
    const detail = plan(db, countStretch(collection, index, { equal: 1, lower: '', upper: '', descending: false }))
    assert.match(detail, new RegExp(`SEARCH things USING INDEX things:${index.name} `))
    assert.doesNotMatch(detail, /TEMP B-TREE/)
  }
})

test('a document is found by its id and by a unique key in one search each', () => {
  for (const expiry of [undefined, 'endsAt']) {
    const collection = layout(expiry)
    const db = prepared(collection)
    assert.equal(plan(db, selectById(collection)), 'SEARCH things USING INDEX sqlite_autoindex_things_1 (id=?)')
    for (const index of collection.indexes.filter(({ unique }) => unique)) {
      const equal = index.fields.map(() => '<expr>=?').join(' AND ')
      assert.equal(plan(db, selectByKey(collection, index)), `SEARCH things USING INDEX things:${index.name} (${equal})`)
      assert.equal(plan(db, deleteExpiredTwin(collection, index)), `SEARCH things USING INDEX things:${index.name} (${equal})`)
    }
  }
})

test('the index text is what SQLite keeps, so that an unchanged index is not built again', () => {
  const collection = layout('endsAt')
  const db = prepared(collection)
  const kept = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").all()
  assert.deepEqual(new Map(kept.map((row) => [row['name'], row['sql']])), new Map(createIndexes(collection)))
})
