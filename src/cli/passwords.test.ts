// The operator's own list of passwords that nobody may choose, from its file to the answer to whoever chooses one.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createKnownPasswords } from '../auth/passwords/known.ts'
import { passwordProblem } from '../auth/passwords/policy.ts'
import { CommandError } from './command-line.ts'
import { passwordsCommand } from './passwords.ts'

const sha1 = (password: string): string => createHash('sha1').update(password).digest('hex')
const OURS = ['purple rowing club', 'Ninefold 2031 rocks', 'zw\u00f6lf Boxk\u00e4mpfer']
const OTHERS = ['violet rowing club', 'Ninefold 2032 rocks', 'drei Boxk\u00e4mpfer']

interface Place {
  readonly list: string
  readonly filter: string
}

function placeOf(t: TestContext, lines?: string): Place {
  const folder = mkdtempSync(join(tmpdir(), 'ninefold-list-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const list = join(folder, 'breached.txt')
  if (lines !== undefined) writeFileSync(list, lines)
  return { list, filter: join(folder, 'passwords.filter') }
}

async function built(t: TestContext, { list, filter }: Place): Promise<string> {
  const write = t.mock.method(process.stdout, 'write', () => true)
  assert.equal(await passwordsCommand({ words: ['build-filter', list, filter] }), 0)
  write.mock.restore()
  return write.mock.calls.map(({ arguments: [text] }) => String(text)).join('')
}

/** Of these, the ones that may not be chosen where the filter is set. */
function refusedBy(t: TestContext, filter: string, passwords: readonly string[]): readonly string[] {
  const known = createKnownPasswords(filter)
  known.open()
  t.after(() => known.close())
  return passwords.filter((password) => passwordProblem(password, 'ada@example.org', known.isKnown) === 'password_common')
}

async function refusal(t: TestContext, lines: string | undefined): Promise<{ message: string; place: Place }> {
  const place = placeOf(t, lines)
  let message = ''
  await assert.rejects(passwordsCommand({ words: ['build-filter', place.list, place.filter] }), (error) => {
    assert.ok(error instanceof CommandError, String(error))
    message = error.message
    return true
  })
  assert.equal(existsSync(place.filter), false, 'nothing is made of a list that is wrong')
  return { message, place }
}

test('a filter is made of SHA-1 with and without counts, in letters of any size, and refuses those passwords and no others', async (t) => {
  const [first = '', second = '', third = ''] = OURS.map(sha1)
  const place = placeOf(t, `${first.toUpperCase()}:37359195\r\n\r\n${second}\r\n${third}:1  `)
  assert.equal(await built(t, place), `3 passwords in ${readFileSync(place.filter).length} bytes: ${place.filter}\n`)
  assert.deepEqual(refusedBy(t, place.filter, [...OURS, ...OTHERS]), OURS)
  assert.deepEqual(refusedBy(t, place.filter, [first, 'password']), ['password'], 'the hash is no password, and the shipped list goes on')
})

test('a filter is made of passwords as they are, those that look like a hash among them', async (t) => {
  const place = placeOf(t, `${OURS.join('\n')}\n${'abcdef'.repeat(6)}\n`)
  await built(t, place)
  assert.deepEqual(refusedBy(t, place.filter, [...OURS, 'abcdef'.repeat(6), ...OTHERS]), [...OURS, 'abcdef'.repeat(6)])
})

test('a list of hashes with a line that is none is refused, and the line is named', async (t) => {
  const good = `${sha1('one')}:5\n${sha1('two')}\n`
  const wrong: Readonly<Record<string, string>> = {
    'a hash that was cut off': sha1('three').slice(0, 39),
    'a hash that is too long': `${sha1('three')}0:1`,
    'a count that is none': `${sha1('three')}:many`,
    'another separator': `${sha1('three')};1`,
    'a password': 'purple rowing club',
  }
  for (const [what, line] of Object.entries(wrong)) {
    const { message, place } = await refusal(t, `${good}\n${line}\n${sha1('four')}\n`)
    assert.equal(message, `${place.list}, line 4: this is no SHA-1 in hex (40 digits), with or without a colon and a count after it.`, what)
  }
  const { message } = await refusal(t, '8846f7eaee8fb117ad06bdd830b7586c:5\n'.repeat(3))
  assert.match(message, /line 1: this is no SHA-1/, 'hashes of another kind are no passwords')
})

test('a list that is empty or not there is said to be', async (t) => {
  for (const lines of ['', '\n\n']) {
    const { message, place } = await refusal(t, lines)
    assert.equal(message, `${place.list} is empty.`)
  }
  const { message } = await refusal(t, undefined)
  assert.match(message, /no such file .*breached\.txt/)
})

test('a filter that is there stays whole until the new one is, and what is no file is not replaced', async (t) => {
  const place = placeOf(t, `${OURS.join('\n')}\n`)
  const link = `${place.filter}.link`
  await built(t, place)
  symlinkSync('passwords.filter', link)
  const running = createKnownPasswords(place.filter)
  running.open()
  t.after(() => running.close())
  writeFileSync(place.list, `${OTHERS.join('\n')}\n`)
  await built(t, { ...place, filter: link })
  assert.deepEqual([...OURS, ...OTHERS].filter(running.isKnown), OURS, 'a platform that has the former one open is not disturbed')
  assert.deepEqual(refusedBy(t, place.filter, [...OURS, ...OTHERS]), OTHERS, 'the file behind the link is the new one')
  writeFileSync(place.list, '')
  for (const [filter, reason] of [
    [place.filter, /is empty/],
    [dirname(place.filter), /no file that could be replaced/],
    [place.list, /is the list that is read/],
    [join(place.filter, 'x'), /ENOTDIR/],
  ] as const)
    await assert.rejects(passwordsCommand({ words: ['build-filter', place.list, filter] }), (error) => {
      assert.ok(error instanceof CommandError, String(error))
      assert.match(error.message, reason)
      return true
    })
  assert.deepEqual(refusedBy(t, place.filter, OTHERS), OTHERS)
  assert.deepEqual(readdirSync(dirname(place.filter)).toSorted(), ['breached.txt', 'passwords.filter', 'passwords.filter.link'])
})

test('words that are no command are answered with one that is', async () => {
  for (const words of [[], ['build-filter'], ['build-filter', 'a'], ['build', 'a', 'b'], ['build-filter', 'a', 'b', 'c']])
    await assert.rejects(passwordsCommand({ words }), /ninefold passwords build-filter breached\.txt passwords\.filter/)
})
