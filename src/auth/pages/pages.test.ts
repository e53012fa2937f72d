import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopbackHost } from './consent-page.ts'
import { errorPage, refusalWords, signOutPage } from './engine-pages.ts'
import { field, type Skin } from './layout.ts'
import { de } from '../texts/de.ts'
import { en } from '../texts/en.ts'
import { createLooks } from '../theme/looks.ts'
import { ago, agoWords, deviceWords } from './words.ts'

const skin: Skin = {
  productName: 'Pixel <Diary>',
  home: 'http://app.test/',
  nonce: 'NONCE',
  texts: en,
  looks: createLooks(),
  language: 'en',
  languages: [],
}

test('tells addresses of the own device from all others', () => {
  for (const host of ['localhost', 'localhost:3000', 'shop.localhost:4001', '127.0.0.1', '127.8.9.1:80', '[::1]:9000', 'LOCALHOST'])
    assert.ok(isLoopbackHost(host), host)
  for (const host of ['example.org', 'localhost.example.org', '127.0.0.1.example.org', 'notlocalhost', '[::2]', '128.0.0.1'])
    assert.ok(!isLoopbackHost(host), host)
})

test('says how long ago something was', () => {
  const now = Date.UTC(2026, 5, 1, 12)
  const said = [0, 119_000, 120_000, 3_600_000, 90_000_000, 59 * 86_400_000].map((passed) => agoWords(en, now - passed, now))
  assert.deepEqual(said, ['just now', 'just now', '2 minutes ago', '1 hour ago', '1 day ago', '59 days ago'])
  assert.equal(agoWords(en, now + 5000, now), 'just now')
  assert.equal(agoWords(en, Date.UTC(2025, 10, 23), now), 'on 23 November 2025')
  assert.match(ago(en, now, now).toString(), /datetime="2026-06-01T12:00:00\.000Z" title="2026-06-01 12:00 UTC"/)
})

test('says moments and browsers in the language of the reader', () => {
  const now = Date.UTC(2026, 5, 1, 12)
  assert.equal(agoWords(de, now - 3 * 3_600_000, now), 'vor 3 Stunden')
  assert.equal(agoWords(de, Date.UTC(2025, 10, 23), now), 'am 23. November 2025')
  assert.equal(deviceWords(de, 'Firefox on Windows'), 'Firefox unter Windows')
  assert.equal(deviceWords(de, 'A browser on Linux'), 'Ein Browser unter Linux')
  assert.equal(deviceWords(en, 'Unknown device'), 'Unknown device')
})

test('a field names its hint and its problem, and escapes what was typed', () => {
  const text = field({
    name: 'email',
    label: 'Email',
    type: 'email',
    autocomplete: 'username',
    value: '"><script>',
    hint: 'h',
    problem: 'p',
  }).toString()
  assert.match(text, /aria-describedby="email-hint email-problem"/)
  assert.match(text, /aria-invalid="true"/)
  assert.match(text, /value="&quot;&gt;&lt;script&gt;"/)
  const plain = field({ name: 'email', label: 'Email', type: 'email', autocomplete: 'username' }).toString()
  assert.doesNotMatch(plain, /aria-|autofocus|value=/)
})

test('the pages of the engine escape what they are given', () => {
  const error = errorPage(skin, { heading: '<b>', words: '<i>', requestId: '<u>' }).toString()
  assert.doesNotMatch(error, /<b>|<i>|<u>|<Diary>/)
  const out = signOutPage(skin, { action: '/end-session/confirm', hidden: { xsrf: '"x' } }).toString()
  assert.match(out, /action="\/end-session\/confirm"/)
  assert.match(out, /name="xsrf" value="&quot;x"/)
  assert.match(out, /name="logout" value="yes"/)
})

test('a fault of an app is told with what its developer needs, one of ours by nothing but our words', () => {
  const description = 'the server cannot answer just now; ask again in a moment'
  for (const { requests } of [en, de])
    for (const error of ['temporarily_unavailable', 'server_error'] as const)
      assert.equal(refusalWords(requests, { error, description }), requests[error])
  assert.equal(
    refusalWords(en.requests, { error: 'invalid_client', description: 'client is invalid' }),
    `${en.requests.invalid_client} (invalid_client: client is invalid)`,
  )
  assert.equal(refusalWords(de.requests, { error: 'invalid_scope' }), `${de.requests.other} (invalid_scope)`)
})
