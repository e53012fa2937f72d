import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProblemTexts, statusWords, type Told } from './problem-page.ts'

const words = { title: 'title', words: 'words' }
const problems: ProblemTexts['problems'] = {
  401: words,
  403: words,
  404: words,
  413: words,
  429: { ...words, after: (wait) => `words after ${wait}` },
  503: words,
  fault: { title: 'fault', words: 'ours' },
  other: { title: 'other', words: 'what else' },
}
const say = (language: string, told: Told) => {
  const { title, words: said, detail: more } = statusWords({ language, problems, wait: (seconds) => `${seconds} ${language}` }, told)
  return more === undefined ? { title, words: said } : { title, words: said, detail: more }
}
const detail = 'What is wrong exactly.'

test('every error is said in the language of its reader, with what it says beyond that, and nothing of a fault of ours', () => {
  for (const status of [400, 401, 403, 404, 405, 409, 410, 413, 422, 429, 500, 501, 503, 507]) {
    const told = { status, title: 'Of the error', detail }
    const isOurs = status >= 500 && status !== 503
    const isKnown = [401, 403, 404, 413, 429, 503].includes(status)
    assert.deepEqual(say('fr', told), isOurs ? problems.fault : { ...(isKnown ? words : problems.other), detail }, String(status))
    const title = isKnown ? words.title : told.title
    assert.deepEqual(say('en', told), isOurs ? problems.fault : { title, words: detail }, String(status))
  }
})

test('where English is read, nothing is said twice, and the title of an error that is not known by its status is its own', () => {
  const told = { status: 409, title: 'Somebody else was faster' }
  assert.deepEqual(say('en-GB', told), { title: told.title, words: 'what else' })
  assert.equal(say('enm', told).title, 'other')
  assert.deepEqual(say('en', { ...told, status: 404 }), words)
})

test('how long to wait is said in the language of its reader, and nothing in English beside it', () => {
  const told = { status: 429, title: 'Of the error', detail: 'Try again in 9 s.', waitSeconds: 9 }
  for (const language of ['en', 'fr']) assert.deepEqual(say(language, told), { title: 'title', words: `words after 9 ${language}` })
})
