// The account page: what it shows, what can be changed on it, and for whom.
import assert from 'node:assert/strict'
import type { Interaction } from '../../src/auth/engine.ts'
import { after, before, test, type TestContext } from 'node:test'
import { de } from '../../src/auth/texts/de.ts'
import { en } from '../../src/auth/texts/en.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { StoredEvent } from '../../src/database/contract.ts'
import { codesCollection, LOST, totpCollection } from '../../src/auth/second-factors/repository.ts'
import { type AccountsWorld, call, cookiesAfter, justDone, openAccounts } from '../support/accounts.ts'
import { until } from '../support/until.ts'

let world: AccountsWorld
let person: Awaited<ReturnType<AccountsWorld['person']>>

before(async () => {
  world = await openAccounts()
  person = await world.person()
  const now = world.clock.now()
  const { accountId } = person
  world.engine.sessionList.push(
    { id: 'here', accountId, signedInAt: now - 3_600_000, lastUsedAt: now, device: 'Chromium on Linux' },
    { id: 'there', accountId, signedInAt: now - 86_400_000, lastUsedAt: now - 7_200_000, device: 'Safari on iPhone' },
  )
  world.engine.appList.push({
    clientId: 'print shop',
    name: 'Print <Shop>',
    scopes: [{ name: 'photos:read', words: 'see your photos' }],
    since: now - 86_400_000,
  })
  world.engine.signedInAs = accountId
})

after(() => world.stop())

test('asks a stranger to sign in, whatever was asked, and changes nothing', async () => {
  world.engine.signedInAs = undefined
  const asked = world.engine.asked.length
  const requests = [
    { path: '/account' },
    { path: '/account/name', form: { name: 'Eve' } },
    { path: '/account/language', form: { language: 'de' } },
    { path: '/account/password', form: { current: person.password, password: 'taken over now' } },
    { path: '/account/sign-out', form: {} },
    { path: '/account/sessions' },
    { path: '/account/sessions/here/end', form: {} },
    { path: '/account/sessions/end', form: { sure: 'yes' } },
    { path: '/account/apps/revoke', form: { client_id: 'print shop' } },
  ]
  for (const request of requests) {
    const answer = await world.visit(request)
    assert.equal(answer.status, 303, request.path)
    assert.equal(answer.headers?.['location'], '/authorize?return_to=%2Faccount', request.path)
  }
  assert.equal(world.engine.asked.length, asked)
  assert.equal((await world.accounts.find(call, person.accountId))?.name, 'Ada')
  world.engine.signedInAs = person.accountId
})

test('shows the sessions with this one first, and the apps with what they can do', async () => {
  const { text } = await world.visit({ path: '/account' })
  assert.match(text, /Chromium on Linux<\/strong><span class="tag">this one/)
  assert.match(text, /last used <time [^>]+>2 hours ago/)
  assert.match(text, /Print &lt;Shop&gt;/)
  assert.match(text, /can see your photos/)
  assert.ok(text.indexOf('this one') < text.indexOf('Safari on iPhone'))
  assert.doesNotMatch(text, /sessions\/here\/end/)
  assert.equal([...text.matchAll(/<form /g)].length, [...text.matchAll(/name="csrf_token" value="CSRF"/g)].length)
})

test('says of a session that is in use that it is, however exactly that is noted', async () => {
  const { text } = await world.visit({ path: '/account' })
  assert.match(text, /this one<\/span><\/p>\s*<p class="soft small">in use in the last minutes, signed in/)
  const now = world.clock.now()
  const { accountId } = person
  world.engine.sessionList.push({ id: 'busy', accountId, signedInAt: 0, lastUsedAt: now - 12 * 60_000, device: 'Opera on Linux' })
  const busy = await world.visit({ path: '/account', cookies: { '__Host-Http-language': 'de' } })
  world.engine.sessionList.pop()
  assert.match(busy.text, /Opera unter Linux<\/strong><\/p>\s*<p class="soft small">in den letzten Minuten benutzt, angemeldet/)
})

