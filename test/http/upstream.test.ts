// Signing in with another provider: who gets in, who is asked, and what a lying provider, or somebody between, cannot do. A real provider answers over HTTP.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sendOutward } from '#kernel/http/outward.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { identitiesCollection } from '../../src/auth/upstream/repository.ts'
import { type AccountsWorld, call, justDone, openAccounts, type Visited } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { until } from '../support/until.ts'
import { CLIENT_ID, startUpstream, type Upstream } from '../support/upstream.ts'
import { isIn, locationOf, type Travelled, TravellingBrowser } from '../support/upstream-browser.ts'

let provider: Upstream
let other: Upstream
let plain: Upstream
let world: AccountsWorld

before(async () => {
  provider = await startUpstream()
  other = await startUpstream()
  plain = await startUpstream()
  const userinfo = { subject: 'person.id', email: 'person.mail', emailVerified: 'person.checked', name: 'person.name' }
  const at = (path: string): string => `${plain.issuer}${path}`
  const endpoints = { authorizationEndpoint: at('/authorize'), tokenEndpoint: at('/token'), userinfoEndpoint: at('/userinfo') }
  world = await openAccounts({
    definition: {
      upstreams: [
        { kind: 'openid', id: 'club', name: 'The Club', issuer: provider.issuer, clientId: CLIENT_ID },
        { kind: 'openid', id: 'post', name: 'Form Post', issuer: provider.issuer, clientId: CLIENT_ID, responseMode: 'form_post' },
        { kind: 'openid', id: 'closed', name: 'Closed', issuer: provider.issuer, clientId: CLIENT_ID, signUp: false },
        { kind: 'openid', id: 'other', name: 'Other', issuer: other.issuer, clientId: CLIENT_ID },
        { kind: 'oauth2', id: 'plain', name: 'Plain', clientId: CLIENT_ID, userinfo, ...endpoints },
        { kind: 'github', server: other.issuer, clientId: CLIENT_ID },
      ],
    },
    upstreamSecrets: Object.fromEntries([
      ...['club', 'post', 'closed'].map((id) => [id, provider.secret]),
      ...['other', 'github'].map((id) => [id, other.secret]),
      ['plain', plain.secret],
    ]),
  })
})

after(async () => {
  await world.stop()
  await provider.stop()
  await other.stop()
  await plain.stop()
})

let counter = 0
beforeEach(() => {
  counter += 1
  world.engine.current = SIGN_IN
  world.engine.signedInAs = undefined
  for (const one of [provider, other]) one.lie = {}
  provider.claims = { sub: `s${counter}`, email: `p${counter}@example.org`, email_verified: true, name: 'Ada' }
})

class Browser extends TravellingBrowser {
  constructor() {
    super(world)
  }

  travel(id = 'club', at: Upstream = provider): Promise<Travelled> {
    return this.travelTo(id, at)
  }

  join(id = 'club', at: Upstream = provider): Promise<Visited> {
    return this.joinFrom(id, at)
  }
}

