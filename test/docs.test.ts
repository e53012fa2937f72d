// What the documents name is there: a page that points into the void is worse than none.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseCommandLine } from '../src/cli/command-line.ts'

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
