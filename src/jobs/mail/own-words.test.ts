import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownMails } from './own-schemas.ts'
import { MAIL_FIELDS, renderMail } from './templates.ts'

const link = 'https://accounts.example.org/confirm?token=abc'
const french = {
  frame: { copyLink: 'Ou copiez cette adresse :', reason: 'Envoy\u00e9 par {product}.' },
  mails: {
    'reset-password': {
      subject: '{product} : nouveau mot de passe',
      body: ['Bonjour {name}.', 'Suivez le lien.', '{link}', 'Valable {minutes} minutes.'],
      button: 'Choisir',
    },
    'password-changed': { body: ['Chang\u00e9 le {when}.'] },
  },
}

function problems(mail: object, template = 'reset-password'): string[] {
  const parsed = ownMails.safeParse({ mails: { [template]: mail } })
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
}

test('an app says a mail in its own words, in a language of its own', () => {
  const request = { template: 'reset-password', data: { name: 'Ada', link, minutes: '15' } }
  for (const language of ['fr', 'fr-CA']) {
    const mail = renderMail({ ...request, language }, 'Pixel', { ownMails: { fr: french } })
    assert.equal(mail.subject, 'Pixel : nouveau mot de passe')
    assert.match(mail.html, /<html lang="fr">/)
    assert.match(mail.html, /<a class="action" href="https:\/\/accounts\.example\.org\/confirm\?token=abc"[^>]*>Choisir<\/a>/)
    assert.match(mail.html, /Ou copiez cette adresse/)
    assert.match(mail.html, /Envoy\u00e9 par Pixel\./)
    assert.match(mail.text, /Bonjour Ada\.\n\nSuivez le lien\.\n\nChoisir:\nhttps:[^\n]+\n\nValable 15 minutes\./)
    assert.doesNotMatch(mail.text, /password/i)
  }
  assert.equal(
    renderMail({ ...request, language: 'de' }, 'Pixel', { ownMails: { fr: french } }).subject,
    renderMail({ ...request, language: 'de' }, 'Pixel').subject,
  )
  const when = 'Tue, 24 Nov 2026 10:05:00 GMT'
  const changed = renderMail({ template: 'password-changed', language: 'fr', data: { name: 'Ada', when } }, 'Pixel', {
    ownMails: { fr: french },
  })
  assert.match(changed.text, /Chang\u00e9 le 24 novembre 2026/)
})

test('the frame of a language stands around every mail in it, and around no mail in another', () => {
  const frame = { copyLink: 'Or this one:', reason: 'You are with {product}.' }
  const german = { copyLink: 'Oder diese Adresse:', reason: 'Von {product}.' }
  const own = { en: { frame, mails: {} }, de: { frame: german, mails: {} }, fr: french }
  const request = { template: 'reset-password', data: { name: 'Ada', link, minutes: '15' } }
  const around = (template: string, language: string | undefined): string => {
    const data = template === 'reset-password' ? request.data : { name: 'Ada', link }
    const { html, text } = renderMail({ template, data, language }, 'Pixel', { ownMails: own })
    const said = ['You are with Pixel.', 'Von Pixel.', 'Envoy\u00e9 par Pixel.'].filter((reason) => html.includes(reason))
    assert.equal(text.endsWith(`-- \nPixel\n${said.join()}\n`), true, text)
    assert.equal(['Or this one:', 'Oder diese Adresse:', 'Ou copiez cette adresse :'].filter((words) => html.includes(words)).length, 1)
    return said.join()
  }
  for (const language of [undefined, 'en', 'en-GB', 'sv']) assert.equal(around('reset-password', language), 'You are with Pixel.', language)
  for (const language of ['de', 'de-AT']) assert.equal(around('reset-password', language), 'Von Pixel.', language)
  assert.equal(around('reset-password', 'fr-CA'), 'Envoy\u00e9 par Pixel.')
  assert.equal(around('already-registered', 'fr-CA'), 'You are with Pixel.', 'what is said in English has the English frame')
})

