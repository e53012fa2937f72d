// Every language says everything, and each reader gets the one that the browser prefers of what the app offers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { de } from './de.ts'
import { en } from './en.ts'
import { createSpeaker } from './speaker.ts'

/** Where something is said, and that it is. */
function said(texts: object, before = ''): string[] {
  const members: [unknown, unknown][] = texts instanceof Map ? [...texts] : Object.entries(texts)
  return members.flatMap(([name, text]) => {
    const path = `${before}${String(name)}`
    if (typeof text === 'object' && text !== null) return said(text, `${path}.`)
    assert.ok(text !== '', path)
    return [path]
  })
}

test('every language says everything', () => {
  assert.deepEqual(said(de), said(en))
  assert.notDeepEqual(de.refusals, en.refusals)
  for (const { requestNumber } of [en, de]) assert.match(requestNumber('the-number'), /the-number/)
})

test('a page speaks what the browser prefers of what the app offers and we know', () => {
  const all = createSpeaker()
  for (const [header, language] of [
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['fr, de-AT;q=0.8, en;q=0.5', 'de'],
    ['en-GB, de;q=0.9', 'en'],
    ['de;q=0, fr', 'en'],
    ['constructor, __proto__', 'en'],
  ] as const)
    assert.equal(all(header).language, language, header)
  assert.equal(createSpeaker(['de', 'en'])('fr').language, 'de', 'the first is for those who ask for none of them')
  assert.equal(createSpeaker(['de-AT'])('en').language, 'de', 'nobody is spoken to in what the app does not offer')
  assert.equal(createSpeaker(['fr'])('de').language, 'en', 'nor in another one when it offers none of ours')
})
