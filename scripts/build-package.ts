// npm run build [folder]: lays out, in dist/package unless told, what app developers install. Node strips no types under node_modules, so it is
// compiled JavaScript. Publish with npm pack or npm publish in that folder.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const staging = resolve(process.argv[2] ?? join(root, 'dist', 'package'))

interface Manifest {
  readonly exports: Readonly<Record<string, string>>
  readonly [key: string]: unknown
}

function compile(project: string, folder: string): void {
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  execFileSync(process.execPath, [tsc, '--project', project, '--outDir', join(staging, folder)], { cwd: root, stdio: 'inherit' })
}

/** What the code reads at run time and the compiler leaves behind. */
function copyAssets(): void {
  for (const file of globSync('src/**/*.{css,html,svg,js,mjs,json,woff2,filter}', { cwd: root })) {
    const to = join(staging, 'dist', file.slice('src/'.length))
    mkdirSync(dirname(to), { recursive: true })
    cpSync(join(root, file), to)
  }
  for (const path of ['bin/ninefold.mjs', 'bin/launcher', 'LICENSE', 'README.md', 'CHANGELOG.md', 'docs', 'console/dist']) {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(staging, path), { recursive: true })
  }
}

/** The suite that drivers of others are tested with: it lies outside `src`, and is made to use the compiled platform instead of a copy. */
function compileSuite(): void {
  compile('tsconfig.suite.json', 'suite')
  cpSync(join(staging, 'suite', 'test'), join(staging, 'test'), { recursive: true })
  rmSync(join(staging, 'suite'), { recursive: true })
  for (const file of globSync('test/**/*.{js,d.ts}', { cwd: staging })) {
    const text = readFileSync(join(staging, file), 'utf8')
    writeFileSync(join(staging, file), text.replaceAll(/(["'](?:\.\.\/)+)src\//g, '$1dist/'))
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
    files: ['bin', 'client', 'console', 'dist', 'docs', 'test', 'LICENSE', 'README.md', 'CHANGELOG.md'],
  }
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
}

rmSync(staging, { recursive: true, force: true })
compile('tsconfig.package.json', 'dist')
if (existsSync(join(root, 'client', 'index.ts'))) compile('tsconfig.client.json', 'client')
compileSuite()
copyAssets()
writeManifest()
process.stdout.write(`The package is in ${staging}.\n`)
