// What the documents show as TypeScript compiles with the options of this repository: it is what people begin with.
//
// A comment of HTML right before a block, which readers do not see, gives it what stands elsewhere: `<!-- types: declare const words: () => string -->`.
// Or it says why the block is left out: `<!-- no types: ... -->`. A block that begins with a member (`auth: {`) is taken for one of the definition that has
// it, and a line `// ...` stands for all that a definition needs beside.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsc = join(root, 'node_modules', '.bin', 'tsc')
const BLOCK = /(?:^<!-- (types|no types):((?:(?!-->)[^])*)-->\n+)?^```(?:ts|typescript)\n([^]*?)^```$/gm

interface Block {
  readonly page: string
  /** Of its first line of code. */
  readonly line: number
  readonly code: string
  /** What stands elsewhere. */
  readonly around: string
  readonly leftOut: string | undefined
}

function blocksOf(page: string, text: string): readonly Block[] {
  return [...text.matchAll(BLOCK)].map(({ 0: whole, 1: mark, 2: words = '', 3: code = '', index }) => ({
    page,
    line: text.slice(0, index + whole.length - code.length - '```'.length).split('\n').length,
    code,
    around: mark === 'types' ? words : '',
    leftOut: mark === 'no types' ? words.trim() : undefined,
  }))
}

/** Which definition has a member of this name. */
const MEMBERS: Readonly<Record<string, string>> = { auth: 'AppDefinition', clients: 'AppDefinition', access: 'ResourceDefinition' }
const NAMES = `import { defineApp, html, resource, resourceRoute, z } from 'ninefold'
import type { AppDefinition, ResourceDefinition, ResourceRoute } from 'ninefold'
`
const OTHERS = `declare const others: Pick<import('ninefold').AppDefinition, 'scopes' | 'resources' | 'frontends'>
`

/** Each line where it is in the document, so that the compiler tells the right one. What stands elsewhere comes after. */
function moduleOf({ line, code, around }: Block): string {
  const [, member = ''] = /^(\w+): /.exec(code) ?? []
  const definition = MEMBERS[member]
  const whole = code.replaceAll(/(?<=^ *)\/\/ \.\.\.$/gm, '...others,').replaceAll('{ ..., ', '{ ...others, ')
  const [before, behind] = definition === undefined ? ['', ''] : [`export const part: Partial<${definition}> = {`, '}']
  const names = /from 'ninefold'/.test(code) ? '' : NAMES
  const others = around.includes('const others') ? '' : OTHERS
  return `${'\n'.repeat(line - 2)}${before}\n${whole}${behind}\n${names}${others}${around}\nexport {}\n`
}

/** What the examples import of files that are the reader's. */
const BESIDE: Readonly<Record<string, string>> = {
  'cassandra.ts': `import type { Engine } from 'ninefold/database'
export declare function createCassandraEngine(options: object): Engine
`,
  // The app of docs/resources.md (and of client/README.md), with the resource that its photos have a relation to.
  '../ninefold.config.ts': `import { defineApp, resource, z } from 'ninefold'
import { photos } from './docs/resources.0.ts'

const albums = resource('albums', {
  schema: z.strictObject({ title: z.string() }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: ['list', 'get'] }],
  scopes: { read: 'photos:read', write: 'photos:write' },
})
export default defineApp({ name: 'Pixel Diary', scopes: {}, resources: [photos, albums], frontends: [] })
`,
}

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-documents-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Each error as `docs/page.md:line: message`. */
async function compiled(name: string, blocks: readonly Block[]): Promise<readonly string[]> {
  const place = join(folder, name)
  await mkdir(join(place, 'docs'), { recursive: true })
  const paths = {
    ninefold: [join(root, 'src/index.ts')],
    'ninefold/client': [join(root, 'client/index.ts')],
    'ninefold/database': [join(root, 'src/database/public.ts')],
    'ninefold/database/contract-suite': [join(root, 'test/contract/database.contract.ts')],
  }
  const compilerOptions = {
    incremental: false,
    tsBuildInfoFile: null,
    // An example shows names that it has no use for.
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths,
    typeRoots: [join(root, 'node_modules/@types')],
  }
  await writeFile(
    join(place, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: ['docs/*.ts'] }),
  )
  await writeFile(join(place, 'package.json'), '{"type":"module"}')
  for (const [file, text] of Object.entries(BESIDE)) await writeFile(join(place, 'docs', file), text)
  const files = new Map<string, Block>()
  for (const block of blocks) {
    const base = block.page
      .replace(/^docs\//, '')
      .replaceAll('/', '-')
      .replace(/\.md$/, '')
    const file = `docs/${base}.${[...files.values()].filter(({ page }) => page === block.page).length}.ts`
    files.set(file, block)
    await writeFile(join(place, file), moduleOf(block))
  }
  const output = await new Promise<string>((done) => {
    execFile(process.execPath, [tsc, '--project', place, '--pretty', 'false'], { cwd: place }, (_error, stdout) => done(stdout))
  })
  const errors = output.split('\n').filter((line) => /^(?:\S+\(\d+,\d+\): )?error TS/.test(line))
  // Errors of the platform's own sources are for the check of the platform.
  return errors
    .filter((line) => !line.startsWith('..'))
    .map((line) => line.replace(/^(\S+)\((\d+),\d+\)/, (_, file: string, at: string) => `${files.get(file)?.page ?? file}:${at}`))
}

const pages = globSync(['README.md', 'client/README.md', 'docs/**/*.md'], { cwd: root })

test('every example of a document compiles, or says why it is left out', { timeout: 180_000 }, async (t) => {
  const texts = await Promise.all(pages.map(async (page) => ({ page, text: await readFile(join(root, page), 'utf8') })))
  const blocks = texts.toSorted((a, b) => a.page.localeCompare(b.page)).flatMap(({ page, text }) => blocksOf(page, text))
  assert.ok(blocks.length > 25, `${blocks.length} blocks were found`)
  for (const { page, line, leftOut } of blocks) {
    if (leftOut === undefined) continue
    assert.ok(leftOut.length > 20, `${page}:${line} is left out without a reason`)
    t.diagnostic(`${page}:${line} is left out: ${leftOut}`)
  }
  assert.ok(blocks.filter(({ leftOut }) => leftOut !== undefined).length <= 1, 'few are left out')
  const errors = await compiled(
    'all',
    blocks.filter(({ leftOut }) => leftOut === undefined),
  )
  assert.deepEqual(errors, [])
})

test('an example that is wrong is told by its line', { timeout: 180_000 }, async () => {
  const page = `# Wrong

<!-- types:
declare const limit: number
-->
\`\`\`ts
auth: {
  deletion: { graceDays: limit },
  deletions: { graceDays: 14 },
}
\`\`\`

\`\`\`ts
import { defineApp, fileId } from 'ninefold'
\`\`\`
`
  const errors = await compiled('wrong', blocksOf('docs/wrong.md', page))
  assert.deepEqual(
    errors.map((error) => error.slice(0, error.indexOf(': '))),
    ['docs/wrong.md:9', 'docs/wrong.md:14'],
    errors.join('\n'),
  )
})
