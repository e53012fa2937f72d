// What was mailed before its owner acted: whoever has read the mailbox for a moment must be out when everybody else is.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { callAs } from '#kernel/call.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { SignedIn } from '../../src/auth/accounts/signed-in.ts'
import { emailSignInsCollection } from '../../src/auth/email-sign-in/repository.ts'
import { resetsCollection } from '../../src/auth/recovery/repository.ts'
import type { PasswordReset } from '../../src/auth/recovery/schemas.ts'
import { type AccountsWorld, call, openAccounts, type SentMail, tokenIn } from '../support/accounts.ts'
import { until } from '../support/until.ts'

let world: AccountsWorld
let asks = 0
const operator = callAs(call, { kind: 'operator', sessionId: 'at the console' })
const NEXT = 'four quiet river stones'

before(async () => {
  world = await openAccounts({ definition: { methods: { emailCode: true, magicLink: true } } })
})

after(() => world.stop())

interface Person {
  readonly accountId: string
  readonly email: string
  readonly password: string
}

async function mailed(email: string, template: string, ask: () => Promise<unknown>): Promise<SentMail> {
  const known = world.mails.length
  await ask()
  return until(`${template} to ${email}`, () => world.mails.slice(known).find((one) => one.to === email && one.template === template))
}

/** In a browser of its own. */
async function askToSignIn(email: string) {
  asks += 1
  const place = { browser: `browser-${asks}`, interaction: `interaction-${asks}` }
  const client = `client-${asks}`
  const sent = await mailed(email, 'sign-in-code-or-link', () => world.byMail.signIns.ask(call, { email, client, ...place }))
  return {
    async byCode(): Promise<SignedIn | undefined> {
      const outcome = await world.byMail.signIns.redeemCode(call, { ...place, client, typed: sent.data['code'] ?? '' })
      assert.notEqual(outcome, 'wrong')
      return typeof outcome === 'string' ? undefined : outcome
    },
    byLink: () => world.byMail.signIns.redeemLink(call, { ...place, token: tokenIn(sent) }),
  }
}

async function askForPassword(email: string): Promise<string> {
  asks += 1
  const sent = await mailed(email, 'reset-password', () => world.byMail.recovery.ask(call, { email, client: `client-${asks}` }))
  return tokenIn(sent)
}

async function moved({ accountId }: Person, to: string): Promise<void> {
  asks += 1
  const asked = () => world.byMail.addresses.ask(call, { accountId, email: to, client: `client-${asks}` })
  const token = tokenIn(await mailed(to, 'confirm-new-address', asked))
  assert.equal(await world.byMail.addresses.confirm(call, { token, accountId, by: {} }), to)
}

/** How an owner, or an operator for them, puts everybody else out. */
const ACTS: Readonly<Record<string, (person: Person) => Promise<unknown>>> = {
  'requirement 70: a new password': ({ accountId, password }) =>
    world.accounts.changePassword(call, { accountId, sessionId: 'here', current: password, next: NEXT }),
  'requirement 70: a new password by mail': async ({ email }) =>
    world.byMail.recovery.reset(call, { token: await askForPassword(email), password: NEXT }),
  'requirement 70: taking back an address that was changed': async (person) => {
    const isTold = ({ to, template }: SentMail): boolean => to === person.email && template === 'address-changed'
    await moved(person, `thief-of-${person.email}`)
    const token = tokenIn(await until('the mail to the old mailbox', () => world.mails.find(isTold)))
    assert.equal((await world.byMail.addresses.undo(call, token))?.email, person.email)
    await world.byMail.reclaiming.finish(call, person.accountId)
  },
  'requirement 32: signing out everywhere else': ({ accountId }) => world.leaving.signOutElsewhere(call, { accountId, sessionId: 'here' }),
  'requirement 32: an operator who signs somebody out': ({ email }) => world.leaving.signOut(operator, email),
  'requirement 32: a block, though it is taken back': async ({ email }) => {
    await world.leaving.suspend(operator, email, true)
    await world.leaving.suspend(operator, email, false)
  },
  'requirement 32: asking for the end of the account': ({ accountId }) => world.leaving.requestDeletion(call, { accountId }),
}

