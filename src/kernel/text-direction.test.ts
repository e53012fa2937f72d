import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directionOf, isolated, spokenIn } from './text-direction.ts'

test('says which way a language is written, by its script where it has one', () => {
  for (const tag of ['ar', 'he', 'fa-IR', 'ur', 'uz-Arab']) assert.equal(directionOf(tag), 'rtl', tag)
  for (const tag of ['ar-Latn', 'en', 'de-AT', 'zh-Hant']) assert.equal(directionOf(tag), 'ltr', tag)
})

test('an element says its direction where it is another one than around it', () => {
  assert.equal(spokenIn('en').toString(), 'lang="en"')
  assert.equal(spokenIn('ar').toString(), 'lang="ar" dir="rtl"')
  assert.equal(spokenIn('de', 'ar').toString(), 'lang="de" dir="ltr"')
  assert.equal(spokenIn('he', 'ar').toString(), 'lang="he"')
})

test('names are set apart where they could turn a sentence round, and what they bring to do so is left out', () => {
  assert.equal(isolated('Pixel Diary', 'ltr'), 'Pixel Diary')
  assert.equal(isolated('Pixel Diary', 'rtl'), '\u2068Pixel Diary\u2069')
  assert.equal(isolated('\u05d0\u05d1', 'ltr'), '\u2068\u05d0\u05d1\u2069')
  assert.equal(isolated('a\u2069\u202egnp', 'ltr'), 'agnp')
  assert.equal(isolated('', 'rtl'), '')
})
