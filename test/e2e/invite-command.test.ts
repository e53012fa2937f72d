// Invitations to sign up from the command line, beside a platform that runs: given, seen, and taken back.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ninefold, type Ran } from '../support/command.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'

describe('the command "invite"', () => {
  let platform: PlatformProcess

  before(async () => {
    platform = await startPlatform()
  })
  after(() => platform?.stop({ remove: true }))

  const invite = (...words: string[]): Promise<Ran> =>
    ninefold(['invite', ...words, '--data-dir', platform.dataDir, '--port', String(platform.port), '--log-level', 'error'], {
      environment: scenarioEnvironment(platform.dataDir),
    })
  const refused = async (words: readonly string[], message: RegExp): Promise<void> => {
    const { code, out, err } = await invite(...words)
    assert.equal(code, 1, words.join(' '))
    assert.match(err, message)
    assert.doesNotMatch(err, /\n\s+at /)
    assert.equal(out, '')
  }

  test('lists who is invited, and takes an invitation back', async () => {
    assert.match((await invite('--list')).out, /Nobody is invited/)
    assert.equal(JSON.parse((await invite('Mistyped@example.org')).out).email, 'mistyped@example.org')
    await invite('meant@example.org')
    const listed = (await invite('--list')).out.split('\n')
    assert.match(listed[0] ?? '', /^address +invited +until$/)
    assert.match(listed[2] ?? '', /^meant@example\.org +\d{4}-\d\d-\d\dT\S+Z +\d{4}-\d\d-\d\dT\S+Z$/)
    assert.match(listed[3] ?? '', /^mistyped@example\.org /)
    const withdrawn = await invite('mistyped@example.org', '--withdraw')
    assert.deepEqual([withdrawn.code, withdrawn.out], [0, 'mistyped@example.org is not invited any more.\n'], withdrawn.err)
    assert.doesNotMatch((await invite('--list')).out, /mistyped/)
    await refused(['mistyped@example.org', '--withdraw'], /Nobody with the address "mistyped@example.org" is invited/)
  })

  test('says what is missing, or too much', async () => {
    for (const words of [[], ['--withdraw'], ['a@example.org', '--list'], ['a@example.org', 'b@example.org'], ['--list', '--withdraw']])
      await refused(words, /Give one email address: ninefold invite/)
    await refused(['no address', '--withdraw'], /address/)
  })
})