for (const [number, [name, act]] of Object.entries(ACTS).entries())
  test(`${name} ends codes, links and permissions that were mailed before, and none that is asked for afterwards`, async () => {
    const person = await world.person({ email: `owner-${number}@example.org` })
    const { accountId, email } = person
    const [first, second] = [await askToSignIn(email), await askToSignIn(email)]
    const permission = await askForPassword(email)
    const other = await world.person({ email: `other-${number}@example.org` })
    const ofOther = await askToSignIn(other.email)
    await act(person)
    assert.equal(await first.byCode(), undefined)
    assert.equal(await second.byLink(), undefined)
    assert.equal(await world.byMail.recovery.pending(call, permission), undefined)
    assert.equal(await world.byMail.recovery.reset(call, { token: permission, password: 'the third of some passwords' }), undefined)
    assert.equal((await ofOther.byCode())?.accountId, other.accountId, 'of somebody else')
    world.clock.advance(16 * 60_000)
    assert.equal((await (await askToSignIn(email)).byCode())?.accountId, accountId)
    assert.equal((await world.byMail.recovery.pending(call, await askForPassword(email)))?.accountId, accountId)
  })

test('requirement 32: however many were asked for in the name of somebody, signing out ends them all, and no other', async () => {
  const { accountId, email } = await world.person({ email: 'many-asked@example.org' })
  const other = await world.person({ email: 'not-asked@example.org' })
  const resets = world.database.collection(resetsCollection)
  const expiresAt = world.clock.now() + 60_000
  const reset = (id: string, of: Person['accountId']): PasswordReset => ({ id, accountId: of, email, credential: '', expiresAt })
  for (let index = 0; index < 95; index += 1) await resets.insert(call, reset(`many-${index}`, accountId))
  await resets.insert(call, reset('of another', other.accountId))
  await world.leaving.signOutElsewhere(call, { accountId, sessionId: 'here' })
  assert.equal((await resets.list(call, { index: 'account', where: { accountId }, limit: 1 })).items.length, 0)
  assert.ok(await resets.get(call, 'of another'))
})

test('requirement 70: a code that is typed at the moment of a new password signs in to the old one, which is none by then', async () => {
  const { accountId, email, password } = await world.person({ email: 'same-moment@example.org' })
  const waiting = await askToSignIn(email)
  const [signedIn] = await Promise.all([
    waiting.byCode(),
    world.accounts.changePassword(call, { accountId, sessionId: 'here', current: password, next: NEXT }),
  ])
  // Either it came too late, or the engine is handed a credential that it compares when it stores the session.
  const now = await world.accounts.find(call, accountId)
  assert.notEqual(signedIn?.credential, now?.credential)
})

test('requirement 70: one that an earlier release has stored, without what it was asked for, opens nothing', async () => {
  const { accountId, email } = await world.person({ email: 'earlier@example.org' })
  const waiting = await askToSignIn(email)
  const rows = world.database.collection(emailSignInsCollection)
  const { items } = await rows.list(call, { index: 'account', where: { accountId }, limit: 1 })
  await rows.update(call, items[0]?.value.id ?? '', { set: { credential: undefined } })
  assert.equal(await waiting.byCode(), undefined)
})

test('another hash of the same password ends nothing that was mailed', async () => {
  const { accountId, email, password } = await world.person({ email: 'rehashed@example.org' })
  const waiting = await askToSignIn(email)
  const accounts = world.database.collection(accountsCollection)
  const before = (await accounts.get(call, accountId))?.value ?? assert.fail('no account')
  await world.running.shared.repository.renewHash(call, before, before.password?.replace(/.$/, 'A') ?? password)
  assert.equal((await waiting.byCode())?.accountId, accountId)
})