test('requirement 68: shows the sessions that were used last with this one, and leads to all others', async () => {
  const { accountId } = person
  const usual = world.engine.sessionList.splice(0)
  const here = usual.find(({ id }) => id === 'here') ?? assert.fail()
  const many = Array.from({ length: 90 }, (_, index) => ({
    ...here,
    id: `s-${index}`,
    lastUsedAt: index,
    device: `Browser ${index} on Linux`,
  }))
  world.engine.sessionList.push(...many, { ...here, accountId, lastUsedAt: -1 })
  const shown: string[] = []
  let path: string | undefined = '/account'
  while (path !== undefined) {
    const { text }: { text: string } = await world.visit({ path })
    shown.push(...[...text.matchAll(/\/account\/sessions\/([\w-]+)\/end"/g)].map(([, id]) => id ?? ''))
    if (path === '/account') assert.ok(text.indexOf('this one') < text.indexOf('Browser 89'))
    path = /href="(\/account\/sessions\?after=[^"]+)"/.exec(text)?.[1]
  }
  world.engine.sessionList.splice(0, Number.POSITIVE_INFINITY, ...usual)
  assert.deepEqual(shown, many.map(({ id }) => id).toReversed())
})

test('requirement 32: ends another session and the access of an app', async () => {
  const session = await world.visit({ path: '/account/sessions/there/end', form: {} })
  assert.equal(session.headers?.['location'], '/account?done=session')
  assert.equal(world.engine.asked.at(-1), `endBrowserSession ${person.accountId} there`)
  const app = await world.visit({ path: '/account/apps/revoke', form: { client_id: 'print shop' } })
  assert.equal(app.headers?.['location'], '/account?done=app')
  assert.equal(world.engine.asked.at(-1), `revokeApp ${person.accountId} print shop`)
})

test('a word that says nothing here is no reason to refuse the page', async () => {
  const { status, text } = await world.visit({ path: '/account?done=xyz' })
  assert.equal(status, 200)
  assert.doesNotMatch(text, /xyz|class="message good"/)
})

test('what was done is said in the browser where it was, for a while and in each language, and no link makes it say so', async () => {
  const shown = async (path: string, cookies: Readonly<Record<string, string>> = {}): Promise<string> => {
    const { status, text } = await world.visit({ path, cookies })
    assert.equal(status, 200, path)
    return /class="message good"[^>]*>(?:<[^>]+>)*([^<]+)/.exec(text)?.[1] ?? ''
  }
  const done = await world.visit({ path: '/account/name', form: { name: 'Ada' } })
  const kept = cookiesAfter(done)
  const path = String(done.headers?.['location'])
  for (let load = 0; load < 2; load += 1) assert.equal(await shown(path, kept), en.account.done.name)
  assert.equal(await shown(path, { ...kept, '__Host-Http-language': 'de' }), de.account.done.name)
  assert.equal(await shown('/account', kept), '', 'of the page by itself nothing was asked')
  for (const word of Object.keys(en.account.done).filter((each) => each !== 'again')) {
    assert.equal(await shown(`/account?done=${word}`), '', word)
    if (word !== 'name') assert.equal(await shown(`/account?done=${word}`, kept), '', `${word}, where something else was done`)
  }
  const later = await world.visit({ path: '/account/apps/revoke', form: { client_id: 'print shop' } })
  assert.equal(await shown(path, { ...kept, ...cookiesAfter(later) }), '', 'of two tabs the later one')
  const another = justDone(world, { path: '/account/organisations/x?done=name' }).cookies
  assert.equal(await shown(path, another), '', 'that was on another page')
  world.clock.advance(2 * 60_000)
  assert.equal(await shown(path, kept), '')
})

test('says of an app that nobody was asked about that it is connected, not that it was allowed', async () => {
  world.engine.appList.push({ clientId: 'tool', name: 'Own Tool', scopes: [], since: 0, unasked: true })
  const { text } = await world.visit({ path: '/account' })
  world.engine.appList.pop()
  assert.match(text, /Own Tool<\/strong> <span class="soft small">connected <time/)
  assert.match(text, /Print &lt;Shop&gt;<\/strong> <span class="soft small">allowed <time/)
})

test('ends the access of an app whose id is an address', async () => {
  const clientId = `https://notes.example/${'long/'.repeat(70)}client.json?a=1&b="2"`
  world.engine.appList.push({ clientId, name: 'Notes', scopes: [], since: 0 })
  const [, value = ''] = /name="client_id" value="(https:[^"]+)"/.exec((await world.visit({ path: '/account' })).text) ?? []
  world.engine.appList.pop()
  const form = { client_id: value.replaceAll('&amp;', '&').replaceAll('&quot;', '"') }
  assert.equal((await world.visit({ path: '/account/apps/revoke', form })).headers?.['location'], '/account?done=app')
  assert.equal(world.engine.asked.at(-1), `revokeApp ${person.accountId} ${clientId}`)
})

