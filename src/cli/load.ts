// From the command line to a platform that is made but not started: what all commands share.
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AppDefinition, AppEnvironment, AppFactory } from '../app.ts'
import { appProblems } from '../app-check.ts'
import { composePlatform, type Platform } from '../compose.ts'
import { type Config, type ConfigRow, readConfig } from '../config.ts'
import { engineFor } from '../database/engines.ts'
import type { Engine } from '../database/ports.ts'
import { createLogger, type Logger } from '../kernel/log.ts'
import { z } from '../kernel/schema.ts'
import type { Sites } from '../kernel/sites.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { lastPort } from './last-port.ts'
import { masterKeyOf } from './master-key.ts'
import { createPremises, type Premises } from './premises.ts'

export interface Loaded {
  readonly config: Config
  readonly rows: readonly ConfigRow[]
  readonly app: AppDefinition
  readonly logger: Logger
  readonly platform: Platform
  readonly premises: Premises
}

const appModule = z.object({ default: z.custom<AppFactory>((value) => typeof value === 'function') })

const consoleFolder = fileURLToPath(new URL('../../console/dist', import.meta.url))

/** `look` opens and makes nothing on disk: what is only read must leave no trace. */
export async function load(line: CommandLine, purpose: 'run' | 'look'): Promise<Loaded> {
  const { config: read, rows } = readConfig({ overrides: line.overrides })
  const port = await portOf(line, read, rows)
  const config: Config = { ...read, gateway: { ...read.gateway, port } }
  const origin = originMaker(config)
  const app = await loadApp(line.configFile, { mode: config.platform.mode, port, domain: config.platform.domain, origin })
  const sites = sitesOf(app, config, origin)
  if (purpose === 'run') prepareDataFolder(config.platform.dataDir)
  const logger = createLogger({ level: config.platform.logLevel, to: line.command === 'start' ? 'output' : 'errors' })
  const masterKey = await masterKeyOf(config, purpose)
  const premises = createPremises({
    config,
    masterKey,
    app: app.name,
    url: urlOf(config),
    engine: await engineOf(app, config, logger),
    logger,
  })
  const platform = composePlatform({ config, masterKey, app, sites, logger, consoleFolder, engine: premises.house.engine, premises })
  return { config, rows, app, logger, platform, premises }
}

/** Commands beside a platform that was started with another port need not be told. */
async function portOf({ command }: CommandLine, { gateway, platform }: Config, rows: readonly ConfigRow[]): Promise<number> {
  const isTold = rows.some(({ name, source }) => name === 'NINEFOLD_GATEWAY_PORT' && source !== 'default')
  const last = isTold || command === 'start' ? undefined : lastPort(platform.dataDir)
  if (last !== undefined) return last
  return gateway.port === 0 ? await freePort(gateway.host) : gateway.port
}

function urlOf({ platform, database }: Config): string {
  return database.url?.reveal() ?? `sqlite:${encodeURI(join(platform.dataDir, 'database', 'main.db'))}`
}

async function engineOf(app: AppDefinition, config: Config, logger: Logger): Promise<Engine> {
  const { database } = config
  if (app.database !== undefined) return app.database({ url: database.url?.reveal(), logger: logger.child({ server: 'database' }) })
  try {
    return await engineFor(urlOf(config), { logger: logger.child({ server: 'database' }) })
  } catch (cause) {
    throw new CommandError(`NINEFOLD_DATABASE_URL: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function originMaker(config: Config): (label: string) => string {
  const { mode, domain, publicPort } = config.platform
  const development = mode === 'development'
  const port = publicPort === 0 && development ? config.gateway.port : publicPort
  const usual = port === 0 || port === (development ? 80 : 443)
  return (label) => `${development ? 'http' : 'https'}://${label}.${domain}${usual ? '' : `:${port}`}`
}

function sitesOf(app: AppDefinition, { gateway }: Config, origin: (label: string) => string): Sites {
  const frontends = Object.fromEntries(app.frontends.map((frontend) => [frontend.name, origin(frontend.host ?? frontend.name)]))
  const first = app.frontends[0]
  const api = (first === undefined ? undefined : frontends[first.name]) ?? origin('api')
  const { clientCertificateHost: host } = gateway
  const certificates = host === undefined ? {} : { certificates: origin(host) }
  return { accounts: origin('accounts'), files: origin('files'), console: origin('console'), app: api, ...certificates, frontends }
}

async function loadApp(file: string, environment: AppEnvironment): Promise<AppDefinition> {
  const path = resolve(file)
  if (!existsSync(path))
    throw new CommandError(`There is no app definition at ${path}. Name one with --config, or make one: see the README.`)
  const module = appModule.safeParse(await imported(path))
  if (!module.success) throw new CommandError(`${path} has no default export made by defineApp(...).`)
  const app = module.data.default(environment)
  const problems = appProblems(app)
  if (problems.length === 0) return app
  throw new CommandError(`${path} defines no app yet:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
}

/** Before anything is opened, so that a typing mistake is answered in a line. */
function prepareDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.R_OK | constants.W_OK)
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw new CommandError(`The data folder ${resolve(folder)} cannot be used${reason}. Choose another with --data-dir.`, { cause })
  }
}

async function imported(path: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (cause) {
    if (!(cause instanceof SyntaxError) || !cause.message.includes('outside a module')) throw cause
    throw new CommandError(`${path} is read as CommonJS: put "type": "module" into the package.json beside it.`, { cause })
  }
}

async function freePort(host: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(0, host, done)
  })
  const address = server.address()
  await new Promise<void>((done) => server.close(() => done()))
  if (address === null || typeof address === 'string') throw new CommandError('No free port was found.')
  return address.port
}
