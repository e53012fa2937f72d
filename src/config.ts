// The one reader of the environment. Every problem is reported at once, by name, never with a value that could be a secret.
import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { authConfig } from './auth/config.ts'
import { costProblem } from './auth/passwords/cost.ts'
import { cacheConfig } from './cache/config.ts'
import { backupConfig } from './database/backup/config.ts'
import { databaseConfig } from './database/config.ts'
import { gatewayConfig } from './gateway/config.ts'
import { jobsConfig } from './jobs/config.ts'
import { masterKeyVersions } from './kernel/keyring.ts'
import { Secret } from './kernel/secret.ts'
import { type Setting, type Settings, setting, type Values } from './kernel/setting.ts'
import { monitoringConfig } from './monitoring/config.ts'

const platformConfig = {
  mode: setting.oneOf(['development', 'production'], {
    default: 'development',
    about: 'development listens on loopback only and has a mailbox; production refuses what is not safe',
  }),
  domain: setting.text({ default: 'localhost', about: 'Domain of all hosts: accounts.<domain>, files.<domain>, ...' }),
  publicPort: setting.integer({
    default: 0,
    min: 0,
    max: 65_535,
    about: 'Port in public addresses; 0 takes the one listened on in development, none in production',
  }),
  dataDir: setting.text({ default: '.ninefold', about: 'Folder for the database, the files and, in development, the master key' }),
  masterKey: setting.secret(
    '32 random bytes in base64url, from which all other keys are derived; made at first start in development. Several versions: newest first, with spaces between',
  ),
  masterKeyCommand: setting.secret(
    'A command whose output is the master key, for example one that asks a key management service; run at each start, at most 20 seconds',
  ),
  logLevel: setting.oneOf(['debug', 'info', 'warn', 'error', 'silent'], { default: 'info', about: 'Least level of log lines' }),
}

export interface Config {
  readonly platform: Values<typeof platformConfig>
  readonly gateway: Values<typeof gatewayConfig>
  readonly cache: Values<typeof cacheConfig>
  readonly database: Values<typeof databaseConfig>
  readonly backup: Values<typeof backupConfig>
  readonly monitoring: Values<typeof monitoringConfig>
  readonly jobs: Values<typeof jobsConfig>
  readonly auth: Values<typeof authConfig>
}

type Environment = Readonly<Record<string, string | undefined>>

export interface ConfigRow {
  readonly name: string
  readonly value: string
  readonly source: 'default' | 'environment' | 'command line'
  readonly about: string
}

/** Thrown with every problem of the configuration, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    )
    this.problems = problems
  }
}

const PREFIX = 'NINEFOLD_'
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
/** Fewer different characters than any random key of this length has. */
const LEAST_DISTINCT = 12
/** Switches of the test suite, which are no settings. */
const FOR_TESTS = /^NINEFOLD_TEST_/
const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const MASTER_KEY = /^[A-Za-z0-9_-]{43}$/

/** `gateway.trustedProxies` is NINEFOLD_GATEWAY_TRUSTED_PROXIES; settings of the platform have no section. */
function variableOf(section: string, key: string): string {
  const words = key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
  return section === 'platform' ? PREFIX + words : `${PREFIX}${section.toUpperCase()}_${words}`
}

function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}

/** Rules between settings: what is unsafe does not start. */
function crossRules(config: Config, needsMasterKey: boolean): string[] {
  const { platform, gateway, jobs, auth } = config
  const local = platform.domain === 'localhost' || platform.domain.endsWith('.localhost')
  const key = platform.masterKey?.reveal()
  const hasKey = key !== undefined || platform.masterKeyCommand !== undefined
  const development: readonly (readonly [boolean, string])[] = [
    [
      !LOOPBACK.has(gateway.host),
      'NINEFOLD_GATEWAY_HOST must be a loopback address in development: plain HTTP is for loopback only. Set NINEFOLD_MODE=production for any other',
    ],
    [!local, 'NINEFOLD_DOMAIN must be localhost in development'],
  ]
  const production: readonly (readonly [boolean, string])[] = [
    [local, 'NINEFOLD_DOMAIN must be your own domain in production'],
    [
      needsMasterKey && !hasKey,
      'NINEFOLD_MASTER_KEY (or NINEFOLD_MASTER_KEY_FILE, or NINEFOLD_MASTER_KEY_COMMAND) must be given in production',
    ],
    [jobs.smtpUrl === undefined, 'NINEFOLD_JOBS_SMTP_URL must be given in production: sign-up confirms addresses by mail'],
    [
      gateway.trustedProxies.length === 0,
      'NINEFOLD_GATEWAY_TRUSTED_PROXIES must name the TLS proxy in front: this version does not end TLS by itself',
    ],
  ]
  const { clientCertificateHost: host, clientCertificateHeader: header } = gateway
  const always: readonly (readonly [boolean, string])[] = [
    [
      host !== undefined && !HOST_LABEL.test(host),
      'NINEFOLD_GATEWAY_CLIENT_CERTIFICATE_HOST must be one label of a host name, such as mtls',
    ],
    [
      host !== undefined && header === undefined,
      'NINEFOLD_GATEWAY_CLIENT_CERTIFICATE_HOST is of use only with NINEFOLD_GATEWAY_CLIENT_CERTIFICATE_HEADER, in which the proxy sends what it was shown',
    ],
  ]
  const broken = [...always, ...(platform.mode === 'development' ? development : production)].filter(([isBroken]) => isBroken)
  const twice = key !== undefined && platform.masterKeyCommand !== undefined
  const both = twice ? ['NINEFOLD_MASTER_KEY and NINEFOLD_MASTER_KEY_COMMAND are both set; keep one'] : []
  const cheap = costProblem({ memoryKiB: auth.passwordMemoryKib, passes: auth.passwordPasses })
  return [...keyProblems(key), ...both, ...broken.map(([, problem]) => problem), ...(cheap === undefined ? [] : [cheap])]
}