test('changes the name, escapes it, and refuses one that cannot be shown', async () => {
  assert.equal((await world.visit({ path: '/account/name', form: { name: '  Ada <b>  Lovelace ' } })).status, 303)
  assert.match((await world.visit({ path: '/account' })).text, /Hello, Ada &lt;b&gt; Lovelace/)
  const refused = await world.visit({ path: '/account/name', form: { name: 'Ada\u202eecalevoL' } })
  assert.equal(refused.status, 422)
  assert.equal((await world.accounts.find(call, person.accountId))?.name, 'Ada <b> Lovelace')
})

test('keeps the language that is chosen, for this browser too, and none that is not offered', async () => {
  const languageOf = async (): Promise<string | undefined> => (await world.accounts.find(call, person.accountId))?.language
  assert.match(
    (await world.visit({ path: '/account' })).text,
    /<option value="en" lang="en" selected>English<\/option><option value="de" lang="de">Deutsch<\/option>/,
  )
  const chosen = await world.visit({ path: '/account/language', form: { language: 'de' } })
  assert.equal(chosen.headers?.['location'], '/account?done=language')
  assert.match(chosen.cookies.join(), /^__Host-Http-language=de; Path=\/;/)
  assert.equal(await languageOf(), 'de')
  assert.match((await world.visit({ path: '/account' })).text, /<option value="de" lang="de" selected>/, 'whatever this page is shown in')
  const refused = await world.visit({ path: '/account/language', form: { language: 'xx' } })
  assert.equal(refused.status, 422)
  assert.match(refused.text, /<h1>The request does not fit its schema<\/h1><p class="soft">This language is not offered\.<\/p>/)
  assert.deepEqual([await languageOf(), refused.cookies], ['de', []])
  const stored = world.database.collection(accountsCollection)
  await stored.update(call, person.accountId, { set: { language: 'de-DE,de;q=0.9' } })
  assert.equal(await languageOf(), undefined, 'nobody is told what is no tag, whoever has stored it')
  assert.equal((await world.visit({ path: '/account' })).status, 200)
  await world.visit({ path: '/account/language', form: { language: 'en' } })
})

test('requirement 32: changes the password only for who knows it, then ends every other session', async (t) => {
  const requested: unknown[] = []
  const handle = async (events: readonly StoredEvent[]): Promise<void> => {
    requested.push(...events.map(({ data }) => data).filter((data) => JSON.stringify(data).includes('auth.end_access')))
  }
  t.after(world.database.subscribe({ consumer: 'test-end-access', topics: ['jobs.requested'], handle }))
  const asked = world.engine.asked.length
  const wrong = await world.visit({ path: '/account/password', form: { current: 'not the password', password: 'a much better one' } })
  assert.equal(wrong.status, 422)
  assert.match(wrong.text, /This is not your password/)
  const weak = await world.visit({ path: '/account/password', form: { current: person.password, password: 'short' } })
  assert.equal(weak.status, 422)
  assert.equal(world.engine.asked.length, asked)
  const changed = await world.visit({ path: '/account/password', form: { current: person.password, password: 'a much better one' } })
  assert.equal(changed.headers?.['location'], '/account?done=password')
  assert.equal(changed.csrfRenewed, true)
  assert.equal(world.engine.asked.at(-1), `revokeAccount ${person.accountId} except here`)
  assert.equal(await world.accounts.signIn(call, { email: person.email, password: person.password, client: 'c' }), undefined)
  assert.ok(await world.accounts.signIn(call, { email: person.email, password: 'a much better one', client: 'c' }))
  await world.settled()
  await world.mailTo(person.email, 'password-changed')
  const upTo = world.clock.now() + 1000
  const input = { accountId: person.accountId, exceptSessionId: 'here', until: upTo }
  assert.deepEqual(requested, [{ name: 'auth.end_access', input }])
  const told = world.engine.asked.length
  await world.endAccess(input)
  assert.deepEqual(world.engine.asked.slice(told), [`revokeUntil ${person.accountId} ${upTo} except here`])
})