test('a single line can be said otherwise, and the rest stays', () => {
  const own = { en: { mails: { 'password-changed': { subject: 'New key for {product}, {name}' } } } }
  const request = { template: 'password-changed', data: { name: 'Ada', when: 'today' } }
  const [mail, ours] = [renderMail(request, 'Pixel', { ownMails: own }), renderMail(request, 'Pixel')]
  assert.equal(mail.subject, 'New key for Pixel, Ada')
  assert.match(mail.text, /All other sessions were signed out/)
  assert.notEqual(ours.subject, mail.subject)
})

test('a paragraph about what there is none of is left out', () => {
  const body = ['Hi {name}.', 'Ends with it: {ending}.', 'Left alone: {ownerless}.', '{link}', 'In {days} days.']
  const own = { fr: { mails: { 'deletion-requested': { body } } } }
  assert.deepEqual(problems({ body }, 'deletion-requested'), [])
  const said = (left: Record<string, string>): string[] => {
    const data = { name: 'Ada', link, days: '14', ...left }
    const { text } = renderMail({ template: 'deletion-requested', data, language: 'fr' }, 'Pixel', { ownMails: own })
    return text.split('\n').filter((line) => /^(Hi|Ends|Left|In) /.test(line))
  }
  assert.deepEqual(said({}), ['Hi Ada.', 'In 14 days.'])
  assert.deepEqual(said({ ending: 'Chess\nGo' }), ['Hi Ada.', 'Ends with it: Chess et Go.', 'In 14 days.'])
  assert.deepEqual(said({ ownerless: 'Chess' }), ['Hi Ada.', 'Left alone: Chess.', 'In 14 days.'])
})

test('what is filled in is escaped, and is never filled in again', () => {
  const own = { en: { mails: { 'reset-password': { subject: 'For {name}', body: ['Hi {name}, <b>bold</b>', '{link}'] } } } }
  const data = { name: '{minutes}<img src=x>', link, minutes: '15' }
  const mail = renderMail({ template: 'reset-password', data }, 'Pixel', { ownMails: own })
  assert.match(mail.html, /Hi \{minutes\}&lt;img src=x&gt;, &lt;b&gt;bold&lt;\/b&gt;/)
  assert.doesNotMatch(mail.html, /<img|<b>/)
  assert.equal(mail.subject, 'For {minutes}<img src=x>')
})

test('a placeholder that nothing fills, a link or a code that is not there, and a mail that nobody sends are refused by name', () => {
  assert.deepEqual(problems({ subject: 'x', body: ['{name}', '{link}'] }), [])
  assert.deepEqual(problems({ subject: '{nmae}' }), ['subject: nothing fills {nmae} in this mail; there is {name}, {minutes}, {product}'])
  assert.deepEqual(problems({ body: ['Hello {code}', '{link}'] }), [
    'body.0: nothing fills {code} in this mail; there is {name}, {minutes}, {product}',
  ])
  assert.deepEqual(problems({ body: ['Hello'] }), ['body: lacks {link}, without which the mail is of no use'])
  assert.deepEqual(problems({ body: ['Go to {link} now'] }), ['body.0: the link must stand in a paragraph of its own: "{link}"'])
  assert.deepEqual(problems({ body: ['{link}', '{link}'] }), ['body: has {link} more than once'])
  assert.deepEqual(problems({ body: ['Type it in.'] }, 'sign-in-code'), ['body: lacks {code}, without which the mail is of no use'])
  assert.deepEqual(problems({ body: ['{link}', 'done'] }, 'password-changed').length, 1)
  assert.match(problems({ subject: 'x' }, 'pasword-changed')[0] ?? '', /no such mail; there are .*password-changed/)
  assert.equal(problems({ subject: 'two\nlines' }).length, 1, 'a line break would begin another header')
  assert.equal(problems({}).length, 1)
  assert.equal(ownMails.safeParse({ mails: {}, frame: { reason: 'By {name}' } }).success, false)
})

test('every mail can be said in own words that use all it has', () => {
  for (const [template, fields] of MAIL_FIELDS) {
    const body = fields.map((field) => `{${field}}`)
    assert.deepEqual(problems({ subject: 'For you', body: body.length === 0 ? ['{product}'] : body }, template), [], template)
  }
})
