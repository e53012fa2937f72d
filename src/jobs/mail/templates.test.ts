import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderMail } from './templates.ts'

const link = 'https://accounts.example.org/confirm?token=abc'

test('says the link and how long it works, as text and as HTML', () => {
  const mail = renderMail('confirm-address', { link, minutes: '15' }, 'Pixel Diary')
  assert.equal(mail.subject, 'Confirm your address for Pixel Diary')
  assert.match(mail.text, /https:\/\/accounts\.example\.org\/confirm\?token=abc\n/)
  assert.match(mail.text, /15 minutes/)
  assert.match(mail.html, /href="https:\/\/accounts\.example\.org\/confirm\?token=abc"/)
  assert.doesNotMatch(mail.text, /[<>]/)
})

test('escapes what people have chosen themselves', () => {
  const mail = renderMail('already-registered', { name: '<img src=x>', link }, 'A & B')
  assert.match(mail.html, /Welcome back, &lt;img src=x&gt;/)
  assert.doesNotMatch(mail.html, /<img/)
  assert.match(mail.html, /A &amp; B/)
})

test('loads nothing from elsewhere', () => {
  for (const mail of [
    renderMail('confirm-address', { link, minutes: '15' }, 'P'),
    renderMail('password-changed', { name: 'Ada', when: 'today' }, 'P'),
  ]) {
    assert.doesNotMatch(mail.html, /\bsrc=|url\(|<link|<script/)
  }
})

test('refuses an unknown template, missing data, data that it does not know, and links of another kind', () => {
  assert.throws(() => renderMail('toString', {}, 'P'), /no mail template/)
  assert.throws(() => renderMail('confirm-address', { link }, 'P'))
  assert.throws(() => renderMail('confirm-address', { link, minutes: '15', name: 'Ada' }, 'P'))
  assert.throws(() => renderMail('confirm-address', { link: 'javascript:alert(1)', minutes: '15' }, 'P'))
  assert.throws(() => renderMail('password-changed', { name: 'Ada\nBcc: eve@example.org', when: 'today' }, 'P'))
})
