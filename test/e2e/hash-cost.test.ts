// The operator sets another cost of hashing: what the command line says of it, and what the platform on the same data makes of it.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { createLogger } from '#kernel/log.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { ninefold } from '../support/command.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { signIn, signUp } from '../support/person.ts'
import { startPlatform } from '../support/platform.ts'
import { databaseOf } from '../support/scenario-database.ts'
import { Visitor } from '../support/visitor.ts'

const OTHER = { NINEFOLD_AUTH_PASSWORD_MEMORY_KIB: '7168', NINEFOLD_AUTH_PASSWORD_PASSES: '5' }

async function hashOf(dataDir: string, email: string): Promise<string> {
  const { contract, start, stop } = await databaseOf(dataDir, { clock: fakeClock(), logger: createLogger({ level: 'silent' }) })
  const accounts = contract.collection(accountsCollection)
  await start()
  try {
    return (await accounts.getByKey(systemCall('test'), 'email', { email }))?.value.password ?? ''
  } finally {
    await stop()
  }
}

test('people sign in after the cost was changed, and have hashes of that cost then', async () => {
  const email = 'ada@example.com'
  let platform = await startPlatform()
  const { port, dataDir } = platform
  try {
    await signUp(platform, email)
    await platform.stop()
    assert.match(await hashOf(dataDir, email), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    platform = await startPlatform({ dataDir, port, environment: OTHER })
    const page = await signIn(platform, { visitor: new Visitor(port), email })
    assert.equal(page.url.origin, platform.origin('diary'), page.body)
    await platform.stop()
    assert.match(await hashOf(dataDir, email), /^\$argon2id\$v=19\$m=7168,t=5,p=1\$/)
  } finally {
    await platform.stop({ remove: true })
  }
})

test('what is too cheap does not start, and says what to set', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-cheap-'))
  try {
    for (const command of ['start', 'check']) {
      const ran = await ninefold([command, '--data-dir', join(folder, 'data')], {
        environment: { ...OTHER, NINEFOLD_AUTH_PASSWORD_PASSES: '4' },
      })
      assert.equal(ran.code, 1, ran.out)
      assert.match(ran.err, /MEMORY_KIB=7168 with NINEFOLD_AUTH_PASSWORD_PASSES=4 makes passwords too cheap to guess/)
      assert.match(ran.err, /Set NINEFOLD_AUTH_PASSWORD_MEMORY_KIB to at least 9216, or NINEFOLD_AUTH_PASSWORD_PASSES to at least 5/)
      assert.doesNotMatch(ran.err, /\n\s+at |Error:/, 'no stack')
    }
    const { code, out, err } = await ninefold(['check', '--data-dir', join(folder, 'data')], { environment: OTHER })
    assert.equal(code, 0, err)
    assert.match(out, /NINEFOLD_AUTH_PASSWORD_MEMORY_KIB\b.*7168.*environment/)
    assert.match(out, /NINEFOLD_AUTH_PASSWORD_PASSES\b.*5.*environment/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
