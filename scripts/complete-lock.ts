// After an `npm install` from a registry that has not every platform's build of a package: npm then leaves those out of the lock file,
// and `npm ci` refuses such a lock file everywhere. This adds them by exact version, with the platform that their names tell.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Platform {
  readonly cpu: readonly string[]
  readonly libc?: readonly string[]
  readonly os: readonly string[]
}

interface Entry extends Partial<Platform> {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages: Record<string, Entry>
}

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64']

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url))
const lock: Lock = JSON.parse(readFileSync(file, 'utf8'))

/** `@oxlint/binding-linux-arm64-musl` is for linux, arm64, musl. */
function platformOf(name: string): Platform | undefined {
  const words = name.slice(name.indexOf('/') + 1).split('-')
  const os = SYSTEMS.find((system) => words.includes(system))
  const cpu = PROCESSORS.find((processor) => words.includes(processor))
  if (os === undefined || cpu === undefined) return undefined
  const last = words.at(-1) ?? ''
  const libc = last.startsWith('musl') ? 'musl' : last.startsWith('gnu') ? 'glibc' : undefined
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] }
}

const added: string[] = []
for (const { dev, optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const platform = platformOf(name)
    const path = `node_modules/${name}`
    if (lock.packages[path] !== undefined || platform === undefined || !/^\d/.test(version)) continue
    const { cpu, libc, os } = platform
    // In npm's own order of keys, so that the next install changes nothing.
    lock.packages[path] = { version, cpu, ...(dev === true ? { dev } : {}), ...(libc ? { libc } : {}), optional: true, os }
    added.push(`${name}@${version}`)
  }
}
const sorted = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)))
if (added.length > 0) writeFileSync(file, `${JSON.stringify({ ...lock, packages: sorted }, undefined, 2)}\n`)
process.stdout.write(`${added.length} entries added to package-lock.json.\n`)
