// An account elsewhere with a verified address opens the account here when its owner has proved all that it asks for, and the app has let them in: until
// then nothing of it is kept in the account. The whole platform, with the engine that counts what was proved.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { identitiesCollection } from '../../src/auth/upstream/repository.ts'
import { accountIdOf, addSecondStep, onAccounts } from '../support/account-acts.ts'
import { aviary } from '../support/canary-person.ts'
import { mailedLink, type Person, session, signIn, signUp } from '../support/person.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { type Page, Visitor } from '../support/visitor.ts'
import type { WholePlatform } from '../support/whole-platform.ts'

const call = systemCall('test')
const NEXT = 'four quiet river stones'

let club: Upstream
let platform: WholePlatform
/** What the app says to whoever has proved everything. */
let refuses = false
let meanwhile: () => Promise<unknown> = async () => {}
let count = 0

before(async () => {
  club = await startUpstream()
  const afterSignIn = async () => {
    await meanwhile()
    return refuses ? { refuse: 'Not before Monday.' } : undefined
  }
  platform = await aviary(club, { hooks: { afterSignIn } })
  await platform.start()
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
  await club?.stop()
})
beforeEach(() => {
  refuses = false
  meanwhile = async () => {}
  count += 1
})

interface Owner extends Person {
  readonly accountId: string
}

/** With a confirmed address, which the provider verifies as that of somebody there. */
async function owner(): Promise<Owner> {
  const person = await signUp(platform, `owner-${count}@example.org`)
  await signIn(platform, person)
  club.claims = { sub: `there-${count}`, email: person.email, email_verified: true, name: 'Ada' }
  return { ...person, accountId: await accountIdOf(platform, person) }
}

/** From the sign-in page of the app to the provider and back. */
async function travel(visitor: Visitor): Promise<Page> {
  const page = await visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
  const path = /href="(\/interaction\/[^"]+\/upstream\/club)"/.exec(page.body)?.[1] ?? assert.fail(page.body)
  const away = await visitor.request(new URL(path, page.url), { headers: { accept: 'text/html' } })
  return visitor.visit(club.visit(away.headers.location ?? assert.fail(away.body)).location)
}

const linked = async ({ accountId }: Owner): Promise<number> => {
  const identities = platform.running().database.collection(identitiesCollection)
  return (await identities.list(call, { index: 'account', where: { accountId }, limit: 10 })).items.length
}
const isIn = async (visitor: Visitor): Promise<boolean> => (await session(platform, visitor)).signedIn
const told = async ({ email }: Owner): Promise<boolean> => (await platform.mails(email)).some(({ text }) => text.includes('The Club'))

test('requirement 71: whoever is stopped at the second step leaves nothing in the account, and has no way in when its owner is back', async () => {
  const ada = await owner()
  const { codes } = await addSecondStep(platform, ada)
  const thief = new Visitor(platform.port)
  const stopped = await travel(thief)
  assert.ok(stopped.body.includes('/second-step'), stopped.body)
  assert.equal(await isIn(thief), false)
  assert.equal(await linked(ada), 0)
  assert.equal(await told(ada), false)
  // The mailbox is its owner's again, and a new password is set by it.
  const forgot = await ada.visitor.visit(onAccounts(platform, '/forgot-password'))
  await ada.visitor.submit(forgot, { email: ada.email })
  const link = await mailedLink(platform, ada.email, /https?:\/\/\S+\/reset-password\?token=[\w-]+/)
  await ada.visitor.submit(await ada.visitor.visit(link), { password: NEXT })
  const late = await thief.submit(stopped, { recovery: codes[0] ?? '' })
  assert.equal(await isIn(thief), false, late.body)
  assert.equal(await linked(ada), 0)
  club.claims = { ...club.claims, email: `elsewhere-${count}@example.org`, email_verified: false }
  const again = await travel(new Visitor(platform.port))
  assert.ok(again.url.pathname.endsWith('/choose'), 'the account elsewhere opens nothing')
})

test('requirement 71: who goes on through the second step is in, and linked', async () => {
  const ada = await owner()
  const { codes } = await addSecondStep(platform, ada)
  const visitor = new Visitor(platform.port)
  const asked = await travel(visitor)
  const wrong = await visitor.submit(asked, { recovery: 'aaaa-bbbb' })
  assert.equal(await linked(ada), 0)
  await visitor.submit(wrong, { recovery: codes[0] ?? '' })
  assert.equal(await isIn(visitor), true)
  assert.equal(await linked(ada), 1)
  await until('that its owner is told', () => told(ada))
  club.claims = { ...club.claims, email: `elsewhere-${count}@example.org` }
  const again = new Visitor(platform.port)
  await again.submit(await travel(again), { recovery: codes[1] ?? '' })
  assert.equal(await isIn(again), true, 'known by issuer and subject from now on')
})

test('requirement 71: whom the app refuses after the sign-in leaves nothing in the account', async () => {
  const ada = await owner()
  refuses = true
  const visitor = new Visitor(platform.port)
  const refused = await travel(visitor)
  assert.match(refused.body, /Not before Monday/)
  assert.equal(await isIn(visitor), false)
  assert.equal(await linked(ada), 0)
  refuses = false
  await travel(visitor)
  assert.equal(await isIn(visitor), true)
  assert.equal(await linked(ada), 1)
})

test('requirement 71: an address that changes hands before the sign-in is whole links nobody', async () => {
  const ada = await owner()
  const accounts = platform.running().database.collection(accountsCollection)
  const visitor = new Visitor(platform.port)
  meanwhile = () => accounts.update(call, ada.accountId, { set: { email: `moved-${count}@example.org` } })
  await travel(visitor)
  assert.equal(await isIn(visitor), false)
  assert.equal(await linked(ada), 0)
})

test('of two tabs in which the same person comes at once, both are in', async () => {
  const ada = await owner()
  const visitors = [new Visitor(platform.port), new Visitor(platform.port)]
  await Promise.all(visitors.map(travel))
  assert.deepEqual(await Promise.all(visitors.map(isIn)), [true, true])
  assert.equal(await linked(ada), 1)
})
