import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passwordProblem } from './policy.ts'

const email = 'grace.hopper@example.org'

test('accepts anything of 8 to 256 characters, spaces and other scripts included', () => {
  for (const password of [
    'eightchr',
    '        ',
    ' leading and trailing ',
    '\u{1f98a}\u{1f98a}\u{1f98a}\u{1f98a}\u{1f98a}\u{1f98a}\u{1f98a}\u{1f98a}',
    'x'.repeat(256),
  ]) {
    assert.equal(passwordProblem(password, email), undefined, password)
  }
})

test('refuses what is too short or too long, counted in characters and not in bytes', () => {
  for (const password of ['', 'seven77', '\u{1f98a}\u{1f98a}\u{1f98a}\u{1f98a}\u{1f98a}\u{1f98a}\u{1f98a}', 'x'.repeat(257)]) {
    assert.match(passwordProblem(password, email) ?? '', /^password_(short|long)$/, password)
  }
})

test('refuses what everybody tries first, and the address itself', () => {
  for (const password of ['password', 'PASSWORD1', 'qwertyuiop', 'iloveyou', '1234567890'])
    assert.match(passwordProblem(password, email) ?? '', /^password_common$/, password)
  assert.match(passwordProblem('grace.hopper@example.org', email) ?? '', /^password_address$/)
  assert.match(passwordProblem('Grace.Hopper', email) ?? '', /^password_address$/)
})