async function pressing(t: TestContext, address: string) {
  const { email, password, accountId } = await world.person({ email: address })
  const before = [...world.engine.sessionList]
  const now = world.clock.now()
  const own = { accountId, signedInAt: now, lastUsedAt: now, device: '' }
  world.engine.sessionList.splice(0, before.length, { ...own, id: 'here' })
  world.engine.signedInAs = accountId
  t.after(() => {
    world.engine.sessionList.splice(0, 1, ...before)
    world.engine.signedInAs = person.accountId
  })
  const next = 'a much better one'
  const press = (form: Readonly<Record<string, string>> = {}) =>
    world.visit({ path: '/account/password', form: { current: password, password: next, ...form } })
  return { accountId, email, next, press }
}

test('the second press hears that the password is changed, where that was done, and whoever guesses hears nothing', async (t) => {
  const { email, press } = await pressing(t, 'pressed-twice@example.org')
  const answers = await Promise.all(Array.from({ length: 3 }, () => press()))
  for (const { headers } of [...answers, await press()]) assert.equal(headers?.['location'], '/account?done=password')
  await world.settled()
  assert.equal(world.mails.filter(({ to, template }) => to === email && template === 'password-changed').length, 1)
  const asked = world.engine.asked.length
  assert.doesNotMatch((await press()).cookies.join(), /known-device/)
  assert.equal(world.engine.asked.length, asked, 'nothing ends again')
  assert.equal((await press({ password: 'another good passphrase' })).status, 422)
  assert.equal((await press({ current: 'a guess at it' })).status, 422, 'what the password is now tells nobody')
  world.clock.advance(2 * 60_000 + 1)
  assert.equal((await press()).status, 422)
})

test('who presses once more when the password is another one again does not hear that it is this one', async (t) => {
  const { next, press } = await pressing(t, 'pressed-late@example.org')
  assert.equal((await press()).status, 303)
  const third = 'the one after that'
  assert.equal((await press({ current: next, password: third })).status, 303)
  const late = await press()
  assert.equal(late.status, 422)
  assert.match(late.text, /This is not your password/)
  assert.equal((await press({ current: third })).headers?.['location'], '/account?done=password', 'when it is this one it is said')
})

test('of what somebody has done nobody hears who signs in after them in the same browser', async (t) => {
  const cookies = cookiesAfter(await world.visit({ path: '/account/name', form: { name: 'Ada' } }))
  const said = async (): Promise<boolean> =>
    (await world.visit({ path: '/account?done=name', cookies })).text.includes(en.account.done.name)
  assert.equal(await said(), true)
  await pressing(t, 'signed-in-next@example.org')
  assert.equal(await said(), false)
})

test('says what recovery codes are for, and that there are none left only of whoever had some', async (t) => {
  const { accountId } = await pressing(t, 'codes-row@example.org')
  const cookies = { '__Host-Http-here': 'h'.repeat(43) }
  const row = async (): Promise<string> =>
    /Recovery codes<[^]*?<\/li>/.exec((await world.visit({ path: '/account', cookies })).text)?.[0] ?? assert.fail('no row')
  const never = await row()
  assert.match(never, /none so far; where signing in asks for a second step, for the day/)
  assert.match(never, />Make some</)
  await world.visit({ path: '/account/recovery-codes', cookies, form: {} })
  const some = await row()
  assert.match(some, /10 left; where signing in asks/)
  assert.match(some, />Make new ones</)
  await world.database.collection(codesCollection).update(call, accountId, { set: { unused: [] } })
  assert.match(await row(), /none left; where signing in asks/)
  await world.database.collection(totpCollection).insert(call, { id: accountId, key: LOST, lastStep: 0, createdAt: world.clock.now() })
  assert.match(await row(), /none left; for the day when your device/)
})

