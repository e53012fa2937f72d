import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changedMembership, membershipClaims, membershipOf } from './membership.ts'
import { permissionsOf } from './permissions.ts'

test('roles and groups are sets, and a change has a later mark than the one before', () => {
  const none = membershipOf({})
  assert.deepEqual(none, { roles: [], groups: [], at: 0 })
  const first = changedMembership(none, { addRoles: ['b', 'a', 'b'], addGroups: ['g'] }, 1000)
  assert.deepEqual(first, { roles: ['a', 'b'], groups: ['g'], at: 1000 })
  assert.ok(typeof first === 'object')
  assert.equal(changedMembership(first, { addRoles: ['a'], removeGroups: ['other'] }, 2000), first)
  // A clock that stands, or goes back, must not leave older tokens good.
  assert.deepEqual(changedMembership(first, { removeRoles: ['a'] }, 500), { roles: ['b'], groups: ['g'], at: 1001 })
})

const refusal = (addGroups: readonly string[]): string => {
  const changed = changedMembership(membershipOf({}), { addGroups }, 1)
  return typeof changed === 'string' ? changed : 'no refusal'
}

test('what cannot be a name, or is too much for a token, is refused with a reason', () => {
  for (const bad of ['Editor', 'a b', '', 'a"', '-a', 'a'.repeat(64), '__proto__'])
    assert.match(refusal([bad]), /cannot be a role or a group/, bad)
  const many = Array.from({ length: 40 }, (_, index) => `group-of-people-number-${index}`)
  assert.match(refusal(many), /800 bytes/)
  // Short ones have more of quotes and commas than of letters, and no token with more than a hundred is taken.
  const short = Array.from({ length: 101 }, (_, index) => index.toString(36))
  assert.match(refusal(short), /100 roles and 100 groups/)
  assert.equal(refusal(short.slice(1)), 'no refusal')
  const listed = Array.from({ length: 34 }, (_, index) => `${index}`.padEnd(20, 'x'))
  assert.equal(JSON.stringify(listed).length, 783)
  assert.equal(refusal([...listed, 'a'.repeat(14)]), 'no refusal')
  assert.match(refusal([...listed, 'a'.repeat(15)]), /These have 801\./)
})

test('who has more from before than there is room for now can lose some, and get no more', () => {
  const groups = Array.from({ length: 60 }, (_, index) => `group-number-${index}`)
  const before = membershipOf({ groups })
  const [first = ''] = groups
  const less = changedMembership(before, { removeGroups: [first] }, 1)
  assert.equal(typeof less === 'object' && less.groups.length, 59)
  const more = changedMembership(before, { addGroups: ['one-more'] }, 1)
  assert.match(typeof more === 'string' ? more : 'no refusal', /800 bytes/)
})

test('a token says what somebody is, and as of when', () => {
  const permissions = permissionsOf({ a: { permissions: ['do:a'] }, b: { permissions: ['do:b'] }, c: { permissions: ['do:a', 'do:c'] } })
  const all = { roles: true, organisation: true, permissions }
  assert.deepEqual(membershipClaims({ roles: [], groups: [], at: 0 }, all), { membership_at: 0 })
  const somebody = { roles: ['a'], groups: ['g'], organisation: { id: 'o', roles: ['b'] }, at: 5 }
  assert.deepEqual(membershipClaims(somebody, all), {
    roles: ['a'],
    groups: ['g'],
    permissions: ['do:a'],
    organization: { id: 'o', roles: ['b'], permissions: ['do:b'] },
    membership_at: 5,
  })
  assert.deepEqual(membershipClaims(somebody, { roles: true, organisation: false }), { roles: ['a'], groups: ['g'], membership_at: 5 })
  assert.deepEqual(membershipClaims(somebody, { roles: false, organisation: true }), {
    organization: { id: 'o', roles: ['b'] },
    membership_at: 5,
  })
})
