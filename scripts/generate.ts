// npm run generate: writes the pages that the code knows better than a person. With --check, says what has drifted and fails.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import '../src/compose.ts'
import { readConfig } from '../src/config.ts'
import { declaredErrors } from '../src/kernel/errors.ts'

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const root = new URL('../', import.meta.url)
const NOTICE = 'Made by `npm run generate` from the code; a test compares both.'

function settingsPage(): string {
  const rows = readConfig({ environment: {} }).rows.map((row) => `| \`${row.name}\` | ${row.value} | ${row.about} |`)
  return `# Settings\n\n${NOTICE}\n\nFrom the environment or \`.env\`. A secret may be in a file: \`<NAME>_FILE\` gives its path. \`ninefold check\` prints the values in force, without secrets.\n\n| variable | default | what it does |\n|---|---|---|\n${rows.join('\n')}\n`
}

function exampleEnvironment(): string {
  const entries = readConfig({ environment: {} }).rows.map((row) => {
    const value = row.value === '(none)' ? '' : row.value
    return `# ${row.about}\n# ${row.name}=${value}\n`
  })
  return `# Copy to .env and take the # away where you want something else. Every line shows the default.\n\n${entries.join('\n')}`
}

function errorsPage(): string {
  const rows = [...declaredErrors()]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([code, entry]) => `| \`${code}\` | ${entry.status} | ${entry.title} |`)
  return `# Errors\n\n${NOTICE}\n\nEvery error answer is problem details (RFC 9457) with a stable \`code\`, and the \`requestId\` that is in the log. What the detail says may change; the code does not.\n\n| code | status | title |\n|---|---|---|\n${rows.join('\n')}\n`
}

const pages: Readonly<Record<string, () => string>> = {
  'docs/reference/settings.md': settingsPage,
  'docs/reference/errors.md': errorsPage,
  '.env.example': exampleEnvironment,
}

function current(path: string): string {
  try {
    return readFileSync(new URL(path, root), 'utf8')
  } catch {
    return ''
  }
}

const stale = Object.entries(pages).filter(([path, make]) => current(path) !== make())
if (values.check) {
  if (stale.length > 0) {
    process.stderr.write(`Out of date: ${stale.map(([path]) => path).join(', ')}. Run: npm run generate\n`)
    process.exitCode = 1
  }
} else {
  for (const [path, make] of stale) {
    const file = fileURLToPath(new URL(path, root))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, make())
    process.stdout.write(`wrote ${path}\n`)
  }
}