const accountOf = async (email: string) => (await world.database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value
const identitiesOf = async (accountId: string) =>
  (await world.database.collection(identitiesCollection).list(call, { index: 'account', where: { accountId }, limit: 10 })).items
/** Waits until all of these were told of the account. */
const told = (accountId: string, ...types: readonly string[]) =>
  until(`${types.join()} of ${accountId}`, async () => {
    const { items } = await world.securityEvents.list(call, accountId, { limit: 50 })
    return types.every((type) => items.some((one) => one.type === type))
  })
/** Waits for a mail of this kind. */
const mailed = (to: string, template: string) =>
  until(`${template} to ${to}`, () => world.mails.find((one) => one.to === to && one.template === template))
/** Who is signed in, just now, at the account page. */
function signedIn(accountId: string): void {
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
}

test('requirement 71: who has a verified address gets an account, and is known by issuer and subject from then on', async () => {
  const browser = new Browser()
  const shown = await browser.visit('/interaction/u1')
  assert.match(shown.text, /href="\/interaction\/u1\/upstream\/club"[^>]*>Continue with The Club/)
  assert.match((await browser.visit('/interaction/u1/sign-up')).text, /Continue with The Club/)
  assert.doesNotMatch((await browser.visit('/interaction/u1/sign-up')).text, /Continue with Closed/)
  await browser.travel()
  const nameless = await browser.visit('/interaction/u1/welcome', { name: ' ' })
  assert.equal(nameless.status, 422)
  assert.match(nameless.text, /Please say how you would like to be called/)
  assert.equal(await accountOf(`p${counter}@example.org`), undefined)
  const joined = await browser.join()
  assert.ok(isIn(joined), joined.text)
  assert.equal(joined.csrfRenewed, true)
  const account = await accountOf(`p${counter}@example.org`)
  assert.equal(account?.password, undefined)
  assert.ok(account?.emailVerifiedAt !== undefined)
  assert.equal((await identitiesOf(account.id)).length, 1)
  await told(account.id, 'account.created', 'identity.linked')
  assert.equal(account.language, 'en', 'what the page was in')
  assert.equal(await world.accounts.signIn(call, { email: account.email, password: '', client: 'c' }), undefined, 'no password opens it')
  // The address at the provider changes, and belongs to somebody else here: the subject counts.
  const stranger = await world.person({ email: `stranger${counter}@example.org` })
  provider.claims = { ...provider.claims, email: stranger.email }
  const again = await new Browser().travel()
  assert.ok(isIn(again.back))
  assert.equal(world.engine.signedInAs, account.id)
  assert.deepEqual(await identitiesOf(stranger.accountId), [])
})

test('requirement 71: an address that both sides have verified links by itself, and its owner is told', async () => {
  const person = await world.person({ email: `p${counter}@example.org` })
  provider.claims = { ...provider.claims, email: `P${counter}@Example.org` }
  const { back } = await new Browser().travel()
  assert.ok(isIn(back), back.text)
  assert.equal(world.engine.signedInAs, person.accountId)
  await mailed(person.email, 'identity-linked')
  await told(person.accountId, 'identity.linked')
})

test('requirement 71: without the word of the provider that the address is theirs, nobody is linked', async () => {
  const person = await world.person({ email: `p${counter}@example.org` })
  for (const email_verified of [false, undefined, 'true', 1, null]) {
    provider.claims = { ...provider.claims, email_verified }
    const { back } = await new Browser().travel()
    assert.equal(locationOf(back), '/interaction/u1/choose', String(email_verified))
  }
  // The word must come with the address, from one place.
  provider.claims = { sub: `s${counter}`, email_verified: true }
  provider.lie.userinfo = { sub: `s${counter}`, email: person.email }
  assert.equal(locationOf((await new Browser().travel()).back), '/interaction/u1/choose')
  assert.deepEqual(await identitiesOf(person.accountId), [])
  assert.equal(world.engine.signedInAs, undefined)
})

test('requirement 71: an address that is not confirmed here links nobody, and tells nobody that it is there', async () => {
  const now = world.clock.now()
  const email = `p${counter}@example.org`
  const planted = { id: `planted-account-${counter}`, email, name: 'Planted', password: '$argon2id$x', createdAt: now }
  await world.database.collection(accountsCollection).insert(call, planted)
  const browser = new Browser()
  const { back } = await browser.travel()
  assert.equal(locationOf(back), '/interaction/u1/choose')
  const page = (await browser.visit('/interaction/u1/choose')).text
  provider.claims = { sub: `t${counter}`, email: `nobody${counter}@example.org`, email_verified: false }
  const unknown = new Browser()
  await unknown.travel()
  assert.equal((await unknown.visit('/interaction/u1/choose')).text, page)
  assert.deepEqual(await identitiesOf(planted.id), [])
  assert.equal(isIn(await browser.visit('/interaction/u1/welcome', { name: 'Eve' })), false, 'nor can an account be made')
  assert.equal((await accountOf(email))?.id, planted.id)
  assert.equal(world.engine.signedInAs, undefined)
})

test('requirement 71: whoever is asked signs in here, sees what is connected, and presses a button', async () => {
  const person = await world.person({ email: `owner${counter}@example.org` })
  provider.claims = { ...provider.claims, email: `elsewhere${counter}@example.org`, email_verified: false }
  const browser = new Browser()
  await browser.travel()
  const asked = await browser.visit('/account/identities/connect')
  assert.match(locationOf(asked), /^\/authorize\?return_to=%2Faccount%2Fidentities%2Fconnect/)
  signedIn(person.accountId)
  const confirm = await browser.visit('/account/identities/connect')
  assert.match(confirm.text, new RegExp(`elsewhere${counter}@example.org`))
  assert.match(confirm.text, new RegExp(person.email))
  assert.deepEqual(await identitiesOf(person.accountId), [], 'looking connects nothing')
  const done = await browser.visit('/account/identities/connect', {})
  assert.match(done.text, /href="\/interaction\/u1\/upstream\/club"/, 'and the sign-in goes on')
  assert.equal((await identitiesOf(person.accountId)).length, 1)
  world.engine.signedInAs = undefined
  assert.ok(isIn((await browser.travel()).back))
  assert.equal(world.engine.signedInAs, person.accountId)
  assert.equal((await browser.visit('/account/identities/connect', {})).status, 400, 'and nothing is left to connect')
})

test('requirement 71: one issuer says nothing of the people of another', async () => {
  assert.ok(isIn(await new Browser().join()))
  const first = world.engine.signedInAs
  other.claims = { ...provider.claims, email: `else${counter}@example.org` }
  assert.ok(isIn(await new Browser().join('other', other)))
  assert.notEqual(world.engine.signedInAs, first)
})

test('a suspended account, and a provider for known people only, let nobody in', async () => {
  const person = await world.person({ email: `p${counter}@example.org` })
  const closed = await new Browser().travel('closed')
  assert.equal(closed.back.status, 422)
  await world.database.collection(accountsCollection).update(call, person.accountId, { set: { suspendedAt: world.clock.now() } })
  const { back } = await new Browser().travel()
  assert.equal(back.status, 422)
  assert.match(back.text, /you cannot come in here/)
  assert.match(back.text, /name="password"/, 'the other ways go on')
  assert.deepEqual(await identitiesOf(person.accountId), [])
  assert.equal(world.engine.signedInAs, undefined)
})

const LIES: readonly (readonly [string, Upstream['lie']])[] = [
  ['an ID token of another issuer', { issuer: 'https://evil.example' }],
  ['an ID token for another client', { audience: 'another' }],
  ['an ID token for another sign-in (nonce)', { nonce: 'another' }],
  ['an ID token that another key has signed', { wrongKey: true }],
  ['an answer in the name of another issuer (RFC 9207)', { answeredBy: 'https://evil.example' }],
  ['an error', { error: 'server_error' }],
]

for (const [what, lie] of LIES) {
  test(`refuses ${what}, and stores nothing`, async () => {
    provider.lie = lie
    const { back } = await new Browser().travel()
    assert.equal(back.status, 422, back.text)
    assert.match(back.text, /name="password"/, 'the other ways go on')
    assert.equal(await accountOf(`p${counter}@example.org`), undefined)
    assert.equal(world.engine.signedInAs, undefined)
  })
}

test('an answer counts once, in the browser that asked, at the address of its provider, in its interaction', async () => {
  const browser = new Browser()
  const away = await browser.visit('/interaction/u1/upstream/club')
  const { location } = provider.visit(locationOf(away))
  const tokens = provider.tokenForms.length
  const refused = async (who: Browser, path: string): Promise<void> => {
    const answer = await who.visit(path)
    assert.equal(answer.status, 400, path)
    assert.doesNotMatch(String(answer.headers?.['location']), /interaction/)
  }
  await refused(new Browser(), `/upstream/club/callback${location.search}`)
  await refused(browser, `/upstream/post/callback${location.search}`)
  await refused(browser, `/upstream/other/callback${location.search}`)
  await refused(browser, `/upstream/club/callback?${new URLSearchParams({ code: 'x', state: 'y' }).toString()}`)
  const planted = new Browser()
  for (const [name, value] of browser.jar) if (name.includes('away')) planted.jar.set(name, value)
  await planted.visit('/interaction/u1/upstream/club')
  for (const [name, value] of browser.jar) if (name.includes('away')) planted.jar.set(name, value)
  await refused(planted, `/upstream/club/callback${location.search}`)
  world.engine.current = { ...SIGN_IN, uid: 'u2' }
  await refused(browser, `/interaction/u2/upstream${location.search}`)
  assert.equal(provider.tokenForms.length, tokens, 'no code was redeemed')
  world.engine.current = SIGN_IN
  const back = await new Browser().join()
  assert.ok(isIn(back))
  const again = new Browser()
  const first = await again.travel()
  assert.ok(isIn(first.back))
  await refused(again, first.callback)
})

test('asks with PKCE, state and nonce, each new, and for the credential when the app wants it again', async () => {
  const first = (await new Browser().travel()).asked
  world.engine.current = { ...SIGN_IN, again: true }
  const second = (await new Browser().travel()).asked
  for (const name of ['state', 'nonce', 'code_challenge']) {
    assert.match(first.get(name) ?? '', /^[\w-]{43}$/)
    assert.notEqual(first.get(name), second.get(name))
  }
  assert.equal(first.get('code_challenge_method'), 'S256')
  assert.equal(first.get('prompt'), null)
  assert.equal(second.get('prompt'), 'login')
  assert.match(provider.tokenForms.at(-1)?.get('code_verifier') ?? '', /^[\w-]{43}$/)
  // A provider that says when somebody signed in cannot pass an old sign-in off as a new one. Its clock is the real one, ours stands elsewhere.
  provider.claims = { ...provider.claims, auth_time: Math.floor(world.clock.now() / 1000) - 3600 }
  assert.equal((await new Browser().travel()).back.status, 422)
})

test('a provider that sends a form comes back as a GET, with its cookies', async () => {
  provider.claims = { ...provider.claims, name: undefined }
  const browser = new Browser()
  const away = await browser.visit('/interaction/u1/upstream/post')
  const { location, asked } = provider.visit(locationOf(away))
  assert.equal(asked.get('response_mode'), 'form_post')
  const user = JSON.stringify({ name: { firstName: 'Ada', lastName: 'Lovelace' } })
  // A form of another site brings no Lax cookie.
  const posted = await new Browser().visit(location.pathname, { ...Object.fromEntries(location.searchParams), user, more: 'x' })
  assert.equal(posted.status, 303)
  assert.deepEqual(posted.cookies, [])
  assert.match(locationOf(posted), /^\/upstream\/post\/callback\?code=/)
  const on = await browser.visit(locationOf(posted))
  const back = await browser.visit(locationOf(on))
  assert.equal(locationOf(back), '/interaction/u1/welcome')
  assert.doesNotMatch(
    (await browser.visit('/interaction/u1/welcome')).text,
    /Lovelace/,
    'what the browser brings beside the answer is not theirs',
  )
})

test('a provider that is down leaves the other ways open, and is back when it is back', async () => {
  assert.ok(isIn(await new Browser().join()))
  const documents = (): number => provider.asked.filter((path) => path.includes('well-known')).length
  const earlier = documents()
  assert.ok(isIn((await new Browser().travel()).back))
  assert.equal(documents(), earlier, 'its document is remembered')
  const browser = new Browser()
  const away = await browser.visit('/interaction/u1/upstream/club')
  const { location } = provider.visit(locationOf(away))
  await provider.stop()
  try {
    const on = await browser.visit(`${location.pathname}${location.search}`)
    const back = await browser.visit(locationOf(on))
    assert.equal(back.status, 503)
    assert.match(back.text, /The Club cannot be reached just now/)
    assert.match(back.text, /name="password"/)
    assert.match(back.text, /Continue with Other/)
  } finally {
    await provider.start()
  }
  assert.ok(isIn((await new Browser().travel()).back))
})

test('reads addresses of a provider without OpenID by their names, and believes its word only as it is', async () => {
  const person = await world.person({ email: `p${counter}@example.org` })
  plain.claims = { person: { id: counter, mail: person.email, checked: 'true', name: 'Ada' } }
  assert.equal(locationOf((await new Browser().travel('plain', plain)).back), '/interaction/u1/choose')
  plain.claims = { person: { id: counter, mail: person.email, checked: true, name: 'Ada' } }
  assert.ok(isIn((await new Browser().travel('plain', plain)).back))
  assert.equal(world.engine.signedInAs, person.accountId)
  plain.claims = { person: { mail: person.email, checked: true } }
  assert.equal((await new Browser().travel('plain', plain)).back.status, 422, 'without a subject it is nobody')
})

test('GitHub: the number is the person, and the verified primary address is the address', async () => {
  const person = await world.person({ email: `p${counter}@example.org` })
  const emails = (verified: boolean) => [
    { email: `wrong${counter}@example.org`, primary: false, verified: true },
    { email: person.email, primary: true, verified },
  ]
  // What the profile shows as the address is whatever somebody typed.
  const user = { id: counter, login: 'ada', name: null, email: person.email }
  other.claims = { user, emails: emails(false) }
  assert.equal(locationOf((await new Browser().travel('github', other)).back), '/interaction/u1/choose')
  assert.deepEqual(await identitiesOf(person.accountId), [])
  other.claims = { user, emails: emails(true) }
  assert.ok(isIn((await new Browser().travel('github', other)).back))
  // The login was given up, and another took it.
  other.claims = { user: { ...user, id: counter + 1_000_000 }, emails: [] }
  world.engine.signedInAs = undefined
  assert.equal(locationOf((await new Browser().travel('github', other)).back), '/interaction/u1/choose')
})

test('connects on the account page after a recent sign-in alone, and what is connected elsewhere stays there', async () => {
  const person = await world.person({ email: `a${counter}@example.org` })
  const second = await world.person({ email: `b${counter}@example.org` })
  provider.claims = { ...provider.claims, email_verified: false }
  const browser = new Browser()
  signedIn(person.accountId)
  world.clock.advance(11 * 60_000)
  const late = await browser.visit('/account/identities/link/club')
  assert.match(locationOf(late), /return_to=%2Faccount%2Fidentities%2Flink%2Fclub&again/)
  signedIn(person.accountId)
  const link = async (): Promise<Visited> => {
    const { location } = provider.visit(locationOf(await browser.visit('/account/identities/link/club')))
    const on = await browser.visit(`${location.pathname}${location.search}`)
    assert.match(locationOf(on), /^\/account\/identities\/answer\?/)
    const back = await browser.visit(locationOf(on))
    assert.equal(locationOf(back), '/account/identities/connect')
    return browser.visit('/account/identities/connect', {})
  }
  assert.equal(locationOf(await link()), '/account?done=identity-linked')
  assert.match((await browser.visit('/account')).text, /The Club<\/strong> <span class="soft small">connected/)
  signedIn(second.accountId)
  const taken = await link()
  assert.match(taken.text, /connected with another account here already/)
  assert.deepEqual(await identitiesOf(second.accountId), [])
  // Begun as one person, finished as another.
  const { location } = provider.visit(locationOf(await browser.visit('/account/identities/link/club')))
  const on = await browser.visit(`${location.pathname}${location.search}`)
  signedIn(person.accountId)
  assert.equal((await browser.visit(locationOf(on))).status, 400)
})

test('the last way in cannot be disconnected, not by two presses at once either', async () => {
  const browser = new Browser()
  await browser.join()
  const accountId = String(world.engine.signedInAs)
  signedIn(accountId)
  const [only] = await identitiesOf(accountId)
  assert.ok(only)
  const unlink = (id: string) => new Browser().visit(`/account/identities/${id}/unlink`, {})
  assert.equal(locationOf(await unlink(only.value.id)), '/account?done=identity-last')
  assert.equal((await identitiesOf(accountId)).length, 1)
  other.claims = { sub: `second${counter}`, email: `p${counter}@example.org`, email_verified: true }
  await new Browser().travel('other', other)
  const two = await identitiesOf(accountId)
  assert.equal(two.length, 2)
  const before = (await world.accounts.find(call, accountId))?.credential
  const answers = await Promise.all(two.map(({ value }) => unlink(value.id)))
  assert.deepEqual(answers.map(locationOf).toSorted(), ['/account?done=identity-last', '/account?done=identity-unlinked'])
  assert.equal((await identitiesOf(accountId)).length, 1)
  assert.notEqual((await world.accounts.find(call, accountId))?.credential, before, 'a sign-in that is not finished counts no more')
  await mailed(`p${counter}@example.org`, 'identity-unlinked')
  await told(accountId, 'identity.unlinked')
})

test("nobody disconnects what is another person's", async () => {
  await new Browser().join()
  const owner = String(world.engine.signedInAs)
  const [theirs] = await identitiesOf(owner)
  const eve = await world.person({ email: `eve${counter}@example.org` })
  signedIn(eve.accountId)
  await new Browser().visit(`/account/identities/${theirs?.value.id ?? ''}/unlink`, {})
  assert.equal((await identitiesOf(owner)).length, 1)
})

test('of many who arrive at once as one new person, one makes the account', async () => {
  const browsers = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const browser = new Browser()
      await browser.travel()
      return browser
    }),
  )
  const made = await Promise.all(browsers.map((browser) => browser.visit('/interaction/u1/welcome', { name: 'Ada' })))
  assert.equal(made.filter(isIn).length, 1)
  const account = await accountOf(`p${counter}@example.org`)
  assert.equal((await identitiesOf(account?.id ?? '')).length, 1)
})

