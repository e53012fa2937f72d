// The whole platform in this process, on a clock that the test moves: for what happens in days and months. Reached over HTTP like any other.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemCall } from '#kernel/call.ts'
import { createLogger } from '#kernel/log.ts'
import { randomToken } from '#kernel/ids.ts'
import { Secret } from '#kernel/secret.ts'
import type { AppFactory } from '../../src/app.ts'
import { appProblems } from '../../src/app-check.ts'
import { composePlatform, type Platform } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import { engineFor } from '../../src/database/engines.ts'
import type { Engine } from '../../src/database/ports.ts'
import { send } from './http.ts'
import type { ReachedPlatform } from './person.ts'
import { freePortPair, type Mail } from './platform.ts'
import { everythingStored, rowsStored, scenarioUrl, sqliteTables } from './scenario-database.ts'

export interface WholePlatform extends ReachedPlatform {
  readonly running: () => Platform
  /** A new one-time link to the console. */
  consoleLink(): Promise<string>
  readonly logs: readonly string[]
  advance(ms: number): void
  now(): number
  start(): Promise<void>
  stop(): Promise<void>
  /** The next start has another master key. What a command beside the platform is started with, and where. */
  loseMasterKey(): { readonly environment: Readonly<Record<string, string>>; readonly dataDir: string }
  /** Only what a command has that does its work while the platform is stopped. */
  startDatabase(): Promise<void>
  /** The rows of each table, the request log's among them; while it runs, too. */
  rows(): Promise<ReadonlyMap<string, string>>
  /** All that it keeps, by place: the database, the request log, each file. Only while it is stopped are they whole. */
  stored(): Promise<ReadonlyMap<string, Buffer>>
  remove(): Promise<void>
}

export async function wholePlatform(
  app: AppFactory,
  {
    environment = {},
    between = (engine) => engine,
  }: {
    readonly environment?: Readonly<Record<string, string>>
    /** Stands between the platform and its database. */
    readonly between?: (engine: Engine) => Engine
  } = {},
): Promise<WholePlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-whole-'))
  const port = await freePortPair()
  let masterKey = new Secret(randomToken())
  const main = join(folder, 'database', 'main.db')
  const logs: string[] = []
  const logger = createLogger({ level: 'debug', stream: { write: (line: string) => void logs.push(line) } })
  const origin = (label: string): string => `http://${label}.localhost:${port}`
  const { config } = readConfig({ environment, overrides: { 'platform.dataDir': folder, 'gateway.port': String(port) } })
  const made = app({ mode: 'development', port, domain: 'localhost', origin })
  // What its frontends show is not what is tested.
  const pages = await mkdtemp(join(tmpdir(), 'ninefold-pages-'))
  await writeFile(join(pages, 'index.html'), '<!doctype html><html><head></head><body></body></html>')
  const definition = { ...made, frontends: made.frontends.map((frontend) => ({ ...frontend, folder: pages })) }
  const problems = appProblems(definition)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const frontends = Object.fromEntries(definition.frontends.map(({ name }) => [name, origin(name)]))
  const [first = ''] = Object.values(frontends)
  const sites = { accounts: origin('accounts'), files: origin('files'), console: origin('console'), app: first, frontends }
  let offset = 0
  const clock = { now: () => Date.now() + offset }
  let platform: Platform | undefined
  const compose = async (): Promise<Platform> => {
    const engine = between(await engineFor(scenarioUrl(main) ?? `sqlite:${encodeURI(main)}`, { logger }))
    const parts = { config, masterKey, app: definition, sites, logger, engine, clock, sweepEveryMs: 200 }
    platform = composePlatform({ ...parts, consoleFolder: pages })
    return platform
  }
  return {
    port,
    origin,
    logs,
    running: () => platform ?? fail(),
    consoleLink: async () =>
      `${origin('console')}/enter?code=${await (platform ?? fail()).auth.createOperatorLink(systemCall('admin link'))}`,
    advance: (ms) => void (offset += ms),
    now: () => clock.now(),
    async mails(to) {
      const reply = await send({ port, host: `console.localhost:${port}`, path: '/mailbox.json' })
      return (JSON.parse(reply.body) as { items: Mail[] }).items.filter((mail) => mail.to === to)
    },
    async start() {
      await (await compose()).start()
    },
    startDatabase: async () => (await compose()).startOnly(['folders', 'database']),
    loseMasterKey() {
      const key = randomToken()
      masterKey = new Secret(key)
      const url = scenarioUrl(main)
      return {
        environment: { ...environment, NINEFOLD_MASTER_KEY: key, ...(url === undefined ? {} : { NINEFOLD_DATABASE_URL: url }) },
        dataDir: folder,
      }
    },
    async stop() {
      await platform?.stop()
      platform = undefined
    },
    async rows() {
      const log = sqliteTables(join(folder, 'database', 'logs.db'))
      return new Map([...(await rowsStored(main)), ...[...log].map(([name, rows]) => [`log: ${name}`, rows] as const)])
    },
    async stored() {
      const found = new Map<string, Buffer>()
      if (scenarioUrl(main) === undefined) found.set('database', await everythingStored(main))
      else for (const [table, rows] of await rowsStored(main)) found.set(table, Buffer.from(rows))
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name)
        if (entry.isFile() && !path.startsWith(main)) found.set(path.slice(folder.length + 1), await readFile(path))
      }
      return found
    },
    async remove() {
      for (const each of [folder, pages]) await rm(each, { recursive: true, force: true })
    },
  }
}

function fail(): never {
  throw new Error('The platform is stopped.')
}
