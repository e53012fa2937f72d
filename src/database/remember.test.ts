// Values that are shared by all who read the same text.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remembering } from './remember.ts'

test('the same text is parsed once, another text again', () => {
  const parsed: string[] = []
  const read = remembering((text) => {
    parsed.push(text)
    return JSON.parse(text) as unknown
  })
  assert.equal(read('{"a":1}'), read('{"a":1}'))
  assert.deepEqual(read('{"a":2}'), { a: 2 })
  assert.deepEqual(parsed, ['{"a":1}', '{"a":2}'])
})

test('what is shared cannot be changed, at no depth', () => {
  const value = remembering((text) => JSON.parse(text) as { list: { n: number }[] })('{"list":[{"n":1}]}')
  assert.throws(() => value.list.push({ n: 2 }), TypeError)
  assert.throws(() => Object.assign(value.list[0] ?? {}, { n: 2 }), TypeError)
})

test('what is read often stays, however many others come', () => {
  let parsed = 0
  const read = remembering((text) => {
    parsed += 1
    return text
  })
  for (let index = 0; index < 5000; index += 1) {
    read('often')
    read(`once ${index}`)
  }
  assert.equal(parsed, 5001)
})
