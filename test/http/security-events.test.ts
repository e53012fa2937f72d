// What happens to an account is kept for its owner: told by the write itself, stored once however often it is delivered, shown to nobody else.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SECURITY_EVENT } from '../../src/auth/security-events/security-event.ts'
import type { StoredEvent } from '../../src/database/contract.ts'
import { type AccountsWorld, call, openAccounts } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { Browser, call as oauthCall, codeFor, openOauth } from '../support/oauth.ts'
import { until } from '../support/until.ts'

let world: AccountsWorld

before(async () => {
  world = await openAccounts()
})

after(() => world.stop())

async function typesOf(accountId: string): Promise<string[]> {
  const { items } = await world.securityEvents.list(call, accountId, { limit: 100 })
  return items.map(({ type }) => type)
}

test('requirement 73: signing up, failing to sign in and renaming are told, newest first, with the browser and the pseudonym of its address', async () => {
  const { accountId, email } = await world.person({ email: 'events@example.org' })
  world.engine.current = { ...SIGN_IN, uid: 'e1' }
  await world.visit({ path: '/interaction/e1/sign-in', form: { email, password: 'not the password' }, client: 'pseudonym-1' })
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: 0, lastUsedAt: 0, device: 'Chromium on Linux' })
  world.engine.signedInAs = accountId
  await world.visit({ path: '/account/name', form: { name: 'Ada <L>' }, client: 'pseudonym-2' })
  await until('three events', async () => (await typesOf(accountId)).length === 3)
  const { items } = await world.securityEvents.list(call, accountId, { limit: 100 })
  assert.deepEqual(
    items.map(({ type, client: from, device, about }) => [type, from, device, about]),
    [
      ['account.renamed', 'pseudonym-2', 'Firefox on Linux', 'Ada <L>'],
      ['sign_in.failed', 'pseudonym-1', 'Firefox on Linux', undefined],
      ['account.created', items[2]?.client, undefined, undefined],
    ],
  )
  const { text } = await world.visit({ path: '/account' })
  assert.match(text, /Your name was changed<\/strong>: <span class="wrap">Ada &lt;L&gt;/)
  assert.match(text, /Somebody could not sign in/)
  assert.doesNotMatch(text, /pseudonym-/)
})

const event = (sequence: number, data: { readonly type: string; readonly accountId: string; readonly about?: string }): StoredEvent => ({
  sequence,
  topic: 'auth.security',
  key: data.accountId,
  data,
  at: world.clock.now(),
})

/** Whose account is there, with nothing that is still to be told of. */
async function personOf(email: string): Promise<string> {
  const { accountId } = await world.person({ email })
  await until('its beginning to be told', async () => (await typesOf(accountId)).length === 1)
  return accountId
}

test('a batch that is delivered twice is stored once', async () => {
  const accountId = await personOf('twice@example.org')
  const { handle } = world.securityEvents.subscription
  const first = [event(900_001, { type: 'passkey.added', accountId, about: 'Key' })]
  await handle(first, call)
  await handle(
    [...first, event(900_002, { type: 'no.such_type', accountId }), event(900_003, { type: 'passkey.removed', accountId })],
    call,
  )
  await handle(first, call)
  assert.deepEqual((await typesOf(accountId)).toSorted(), ['account.created', 'passkey.added', 'passkey.removed'])
})

test('what is told of an account after its end is not kept, whatever else comes with it', async () => {
  const accountId = await personOf('stays@example.org')
  const { handle } = world.securityEvents.subscription
  await handle([event(900_005, { type: 'sign_in.failed', accountId: 'gone' }), event(900_006, { type: 'sign_in.failed', accountId })], call)
  assert.deepEqual(await typesOf('gone'), [])
  assert.deepEqual((await typesOf(accountId)).toSorted(), ['account.created', 'sign_in.failed'])
})

test('an event is gone after its time', async () => {
  const accountId = await personOf('old@example.org')
  await world.securityEvents.subscription.handle([event(900_010, { type: 'totp.enabled', accountId })], call)
  assert.deepEqual((await typesOf(accountId)).toSorted(), ['account.created', 'totp.enabled'])
  world.clock.advance(91 * 24 * 3_600_000)
  assert.deepEqual(await typesOf(accountId), [])
})

