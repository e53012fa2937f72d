// The words of a document, by one rule for every database.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedTerms, termsMark, termsOf } from './terms.ts'

const search = { fields: ['title', 'text'], filters: ['ownerId', 'open', 'rank'] }
const words = (text: string): string[] => termsOf({ fields: ['title'] }, { title: text })

test('words are lower case, without accents, and letters and digits only', () => {
  assert.deepEqual(words('Caf\u00e9 CAFE\u0301 caf\u0065'), ['wcafe'])
  assert.deepEqual(words('The 1st, of_two (x.y)'), ['wthe', 'w1st', 'wof', 'wtwo', 'wx', 'wy'])
  assert.deepEqual(words('\u0130stanbul \ufb01ne \uff21'), ['wistanbul', 'wfine', 'wa'])
  assert.deepEqual(words('\u6771\u4eac tower'), ['w\u6771', 'w\u4eac', 'wtower'])
  assert.deepEqual(words(' \u0000 -- "* OR"'), ['wor'])
  for (const term of words('"a" AND b* (c) :d ^e {f} \' ; -- %_ $g')) assert.match(term, /^w[a-z]+$/)
})

test('long words are cut and many words are bounded', () => {
  assert.deepEqual(words('x'.repeat(100)), [`w${'x'.repeat(40)}`])
  assert.ok(words(`${'x'.repeat(39)}\u{1d4d0}`)[0]?.isWellFormed())
  assert.equal(words(Array.from({ length: 10_000 }, (_, number) => `n${number}`).join(' ')).length, 4000)
})

test('filters are terms of their field, kind and value', () => {
  const of = (fields: Record<string, unknown>): string[] => termsOf(search, fields)
  const all = [
    { ownerId: 'ada' },
    { ownerId: 'true' },
    { open: true },
    { ownerId: '1' },
    { rank: 1 },
    { rank: 0 },
    { open: false },
  ].flatMap(of)
  assert.equal(new Set(all).size, 7)
  for (const term of all) assert.match(term, /^f[0-9a-f]{40}$/)
  assert.deepEqual(of({ ownerId: null, open: undefined, rank: [1], title: 7 }), [])
})

test('what is asked for are the terms that are stored', () => {
  const asked = askedTerms(search, { text: 'Sea DAY sea ca', where: { ownerId: 'ada' } })
  const stored = termsOf(search, { title: 'a day at sea', text: 'cafes', ownerId: 'ada' })
  assert.ok(asked.all.every((term) => stored.includes(term)))
  assert.equal(asked.all.length, 3)
  assert.equal(asked.prefix, 'wca')
})

test('another way to make terms has another mark', () => {
  const marks = [
    undefined,
    search,
    { ...search, filters: ['ownerId'] },
    { fields: ['text', 'title'] },
    { fields: ['title'], filters: ['text'] },
  ].map(termsMark)
  assert.equal(new Set(marks).size, marks.length)
})
