// Every language says everything, and each reader gets the one that is wanted of what the app offers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LANGUAGE_COOKIE } from '#kernel/http/accept-language.ts'
import { de } from './de.ts'
import { en } from './en.ts'
import { createSpeaker, type ReaderHeaders } from './speaker.ts'

const reader = (accept: string | undefined, chosen?: string): ReaderHeaders => ({
  'accept-language': accept,
  cookie: chosen === undefined ? undefined : `a=b; ${LANGUAGE_COOKIE}=${chosen}`,
})

test('every language says every error, what it has no words for in English, and nothing of a fault of ours', () => {
  for (const status of [400, 401, 403, 404, 405, 409, 410, 413, 422, 429, 500, 501, 503]) {
    const detail = 'What is wrong exactly.'
    const told = { status, title: 'Of the error', detail }
    for (const { problem } of [en, de]) {
      const { title, text, ...more } = problem({ status, title: told.title })
      assert.ok(title !== '' && text !== '', String(status))
      assert.equal(more.detail, undefined)
    }
    const isOurs = status === 500 || status === 501
    assert.equal(en.problem(told).text === detail, !isOurs, String(status))
    assert.equal(de.problem(told).detail, isOurs ? undefined : detail, String(status))
    assert.notEqual(de.problem(told).title, told.title)
  }
})

test('a page speaks what its reader has chosen, then what the browser prefers, of what the app offers', () => {
  const all = createSpeaker()
  for (const [accept, language] of [
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['fr, de-AT;q=0.8, en;q=0.5', 'de'],
    ['en-GB, de;q=0.9', 'en'],
    ['de;q=0, fr', 'en'],
    ['constructor, __proto__', 'en'],
  ] as const)
    assert.equal(all(reader(accept)).language, language, accept)
  assert.equal(all(reader('en', 'de')).language, 'de')
  assert.equal(all(reader('de', 'no language')).language, 'de')
  assert.equal(createSpeaker(['de', 'en'])(reader('fr')).language, 'de', 'the first is for those who ask for none of them')
  assert.equal(createSpeaker(['de-AT'])(reader('en')).language, 'de', 'nobody is spoken to in what the app does not offer')
  assert.equal(createSpeaker(['fr', 'de'])(reader('fr')).language, 'en', 'one that is not ours is said in English')
})
