import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAIL_FIELDS, renderMail } from './templates.ts'

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
  assert.equal(german.subject, 'Ihr Passwort bei P wurde ge\u00e4ndert')
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

/** Every mail that we have words for, of somebody who is called so. */
function everyMail(style: Parameters<typeof renderMail>[2], name = 'Ada'): [string, string][] {
  const data: Record<string, string> = { link, minutes: '15', days: '1', when: 'today', code: '12345678', address: 'ada@example.org' }
  return [...MAIL_FIELDS].flatMap(([template, fields]) =>
    ['en', 'de'].map((language): [string, string] => {
      const given = Object.fromEntries(fields.map((field) => [field, data[field] ?? name]))
      const { subject, text, html } = renderMail({ template, data: given, language }, 'P', style)
      return [`${template} ${language}`, `${subject}\n${text}\n${html}`]
    }),
  )
}

test('speaks the first language of the app to whom no language is known of, and who reads none of those on offer', () => {
  const request = { template: 'password-changed', data: { name: 'Ada', when: 'today' } }
  const spoken = (language: string | undefined, languages: readonly string[]): string | undefined =>
    /<html lang="([^"]+)"/.exec(renderMail({ ...request, language }, 'P', { languages }).html)?.[1]
  for (const language of [undefined, 'sv', 'toString']) assert.equal(spoken(language, ['de', 'en']), 'de', language)
  assert.equal(spoken('en-GB', ['de']), 'en', 'what we can say is said')
  assert.equal(spoken('it', ['de', 'it']), 'en', 'as on its pages, what a language lacks is said in English')
  for (const language of ['DE', 'De-at', 'de-CH-1996']) assert.equal(spoken(language, ['en', 'de']), 'de', language)
  const ownMails = { 'pt-BR': { mails: { 'password-changed': { subject: 'Senha nova' } } } }
  for (const language of ['pt-BR', 'PT-br'])
    assert.equal(renderMail({ ...request, language }, 'P', { languages: ['en', 'pt-BR'], ownMails }).subject, 'Senha nova', language)
})

test('names the organisations that an account takes along or leaves, in the language of the mail, and says nothing where there are none', () => {
  const data: Record<string, string> = { name: 'Ada', days: '14' }
  const said = (language: string, left: Record<string, string>): string[] =>
    ['deletion-requested', 'deletion-while-blocked'].map((template) => {
      const given = { ...data, ...left, ...(template === 'deletion-requested' && { link }) }
      const { text } = renderMail({ template, data: given, language }, 'P')
      return text
        .split('\n')
        .filter((each) => each.startsWith('Organisation'))
        .join(' ')
    })
  const twice = (words: string): string[] => [words, words]
  assert.deepEqual(said('en', {}), ['', ''])
  const ending = 'Chess\nRowing\nGo'
  assert.deepEqual(
    said('en', { ending, ownerless: 'Acme' }),
    twice(
      'Organisations that end with it, unless they have another owner by then: Chess, Rowing and Go. Organisations that nobody will own then, unless somebody is made an owner before: Acme.',
    ),
  )
  assert.deepEqual(
    said('de', { ending }),
    twice('Organisationen, die mit ihm aufgel\u00f6st werden, falls sie bis dahin keinen anderen Inhaber haben: Chess, Rowing und Go.'),
  )
  assert.doesNotMatch(renderMail({ template: 'deletion-while-blocked', data: { ...data, ownerless: '<b>' } }, 'P').html, /<b>/)
  for (const odd of ['Chess\n', 'a\rb', 'w'.repeat(201), `${'w'.repeat(200)}\n`.repeat(101)])
    assert.throws(() => renderMail({ template: 'deletion-while-blocked', data: { ...data, ending: odd } }, 'P'), odd.slice(0, 10))
})

