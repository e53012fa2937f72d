// npm run build: lays out in dist/package what app developers install. Node strips no types under node_modules, so it is compiled JavaScript.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const staging = join(root, 'dist', 'package')

interface Manifest {
  readonly exports: Readonly<Record<string, string>>
  readonly [key: string]: unknown
}

function compile(project: string): void {
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  execFileSync(process.execPath, [tsc, '--project', project], { cwd: root, stdio: 'inherit' })
}

/** What the code reads at run time and the compiler leaves behind. */
function copyAssets(): void {
  for (const file of globSync('src/**/*.{css,html,svg,js,mjs,json,woff2}', { cwd: root })) {
    const to = join(staging, 'dist', file.slice('src/'.length))
    mkdirSync(dirname(to), { recursive: true })
    cpSync(join(root, file), to)
  }
  for (const path of ['bin/ninefold.mjs', 'bin/launcher', 'LICENSE', 'README.md', 'CHANGELOG.md', 'console/dist']) {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(staging, path), { recursive: true })
  }
}

function compiledEntry(source: string): { types: string; default: string } {
  const path = source.replace('./src/', './dist/').replace(/\.ts$/, '')
  return { types: `${path}.d.ts`, default: `${path}.js` }
}

function writeManifest(): void {
  const {
    scripts: _scripts,
    devDependencies: _devDependencies,
    ...kept
  }: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const entries = Object.entries(kept.exports).filter(([, source]) => existsSync(join(root, source)))
  const manifest = {
    ...kept,
    exports: Object.fromEntries(entries.map(([name, source]) => [name, compiledEntry(source)])),
    imports: { '#kernel/*.ts': './dist/kernel/*.js' },
    files: ['bin', 'client', 'console', 'dist', 'LICENSE', 'README.md', 'CHANGELOG.md'],
  }
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
}

rmSync(staging, { recursive: true, force: true })
compile('tsconfig.package.json')
if (existsSync(join(root, 'client', 'index.ts'))) compile('tsconfig.client.json')
copyAssets()
writeManifest()
process.stdout.write('The package is in dist/package.\n')
