// What the documents name is there: a page that points into the void is worse than none.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SEALED_FIELDS } from '../src/auth/sealed-fields.ts'
import { parseCommandLine } from '../src/cli/command-line.ts'
import { createSqliteDatabase } from '../src/database/server.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { createKeyRing } from '../src/kernel/keyring.ts'
import { createLogger } from '../src/kernel/log.ts'
import { Secret } from '../src/kernel/secret.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = globSync(['*.md', 'docs/**/*.md', 'src/*/README.md', 'client/README.md', 'console/README.md', 'examples/*/README.md'], {
  cwd: root,
})
const ROOTED = /^(src|test|docs|bench|bin|scripts|client|console|examples)\//

test('every file that a document names exists', () => {
  assert.ok(pages.length > 15, 'the pages were found')
  const missing: string[] = []
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8')
    const named = [...text.matchAll(/`([\w@./*-]+)`/g)].map((match) => match[1] ?? '').filter((path) => ROOTED.test(path))
    for (const path of named) {
      if (globSync(path, { cwd: root }).length === 0) missing.push(`${page} names ${path}`)
    }
    const linked = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '')
    for (const path of linked) {
      if (!existsSync(join(root, dirname(page), path))) missing.push(`${page} links ${path}`)
    }
  }
  assert.deepEqual(missing, [])
})

test('every command that a document gives is one, with options that there are', () => {
  const main = readFileSync(join(root, 'src/main.ts'), 'utf8')
  const commands = [...main.matchAll(/^ {2}'?([\w-]+)'?: async \(\) => /gm)].map(([, name = '']) => name)
  // What was said of earlier versions stays as it was.
  const lines = pages
    .filter((page) => page !== 'CHANGELOG.md')
    .flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/(?:^|`| )ninefold ((?:[a-z-]+|<[^>]+>)(?: [^`|>#\n]*)?)/gm)].map(
        ([, words = '']) => ({
          page,
          words,
        }),
      ),
    )
  assert.ok(lines.length > 60, 'the commands were found')
  const wrong = lines.flatMap(({ page, words }) => {
    try {
      parseCommandLine(words.trim().split(/\s+/), commands)
      return []
    } catch (error) {
      return `${page}: ninefold ${words}: ${String(error)}`
    }
  })
  assert.deepEqual(wrong, [])
})

/** What somebody could lose or have stolen: secrets that are made once, and collections with something sealed in them. */
function lastingKeys(): { readonly secrets: readonly string[]; readonly collections: readonly string[] } {
  const texts = globSync('src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] }).map((file) => readFileSync(join(root, file), 'utf8'))
  const secrets = texts.flatMap((text) =>
    [...text.matchAll(/(?<!function )createLastingSecret\(\w+, ([^)]+)\)/g)].map(([, argument = '']) => {
      if (argument.startsWith("'")) return argument.slice(1, -1)
      const [, value] = texts.join('\n').match(new RegExp(`const ${argument} = '([^']+)'`)) ?? []
      return value ?? argument
    }),
  )
  const database = createSqliteDatabase({ file: ':memory:', clock: systemClock, logger: createLogger({ level: 'silent' }) }).contract
  const keyRing = createKeyRing(new Secret('k'.repeat(43)))
  const fields = SEALED_FIELDS.map((field) => field.open(database, keyRing).collection)
  // Where one file has both a collection and what seals it.
  const others = texts
    .filter((text) => /keyRing\.seal\(/.test(text))
    .flatMap((text) => [...text.matchAll(/defineCollection[^(]*\(\{\s*name: '(\w+)'/g)].map(([, name = '']) => name))
  return { secrets, collections: [...new Set([...fields, ...others])] }
}

test('whatever lasting key or secret there is has a row in the table of keys, and both loss and theft have a way out', () => {
  const text = readFileSync(join(root, 'docs/operations.md'), 'utf8')
  const [, part = ''] = text.split('\n## Keys\n')
  const rows = [...part.slice(0, part.indexOf('\n## ')).matchAll(/^\| (?!key \||---)(.+) \|$/gm)]
    .map(([, cells = '']) => cells.split(' | '))
    .filter(({ length }) => length === 6)
  assert.ok(rows.length > 10, 'the table was found')
  const { secrets, collections } = lastingKeys()
  assert.deepEqual([secrets.length >= 3, collections.includes('day_keys'), collections.includes('auth_secrets')], [true, true, true])
  const places = rows.map(([, where = '']) => where).join('\n')
  const without = [...secrets, ...collections].filter((name) => !places.includes(`\`${name}\``))
  assert.deepEqual(without, [], 'no row says where it is')
  const known = [...places.matchAll(/row `([\w-]+)` of `auth_secrets`/g)].map(([, name = '']) => name)
  assert.deepEqual(known.toSorted(), secrets.toSorted(), 'rows of secrets that there are')
  const headings = new Set(
    [...part.matchAll(/^### (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
  for (const [name = '', , , , lost = '', stolen = ''] of rows) {
    for (const cell of [lost, stolen]) {
      assert.ok(cell.trim() !== '', `${name}: nothing is said of its loss or theft`)
      const [, anchor] = /\]\(#([\w-]+)\)/.exec(cell) ?? []
      if (anchor !== undefined) assert.ok(headings.has(anchor), `${name}: there is no part "${anchor}"`)
    }
  }
})
