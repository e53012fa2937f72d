import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type StatusTexts, statusWords } from './problem-page.ts'

const words = { title: 'title', words: 'words' }
const texts: StatusTexts = {
  401: words,
  403: words,
  404: words,
  413: words,
  429: words,
  503: words,
  fault: { title: 'fault', words: 'ours' },
  other: { title: 'other', words: 'what else' },
}
const detail = 'What is wrong exactly.'

test('every error is said in the language of its reader, with what it says beyond that, and nothing of a fault of ours', () => {
  for (const status of [400, 401, 403, 404, 405, 409, 410, 413, 422, 429, 500, 501, 503, 507]) {
    const told = { status, title: 'Of the error', detail }
    const isOurs = status >= 500 && status !== 503
    const isKnown = [401, 403, 404, 413, 429, 503].includes(status)
    assert.deepEqual(statusWords(texts, 'fr', told), isOurs ? texts.fault : { ...(isKnown ? words : texts.other), detail }, String(status))
    const title = isKnown ? words.title : told.title
    assert.deepEqual(statusWords(texts, 'en', told), isOurs ? texts.fault : { title, words: detail }, String(status))
  }
})

test('where English is read, nothing is said twice, and the title of an error that is not known by its status is its own', () => {
  const told = { status: 409, title: 'Somebody else was faster' }
  assert.deepEqual(statusWords(texts, 'en-GB', told), { title: told.title, words: 'what else' })
  assert.equal(statusWords(texts, 'enm', told).title, 'other')
  assert.deepEqual(statusWords(texts, 'en', { ...told, status: 404 }), words)
})
