// Where password managers look on the accounts origin.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ORIGIN, openAccounts } from '../support/accounts.ts'

const PATHS = ['/.well-known/change-password', '/.well-known/passkey-endpoints'] as const

test('password managers find where a password is changed and where passkeys are, if there are some', async () => {
  for (const methods of [{}, { password: false }, { passkey: false }]) {
    const world = await openAccounts({ definition: { methods } })
    try {
      const paths = new Set(world.routes.map(({ path }) => path))
      assert.deepEqual(
        PATHS.filter((path) => paths.has(path)),
        [...('password' in methods ? [] : [PATHS[0]]), ...('passkey' in methods ? [] : [PATHS[1]])],
      )
      if ('password' in methods || 'passkey' in methods) continue
      const password = await world.visit({ path: PATHS[0] })
      assert.deepEqual([password.status, password.headers?.['location']], [303, '/account#password'])
      const passkeys = await world.visit({ path: PATHS[1] })
      assert.equal(passkeys.status, 200)
      const origin = ORIGIN
      assert.deepEqual((passkeys.answer.body as { json?: unknown }).json, {
        enroll: `${origin}/account/passkeys/add`,
        manage: `${origin}/account#passkeys`,
      })
    } finally {
      await world.stop()
    }
  }
})
