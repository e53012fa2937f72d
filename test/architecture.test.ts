// What the tools cannot check, and the proof that the ones which can do check.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, glob, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { seeds } from './fixtures/canary.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const nodeModules = join(root, 'node_modules')
const servers = ['auth', 'resource', 'frontend', 'gateway', 'files', 'cache', 'database', 'jobs', 'monitoring']

interface Cruised {
  readonly summary: {
    readonly totalCruised: number
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
  }
}

async function cruise(cwd: string, folders: readonly string[]): Promise<Cruised['summary']> {
  const bin = join(nodeModules, '.bin', 'depcruise')
  const options = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json']
  // The JSON reporter exits 0 with violations and without: the report itself is what counts.
  const { stdout } = await run(process.execPath, [bin, ...folders, ...options], { cwd, maxBuffer: 64 * 1024 * 1024 })
  const report: Cruised = JSON.parse(stdout)
  return report.summary
}

async function plantSeeds(folder: string): Promise<void> {
  const reached = Object.values(seeds).flatMap((seed) => Object.entries(seed.also ?? {}))
  const files = [...reached, ...Object.values(seeds).map((seed) => [seed.at, seed.source] as const)]
  const manifest = { name: 'canary', type: 'module', imports: { '#kernel/*.ts': './src/kernel/*.ts' } }
  // A seed comes after what is reached: where both name one file, the seed wins.
  for (const [path, source] of [...files, ['package.json', JSON.stringify(manifest)] as const]) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), source)
  }
  await cp(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'))
  await cp(join(root, '.dependency-cruiser.mjs'), join(folder, '.dependency-cruiser.mjs'))
  await symlink(nodeModules, join(folder, 'node_modules'), 'dir')
}

async function* sources(...patterns: string[]): AsyncGenerator<{ file: string; text: string }> {
  for await (const file of glob(patterns, { cwd: root, exclude: (name) => /(^|\/)(node_modules|dist)(\/|$)/.test(name) })) {
    yield { file, text: await readFile(join(root, file), 'utf8') }
  }
}

test('a contract exports types only', async () => {
  let seen = 0
  for await (const { file } of sources('src/*/contract.ts')) {
    seen += 1
    const contract: Record<string, unknown> = await import(join(root, file))
    assert.deepEqual(Object.keys(contract), [], file)
  }
  assert.ok(seen >= servers.length - 1, `only ${seen} contracts found`)
})

test('source is plain ASCII', async () => {
  for await (const { file, text } of sources('{src,client,test,bench,bin,scripts}/**/*.{ts,tsx,mjs}')) {
    // Texts for people are written in the letters of their language: those of Latin alphabets, which nobody takes for others, and quotes.
    const isText = /\/texts\/[^/]+\.ts$/.test(file)
    const strange = (isText ? /[\u{80}-\u{bf}\u{180}-\u{2017}\u{2020}-\u{10ffff}]/u : /[\u{80}-\u{10ffff}]/u).exec(text)
    assert.equal(strange, null, `${file}: ${strange?.[0]} at ${strange?.index}`)
  }
})

test('every server folder says in a README what it owns', async () => {
  for (const server of servers) {
    const names = await readdir(join(root, 'src', server))
    assert.ok(names.includes('README.md'), `src/${server}/README.md is missing`)
  }
})

test('only src/config.ts reads the environment', async () => {
  for await (const { file, text } of sources('{src,client}/**/*.{ts,tsx}')) {
    if (file === join('src', 'config.ts') || file.endsWith('.test.ts')) continue
    assert.doesNotMatch(text, /process\s*\??\.\s*env\b|\benv\b[^\n]*from 'node:process'/, file)
  }
})

// The signal of a request's call is made when it is first asked for: a spread asks at once, and what is aborted later is not heard of in the copy.
test('a call is passed on whole, or by callAs and callIn', async () => {
  for await (const { file, text } of sources('{src,examples}/**/*.{ts,tsx}')) {
    if (!file.endsWith('.test.ts')) assert.doesNotMatch(text, /\.\.\.call\b/, file)
  }
})

test('every rule of the cruiser has a seeded violation', async () => {
  const { default: config }: { default: { forbidden: readonly { readonly name: string }[] } } = await import(
    join(root, '.dependency-cruiser.mjs')
  )
  assert.deepEqual(Object.keys(seeds).toSorted(), config.forbidden.map((rule) => rule.name).toSorted())
})

test('the cruiser bites every seeded violation', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-canary-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await plantSeeds(folder)
  const { totalCruised, violations } = await cruise(folder, ['src', 'client', 'examples'])
  assert.ok(totalCruised > 0)
  const missed = Object.entries(seeds).filter(
    ([name, seed]) => !violations.some((found) => found.rule.name === name && found.from === seed.at),
  )
  assert.deepEqual(
    missed.map(([name]) => name),
    [],
  )
})

test('the cruiser sees the real tree and finds nothing', async () => {
  const { totalCruised, violations } = await cruise(root, ['src'])
  assert.ok(totalCruised > 50, `only ${totalCruised} modules cruised`)
  assert.deepEqual(
    violations.map(({ rule, from }) => `${rule.name}: ${from}`),
    [],
  )
})
