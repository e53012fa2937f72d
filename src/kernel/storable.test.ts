// What every database can store.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitsIndex, isStorable, unstorable } from './storable.ts'

test('names the place of text that some database could not store, and only that', () => {
  const places: [unknown, string | undefined][] = [
    [{ a: 'fine', b: ['\u{1f30a}', { c: '\ufffd' }], d: 'a\\u0000 \\ud800 written out' }, undefined],
    [{ a: 'x\u0000' }, 'a'],
    [{ a: { b: ['', { c: '\ud800' }] } }, 'a.b.1.c'],
    [{ a: { 'k\u0000': 1 } }, 'a.(key)'],
    [{ '\udc00': 1 }, '(key)'],
    ['\u0000', ''],
    [['\\', '\\\udfff'], '1'],
    [undefined, undefined],
    [null, undefined],
    [7, undefined],
  ]
  for (const [value, place] of places) assert.equal(unstorable(value), place, JSON.stringify(value))
  assert.ok(isStorable('\u{1f30a}'))
  assert.ok(!isStorable('\ud83c'))
})

test('counts the bytes of all text in one index entry', () => {
  assert.ok(fitsIndex(['x'.repeat(2000)]))
  assert.ok(!fitsIndex(['x'.repeat(2001)]))
  assert.ok(!fitsIndex(['x'.repeat(1000), 7, undefined, 'x'.repeat(1001)]))
  assert.ok(fitsIndex(['\u00e9'.repeat(1000)]))
  assert.ok(!fitsIndex(['\u00e9'.repeat(1001)]))
  assert.ok(!fitsIndex(['\u{1f30a}'.repeat(501)]))
  assert.ok(!fitsIndex(['xxx'], 2))
})
