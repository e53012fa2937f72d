// What was typed into a form that counts only soon after a sign-in stands there again after it: for its person, in their browser, once.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { callAs } from '#kernel/call.ts'
import { type AccountsWorld, call, openAccounts, type Visited } from '../support/accounts.ts'

const asked = callAs(call, { kind: 'anonymous' })
const KEY = JSON.stringify(generateKeyPairSync('rsa', { modulusLength: 4096 }).publicKey.export({ format: 'jwk' }))
let world: AccountsWorld
let owner: { accountId: string; organisationId: string }
let path: string
let browser: Map<string, string>

before(async () => {
  const roles = { editor: { permissions: [] }, viewer: { permissions: [] } }
  world = await openAccounts({ definition: { roles, organisations: { roles: ['editor', 'viewer'] } } })
  const { accountId } = await world.person({ email: 'ada@example.org' })
  owner = { accountId, organisationId: (await world.organisations.organisations.create(asked, { name: 'Acme', accountId })).id }
  path = `/account/organisations/${owner.organisationId}`
})
after(() => world.stop())
beforeEach(() => {
  browser = new Map([['__Host-Http-here', 'x'.repeat(43)]])
  signIn()
})

function signIn(accountId = owner.accountId, ago = 0): void {
  const signedInAt = world.clock.now() - ago
  world.engine.sessionList.splice(0, 9, { id: 'here', accountId, signedInAt, lastUsedAt: signedInAt, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
}

async function visit(where: string, form?: Record<string, string>): Promise<Visited> {
  const answer = await world.visit({ path: where, cookies: Object.fromEntries(browser), ...(form && { form }) })
  for (const cookie of answer.cookies) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    if (value === '') browser.delete(name)
    else browser.set(name, value)
  }
  return answer
}

/** Left open for too long, sent, and signed in anew: where it comes back to. */
async function late(where: string, form: Record<string, string>): Promise<string> {
  signIn(owner.accountId, 11 * 60_000)
  const { status, headers } = await visit(where, { csrf_token: 'CSRF', ...form })
  assert.equal(status, 303)
  const [, place = ''] = /^\/authorize\?return_to=([^&]+)&again$/.exec(String(headers?.['location'])) ?? []
  signIn()
  return decodeURIComponent(place)
}

const checked = (text: string): string[] =>
  [...text.matchAll(/<input id="([^"]+)" type="checkbox"[^>]* checked>/g)].map(([, id = '']) => id)

test('an address that was typed on the account page', async () => {
  const place = await late('/account/email', { email: 'ada.new@example.org' })
  assert.equal(place, '/account?done=again')
  const { status, text } = await visit(place)
  assert.equal(status, 200)
  assert.match(text, /name="email"[^>]* value="ada\.new@example\.org"/)
  assert.match(text, /Please do it once more now/)
  assert.doesNotMatch((await visit(place)).text, /ada\.new@/, 'once')
})

test('whom to invite, and as what', async () => {
  const { text } = await visit(await late(`${path}/invitations`, { email: 'bob@example.org', 'role-editor': 'on' }))
  assert.match(text, /name="email"[^>]* value="bob@example\.org"/)
  assert.deepEqual(
    checked(text).filter((id) => !id.startsWith('of-')),
    ['invited-editor'],
  )
})

test('a service account with its key', async () => {
  const form = { service: 'Nightly', key: KEY, 'role-viewer': 'on' }
  const { text } = await visit(await late(`${path}/services`, form))
  assert.match(text, /name="service"[^>]* value="Nightly"/)
  assert.ok(text.includes(KEY.replaceAll('"', '&quot;')))
  assert.deepEqual(
    checked(text).filter((id) => !id.startsWith('of-')),
    ['service-viewer'],
  )
  const wrong = await visit(`${path}/services`, { ...form, key: 'none' })
  assert.equal(wrong.status, 422)
  assert.deepEqual(
    checked(wrong.text).filter((id) => !id.startsWith('of-')),
    ['service-viewer'],
    'also where something is wrong with it',
  )
})

test('another key of a service account, and for how long the one before is good', async () => {
  const { services } = world.running.serviceAccounts
  const made = await services.create(asked, await services.ownerOf(asked, owner), { name: 'Weekly', roles: ['editor'], scopes: [] })
  const { clientId } = made.service
  const machine = `${path}/services/${clientId}`
  const { text } = await visit(await late(`${machine}/use-key`, { nextKey: 'typed', of: clientId, keep: '86400' }))
  assert.match(text, /<details open><summary>Change to a key<\/summary>/)
  assert.match(text, /name="nextKey"[^>]*>typed<\/textarea>/)
  assert.match(text, new RegExp(`id="keep-use-key-${clientId}"[^]*?<option value="86400" selected>`))
  assert.doesNotMatch(text, /invalid/)
  const roles = await visit(await late(`${machine}/roles`, { 'role-viewer': 'on' }))
  assert.deepEqual(
    checked(roles.text).filter((id) => id.includes(clientId)),
    [`of-${clientId}-viewer`],
  )
  const later = await visit(path)
  assert.deepEqual(
    checked(later.text).filter((id) => id.includes(clientId)),
    [`of-${clientId}-editor`],
    'nothing was changed',
  )
})

test('the name of an organisation that is to end; its page asks for a sign-in while there is time enough', async () => {
  const { text } = await visit(await late(`${path}/end`, { name: 'Acm' }))
  assert.match(text, /name="name"[^>]* value="Acm"/)
  signIn(owner.accountId, 5 * 60_000 + 1)
  assert.equal((await visit(`${path}/end`)).status, 303)
})

test('nothing of it to anybody else, in another browser, on another page, or later', async () => {
  const { accountId } = await world.person({ email: 'eve@example.org' })
  const typed = { email: 'secret@example.org' }
  const place = await late('/account/email', typed)
  const kept = browser.get('__Host-Http-form') ?? assert.fail('nothing is kept')
  assert.doesNotMatch(kept, /secret|email/)
  assert.doesNotMatch((await visit('/account')).text, /secret@/, 'not come back')
  assert.doesNotMatch((await visit(`${path}?done=again`)).text, /secret@/)
  signIn(accountId)
  assert.doesNotMatch((await visit(place)).text, /secret@/)
  signIn()
  browser.set('__Host-Http-here', 'y'.repeat(43))
  assert.doesNotMatch((await visit(place)).text, /secret@/)
  browser.set('__Host-Http-here', 'x'.repeat(43))
  world.clock.advance(15 * 60_000)
  signIn()
  assert.doesNotMatch((await visit(place)).text, /secret@/)
  browser.delete('__Host-Http-form')
  await late('/account/delete', { sure: 'yes' })
  await late(`${path}/invitations/some/resend`, {})
  await late(`${path}/services`, { service: 'x', key: '\u00e9'.repeat(2000) })
  assert.equal(browser.get('__Host-Http-form'), undefined, 'no click, and nothing that no cookie holds')
  await late(`${path}/services`, { service: 'x', key: 'k'.repeat(2000) })
  const { length } = browser.get('__Host-Http-form') ?? ''
  assert.ok(length > 2000 && length < 4000, String(length))
})