test('requirement 68: signs out everywhere else, with a word on apps, when the box is ticked', async () => {
  const { text } = await world.visit({ path: '/account' })
  assert.match(text, /Apps that you have let in lose their access/)
  const asked = world.engine.asked.length
  const unsure = await world.visit({ path: '/account/sessions/end', form: {} })
  assert.equal(unsure.status, 422)
  assert.match(unsure.text, /Please tick the box first/)
  assert.equal(world.engine.asked.length, asked)
  const sure = await world.visit({ path: '/account/sessions/end', form: { sure: 'yes' } })
  assert.equal(sure.headers?.['location'], '/account?done=sessions')
  assert.equal(world.engine.asked.at(-1), `revokeAccount ${person.accountId} except here`)
  const said = await world.visit({ path: '/account?done=sessions', cookies: cookiesAfter(sure) })
  assert.match(said.text, /You are signed out everywhere else/)
  await until('the security event', async () => {
    const { items } = await world.securityEvents.list(call, person.accountId, { limit: 50 })
    return items.some(({ type }) => type === 'sessions.ended')
  })
  const there = world.engine.sessionList.pop() ?? assert.fail()
  assert.doesNotMatch((await world.visit({ path: '/account' })).text, /sessions\/end/, 'there is nothing else')
  world.engine.sessionList.push(there)
})

test('lets whoever has no password choose one, after a recent sign-in alone', async () => {
  const stored = world.database.collection(accountsCollection)
  const before = (await stored.get(call, person.accountId))?.value.password
  await stored.update(call, person.accountId, { set: { password: undefined } })
  const signIn = { email: person.email, client: 'no-password' }
  assert.equal(await world.accounts.signIn(call, { ...signIn, password: '' }), undefined)
  assert.match((await world.visit({ path: '/account' })).text, /You sign in without one/)
  const chosen = { path: '/account/password', form: { password: 'a first password' } }
  const late = await world.visit(chosen)
  assert.equal(late.headers?.['location'], '/authorize?return_to=%2Faccount%3Fdone%3Dagain&again')
  assert.equal((await stored.get(call, person.accountId))?.value.password, undefined, 'nothing was changed')
  const place = world.engine.sessionList.findIndex(({ id }) => id === 'here')
  const [old] = world.engine.sessionList.splice(place, 1)
  assert.ok(old !== undefined)
  world.engine.sessionList.splice(place, 0, { ...old, signedInAt: world.clock.now() })
  assert.equal((await world.visit(chosen)).headers?.['location'], '/account?done=password')
  assert.ok(await world.accounts.signIn(call, { ...signIn, password: 'a first password' }))
  assert.equal((await world.visit({ ...chosen, form: { password: 'a second password' } })).status, 422, 'now the first one is asked for')
  world.engine.sessionList.splice(place, 1, old)
  await stored.update(call, person.accountId, { set: { password: before } })
})

test('slows guessing at the current password, which the sign-in page cannot do for it', async () => {
  const statuses: number[] = []
  for (let index = 0; index < 6; index += 1) {
    statuses.push(
      (await world.visit({ path: '/account/password', form: { current: `guess ${index}`, password: 'taken over now' } })).status,
    )
  }
  assert.equal(statuses.at(-1), 429)
})

test('the page after a sign-out says that somebody is signed out who is, and offers it to whoever is not', async () => {
  const open = await world.visit({ path: '/signed-out' })
  assert.match(open.text, /You are still signed in/)
  assert.match(open.text, /<form class="form" method="post" action="\/account\/sign-out">/)
  assert.doesNotMatch(open.text, /You are signed out/)
  const { signedInAs } = world.engine
  world.engine.signedInAs = undefined
  assert.match((await world.visit({ path: '/signed-out' })).text, /You are signed out/)
  world.engine.signedInAs = signedInAs
})

