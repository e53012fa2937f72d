// Who may have an account: by domain, by invitation, or nobody new. What is said about it tells nobody who is invited or has an account.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import { type AccountsWorld, call, openAccounts, type SentMail, tokenIn } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { until } from '../support/until.ts'
import { CLIENT_ID, startUpstream } from '../support/upstream.ts'
import { locationOf, TravellingBrowser } from '../support/upstream-browser.ts'

async function opened(
  t: TestContext,
  definition: AuthDefinition,
  upstreamSecrets: Readonly<Record<string, string>> = {},
): Promise<AccountsWorld> {
  const world = await openAccounts({ definition, upstreamSecrets })
  t.after(() => world.stop())
  return world
}

const details = (email: string): Record<string, string> => ({ name: 'Ada', email, password: 'nine folded squares' })
const mailOf = (world: AccountsWorld, email: string, template: string): Promise<SentMail> =>
  until(`${template} to ${email}`, () => world.mails.find((one) => one.to === email && one.template === template))

test('the domain of an address may be blocked, or must be one of some', async (t) => {
  const world = await opened(t, { signUp: { domains: { only: ['example.org', '*.example.org'], block: ['bad.example.org'] } } })
  for (const email of ['a@example.net', 'a@bad.example.org', 'a@evil-example.org']) {
    const refused = await world.visit({ path: '/sign-up', form: details(email) })
    assert.equal(refused.status, 422, email)
    assert.match(refused.text, /Addresses of this domain cannot be used here/)
  }
  for (const email of ['a@example.org', 'b@mail.example.org']) {
    assert.equal((await world.visit({ path: '/sign-up', form: details(email) })).status, 303)
    await mailOf(world, email, 'confirm-address')
  }
  assert.equal(world.mails.length, 2)
  await assert.rejects(world.running.shared.admission.invite(call, 'a@example.net'), /cannot be used/)
})

test('with invitations only the invited get in; all others get the same answers, and a mail', async (t) => {
  const world = await opened(t, { signUp: { mode: 'invitation' } })
  const { admission } = world.running.shared
  await assert.rejects(admission.invite({ ...call, principal: { kind: 'anonymous' } }, 'ada@example.org'))
  const { expiresAt } = await admission.invite(call, ' Ada@Example.org')
  assert.equal(expiresAt, world.clock.now() + 14 * 24 * 3_600_000)
  assert.equal(new URL((await mailOf(world, 'ada@example.org', 'invitation')).data['link'] ?? '').search, '', 'the mail has no secret')
  const answers = []
  for (const email of ['ada@example.org', 'eve@example.org']) {
    const { status, headers, text } = await world.visit({
      path: '/sign-up',
      form: details(email),
      client: email,
      cookies: { '__Host-Http-here': 'x'.repeat(43) },
    })
    answers.push({ status, headers, text })
  }
  assert.deepEqual(answers[0], answers[1])
  await mailOf(world, 'eve@example.org', 'sign-up-closed')
  const sent = await mailOf(world, 'ada@example.org', 'confirm-address')
  const confirmed = await world.visit({ path: '/confirm', form: { token: tokenIn(sent) }, cookies: { '__Host-Http-here': 'x'.repeat(43) } })
  assert.equal(confirmed.headers?.['location'], '/confirmed')
  assert.ok(
    await world.accounts.signIn(call, {
      ...details('ada@example.org'),
      email: 'ada@example.org',
      password: 'nine folded squares',
      client: 'c',
    }),
  )
})

test('an invitation ends after 14 days', async (t) => {
  const world = await opened(t, { signUp: { mode: 'invitation' } })
  await world.running.shared.admission.invite(call, 'late@example.org')
  world.clock.advance(14 * 24 * 3_600_000)
  await world.visit({ path: '/sign-up', form: details('late@example.org') })
  await mailOf(world, 'late@example.org', 'sign-up-closed')
})

test('switched off, there is nothing to sign up with', async (t) => {
  const world = await opened(t, { signUp: { mode: 'off' } })
  world.engine.current = SIGN_IN
  assert.doesNotMatch((await world.visit({ path: '/interaction/u1' })).text, /sign-up/)
  for (const path of ['/sign-up', '/interaction/u1/sign-up'])
    await assert.rejects(world.visit({ path, form: details('a@example.org') }), /No route/)
  await world.visit({ path: '/forgot-password', form: { email: 'nobody@example.org' } })
  await mailOf(world, 'nobody@example.org', 'sign-up-closed')
})

test('whoever comes from another provider and may have no account hears why before anything is asked, and may meanwhile be let in', async (t) => {
  const provider = await startUpstream()
  t.after(() => provider.stop())
  const club = { kind: 'openid', id: 'club', name: 'The Club', issuer: provider.issuer, clientId: CLIENT_ID } as const
  const travel = async (signUp: NonNullable<AuthDefinition['signUp']>) => {
    const world = await opened(t, { signUp, upstreams: [club] }, { club: provider.secret })
    world.engine.current = SIGN_IN
    provider.claims = { sub: 'ada', email: 'ada@example.org', email_verified: true, name: 'Ada' }
    const browser = new TravellingBrowser(world)
    return { world, browser, back: (await browser.travelTo('club', provider)).back }
  }
  for (const [signUp, why] of [
    [{ mode: 'off' }, /Nobody can create an account here/],
    [{ domains: { only: ['example.net'] } }, /Addresses of this domain cannot be used here/],
    [{ mode: 'invitation' }, /by invitation here, and nobody has invited this address/],
  ] as const) {
    const { back } = await travel(signUp)
    assert.equal(back.status, 422)
    assert.match(back.text, why)
    assert.doesNotMatch(back.text, /name="name"/)
  }
  const { world, browser } = await travel({ mode: 'invitation' })
  await world.running.shared.admission.invite(call, 'ada@example.org')
  const { back } = await browser.travelTo('club', provider)
  assert.equal(locationOf(back), '/interaction/u1/welcome')
  await world.running.shared.admission.withdrawInvitation(call, 'ada@example.org')
  const withdrawn = await browser.visit('/interaction/u1/welcome', { name: 'Ada' })
  assert.equal(withdrawn.status, 422)
  assert.match(withdrawn.text, /nobody has invited this address/)
})

test('the invitation to an organisation speaks of a new account only where one can be made with that address', async (t) => {
  for (const [signUp, mayJoin] of [
    [{}, true],
    [{ mode: 'off' }, false],
    [{ mode: 'invitation' }, false],
    [{ domains: { block: ['example.org'] } }, false],
  ] as const) {
    const world = await opened(t, { signUp, organisations: {} })
    const now = world.clock.now()
    const owner = { id: 'owner', email: 'owner@example.net', name: 'Owner', emailVerifiedAt: now, createdAt: now }
    await world.database.collection(accountsCollection).insert(call, owner)
    const { id } = await world.organisations.organisations.create(call, { name: 'Club', accountId: owner.id })
    const acting = { organisationId: id, accountId: owner.id, client: 'c' }
    await world.organisations.invitations.invite(call, acting, { email: 'guest@example.org', roles: [] })
    const token = tokenIn(await world.mailTo('guest@example.org'))
    const { text } = await world.visit({ path: `/invitation?token=${token}` })
    assert.match(text, /Sign in with this address to accept it/)
    assert.equal(/create an account/.test(text), mayJoin, JSON.stringify(signUp))
  }
})
