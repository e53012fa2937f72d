import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { strengthScript } from './strength-script.ts'

interface Seen {
  readonly level: number
  readonly why: string
}

const code = strengthScript.replaceAll('export function', 'function')
const { levelOf } = runInNewContext(`${code}; ({ levelOf })`, {}) as { levelOf(password: string, known: readonly string[]): Seen }
const known = ['Pixel Diary', 'Ada Lovelace', 'ada.lovelace@example.org', '']

test('what guessers try first is weak, and says why', () => {
  const weak: readonly (readonly [string, string])[] = [
    ['', 'short'],
    ['kT7%qz', 'short'],
    ['aaaaaaaaaaaaaaaa', 'repeats'],
    ['abcabcabcabcabc', 'repeats'],
    ['12345678901234', 'row'],
    ['qwertzuiop', 'row'],
    ['Passwort2024', 'common'],
    ['P@ssw0rd1234', 'common'],
    ['Sommer2026!', 'common'],
    ['AdaLovelace1', 'yours'],
    ['lovelace2024', 'yours'],
    ['pixeldiary', 'yours'],
  ]
  for (const [password, why] of weak) assert.deepEqual({ ...levelOf(password, known) }, { level: 1, why }, password)
})

test('several words, or many letters by chance, are hard to guess, whatever they are made of', () => {
  for (const password of [
    'nine folded squares',
    'kuchen treppe nebel fluss',
    'v9#Lq2!xTz8wRk',
    'horse-battery-staple-cloud',
    '\u043a\u043e\u0440\u043e\u0432\u0430 \u0438\u0434\u0435\u0442 \u0434\u043e\u043c\u043e\u0439',
  ])
    assert.equal(levelOf(password, known).level, 4, password)
  assert.ok(levelOf('kx7Rq2mz', known).level >= 2)
})

test('adding letters by chance never makes it weaker', () => {
  let before = 0
  for (let length = 8; length <= 24; length += 1) {
    const { level } = levelOf('kfpqwmzrtxbnvhsdgjlcyaeo'.slice(0, length), known)
    assert.ok(level >= before, `${length}`)
    before = level
  }
})

test('the longest password that is allowed, and the most awkward ones, are seen through at once', () => {
  const begun = performance.now()
  for (const password of [
    'x'.repeat(256),
    'ab'.repeat(128),
    '1qaz'.repeat(64),
    'password'.repeat(32),
    'abcdefghijklmnopqrstuvwxyz'.repeat(9),
  ])
    assert.equal(
      levelOf(
        password,
        Array.from({ length: 4 }, () => 'ab '.repeat(400)),
      ).level <= 4,
      true,
    )
  assert.ok(performance.now() - begun < 200)
})

test('the script asks nobody and keeps nothing', () => {
  assert.doesNotMatch(strengthScript, /fetch|XMLHttpRequest|sendBeacon|WebSocket|localStorage|sessionStorage|cookie|import\(/)
})