test('requirement 32: signs out here', async () => {
  const out = await world.visit({ path: '/account/sign-out', form: {} })
  assert.equal(out.headers?.['location'], '/signed-out')
  assert.equal(world.engine.asked.at(-1), `endBrowserSession ${person.accountId} here`)
  assert.equal(out.csrfRenewed, true)
})

test('requirement 20: shows who asks for what, and allows or refuses an app by the button that was pressed', async () => {
  const client = {
    clientId: 'print',
    name: 'Print Shop',
    host: 'print.example.net',
    redirectOrigin: 'https://print.example.net',
    firstParty: false,
  }
  world.engine.current = {
    uid: 'c1',
    prompt: 'consent',
    client,
    scopes: [{ name: 'photos:read', words: 'see your photos' }],
    accountId: person.accountId,
  }
  const shown = await world.visit({ path: '/interaction/c1' })
  for (const words of [/Print Shop/, /print\.example\.net/, /see your photos/, /ada@example\.org/]) assert.match(shown.text, words)
  assert.doesNotMatch(shown.text, /runs on your own device/)
  assert.deepEqual(shown.answer.policy, { formAction: ['https://print.example.net'] })
  await world.visit({ path: '/interaction/c1/consent', form: { decision: 'deny' } })
  assert.equal(world.engine.asked.at(-1), 'finishConsent false')
  await world.visit({ path: '/interaction/c1/consent', form: { decision: 'allow' } })
  assert.equal(world.engine.asked.at(-1), 'finishConsent true')
  await assert.rejects(world.visit({ path: '/interaction/c1/consent', form: { decision: 'perhaps' } }))
  world.engine.current = { ...world.engine.current, client: { ...client, host: '127.0.0.1:9000' } }
  assert.match((await world.visit({ path: '/interaction/c1' })).text, /runs on your own device/)
})

test('requirement 20: the consent page says what nobody has checked, where its words come from, and what is new', async () => {
  const { accountId } = await world.person({ email: 'consent@example.org' })
  const client = {
    clientId: 'https://notes.example/c.json',
    name: 'Notes',
    host: 'app.notes.example',
    redirectOrigin: 'https://app.notes.example',
    firstParty: false,
  }
  const show = async (change: Partial<Interaction['client']>): Promise<string> => {
    const scopes = [{ name: 'photos:read', words: 'see your photos' }]
    world.engine.current = { uid: 'c2', prompt: 'consent', client: { ...client, ...change }, scopes, accountId }
    return (await world.visit({ path: '/interaction/c2' })).text
  }
  const known = await show({ clientUri: 'https://notes.example/', logo: 'data:image/png;base64,AAAA' })
  assert.doesNotMatch(known, /Nobody here has checked|is new here/)
  assert.match(known, /<img class="of-app" src="data:image\/png;base64,AAAA" alt="">/)
  assert.match(known, /<a href="https:\/\/notes.example\/" target="_blank" rel="noopener noreferrer nofollow">/)
  const now = world.clock.now()
  const unknown = await show({ isUnknown: true, createdAt: now - 8 * 86_400_000 })
  assert.match(unknown, /Nobody here has checked who is behind this app\. Allow it only if you trust app\.notes\.example/)
  assert.doesNotMatch(unknown, /is new here/)
  const fresh = await show({ isUnknown: true, createdAt: now - 86_400_000, describedBy: 'notes.example' })
  assert.match(fresh, /is new here/)
  assert.match(fresh, /Its description comes from notes\.example/)
  assert.match(fresh, /trust notes\.example/)
  assert.doesNotMatch(await show({ name: '<b>Notes</b>' }), /<b>Notes/)
})

