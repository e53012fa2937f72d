// An operator blocks somebody on the machine: everything of theirs ends within a second on the running platform. And what it has stored of clients' addresses.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ninefold } from '../support/command.ts'
import { session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { everythingStored, scenarioEnvironment, scenarioUrl } from '../support/scenario-database.ts'
import { until } from '../support/until.ts'

const ADDRESS = '203.0.113.77'
const WITHIN_MS = 3000

describe('somebody whom an operator blocks', () => {
  let platform: PlatformProcess

  before(async () => {
    platform = await startPlatform({ environment: { NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1' } })
  })

  after(() => platform?.stop({ remove: true }))

  test('requirement 32: is signed out of the running platform, and gets in again when it is taken back', async () => {
    const ada = await signUp(platform, 'blocked@example.org')
    await signIn(platform, ada)
    assert.equal((await session(platform, ada.visitor)).signedIn, true)
    const environment = scenarioEnvironment(platform.dataDir)
    const command = (...flags: string[]) =>
      ninefold(['account', ada.email, ...flags, '--data-dir', platform.dataDir, '--log-level', 'error'], { environment })
    assert.match((await command('--suspend', '--dry-run')).err, /^"account" does nothing with --dry-run\. Nothing was done\./)
    assert.equal((await session(platform, ada.visitor)).signedIn, true)
    const blocked = await command('--suspend')
    assert.equal(blocked.code, 0, blocked.err)
    assert.equal((JSON.parse(blocked.out) as { suspended: boolean }).suspended, true)
    const from = Date.now()
    await until('the session to be over', async () => !(await session(platform, ada.visitor)).signedIn)
    assert.ok(Date.now() - from < WITHIN_MS, `it took ${Date.now() - from} ms`)
    const over = Date.now()
    const refused = await signIn(platform, ada)
    assert.match(refused.body, /That did not work/)
    const back = await command('--reinstate')
    assert.equal(back.code, 0, back.err)
    // What begins in the second after the block is taken for what was under way then.
    await until('that to be over', () => Date.now() > over + 2000)
    await signIn(platform, ada)
    assert.equal((await session(platform, ada.visitor)).signedIn, true)
    const reset = await command('--reset-second-step')
    assert.equal(reset.code, 0, reset.err)
    assert.equal((JSON.parse(reset.out) as { secondStepReset: boolean }).secondStepReset, false, 'there is none')
    const link = await command('--send-passkey-link')
    assert.equal(link.code, 0, link.err)
    assert.equal((JSON.parse(link.out) as { passkeyLinkSent: boolean }).passkeyLinkSent, false, 'there are passwords')
    assert.equal((await session(platform, ada.visitor)).signedIn, true, 'and nothing was ended for it')
    const offered = await command('--new-address', 'Ada@new.example')
    assert.equal(offered.code, 0, offered.err)
    const { offeredTo, until: day } = JSON.parse(offered.out) as { offeredTo: string; until: string }
    assert.equal(offeredTo, 'ada@new.example')
    assert.ok(Math.abs(Date.parse(day) - Date.now() - 7 * 24 * 3_600_000) < 60_000)
    await until('the mail', async () => (await platform.mails('ada@new.example')).some(({ text }) => /restore-address\?token=/.test(text)))
    const wrong = await command('--new-address', 'no address')
    assert.equal(wrong.code, 1)
    assert.match(wrong.err, /email: /)
    assert.doesNotMatch(wrong.err, /\n\s+at /)
  })

  test('is found, signed out without being blocked, and deleted though blocked, with the address once more where it is at once', async () => {
    const ada = await signUp(platform, 'leaver@example.org')
    await signIn(platform, ada)
    const environment = scenarioEnvironment(platform.dataDir)
    const command = (...words: string[]) =>
      ninefold(['account', ...words, '--data-dir', platform.dataDir, '--log-level', 'error'], { environment })
    const answered = async (...words: string[]): Promise<Record<string, unknown>> => {
      const { code, out, err } = await command(...words)
      assert.equal(code, 0, err)
      return JSON.parse(out) as Record<string, unknown>
    }
    const found = await answered('--list', 'LEAVER@')
    assert.equal(found['email'], ada.email)
    assert.equal(found['accountId'], (await answered(ada.email))['accountId'])
    const { sessions } = (await answered(ada.email, '--view')) as unknown as { sessions: { signedInAt: string }[] }
    assert.match(sessions[0]?.signedInAt ?? '', /^\d{4}-.*Z$/)
    assert.equal((await command('--list', 'nobody@')).out, '')

    assert.equal((await answered(ada.email, '--sign-out'))['signedOut'], true)
    const from = Date.now()
    await until('the session to be over', async () => !(await session(platform, ada.visitor)).signedIn)
    assert.ok(Date.now() - from < WITHIN_MS, `it took ${Date.now() - from} ms`)
    // What begins in the second after it is taken for what was under way then.
    await until('that to be over', () => Date.now() > from + 2000)
    await signIn(platform, ada)
    assert.equal((await session(platform, ada.visitor)).signedIn, true)

    const ending = await answered(ada.email, '--suspend', '--view', '--delete')
    assert.match(String(ending['suspendedAt'] ?? ending['blockedAt']), /^\d{4}-/, 'seen as it is after the block')
    assert.deepEqual([ending['suspended'], ending['deleted'], ending['toBeRemoved']], [true, false, undefined])
    assert.ok(Date.parse(String(ending['deletionAt'])) > Date.now() + 13 * 24 * 3_600_000)
    assert.equal((await answered(ada.email, '--keep'))['kept'], true)
    for (const words of [
      [ada.email, '--delete', '--now'],
      [ada.email, '--delete', '--now', '--confirm'],
      [ada.email, '--delete', '--now', '--confirm', 'leave@example.org'],
      [ada.email, '--delete', '--confirm', ada.email],
      [ada.email, '--delete', '--keep'],
      [ada.email, '--now'],
      ['nobody@example.org', '--delete', '--now', '--confirm', 'nobody@example.org'],
    ]) {
      const refused = await command(...words)
      assert.equal(refused.code, 1, words.join(' '))
      assert.doesNotMatch(refused.err, /\n\s+at /)
    }
    const neighbour = await signUp(platform, 'neighbour@example.org')
    for (const words of [
      ['--add-role', 'editor', '--suspend', '--delete', '--now', '--confirm', 'leave@example.org'],
      ['--suspend', '--new-address', ada.email],
      ['--add-role', 'No Role', '--suspend'],
    ])
      assert.equal((await command(neighbour.email, ...words)).code, 1, words.join(' '))
    const left = await answered('--list', neighbour.email)
    assert.deepEqual([left['roles'], left['blockedAt'], left['deletion']], [[], undefined, undefined], 'a refused command has done nothing')
    const gone = await answered(ada.email, '--delete', '--now', '--confirm', ada.email)
    assert.equal(gone['deleted'], true)
    assert.match(String(gone['toBeRemoved']), /objects, files.*when it runs/)
    assert.match((await command(ada.email)).err, /Nobody has the address/)
    await until('the mail', async () => (await platform.mails(ada.email)).some(({ text }) => /has deleted your account/.test(text)))
  })

  // The rows are the same on every database; here the files are read.
  if (scenarioUrl('a') === undefined)
    test('requirement 73: no address of a client is stored, and events have a pseudonym in its place', async () => {
      const accounts = new URL('/forgot-password', platform.origin('accounts'))
      const { visitor } = await signUp(platform, 'pseudonym@example.org')
      const page = await visitor.request(new URL('/account', platform.origin('accounts')), { headers: { 'x-forwarded-for': ADDRESS } })
      assert.equal(page.status, 303)
      const asked = await visitor.request(accounts, { headers: { 'x-forwarded-for': ADDRESS, accept: 'text/html' } })
      assert.equal(asked.status, 200)
      const folder = join(platform.dataDir, 'database')
      // Records of requests are written in batches: without waiting for these, nothing would be looked through.
      const stored = await until('the requests to be on disk', async () => {
        const logs = (await everythingStored(join(folder, 'logs.db'))).toString('latin1')
        return logs.includes('/forgot-password') && (await everythingStored(join(folder, 'main.db'))).toString('latin1') + logs
      })
      assert.match(stored, /"type":"account\.created"[^}]*"client":"|"client":"[^"]+"[^}]*"type":"account\.created"/)
      assert.ok(!stored.includes(ADDRESS), 'the address is on disk')
      assert.ok(!platform.output().includes(ADDRESS), 'the address is in the log')
    })
})