test('in production only public machines are asked, whatever the document names', async () => {
  const asked: string[] = []
  const issuer = 'https://id.example.com'
  const send: typeof sendOutward = async (request) => {
    asked.push(request.url)
    assert.deepEqual(request.reach, { loopback: false, everywhere: false, byOperator: true })
    if (request.url !== `${issuer}/.well-known/openid-configuration`) return sendOutward(request)
    const document = {
      issuer,
      authorization_endpoint: `${issuer}/a`,
      token_endpoint: 'https://169.254.169.254/latest',
      jwks_uri: `${issuer}/k`,
    }
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(document)) }
  }
  const production = await openAccounts({
    definition: { upstreams: [{ kind: 'openid', id: 'club', name: 'The Club', issuer, clientId: 'us' }] },
    upstreamSecrets: { club: 'secret' },
    development: false,
    send,
  })
  try {
    const { upstreams } = production.running
    const upstream = upstreams.find('club')
    assert.ok(upstream)
    const { journey } = await upstreams.begin(upstream, { uid: 'u1', again: false })
    await assert.rejects(upstreams.finish(journey, `code=x&state=${journey.state}`), { code: 'auth.upstream_unavailable' })
    assert.deepEqual(asked, [`${issuer}/.well-known/openid-configuration`, 'https://169.254.169.254/latest'])
  } finally {
    await production.stop()
  }
})

