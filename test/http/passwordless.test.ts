// An app without passwords: people sign up with their mailbox and a passkey alone.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sha256 } from '#kernel/keyring.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { type AccountsWorld, call, justDone, openAccounts, ORIGIN, tokenIn } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { SoftAuthenticator } from '../support/authenticator.ts'

let world: AccountsWorld
let count = 0
const here = { '__Host-Http-here': 'x'.repeat(43) }
const rpId = new URL(ORIGIN).hostname

before(async () => {
  world = await openAccounts({ definition: { methods: { password: false } } })
})
after(() => world.stop())

const fresh = (): string => `newcomer-${(count += 1)}@example.org`

async function signUp(email: string): Promise<string> {
  const sent = await world.visit({ path: '/sign-up', cookies: here, form: { name: 'Ada', email } })
  assert.equal(sent.status, 303, sent.text)
  return tokenIn(await world.mailTo(email))
}

/** What the page of the link asks, with its challenge. */
async function asked(token: string): Promise<{ accountId: string; challenge: string }> {
  const pending = await world.accounts.pendingSignUp(call, { token, browser: sha256('x'.repeat(43)) })
  const accountId = pending?.newcomer?.accountId ?? ''
  const place = { purpose: 'add', browser: sha256('x'.repeat(43)), subject: `newcomer ${accountId}` } as const
  const owner = { accountId, name: 'Ada', email: 'x@example.org' }
  return { accountId, challenge: (await world.running.passkeys.creationOptions(call, owner, place)).challenge }
}

test('no page asks for a password', async () => {
  const form = await world.visit({ path: '/sign-up' })
  assert.doesNotMatch(form.text, /type="password"/)
  world.engine.current = SIGN_IN
  const signIn = await world.visit({ path: '/interaction/u1', cookies: here })
  assert.doesNotMatch(signIn.text, /type="password"/)
  assert.match(signIn.text, /data-passkey="get"/)
  const typed = { email: 'ada@example.org', password: 'whatever it is' }
  await assert.rejects(world.visit({ path: '/interaction/u1/sign-in', cookies: here, form: typed }), /No route/)
  await assert.rejects(world.visit({ path: '/account/password', cookies: here, form: { password: 'a new password' } }), /No route/)
})

test('a person signs up with a passkey alone, and signs in with it', async () => {
  const email = fresh()
  const token = await signUp(email)
  const looked = await world.visit({ path: `/confirm?token=${token}`, cookies: here })
  assert.match(looked.text, /data-passkey="create"/)
  assert.doesNotMatch(looked.text, /Yes, confirm my address/)
  const device = new SoftAuthenticator()
  const { accountId, challenge } = await asked(token)
  const answer = device.create({ challenge, origin: ORIGIN, rpId })
  const done = await world.visit({ path: '/confirm', cookies: here, form: { token, answer } })
  assert.equal(done.headers?.['location'], '/confirmed', done.text)
  const person = await world.accounts.find(call, accountId)
  assert.equal(person?.email, email)
  assert.equal(person?.hasPassword, false)
  const place = { purpose: 'sign-in', browser: 'any', subject: 'u1' } as const
  const ask = await world.running.passkeys.requestOptions(call, place)
  const proof = device.get({ challenge: ask.challenge, origin: ORIGIN, rpId })
  const owner = await world.running.passkeys.prove(call, { place, answer: proof, client: 'c', by: { client: 'c', device: 'd' } })
  assert.equal(owner?.accountId, accountId)
  const now = world.clock.now()
  world.engine.signedInAs = accountId
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: '' })
  const { text } = await world.visit({ path: '/account', cookies: here })
  assert.match(text, /\/account\/passkeys\/add/)
  assert.doesNotMatch(text, /second-step|recovery-codes/, 'nothing is offered that would never be asked for')
  assert.equal(
    world.routes.some(({ path }) => /^\/account\/(?:second-step|recovery-codes)|second-step/.test(path)),
    false,
  )
  const again = await world.visit({ path: '/confirm', cookies: here, form: { token, answer } })
  assert.deepEqual([again.status, again.headers?.['location']], [303, '/confirmed'], 'a second press hears what the first one heard')
  assert.equal((await world.running.passkeys.list(call, accountId)).length, 1)
  const other = new SoftAuthenticator().create({ challenge, origin: ORIGIN, rpId })
  assert.equal(
    (await world.visit({ path: '/confirm', cookies: here, form: { token, answer: other } })).status,
    410,
    'that passkey is not there',
  )
  world.clock.advance(2 * 60_000)
  assert.equal((await world.visit({ path: '/confirm', cookies: here, form: { token, answer } })).status, 410, 'the link is used up')
})