/** What is wrong with a master key, or one of its versions, in words that do not quote it. */
export function keyProblems(key: string | undefined): string[] {
  if (key === undefined) return []
  const versions = masterKeyVersions(key)
  if (versions.length === 0 || versions.some((version) => !MASTER_KEY.test(version))) {
    return [
      'NINEFOLD_MASTER_KEY must be 32 bytes in base64url (43 characters); make one with: openssl rand -base64 32 | tr +/ -_ | tr -d =',
    ]
  }
  if (new Set(versions).size < versions.length) return ['NINEFOLD_MASTER_KEY has a version twice']
  return versions.some((version) => new Set(version).size < LEAST_DISTINCT) ? ['NINEFOLD_MASTER_KEY is not random'] : []
}

export interface ConfigInput {
  /** From the command line, by `section.key`. */
  readonly overrides?: Readonly<Record<string, string>>
  readonly environment?: Environment
  /** What is said of the master key is passed over: for who has none, and looks for it. */
  readonly withoutMasterKey?: boolean
}

/** The process environment over `.env` of the current folder. */
export function readEnvironment(): Record<string, string | undefined> {
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {}
  return { ...file, ...process.env }
}

/** Reads, checks and freezes every setting, or throws a `ConfigError` with all that is wrong. */
export function readConfig(input: ConfigInput = {}): { config: Config; rows: readonly ConfigRow[] } {
  const { environment = readEnvironment(), overrides = {}, withoutMasterKey = false } = input
  const isPassedOver = (name: string): boolean => withoutMasterKey && name.startsWith(`${PREFIX}MASTER_KEY`)
  const reader = new Reader(Object.fromEntries(Object.entries(environment).filter(([name]) => !isPassedOver(name))), overrides)
  const config = Object.freeze({
    platform: reader.section('platform', platformConfig),
    gateway: reader.section('gateway', gatewayConfig),
    cache: reader.section('cache', cacheConfig),
    database: reader.section('database', databaseConfig),
    backup: reader.section('backup', backupConfig),
    monitoring: reader.section('monitoring', monitoringConfig),
    jobs: reader.section('jobs', jobsConfig),
    auth: reader.section('auth', authConfig),
  })
  const problems = [...reader.problems, ...reader.unknownVariables(), ...crossRules(config, !withoutMasterKey)]
  if (problems.length > 0) throw new ConfigError(problems)
  return { config, rows: reader.rows }
}

class Reader {
  readonly problems: string[] = []
  readonly rows: ConfigRow[] = []
  readonly #known = new Set<string>()
  readonly #environment: Environment
  readonly #overrides: Readonly<Record<string, string>>

  constructor(environment: Environment, overrides: Readonly<Record<string, string>>) {
    this.#environment = environment
    this.#overrides = overrides
  }

  section<Table extends Settings>(section: string, table: Table): Values<Table> {
    const values = Object.entries(table).map(([key, entry]) => [key, this.#setting(section, key, entry)])
    return Object.freeze(Object.fromEntries(values))
  }

  #setting(section: string, key: string, entry: Setting<unknown>): unknown {
    const name = variableOf(section, key)
    this.#known.add(name)
    if (entry.secret) this.#known.add(`${name}_FILE`)
    const override = this.#overrides[`${section}.${key}`]
    const text = override ?? this.#variable(name, entry)
    const parsed = text === undefined ? undefined : entry.parse.safeParse(text)
    if (parsed?.success === false) this.problems.push(`${name}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`)
    const value = parsed?.success === true ? parsed.data : entry.fallback
    const given = text === undefined ? 'default' : 'environment'
    this.rows.push({ name, value: printable(value), source: override === undefined ? given : 'command line', about: entry.about })
    return value
  }

  /** A secret may be in a file that `NAME_FILE` names, so that it is in no process list and no shell history. */
  #variable(name: string, entry: Setting<unknown>): string | undefined {
    const file = entry.secret ? this.#environment[`${name}_FILE`] : undefined
    if (file === undefined) return this.#environment[name]
    if (this.#environment[name] !== undefined) this.problems.push(`${name} and ${name}_FILE are both set; keep one`)
    try {
      return readFileSync(file, 'utf8').trim()
    } catch {
      this.problems.push(`${name}_FILE names a file that cannot be read`)
      return undefined
    }
  }

  unknownVariables(): string[] {
    return Object.keys(this.#environment)
      .filter((name) => name.startsWith(PREFIX) && !FOR_TESTS.test(name) && !this.#known.has(name))
      .map((name) => {
        const near = [...this.#known].toSorted((a, b) => distance(name, a) - distance(name, b))[0]
        return `${name} is not a setting${near === undefined ? '' : `; did you mean ${near}?`}`
      })
  }
}

function printable(value: unknown): string {
  if (value === undefined) return '(none)'
  if (value instanceof Secret) return '[redacted]'
  return Array.isArray(value) ? value.join(',') || '(none)' : JSON.stringify(value)
}
