// Which rows of Auth0 are one person.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { personRow } from '../schemas.ts'
import { auth0, isVouchedFor } from './auth0.ts'
import { joined } from './auth0-accounts.ts'

const options = { issuers: { club: 'https://club.example', 'own-github': 'https://github.corp.example' } }

const written = (id: string, email: string, more: object = {}): object => ({
  user_id: id,
  email,
  email_verified: true,
  name: `Of ${id}`,
  identities: [{ provider: id.split('|')[0], user_id: id.split('|')[1] }],
  ...more,
})
const of = (value: object, more: object = {}) => ({
  row: personRow.parse({ ...Object(auth0(value, options)).row, ...more }),
  isVouchedFor: isVouchedFor(value, options),
})
const subjectsOf = ({ row }: ReturnType<typeof joined>): unknown => row.identities?.map(({ subject }) => subject) ?? []

test('requirement 71: an account is joined by its address as far as a sign-in would connect it', () => {
  const cases: readonly (readonly [string, string, boolean, object?])[] = [
    ['google-oauth2|1', 'ada@gmail.com', true],
    ['google-oauth2|1', 'office@corp.example', false],
    ['google-oauth2|1', 'office@corp.example', true, { hd: 'corp.example' }],
    ['google-oauth2|1', 'office@corp.example', false, { hd: '' }],
    ['google-oauth2|1', 'office@corp.example', false, { hd: null }],
    ['github|1', 'office@corp.example', true],
    ['apple|1', 'office@corp.example', true],
    ['email|1', 'office@corp.example', true],
    ['auth0|2', 'office@corp.example', true],
    // Whoever runs one of these may write any address.
    ['windowslive|1', 'office@corp.example', false],
    ['waad|1', 'office@corp.example', false],
    ['oidc|club|1', 'office@corp.example', false],
    ['club|1', 'office@corp.example', false],
    ['own-github|1', 'office@corp.example', false],
  ]
  for (const [id, email, isJoined, more] of cases) {
    for (const turned of [false, true]) {
      const rows = [of(written('auth0|1', email)), of(written(id, email, more))]
      const { row, taken, left } = joined(turned ? rows.toReversed() : rows)
      assert.equal(taken.length, isJoined ? 2 : 1, `${id} ${email}`)
      assert.equal(row.id, turned && isJoined && id === 'auth0|2' ? 'auth0|2' : 'auth0|1', `${id} ${email}`)
      assert.deepEqual(
        left.map((one) => [one.of.row.id, /connects this one on the account page/.test(one.reason)]),
        isJoined ? [] : [[id, true]],
        `${id} ${email}`,
      )
    }
  }
})

test('what does not say which account it is of is believed by nobody', () => {
  for (const value of [{ email: 'ada@gmail.com', email_verified: true }, { user_id: 'google-oauth2|1' }, 'text'])
    assert.equal(isVouchedFor(value, options), false, JSON.stringify(value))
  assert.equal(isVouchedFor({ _id: { $oid: '1' }, email: 'ada@gmail.com' }, options), true)
})

test('requirement 71: where no provider can say whose the address is, one account is taken and the others are said', () => {
  const email = 'office@corp.example'
  const whole = joined([of(written('google-oauth2|1', email)), of(written('windowslive|2', email)), of(written('google-oauth2|3', email))])
  assert.deepEqual([whole.row.id, subjectsOf(whole), whole.left.length], ['google-oauth2|1', ['1'], 2])
  const beside = joined([of(written('google-oauth2|1', email)), of(written('github|2', email))])
  assert.deepEqual([beside.row.id, subjectsOf(beside)], ['github|2', ['2']], 'rather who is believed')
  const linkedThere = {
    identities: [
      { provider: 'auth0', user_id: '1' },
      { provider: 'google-oauth2', user_id: '4' },
    ],
  }
  const linked = joined([of(written('auth0|1', email, linkedThere))])
  assert.deepEqual(subjectsOf(linked), ['4'], 'what was connected there stays so')
})

test('of two accounts of one person the ways in are added up, and not what they may do', () => {
  const email = 'ada@gmail.com'
  const more = { roles: ['admin'], groups: ['staff'] }
  const { row, left } = joined([of(written('auth0|1', email)), of(written('google-oauth2|1', email, { blocked: true }), more)])
  assert.deepEqual([row.id, row.roles, row.groups, row.suspended, left], ['auth0|1', undefined, undefined, true, []])
  // The two files have one account.
  const both = joined([of(written('auth0|1', email)), of(written('auth0|1', email), more)])
  assert.deepEqual([both.row.roles, both.row.groups], [['admin'], ['staff']])
})
