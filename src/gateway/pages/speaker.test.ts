// Each reader gets the language that is wanted of what the app offers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LANGUAGE_COOKIE, type LanguageReader } from '#kernel/http/accept-language.ts'
import type { PageTexts } from '../contract.ts'
import { createSpeaker } from './speaker.ts'

/** `chosen`: in a cookie that is still in the header, or was taken from it. */
const reader = (accept: string | undefined, chosen?: string, taken = false): LanguageReader => ({
  cookies: new Map(taken && chosen !== undefined ? [[LANGUAGE_COOKIE, chosen]] : []),
  request: {
    headers: { 'accept-language': accept, cookie: taken || chosen === undefined ? undefined : `a=b; ${LANGUAGE_COOKIE}=${chosen}` },
  },
})

function texts(language: string): PageTexts {
  const words = { title: `title in ${language}`, words: `words in ${language}` }
  return {
    language,
    tryAgain: '',
    toStart: '',
    startAgain: '',
    goOn: '',
    moment: '',
    requestNumber: (id) => id,
    wait: String,
    refusals: { declined: words, ended: words, failed: words },
    problems: {
      401: words,
      403: words,
      404: words,
      413: words,
      429: { ...words, after: (wait) => wait },
      503: words,
      fault: words,
      other: words,
    },
  }
}

const speaker = (...tags: string[]) => createSpeaker(new Map(tags.map((tag) => [tag, texts(tag)])))

test('a page speaks what its reader has chosen, then what the browser prefers, of what the app offers', () => {
  const all = speaker('en', 'de')
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
  for (const taken of [false, true]) {
    assert.equal(all(reader('en', 'de', taken)).language, 'de')
    assert.equal(all(reader('de', 'no language', taken)).language, 'de')
    assert.equal(all(reader('en', 'en', taken), ['fr', 'de-AT']).language, 'de', 'what the app asks for comes first')
  }
  assert.equal(speaker('de', 'en')(reader('fr')).language, 'de', 'the first is for those who ask for none of them')
  assert.equal(speaker('de-AT')(reader('en')).language, 'de-AT', 'nobody is spoken to in what the app does not offer')
})
