// Somebody is moved in by several files: what a later one has and the account lacks is given to it, and to nobody else's.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { RowOutcome } from '../../src/auth/moving/contract.ts'
import { converters } from '../../src/auth/moving/converters.ts'
import type { Converted } from '../../src/auth/moving/systems/shared.ts'
import { identitiesCollection } from '../../src/auth/upstream/repository.ts'
import { type AccountsWorld, call, openAccounts, tokenIn } from '../support/accounts.ts'

let world: AccountsWorld
before(async () => {
  world = await openAccounts({ definition: { methods: { emailCode: true, magicLink: true } } })
})
after(() => world.stop())

const PASSWORD = 'U*U'
const HASH = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'

const moveIn = async (row: unknown, dryRun = false): Promise<RowOutcome> =>
  (await world.running.moving.moveIn(call, [row], { from: 'auth0', dryRun }))[0] ?? assert.fail('no outcome')
const stored = async (email: string) =>
  (await world.database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value ?? assert.fail(email)
const subjects = async (email: string): Promise<readonly string[]> => {
  const { id: accountId } = await stored(email)
  const page = await world.database.collection(identitiesCollection).list(call, { index: 'account', where: { accountId }, limit: 9 })
  return page.items.map(({ value }) => value.subject)
}
const opens = async (email: string): Promise<boolean> =>
  (await world.accounts.signIn(call, { email, password: PASSWORD, client: `client of ${email}` })) !== undefined

interface Person {
  readonly email: string
  readonly verified?: boolean
}
const rowIn = (converted: Converted | string): object => (typeof converted === 'string' ? assert.fail(converted) : converted.row)
/** As the two exports of Auth0 have one person. */
const inUsers = ({ email, verified = true }: Person, more: object = {}): object =>
  rowIn(
    converters.auth0(
      {
        user_id: `auth0|${email}`,
        email,
        email_verified: verified,
        name: 'Ada Lovelace',
        created_at: '2022-05-01T10:00:00.000Z',
        identities: [{ provider: 'google-oauth2', user_id: `of ${email}` }],
        ...more,
      },
      { issuers: {} },
    ),
  )
const inHashes = ({ email, verified = true }: Person): object =>
  rowIn(converters.auth0({ _id: { $oid: email }, email, email_verified: verified, passwordHash: HASH }, { issuers: {} }))

test('the password comes by a later file, and opens the account', async () => {
  const ada = { email: 'ada@example.org' }
  assert.equal((await moveIn(inUsers(ada))).outcome, 'made')
  assert.equal((await moveIn(inHashes(ada), true)).outcome, 'completed')
  assert.equal((await stored(ada.email)).password, undefined, 'a dry run writes nothing')
  assert.equal((await moveIn(inHashes(ada))).outcome, 'completed')
  assert.equal((await moveIn(inHashes(ada))).outcome, 'present')
  assert.equal(await opens(ada.email), true)
  assert.equal((await stored(ada.email)).name, 'Ada Lovelace')
})

test('roles and groups come by no later file, and it is said which are lacking', async () => {
  const email = 'roles@example.org'
  assert.equal((await moveIn({ id: email, email, emailVerified: true, roles: ['editor'] })).outcome, 'made')
  const again = { id: email, email, emailVerified: true, roles: ['editor', 'author'], groups: ['staff'] }
  const lacking = 'roles that they do not have here: author (a file gives none to who is in already: ninefold account <address> --add-role)'
  const outcome = await moveIn(again)
  assert.deepEqual(
    [outcome.outcome, 'left' in outcome && outcome.left],
    ['present', `${lacking}; groups that they are not in here: staff (ninefold account <address> --add-group)`],
  )
  assert.deepEqual((await stored(email)).roles, ['editor'])
})

test('identities and the name come by a later file', async () => {
  const grace = { email: 'grace@example.org' }
  assert.equal((await moveIn(inHashes(grace))).outcome, 'made')
  assert.equal((await moveIn(inUsers(grace))).outcome, 'completed')
  assert.deepEqual([(await stored(grace.email)).name, await subjects(grace.email)], ['Ada Lovelace', ['of grace@example.org']])
  const again = await moveIn(inUsers(grace))
  assert.deepEqual([again.outcome, 'left' in again], ['present', false])
  assert.equal(await opens(grace.email), true)
})

test('many at once give it once', async () => {
  const many = { email: 'many@example.org' }
  await moveIn(inUsers(many))
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => moveIn(inHashes(many))))
  const told = outcomes.map(({ outcome }) => outcome).toSorted()
  assert.deepEqual(told, ['completed', ...Array.from({ length: 7 }, () => 'present')], JSON.stringify(outcomes))
})

test('one file that several commands move in at once refuses nobody', async () => {
  const rows = Array.from({ length: 8 }, (_, index) => inUsers({ email: `crowd${index}@example.org` }))
  const more = rows.map((row) => ({ ...row, identities: [{ issuer: 'https://club.example', subject: `of ${String(Object(row).email)}` }] }))
  const all = async (file: readonly object[]): Promise<string[]> => {
    const orders = [file, file.toReversed(), file, file.toReversed()]
    const outcomes = await Promise.all(orders.map((each) => world.running.moving.moveIn(call, each, { from: 'auth0' })))
    return outcomes
      .flat()
      .map(({ outcome }) => outcome)
      .toSorted()
  }
  const times = (count: number, outcome: string): string[] => Array.from({ length: count }, () => outcome)
  assert.deepEqual(await all(rows), [...times(8, 'made'), ...times(24, 'present')])
  assert.deepEqual(await all(more), [...times(8, 'completed'), ...times(24, 'present')])
})

