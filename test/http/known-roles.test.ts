// Where the app says which roles there are, nobody gets another one: by no command, no file and no other system.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import { createRoles, type Roles } from '../../src/auth/roles/roles.ts'
import { type AccountsWorld, call, openAccounts } from '../support/accounts.ts'

const ROLES = { editor: { permissions: ['photos:write'] }, admin: { permissions: [] } }

async function opened(t: TestContext, definition: AuthDefinition = { roles: ROLES }): Promise<AccountsWorld & { readonly roles: Roles }> {
  const world = await openAccounts({ definition })
  t.after(() => world.stop())
  const roles = createRoles({ ...world, known: definition })
  return { ...world, roles }
}

const stored = async ({ database }: AccountsWorld, email: string) =>
  (await database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value ?? assert.fail(email)

test('a role that the app does not have is given to nobody, and the message says which there are', async (t) => {
  const world = await opened(t)
  const { accountId, email } = await world.person()
  const refusal = { code: 'auth.bad_details', detail: '"nosuch": no role of this app, which has editor, admin.' }
  await assert.rejects(world.roles.change(call, email, { addRoles: ['editor', 'nosuch'] }), refusal)
  await assert.rejects(world.roles.change(call, email, { addRoles: ['toString', 'owner'] }), { detail: /cannot be a role/ })
  await assert.rejects(world.roles.change(call, email, { addRoles: ['constructor', 'owner'] }), {
    detail: '"constructor", "owner": no roles of this app, which has editor, admin.',
  })
  assert.deepEqual((await stored(world, email)).roles, undefined, 'nor are the others')
  assert.deepEqual(await world.roles.change(call, email, { addRoles: ['editor'], addGroups: ['nosuch'] }), {
    accountId,
    roles: ['editor'],
    groups: ['nosuch'],
  })
})

test('one that the app had before can be taken away, and is no hindrance until then', async (t) => {
  const world = await opened(t)
  const { accountId, email } = await world.person()
  await world.database.collection(accountsCollection).update(call, accountId, { set: { roles: ['former', 'editor'], membershipAt: 1 } })
  assert.deepEqual((await world.roles.change(call, email, { addRoles: ['admin'] }))?.roles, ['admin', 'editor', 'former'])
  assert.deepEqual((await world.roles.change(call, email, { removeRoles: ['former', 'never'] }))?.roles, ['admin', 'editor'])
})

test('without a word of the app any role is one, and with none there is none', async (t) => {
  const any = await opened(t, {})
  const { email } = await any.person()
  assert.deepEqual((await any.roles.change(call, email, { addRoles: ['nosuch'] }))?.roles, ['nosuch'])
  const none = await opened(t, { roles: {} })
  await none.person({ email })
  await assert.rejects(none.roles.change(call, email, { addRoles: ['nosuch'] }), {
    detail: '"nosuch": no role of this app, which has none.',
  })
})

test('a file brings people without such roles, and says so', async (t) => {
  const world = await opened(t)
  const rows = [
    { email: 'ada@example.org', roles: ['editor', 'nosuch', 'Bad Name', 'other'], groups: ['nosuch'] },
    { email: 'bob@example.org', roles: ['admin'] },
  ]
  for (const dryRun of [true, false]) {
    const [ada, bob] = await world.running.moving.moveIn(call, rows, { from: 'old', dryRun })
    assert.match(
      JSON.stringify(ada),
      /"made".*Bad Name.* is no name of a role or a group here and was left out; .*nosuch.*, .*other.*: no roles of this app, which has editor, admin; left out/,
    )
    assert.deepEqual([bob?.outcome, bob !== undefined && 'left' in bob], ['made', false])
  }
  const { roles, groups } = await stored(world, 'ada@example.org')
  assert.deepEqual([roles, groups], [['editor'], ['nosuch']])
})

test('an answer of legacySignIn with such a role is one that the app has to mend, as with every odd one', async (t) => {
  const roles = ['editor', 'nosuch']
  const world = await opened(t, { roles: ROLES, legacySignIn: async () => ({ emailVerified: true, roles }) })
  const tryIn = () => world.accounts.signIn(call, { email: 'eve@example.org', password: 'as it was there', client: 'c' })
  await assert.rejects(tryIn(), { code: 'auth.unavailable' })
  assert.match(world.log.join(''), /auth\.legacy_refused.*nosuch.*no role of this app/)
  roles.pop()
  assert.ok(await tryIn())
  assert.deepEqual((await stored(world, 'eve@example.org')).roles, ['editor'])
})