test('the list of everything goes on page by page, and is for whoever is signed in', async () => {
  const { accountId } = await world.person({ email: 'pages@example.org' })
  const events = Array.from({ length: 60 }, (_, index) => ({
    sequence: 910_000 + index,
    topic: 'auth.security',
    key: accountId,
    data: { type: 'passkey.added', accountId, about: `Key number ${index}` },
    at: world.clock.now() + index,
  }))
  await world.securityEvents.subscription.handle(events, call)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: 0, lastUsedAt: 0, device: 'Chromium on Linux' })
  world.engine.signedInAs = accountId
  const first = await world.visit({ path: '/account/events' })
  assert.match(first.text, /Key number 59/)
  assert.doesNotMatch(first.text, /Key number 9</)
  const older = /href="(\/account\/events\?after=[^"]+)"/.exec(first.text)?.[1] ?? ''
  assert.match((await world.visit({ path: older })).text, /Key number 9</)
  world.engine.signedInAs = undefined
  assert.equal((await world.visit({ path: '/account/events' })).status, 303)
})

test('which browser was signed out is said in the language of the page, and so is that no roles are left', async () => {
  const { accountId } = await world.person({ email: 'german@example.org' })
  await world.securityEvents.subscription.handle(
    [
      event(920_001, { type: 'session.ended', accountId, about: 'Chrome on Linux' }),
      event(920_002, { type: 'roles.changed', accountId, about: '' }),
      event(920_003, { type: 'passkey.added', accountId, about: 'Chrome on Linux' }),
    ],
    call,
  )
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: 0, lastUsedAt: 0, device: 'Chromium on Linux' })
  world.engine.signedInAs = accountId
  const { text } = await world.visit({ path: '/account/events', cookies: { '__Host-Http-language': 'de' } })
  const told = (await world.visit({ path: '/account/events' })).text
  world.engine.signedInAs = undefined
  assert.match(text, /<strong>Abgemeldet<\/strong>: <span class="wrap">Chrome unter Linux</)
  assert.match(text, /was Sie d\u00fcrfen<\/strong>: <span class="wrap">keine Rollen</)
  assert.match(text, /Passkey[^<]*<\/strong>: <span class="wrap">Chrome on Linux</, 'a name that somebody has given stays')
  assert.match(told, /<strong>Signed out<\/strong>: <span class="wrap">Chrome on Linux</)
  assert.match(told, /what you may do<\/strong>: <span class="wrap">no roles</)
})

test('sessions and apps tell of themselves: signing in, letting an app in, ending its access, signing out', async (t) => {
  const oauth = await openOauth()
  t.after(() => oauth.stop())
  const kept: StoredEvent[] = []
  // Delivered at least once, so perhaps twice.
  const isNew = ({ key, sequence }: StoredEvent): boolean => key === 'person1' && kept.every((known) => known.sequence !== sequence)
  const handle = async (events: readonly StoredEvent[]): Promise<void> => void kept.push(...events.filter(isNew))
  t.after(oauth.database.subscribe({ consumer: 'test-security', topics: [SECURITY_EVENT], handle }))
  const browser = new Browser(oauth)
  await codeFor(browser)
  await oauth.server.engine.revokeApp(oauthCall, 'person1', 'print-shop')
  await oauth.server.engine.revokeApp(oauthCall, 'person1', 'print-shop')
  const [session] = await oauth.server.engine.sessions(oauthCall, 'person1')
  await oauth.server.engine.endBrowserSession(oauthCall, 'person1', session?.id ?? '')
  await oauth.server.engine.endBrowserSession(oauthCall, 'person1', session?.id ?? '')
  await until('four events', () => kept.length >= 4)
  const told = kept.map(({ key, data }) => [key, (data as { type: string }).type, (data as { about?: string }).about])
  assert.deepEqual(told, [
    ['person1', 'sign_in.succeeded', undefined],
    ['person1', 'app.allowed', 'Print Shop'],
    ['person1', 'app.revoked', 'Print Shop'],
    ['person1', 'session.ended', session?.device],
  ])
})
