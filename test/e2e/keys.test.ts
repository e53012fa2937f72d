// The master key from a command, its versions, and the keys of tokens on the command line.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Secret } from '#kernel/secret.ts'
import { keyFromCommand } from '../../src/cli/master-key.ts'
import { ninefold, type Ran } from '../support/command.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'
import { until } from '../support/until.ts'

let dataDir: string

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ninefold-keys-'))
})

after(async () => {
  await rm(dataDir, { recursive: true, force: true })
})

const newKey = (): string => randomBytes(32).toString('base64url')

/** `cat` of a file stands for the client of a key management service. */
async function keys(words: readonly string[], master: string): Promise<Ran> {
  const file = join(dataDir, 'from-the-service')
  await writeFile(file, `${master}\n`)
  const environment = { ...scenarioEnvironment(dataDir), NINEFOLD_MASTER_KEY_COMMAND: `cat ${file}` }
  const ran = await ninefold(['keys', ...words, '--data-dir', dataDir], { environment })
  for (const version of master.split(/\s+/)) assert.equal(`${ran.out}${ran.err}`.includes(version), false, 'the key is not printed')
  return ran
}

test('the master key may come from a command, and have versions; the keys of tokens are listed, rotated and revoked', async () => {
  const [first, second] = [newKey(), newKey()]
  const listed = await keys(['list'], first)
  assert.equal(listed.code, 0, listed.err)
  assert.deepEqual(await readdir(join(dataDir, 'keys')).catch(() => []), [], 'no key is left on disk')
  const kid = /^(\S+) +ES256 +current/m.exec(listed.out)?.[1] ?? ''

  const rotated = await keys(['rotate'], `${second} ${first}`)
  assert.equal(rotated.code, 0, rotated.err)
  assert.equal([...rotated.out.matchAll(/ next /g)].length, 2)

  const revoked = await keys(['revoke', kid], `${second} ${first}`)
  assert.match(revoked.out, new RegExp(`${kid} +ES256 +revoked`))
  assert.equal((await keys(['list'], second)).code, 1, 'the former version is needed')
  assert.match((await keys(['reseal'], `${second} ${first}`)).out, /anew with the newest version of the master key: [1-9]/)
  assert.match((await keys(['reseal'], `${second} ${first}`)).out, /: 0\. A former version is needed no more/)
  const nothing = await keys(['begin-anew', '--confirm'], second)
  assert.equal(nothing.code, 1)
  assert.match(nothing.err, /^Everything that is sealed here opens.*nothing was changed/m)
  assert.equal((await keys(['list'], second)).code, 0)

  const stranger = await keys(['list'], newKey())
  assert.equal(stranger.code, 1)
  assert.match(stranger.err, /does not open with this master key/)
})

test('a command that fails, says too much, prints no key or does not end is refused without a word of its output', async () => {
  const key = newKey()
  assert.equal((await keyFromCommand(new Secret(`echo ${key}`))).reveal(), key)
  const mark = join(dataDir, 'late')
  const refusals: readonly (readonly [string, RegExp])[] = [
    [`echo ${key}; exit 3`, /ended with 3/],
    [`echo ${key.slice(1)}`, /did not print a master key/],
    ['true', /did not print a master key/],
    // Whatever becomes of one write, more follows.
    [`while :; do echo ${key}; done`, /printed more than a key/],
    [`(sleep 1; touch ${mark}) & sleep 30`, /was not done/],
  ]
  for (const [command, words] of refusals) {
    await assert.rejects(keyFromCommand(new Secret(command), 700), (error: Error) => {
      assert.match(error.message, words)
      assert.equal(error.message.includes(key), false)
      return true
    })
  }
  const started = Date.now()
  await until('what it has started would have run', () => Date.now() - started > 600)
  assert.deepEqual((await readdir(dataDir)).includes('late'), false, 'what the command had started was ended with it')
})