test('a document of another issuer is none, and a definition that cannot work does not start', async () => {
  provider.lie.metadata = { issuer: `${provider.issuer}/` }
  const club = { kind: 'openid', id: 'club', name: 'Club', issuer: provider.issuer, clientId: CLIENT_ID } as const
  const fresh = await openAccounts({ definition: { upstreams: [club] }, upstreamSecrets: { club: provider.secret } })
  try {
    const upstream = fresh.running.upstreams.find('club')
    assert.ok(upstream)
    await assert.rejects(fresh.running.upstreams.begin(upstream, { again: false }), { code: 'auth.upstream_unavailable' })
  } finally {
    await fresh.stop()
  }
  const opened = (upstreamSecrets: Record<string, string>) =>
    openAccounts({
      definition: { upstreams: [club, { ...club, id: 'apple', kind: 'apple', teamId: 't', keyId: 'k' }] },
      upstreamSecrets,
      development: false,
    })
  await assert.rejects(opened({ club: 'x' }), /has no secret for "apple"/)
  await assert.rejects(opened({ club: 'x', apple: 'no key' }), (error: Error) => {
    assert.match(error.message, /the secret of "apple" must be a private key/)
    assert.doesNotMatch(error.message, /no key/)
    return true
  })
  await assert.rejects(opened({ club: 'x', apple: 'x', gogle: 'x' }), /"gogle", which is no provider/)
})

test('the page after a new password says that connected accounts still open the account, where there can be any', async (t) => {
  const without = await openAccounts()
  t.after(() => without.stop())
  const words = /Accounts elsewhere that are connected with yours still open it/
  assert.match((await world.visit(justDone(world, { path: '/reset-password/done' }))).text, words)
  assert.doesNotMatch((await without.visit(justDone(without, { path: '/reset-password/done' }))).text, words)
})