test('says one day as one', () => {
  for (const [name, said] of everyMail({})) {
    assert.doesNotMatch(said, /\b1 (days?|Tage?n?)\b|\$\{|undefined/, name)
    assert.doesNotMatch(said, /Guten Tag/, name)
  }
})

test('the name of the app, which may be of several words, is joined to no other', () => {
  for (const [name, said] of everyMail({})) assert.doesNotMatch(said, /\bP-[A-Z]/, name)
})

test('without passwords no mail speaks of one, but for those about passwords', () => {
  for (const needsPasskey of [true, false])
    for (const [name, said] of everyMail({ ways: { password: false, needsPasskey } }))
      if (!/^(reset-password|password-changed) /.test(name)) assert.doesNotMatch(said, /password|Passwort/i, name)
  const next = (template: string, ways: { password: boolean; needsPasskey: boolean }): string =>
    renderMail({ template, data: { name: 'Ada', when: 'today' } }, 'P', { ways }).text
  for (const template of ['address-restored', 'address-taken']) {
    assert.match(next(template, { password: true, needsPasskey: false }), /"Forgot your password\?"/)
    assert.match(next(template, { password: false, needsPasskey: true }), /"Lost your passkey\?"/)
    assert.doesNotMatch(next(template, { password: false, needsPasskey: false }), /"/)
    assert.match(next(template, { password: false, needsPasskey: false }), /Sign in/)
  }
})

test('an app that nobody knows any more is called one in the language of the mail, in words of an own app too', () => {
  const data = { name: 'Ada', app: '', when: 'today' }
  const own = { 'token-reused': { subject: '{app}!', body: ['{app}: {when}'] } }
  const render = (language: string, mails = {}) =>
    renderMail({ template: 'token-reused', data, language }, 'P', { ownMails: { [language]: { mails } } })
  assert.equal(render('en').subject, 'The access of an app to your P account was ended')
  assert.equal(render('de').subject, 'Der Zugriff einer App auf Ihr Konto bei P wurde beendet')
  assert.match(render('de').text, /, mit dem eine App den Zugriff/)
  assert.doesNotMatch(render('de').text, /\ban app\b/i)
  assert.deepEqual([render('de', own).subject, render('en', own).subject], ['eine App!', 'an app!'])
  assert.match(render('de', own).text, /^eine App: today\n/m)
})

test('a language that is written from the right turns the mail round, and what goes the other way stands for itself', () => {
  const marhaba = '\u0645\u0631\u062d\u0628\u0627'
  const ar = {
    frame: { reason: `${marhaba} {product}` },
    mails: {
      'reset-password': { subject: `${marhaba} {name}`, body: [`${marhaba} {name}`, '{link}', `${marhaba} {minutes}`] },
      'sign-in-code': { preview: marhaba },
    },
  }
  const style = { languages: ['en', 'de', 'ar'], ownMails: { ar } }
  const render = (template: string, data: Record<string, string>, language = 'ar') =>
    renderMail({ template, data, language }, 'P (1)', style)
  const data = { name: 'Ada (2)', link, minutes: '15' }
  const { subject, text, html } = render('reset-password', data)
  assert.match(html, /<html lang="ar" dir="rtl">/)
  assert.match(html, /<table class="ground" lang="ar" dir="rtl"/, 'mail programs drop the element around everything')
  assert.match(html, /<span dir="ltr">https:/)
  assert.equal(subject, `${marhaba} \u2068Ada (2)\u2069`)
  assert.ok(text.includes(`${marhaba} 15\n`) && text.includes(`${marhaba} \u2068P (1)\u2069\n`))
  assert.ok(text.includes(`\u2066Choose a new password\u2069:\n${link}\n`), 'what there is in English alone')
  assert.match(render('sign-in-code', { name: 'Ada', code: '12345678', minutes: '15' }).text, /^12345678\n/, 'a code is copied as it is')
  const english = render('already-registered', { name: 'Ada', link })
  assert.match(english.html, /<html lang="en">/)
  assert.doesNotMatch(`${english.html}${english.text}${render('reset-password', data, 'de').html}`, /dir=|[\u2066-\u2069]/)
  const omar = '\u0639\u0645\u0631'
  assert.ok(render('already-registered', { name: omar, link }).text.includes(`Welcome back, \u2068${omar}\u2069`))
  assert.ok(
    render('already-registered', { name: `Ada\u202e`, link }).text.includes('Welcome back, Ada\n'),
    'nothing turns a sentence round',
  )
  for (const [name, said] of everyMail({}, omar)) assert.doesNotMatch(said, /left|right/, name)
})
