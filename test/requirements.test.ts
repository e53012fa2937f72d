// The ledger of docs/security.md: each of the 73 requirements of sign-in has its row, and each row tests that name its number.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { chooseBy } from '../scripts/switch-off/choice.ts'
import type { Defence } from '../scripts/switch-off/defence.ts'

const run = promisify(execFile)
const COUNT = 73
const NUMBERS = Array.from({ length: COUNT }, (_, index) => index + 1)
const root = fileURLToPath(new URL('..', import.meta.url))

interface Ledger {
  readonly page: string
  /** What each test file names in the titles of its tests and groups. */
  readonly titles: ReadonlyMap<string, readonly string[]>
  readonly decisions: ReadonlyMap<string, string>
}

const TITLE = /\b(?:test|it|describe|suite)(?:\.\w+)?\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g
const ROW = /^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const numbersIn = (text: string): Set<number> => new Set([...text.matchAll(/\brequirement (\d+)/gi)].map(([, number]) => Number(number)))

function ledger(): Ledger {
  const files = globSync('{src,test,client}/**/*.test.ts', { cwd: root, exclude: ['**/node_modules/**'] })
  const titles = new Map(files.map((file) => [file, [...read(file).matchAll(TITLE)].map(([, , title = '']) => title)]))
  const decisions = new Map(globSync('docs/decisions/*.md', { cwd: root }).map((file) => [file.slice('docs/'.length), read(file)]))
  return { page: read('docs/security.md'), titles, decisions }
}

function proofProblems(number: number, proof: string, titles: Ledger['titles']): string[] {
  const files = [...proof.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file)
  if (files.length === 0) return [`the row of requirement ${number} names no test`]
  return files.flatMap((file) => {
    const known = titles.get(file)
    if (known === undefined) return [`the row of requirement ${number} names ${file}, which is not there`]
    return known.some((title) => numbersIn(title).has(number)) ? [] : [`no test in ${file} names requirement ${number}`]
  })
}

/** An exception is argued in a record that names the requirement, and the row leads there. */
function decisionProblems(number: number, row: string, decisions: Ledger['decisions']): string[] {
  const linked = new Set([...row.matchAll(/\]\((decisions\/[\w-]+\.md)\)/g)].map(([, file = '']) => file))
  const missing = [...linked]
    .filter((file) => !decisions.has(file))
    .map((file) => `requirement ${number} links ${file}, which is not there`)
  const untold = [...decisions]
    .filter(([file, text]) => /^## Exceptions$/m.test(text) && numbersIn(text).has(number) && !linked.has(file))
    .map(([file]) => `${file} has an exception of requirement ${number}, whose row does not say so`)
  const unargued = /\bexception\b/i.test(row) && ![...linked].some((file) => numbersIn(decisions.get(file) ?? '').has(number))
  return [...missing, ...untold, ...(unargued ? [`the exception of requirement ${number} has no decision record that names it`] : [])]
}

function problems({ page, titles, decisions }: Ledger): string[] {
  const named = new Set([...titles.values()].flat().flatMap((title) => [...numbersIn(title)]))
  const rows = [...page.matchAll(ROW)].map(([row, number = '', , , proof = '']) => ({ row, number: Number(number), proof }))
  const several = [...titles].flatMap(([file, all]) =>
    all.filter((title) => /\brequirements \d/i.test(title)).map((title) => `${file}: ${title}`),
  )
  return [
    ...NUMBERS.filter((number) => !named.has(number)).map((number) => `no test names requirement ${number}`),
    ...[...named].filter((number) => !NUMBERS.includes(number)).map((number) => `there is no requirement ${number}`),
    ...several.map((title) => `a title names one requirement after another, never several at once: ${title}`),
    ...NUMBERS.filter((number) => rows.filter((row) => row.number === number).length !== 1).map(
      (number) => `requirement ${number} needs one row in docs/security.md`,
    ),
    ...rows.flatMap(({ row, number, proof }) => [...proofProblems(number, proof, titles), ...decisionProblems(number, row, decisions)]),
  ]
}

test('every requirement of sign-in has its row in docs/security.md, and tests that name it', () => {
  assert.deepEqual(problems(ledger()), [])
})

test('the ledger notices a row, a file, a number and a decision that is taken away', () => {
  const whole = ledger()
  const file = 'test/http/gateway-sharing.test.ts'
  const titles = new Map([...whole.titles].filter(([name]) => name !== file))
  assert.deepEqual(problems({ ...whole, titles }), [
    'no test names requirement 64',
    `the row of requirement 64 names ${file}, which is not there`,
  ])
  const renamed = new Map([
    ...whole.titles,
    [file, (whole.titles.get(file) ?? []).map((title) => title.replace('requirement 64', 'requirement 6'))] as const,
  ])
  assert.deepEqual(problems({ ...whole, titles: renamed }), ['no test names requirement 64', `no test in ${file} names requirement 64`])
  const several = new Map([...whole.titles, [file, [...(whole.titles.get(file) ?? []), 'requirements 1 to 73: all is well']] as const])
  assert.equal(problems({ ...whole, titles: several }).length, 1)
  for (const number of NUMBERS) {
    const page = whole.page.replace(new RegExp(`^\\| ${number} \\|.*$`, 'm'), '')
    assert.deepEqual(problems({ ...whole, page }), [`requirement ${number} needs one row in docs/security.md`])
  }
  const exceptions = [...whole.decisions.keys()].filter((name) => /^## Exceptions$/m.test(whole.decisions.get(name) ?? ''))
  assert.ok(exceptions.length > 0)
  for (const name of exceptions) {
    assert.ok(problems({ ...whole, decisions: new Map([...whole.decisions].filter(([other]) => other !== name)) }).length > 0, name)
    const page = whole.page.replaceAll(`(${name})`, '(https://example.org/)')
    assert.ok(problems({ ...whole, page }).length > 0, name)
  }
})

test('the days take turns at all defences, as part of which everything is switched off once', () => {
  const all = Array.from({ length: 290 }, (_, index): Defence => ({ requirement: index, off: '', test: '', edits: [] }))
  const chosenOn = (day: number) => chooseBy(['--today'], all, day * 86_400_000 + 5)
  const days = Array.from({ length: 60 }, (_, index) => chosenOn(20_000 + index))
  assert.deepEqual(
    days.flatMap(({ chosen }) => chosen).toSorted((a, b) => a.requirement - b.requirement),
    all,
  )
  assert.ok(days.every(({ chosen }) => chosen.length === 4 || chosen.length === 5))
  assert.deepEqual(chosenOn(20_060), days[0])
  assert.deepEqual(chooseBy([days[0]?.name ?? ''], all), days[0])
  assert.deepEqual(
    chooseBy(['--part=2/100'], all).chosen.map(({ requirement }) => requirement),
    [1, 101, 201],
  )
  assert.deepEqual(
    chooseBy(['7', '44'], all).chosen.map(({ requirement }) => requirement),
    [7, 44],
  )
  assert.deepEqual([chooseBy([], all).chosen.length, chooseBy(['--fit'], all).chosen.length], [290, 0])
  for (const words of [['--part=0/9'], ['--part=10/9'], ['--tomorrow'], ['290'], ['--fit', '7']]) assert.throws(() => chooseBy(words, all))
})

test('each defence that can be switched off still fits the sources', async () => {
  const ran = await run(process.execPath, ['scripts/switch-off.ts', '--fit'], { cwd: root }).catch(
    (error: { readonly stdout: string }) => error,
  )
  assert.match(ran.stdout, /^\n0 defences switched off, 0 problems\n$/)
})