test('the link alone makes no account, nor does a passkey that does not hold, and the link is as good as before', async () => {
  const email = fresh()
  const token = await signUp(email)
  const { accountId, challenge } = await asked(token)
  const device = new SoftAuthenticator()
  for (const answer of [
    '',
    '{}',
    device.create({ challenge, origin: 'https://evil.example', rpId }),
    device.create({ challenge, origin: ORIGIN, rpId, verified: false }),
  ]) {
    const refused = await world.visit({ path: '/confirm', cookies: here, form: { token, answer } })
    assert.equal(refused.status, 422)
    assert.match(refused.text, /data-passkey="create"/)
  }
  const elsewhere = { '__Host-Http-here': 'y'.repeat(43) }
  const stolen = await world.visit({
    path: '/confirm',
    cookies: elsewhere,
    form: { token, answer: device.create({ challenge, origin: ORIGIN, rpId }) },
  })
  assert.equal(stolen.status, 422, 'the challenge was given to another browser')
  assert.equal(await world.accounts.find(call, accountId), undefined)
  assert.deepEqual(await world.running.passkeys.list(call, accountId), [])
  const honest = device.create({ challenge, origin: ORIGIN, rpId })
  assert.equal((await world.visit({ path: '/confirm', cookies: here, form: { token, answer: honest } })).status, 303)
})

test('of many who use one link at once one has the account, with one passkey', async () => {
  const token = await signUp(fresh())
  const { accountId } = await asked(token)
  const tries = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const { challenge } = await asked(token)
      const answer = new SoftAuthenticator().create({ challenge, origin: ORIGIN, rpId })
      return world.visit({ path: '/confirm', cookies: here, form: { token, answer } })
    }),
  )
  assert.equal(tries.filter(({ status }) => status === 303).length, 1)
  assert.equal((await world.running.passkeys.list(call, accountId)).length, 1)
})

test('no page of the account speaks of a password, in an app with a second step or without', async (t) => {
  const club = { kind: 'openid', id: 'club', name: 'Club', issuer: 'https://club.example', clientId: 'us' } as const
  const withClub = {
    definition: { methods: { password: false, emailCode: true }, upstreams: [club] },
    upstreamSecrets: { club: 'x'.repeat(32) },
  }
  for (const options of [{ definition: { methods: { password: false } } }, withClub]) {
    const own = await openAccounts(options)
    t.after(() => own.stop())
    const now = own.clock.now()
    const account = { id: '01'.padEnd(26, 'k'), email: 'p@example.org', name: 'P', emailVerifiedAt: now, createdAt: now }
    await own.database.collection(accountsCollection).insert(call, account)
    own.engine.signedInAs = account.id
    own.engine.sessionList.push({ id: 'here', accountId: account.id, signedInAt: now, lastUsedAt: now, device: '' })
    const pages = own.routes.filter(({ method, path }) => method === 'GET' && /^\/(account|goodbye)[^:]*$/.test(path))
    assert.ok(pages.length > 3)
    for (const { path } of [...pages, { path: '/account?done=identity-last' }])
      for (const language of ['en', 'de']) {
        const { text } = await own.visit(justDone(own, { path, cookies: here, headers: { 'accept-language': language } }))
        // Which hold passkeys, too.
        assert.doesNotMatch(text.replaceAll(/password manager|Passwortmanager/g, ''), /password|Passwort/i, `${path} ${language}`)
      }
  }
})