/** The row, and nothing of it in the account. */
async function refusesPassword(person: Person, reason: RegExp): Promise<void> {
  const before = await stored(person.email)
  const outcome = await moveIn(inHashes(person))
  assert.equal(outcome.outcome, 'present')
  assert.match('left' in outcome ? (outcome.left ?? '') : '', reason)
  assert.deepEqual(await stored(person.email), before)
}

test('requirement 71: no row opens an account whose owner made it here, by its address alone', async () => {
  const { email } = await world.person({ email: 'here@example.org' })
  for (const row of [inHashes({ email }), inUsers({ email })])
    assert.match(JSON.stringify(await moveIn(row)), /somebody here has this address/)
  assert.deepEqual(await subjects(email), [])
})

test('requirement 71: what has not confirmed the address there opens no account that has it confirmed', async () => {
  const person = { email: 'unsure@example.org' }
  await moveIn(inUsers(person))
  await refusesPassword(
    { ...person, verified: false },
    /the password was not taken: the address is confirmed here, and the row does not say/,
  )
})

test('requirement 71: what the first proof of the mailbox has ended does not come back', async () => {
  const person = { email: 'proved@example.org', verified: false }
  await moveIn(inUsers(person))
  // By a mail, whoever has the mailbox takes the account, and what others had added goes.
  await world.visit({ path: '/forgot-password', form: { email: person.email } })
  const token = tokenIn(await world.mailTo(person.email, 'reset-password'))
  await world.visit({ path: '/reset-password', form: { token, password: 'a brand new passphrase' } })
  await world.settled()
  assert.deepEqual(await subjects(person.email), [])
  const outcome = await moveIn(inUsers({ ...person, verified: true }))
  assert.match(
    JSON.stringify(outcome),
    /"present".*the identity of https:\/\/accounts.google.com was not taken: ways to sign in were taken away/,
  )
  assert.deepEqual(await subjects(person.email), [])
  // Even when it has no password by then.
  const accounts = world.database.collection(accountsCollection)
  await accounts.update(call, (await stored(person.email)).id, { set: { password: undefined } })
  await refusesPassword({ ...person, verified: true }, /ways to sign in were taken away here since/)
})

test('an identity that its owner has taken away stays away, and so does one of somebody else', async () => {
  const person = { email: 'unlinked@example.org' }
  await moveIn(inUsers(person))
  const { id: accountId, waysVersion } = await stored(person.email)
  const identities = world.database.collection(identitiesCollection)
  const [linked] = (await identities.list(call, { index: 'account', where: { accountId }, limit: 2 })).items
  // As the account page does it.
  await identities.delete(call, linked?.value.id ?? '')
  await world.database.collection(accountsCollection).update(call, accountId, { set: { waysVersion: (waysVersion ?? 0) + 1 } })
  assert.match(JSON.stringify(await moveIn(inUsers(person))), /"present".*ways to sign in were taken away/)
  assert.deepEqual(await subjects(person.email), [])
  const other = { email: 'other@example.org' }
  await moveIn(inHashes(other))
  const theirs = [{ provider: 'google-oauth2', user_id: 'of ada@example.org' }]
  const outcome = await moveIn(inUsers(other, { identities: theirs }))
  assert.match(JSON.stringify(outcome), /"completed".*connected with another account here already/)
  assert.deepEqual(await subjects(other.email), [])
})

test('who is blocked there gets nothing here, and it is said', async () => {
  const person = { email: 'blocked@example.org' }
  await moveIn(inHashes(person))
  const outcome = await moveIn(inUsers(person, { blocked: true }))
  assert.match(JSON.stringify(outcome), /"present".*the person is blocked there, and not here/)
  assert.deepEqual(await subjects(person.email), [])
  const second = { email: 'blocked-whole@example.org' }
  await moveIn(inHashes(second))
  const bare = await moveIn(inUsers(second, { blocked: true, identities: [] }))
  assert.match(JSON.stringify(bare), /"present".*the person is blocked there, and not here/)
})

test('an account that has another address by now, or is about to end, gets nothing', async () => {
  const [moved, ending] = [{ email: 'moved@example.org' }, { email: 'ending@example.org' }]
  await moveIn(inUsers(moved))
  await moveIn(inUsers(ending))
  const accounts = world.database.collection(accountsCollection)
  await accounts.update(call, (await stored(moved.email)).id, { set: { email: 'elsewhere@example.org' } })
  const outcome = await moveIn(inHashes(moved))
  assert.match(JSON.stringify(outcome), /"present".*the password was not taken: the address is another one here by now/)
  assert.equal((await stored('elsewhere@example.org')).password, undefined)
  const now = world.clock.now()
  const end = { deletionAt: now + 86_400_000, deletion: { requestedAt: now } }
  await accounts.update(call, (await stored(ending.email)).id, { set: end })
  await refusesPassword(ending, /the account is about to end/)
})
