import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderMail } from './templates.ts'

const link = 'https://accounts.example.org/confirm?token=abc'

test('says the link and how long it works, as text and as HTML', () => {
  const mail = renderMail({ template: 'confirm-address', data: { link, minutes: '15' } }, 'Pixel Diary')
  assert.equal(mail.subject, 'Confirm your address for Pixel Diary')
  assert.match(mail.text, /https:\/\/accounts\.example\.org\/confirm\?token=abc\n/)
  assert.match(mail.text, /15 minutes/)
  assert.match(mail.html, /href="https:\/\/accounts\.example\.org\/confirm\?token=abc"/)
  assert.doesNotMatch(mail.text, /[<>]/)
})

test('escapes what people have chosen themselves', () => {
  const mail = renderMail({ template: 'already-registered', data: { name: '<img src=x>', link } }, 'A & B')
  assert.match(mail.html, /Welcome back, &lt;img src=x&gt;/)
  assert.doesNotMatch(mail.html, /<img/)
  assert.match(mail.html, /A &amp; B/)
})

test('loads nothing from elsewhere', () => {
  for (const mail of [
    renderMail({ template: 'confirm-address', data: { link, minutes: '15' } }, 'P'),
    renderMail({ template: 'password-changed', data: { name: 'Ada', when: 'today' } }, 'P'),
  ]) {
    assert.doesNotMatch(mail.html, /\bsrc=|url\(|<link|<script/)
  }
})

test('says why it came, in both parts', () => {
  const { text, html } = renderMail({ template: 'confirm-address', data: { link, minutes: '15' } }, 'P')
  const reason = /-- \nP\n(.+)\n$/.exec(text)?.[1] ?? assert.fail(text)
  assert.ok(reason.length > 20 && html.includes(reason))
})

test('has the colours of the app, light and dark, and our mark only where it has none of its own', () => {
  const colours = {
    ground: '#000001',
    sheet: '#000002',
    line: '#000003',
    ink: '#000004',
    soft: '#000005',
    accent: '#000006',
    accentInk: '#000007',
  }
  const marks = { tones: ['#000010', '#000011', '#000012', '#000013', '#000014'], glow: '#000015' } as const
  const dark = { ...colours, ground: '#100001', accent: '#100006', accentInk: '#100007', ...marks }
  const request = { template: 'confirm-address', data: { link, minutes: '15' } }
  const htmlWith = (ownMark: boolean): string =>
    renderMail(request, 'P', { look: { colours: { light: { ...colours, ...marks }, dark }, ownMark } }).html
  const html = htmlWith(false)
  for (const colour of Object.values(colours)) assert.ok(html.includes(colour), colour)
  assert.match(html, /\.ground \{ background: #100001 !important; \}/)
  assert.match(html, /\.action \{ background: #100006 !important; color: #100007 !important; \}/)
  assert.match(html, /background: #000011; font-size: 0/)
  assert.deepEqual(
    [...html.matchAll(/#[0-9a-f]{6}/g)].map(([colour]) => colour).filter((colour) => !/^#[01]0000|^#0000/.test(colour)),
    [],
    'nothing of ours',
  )
  assert.doesNotMatch(htmlWith(true), /#00001\d/)
  assert.match(renderMail(request, 'P', { look: { ownMark: true } }).html, /#1f5c4d/)
  assert.doesNotMatch(renderMail(request, 'P', { look: { ownMark: true } }).html, /#f0b86e/)
})

test('speaks the language of its reader, and English to who reads none of ours', () => {
  const request = { template: 'password-changed', data: { name: 'Ada', when: 'Tue, 24 Nov 2026 10:05:00 GMT' } }
  const german = renderMail({ ...request, language: 'de-AT' }, 'P')
  assert.equal(german.subject, 'Ihr P-Passwort wurde ge\u00e4ndert')
  assert.match(german.text, /24\. November 2026 um 10:05 UTC/)
  assert.match(german.html, /<html lang="de">/)
  for (const language of [undefined, 'fr', 'toString']) assert.match(renderMail({ ...request, language }, 'P').html, /<html lang="en">/)
  assert.match(renderMail(request, 'P').text, /changed on 24 November 2026 at 10:05 UTC\./)
})

test('refuses an unknown template, missing data, data that it does not know, and links of another kind', () => {
  assert.throws(() => renderMail({ template: 'toString', data: {} }, 'P'), /no mail template/)
  assert.throws(() => renderMail({ template: 'confirm-address', data: { link } }, 'P'))
  assert.throws(() => renderMail({ template: 'confirm-address', data: { link, minutes: '15', name: 'Ada' } }, 'P'))
  assert.throws(() => renderMail({ template: 'confirm-address', data: { link: 'javascript:alert(1)', minutes: '15' } }, 'P'))
  assert.throws(() => renderMail({ template: 'password-changed', data: { name: 'Ada\nBcc: eve@example.org', when: 'today' } }, 'P'))
})
