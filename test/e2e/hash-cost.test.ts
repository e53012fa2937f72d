// The operator sets another cost of hashing, and a list of passwords that nobody may choose: what the command line says of it, and what the platform on the
// same data makes of it.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
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

const BREACHED = 'purple rowing club'

/** Of a published list: SHA-1 with a count. */
async function filterIn(folder: string): Promise<string> {
  const [list, filter] = [join(folder, 'breached.txt'), join(folder, 'passwords.filter')]
  await writeFile(list, `${createHash('sha1').update(BREACHED).digest('hex').toUpperCase()}:3\n`)
  const { code, out, err } = await ninefold(['passwords', 'build-filter', list, filter])
  assert.equal(code, 0, err)
  assert.match(out, /^1 passwords in \d+ bytes: /)
  return filter
}

test('people sign in after the cost was changed, and have hashes of that cost then; what is on the own list is refused at sign-up', async () => {
  const email = 'ada@example.com'
  let platform = await startPlatform()
  const { port, dataDir } = platform
  try {
    await signUp(platform, email)
    await platform.stop()
    assert.match(await hashOf(dataDir, email), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    platform = await startPlatform({ dataDir, port, environment: { ...OTHER, NINEFOLD_AUTH_PASSWORD_FILTER: await filterIn(dataDir) } })
    const page = await signIn(platform, { visitor: new Visitor(port), email })
    assert.equal(page.url.origin, platform.origin('diary'), page.body)
    const visitor = new Visitor(port)
    const form = await visitor.visit(`${platform.origin('accounts')}/sign-up`)
    const refused = await visitor.submit(form, { email: 'bob@example.com', name: 'Bob', password: BREACHED })
    assert.equal(refused.status, 422, refused.body)
    assert.match(refused.body, /one of the passwords that everybody tries first/)
    assert.deepEqual(await platform.mails('bob@example.com'), [])
    await signUp(platform, 'bob@example.com', { password: `${BREACHED}s` })
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