test('the style sheet is one immutable file that every page names', async () => {
  const { text } = await world.visit({ path: '/sign-up' })
  const path = /href="(\/assets\/[\w-]+\.css)" nonce="NONCE"/.exec(text)?.[1] ?? ''
  const file = await world.visit({ path })
  assert.equal(file.headers?.['cache-control'], 'public, max-age=31536000, immutable')
  assert.match(file.text, /prefers-color-scheme: dark/)
  assert.doesNotMatch(file.text, /https?:|url\(/)
  assert.doesNotMatch(text, /<script(?! type="module" src="\/assets\/[\w-]+\.js" nonce="NONCE"><\/script>)|\sstyle=|\son\w+=/)
})

test('speaks the language that was chosen, on the page and in what is wrong, and leads back to it without a script', async () => {
  const cookies = { '__Host-Http-language': 'de' }
  const german = await world.visit({ path: '/account', cookies })
  assert.match(german.text, /<html lang="de">/)
  assert.match(german.text, /<h2 id="sessions-heading">Wo Sie angemeldet sind/)
  assert.match(german.text, /href="\/language\?to=en&amp;back=%2Faccount" lang="en"/)
  const refused = await world.visit({ path: '/account/name', form: { name: ' ' }, cookies })
  assert.equal(refused.status, 422)
  assert.match(refused.text, /<title>Fehler: Ihr Konto - Pixel Diary/)
  assert.match(refused.text, /Bitte sagen Sie, wie Sie genannt werden/)

  const choose = (to: string, back: string) => world.visit({ path: `/language?${new URLSearchParams({ to, back }).toString()}` })
  const chosen = await choose('de', '/account?done=name')
  assert.equal(chosen.status, 303)
  assert.equal(chosen.headers?.['location'], '/account?done=name')
  assert.match(chosen.cookies.join(), /^__Host-Http-language=de; Path=\/;/)
  for (const [back, location] of [
    ['/account/apps/revoke', '/account'],
    ['/interaction/abc/sign-in', '/interaction/abc'],
    ['/no-page-of-ours', '/'],
    ['//evil.example/account', '/'],
    ['https://evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['account', '/'],
  ])
    assert.equal((await choose('de', back ?? '')).headers?.['location'], location, back)
  assert.deepEqual((await choose('xx', '/account')).cookies, [])
})

test('forms that count only soon after a sign-in come when there is time enough to fill them', async (t) => {
  const other = await openAccounts()
  t.after(() => other.stop())
  const { accountId } = await other.person({ email: 'slow@example.org' })
  other.engine.signedInAs = accountId
  const formsAfter = async (ago: number): Promise<readonly string[]> => {
    const now = other.clock.now()
    const session = { id: 'here', accountId, signedInAt: now - ago, lastUsedAt: now, device: 'Firefox on Linux' }
    other.engine.sessionList.splice(0, 1, session)
    const { text } = await other.visit({ path: '/account' })
    return ['email', 'password', 'delete'].map((id) => {
      const section = new RegExp(`<section class="sheet" id="${id}"[^]*?</section>`).exec(text)?.[0] ?? assert.fail(id)
      const way = /href="(\/authorize[^"]*)">Show that it is me/.exec(section)?.[1]
      assert.equal(way === undefined, section.includes(`action="/account/${id}"`), `${id} has one of both`)
      return decodeURIComponent(way ?? 'form')
    })
  }
  const way = (id: string): string => `/authorize?return_to=/account#${id}&amp;again`
  assert.deepEqual(await formsAfter(5 * 60_000), ['form', 'form', 'form'])
  assert.deepEqual(await formsAfter(5 * 60_000 + 1), [way('email'), 'form', way('delete')], 'a password is changed with the one before')
  await other.database.collection(accountsCollection).update(call, accountId, { set: { password: undefined } })
  assert.deepEqual(await formsAfter(5 * 60_000), ['form', 'form', 'form'])
  assert.deepEqual(await formsAfter(5 * 60_000 + 1), [way('email'), way('password'), way('delete')])
  const now = other.clock.now()
  other.engine.sessionList.splice(0, 1, { ...other.engine.sessionList[0]!, signedInAt: now - 9 * 60_000 })
  const { text } = await other.visit({ path: '/account/email', form: { email: 'no address' } })
  assert.match(text, /value="no address"/, 'what was typed stays')
})
