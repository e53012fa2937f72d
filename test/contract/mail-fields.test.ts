// A mail that cannot be written tells its reader nothing: every mail takes the longest that people, apps and providers can be called here, and the longest
// address that an account can have.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mailLineOf, unlinked } from '#kernel/mail-fields.ts'
import { normaliseEmail } from '../../src/auth/accounts/email.ts'
import { MAX_CHARACTERS, nameProblem } from '../../src/auth/accounts/name.ts'
import { clientDefinition } from '../../src/auth/clients/schemas.ts'
import { upstreamDefinitions } from '../../src/auth/upstream/definition.ts'
import { mailRequest } from '../../src/jobs/mail/schemas.ts'
import { MAIL_FIELDS, renderMail } from '../../src/jobs/mail/templates.ts'

// Each of these letters takes the place of two.
const NAME = '\u{1F4D6}'.repeat(MAX_CHARACTERS)
const label = 'a'.repeat(60)
const ADDRESS = `${'t'.repeat(64)}@${label}.${label}.${'b'.repeat(59)}.example`
const LINE = 'w'.repeat(200)
const WHEN = new Date(Date.UTC(2026, 8, 30, 23, 59)).toUTCString()

const LONGEST: Readonly<Record<string, string>> = {
  name: NAME,
  organisation: NAME,
  inviter: NAME,
  app: mailLineOf(`Notes\n${'w'.repeat(1000)}`, ''),
  provider: LINE,
  address: ADDRESS,
  ending: Array.from({ length: 100 }, () => NAME).join('\n'),
  ownerless: Array.from({ length: 100 }, () => NAME).join('\n'),
  link: `https://${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.example/account/email/confirm?token=${'t'.repeat(43)}`,
  minutes: '9999',
  days: '9999',
  code: 'ABCD-EFGH-JKLM',
  when: WHEN,
}

test('the longest values are what may be stored, and no longer ones', () => {
  assert.equal(nameProblem(NAME), undefined)
  assert.notEqual(nameProblem(`${NAME}x`), undefined)
  assert.equal(normaliseEmail(ADDRESS), ADDRESS)
  for (const longer of [`t${ADDRESS}`, ADDRESS.replace('.example', 'b.example')]) assert.equal(normaliseEmail(longer), undefined)
  const upstream = { kind: 'github', clientId: 'c' }
  for (const [name, isFine] of [
    [LINE, true],
    [`${LINE}w`, false],
    ['Work\nBcc: eve@example.org', false],
  ] as const)
    assert.equal(upstreamDefinitions.safeParse([{ ...upstream, name }]).success, isFine, name)
  assert.equal(clientDefinition.shape.name.safeParse(`${LINE}w`).success, false)
})

test('every mail can be written with the longest values, in every language', () => {
  for (const [template, fields] of MAIL_FIELDS) {
    const data = Object.fromEntries(fields.map((field) => [field, LONGEST[field] ?? assert.fail(`no longest ${field}`)]))
    for (const language of ['en', 'de']) {
      const { to: _to, ...request } = mailRequest.parse({ to: ADDRESS, template, data, language })
      const mail = renderMail(request, 'Pixel Diary')
      for (const said of [data['address'], data['link']]) assert.ok(mail.text.includes(said ?? ''), template)
    }
  }
})

test('a name that others have given makes a line that can be written, whatever it is', () => {
  assert.equal(mailLineOf('Notes\r\nBcc: eve@example.org', 'An app'), 'Notes Bcc: eve@example.org')
  for (const name of [undefined, '']) assert.equal(mailLineOf(name, 'An app'), 'An app')
})

test('no name of a stranger has in it what a mail program makes a link of, and those that look like no address stay', () => {
  const links = {
    'evil.example': 'evil .example',
    'Sign in at https://www.evil.example/now?x': 'Sign in at https: //www .evil .example/now?x',
    'bob@evil.example': 'bob @evil .example',
    'mailto:bob@evil': 'mailto: bob @evil',
    'evil\uff0eexample': 'evil \uff0eexample',
    'evil\u200b.\u00adexample': 'evil .example',
    'evil\u3002com \uff20 bob\uff20evil': 'evil \u3002com \uff20 bob \uff20evil',
    '10.0.0.1': '10 .0 .0 .1',
    'ASP.NET': 'ASP .NET',
  }
  for (const [name, shown] of Object.entries(links)) assert.equal(unlinked(name), shown)
  for (const name of [
    'Print Shop',
    'Acme Inc.',
    '.NET friends',
    'Notes 2.0',
    'Notes (v1.2.3)',
    'Team ... friends',
    'A: B',
    '\u6771\u4eac\u3002',
  ])
    assert.equal(unlinked(name), name)
})
