// The one place that wires. It makes the nine servers in the order of their needs; callers hold contracts and cannot tell where a server runs.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AppDefinition } from './app.ts'
import type { Auth, FrontendClient } from './auth/contract.ts'
import { needsPasskey, signInMethods } from './auth/methods.ts'
import type { Holding } from './auth/own-data/contract.ts'
import { authServer } from './auth/server.ts'
import { loggedSpeech, offeredLanguages } from './auth/texts/speech.ts'
import { paletteOf } from './auth/theme/colours.ts'
import type { ThemeDefinition } from './auth/theme/contract.ts'
import type { Cache } from './cache/contract.ts'
import { cacheServer } from './cache/server.ts'
import type { Config } from './config.ts'
import type { Database } from './database/contract.ts'
import type { Engine } from './database/ports.ts'
import { createSqliteDatabase, databaseServer } from './database/server.ts'
import { filesServer } from './files/server.ts'
import type { FrontendDefinition } from './frontend/contract.ts'
import { frontendServer } from './frontend/server.ts'
import type { Gateway } from './gateway/contract.ts'
import { gatewayServer } from './gateway/server.ts'
import { accessTokenRoom } from './gateway/session/sealed-cookies.ts'
import type { Jobs, MailStyle } from './jobs/contract.ts'
import { jobsServer } from './jobs/server.ts'
import { holdingsOf } from './holdings.ts'
import { type Clock, systemClock } from './kernel/clock.ts'
import { createKeyRing, type KeyRing } from './kernel/keyring.ts'
import { idle, type Purpose, type Running } from './kernel/lifecycle.ts'
import type { Logger } from './kernel/log.ts'
import { createJobSeal } from './kernel/sealed-job.ts'
import type { Secret } from './kernel/secret.ts'
import type { Sites } from './kernel/sites.ts'
import type { Monitoring } from './monitoring/contract.ts'
import { monitoringServer } from './monitoring/server.ts'
import { protectedEndpoints } from './protected-endpoints.ts'
import { resourceServer } from './resource/server.ts'
import type { OwnTransfers } from './resource/transfer/contract.ts'

export interface PlatformOptions {
  readonly config: Config
  readonly masterKey: Secret
  readonly app: AppDefinition
  readonly sites: Sites
  readonly logger: Logger
  /** The built console. */
  readonly consoleFolder: string
  /** Where everything but the request log is kept. */
  readonly engine: Engine
  /** What a program does that has a data folder for itself: the lock on it, and what is started last and ended first. */
  readonly premises?: { readonly lock: Running<unknown>; readonly desk: Running<unknown> }
  readonly clock?: Clock
  /** How often what has expired is removed; see the database server. */
  readonly sweepEveryMs?: number
}

export interface Platform {
  readonly sites: Sites
  readonly auth: Auth
  readonly transfers: OwnTransfers | undefined
  readonly jobs: Jobs
  readonly gateway: Gateway
  /** For commands that work on the data itself. */
  readonly database: Database
  start(): Promise<void>
  /** Starts only what a command needs that works beside a running platform. */
  startOnly(names: readonly string[]): Promise<void>
  stop(): Promise<void>
}

interface Member {
  readonly name: string
  readonly running: Running<unknown>
}

/** The gateway is the confidential client of every frontend (RFC 10017 section 6.1); both sides derive the secret from the key ring. */
function frontendClients(options: PlatformOptions, secretOf: (name: string) => string): FrontendClient[] {
  return options.app.frontends.map((frontend) => {
    const origin = originOf(options.sites, frontend)
    return {
      clientId: frontend.name,
      name: frontend.title,
      origin,
      redirectUri: `${origin}/session/callback`,
      secret: secretOf(frontend.name),
      scopes: frontend.scopes,
      ...(frontend.mode === 'cookie' ? { tokenRoom: accessTokenRoom(origin) } : {}),
    }
  })
}

function originOf(sites: Sites, frontend: FrontendDefinition): string {
  const origin = sites.frontends[frontend.name]
  if (origin === undefined) throw new Error(`The frontend ${frontend.name} has no origin`)
  return origin
}

/** What all of the wiring shares. */
interface Workshop {
  readonly options: PlatformOptions
  readonly clock: Clock
  readonly keyRing: KeyRing
  readonly clients: readonly FrontendClient[]
  readonly development: boolean
  readonly members: Member[]
  readonly folder: (name: string) => string
  readonly log: (server: string) => Logger
  /** Notes the server for starting and stopping, in this order, and gives its contract. */
  add<Contract>(name: string, running: Running<Contract>): Contract
}

function openWorkshop(options: PlatformOptions): Workshop {
  const keyRing = createKeyRing(options.masterKey)
  const members: Member[] = []
  return {
    options,
    clock: options.clock ?? systemClock,
    keyRing,
    clients: frontendClients(options, (name) => keyRing.derive(`client-secret:${name}`).toString('base64url')),
    development: options.config.platform.mode === 'development',
    members,
    folder: (name) => join(options.config.platform.dataDir, name),
    log: (server) => options.logger.child({ server }),
    add(name, running) {
      members.push({ name, running })
      return running.contract
    },
  }
}

interface Engines {
  readonly database: Database
  readonly cache: Cache
  readonly monitoring: Monitoring
}

/** What every role stands on. */
function addEngines(shop: Workshop): Engines {
  const { clock, keyRing, members, folder, log } = shop
  const { cache, monitoring, database } = shop.options.config
  const upToMib = database.scrubUpToMib
  const databaseFolder = folder('database')
  const { event: eventAtRest } = createJobSeal(keyRing)
  const { engine, logger, sweepEveryMs } = shop.options
  const sweeping = sweepEveryMs === undefined ? {} : { sweepEveryMs }
  if (shop.options.premises !== undefined) shop.add('lock', shop.options.premises.lock)
  shop.add('folders', idle({}, { start: async () => makeFolders([databaseFolder, folder('files')]) }))
  return {
    database: shop.add(
      'database',
      databaseServer.create({ engine, clock, logger, eventAtRest, ...sweeping, scrubbing: { job: 'database.scrub', upToMib } }),
    ),
    cache: shop.add('cache', cacheServer.create({ maxBytes: cache.maxBytes, clock, logger: log('cache') })),
    monitoring: shop.add(
      'monitoring',
      monitoringServer.create({
        // The request log is large and worth little: a file of its own, without the price of durability.
        database: shop.add(
          'log database',
          createSqliteDatabase({
            file: join(databaseFolder, 'logs.db'),
            durability: 'relaxed',
            clock,
            logger: log('log database'),
            ...sweeping,
            scrubbing: { job: 'monitoring.scrub', upToMib },
          }),
        ),
        keyRing,
        clock,
        logger: log('monitoring'),
        settings: { retentionDays: monitoring.retentionDays, pseudonymise: monitoring.pseudonymise },
        readiness: () => readiness(members),
      }),
    ),
  }
}

/** What answers people and programs. Gives the contract that the edge needs. */
function addRoles(shop: Workshop, engines: Engines): Pick<Platform, 'auth' | 'transfers' | 'jobs'> {
  const { clock, keyRing, clients, development, folder, log } = shop
  const { app, sites, config, consoleFolder } = shop.options
  const { database, cache } = engines
  const { name: productName, scopes } = app
  const mailbox = development && config.jobs.smtpUrl === undefined ? `${sites.console}/mailbox` : undefined
  const authSettings = {
    sites,
    productName,
    scopes,
    clients: app.clients ?? [],
    frontends: clients,
    development,
    mailbox,
    definition: app.auth,
    endpoints: protectedEndpoints(app.resources),
    takesCertificates: config.gateway.clientCertificateHeader !== undefined,
    holdings: (): Holding[] => holdingsOf(resources, files),
    ...config.auth,
  }
  const auth = shop.add('auth', authServer.create({ database, cache, keyRing, clock, logger: log('auth'), settings: authSettings }))
  const filesSettings = { folder: folder('files'), buckets: app.buckets ?? [], sites }
  const files = shop.add('files', filesServer.create({ database, keyRing, clock, logger: log('files'), settings: filesSettings }))
  const transfer = { folder: folder('imports'), allowLoopback: development, auth }
  const resourceSettings = {
    resources: app.resources,
    buckets: app.buckets ?? [],
    sites,
    productName,
    scopes,
    roles: app.auth?.roles,
    transfer,
  }
  const resources = shop.add(
    'resource',
    resourceServer.create({ database, files, keyRing, clock, logger: log('resource'), settings: resourceSettings }),
  )
  const frontendSettings = { frontends: app.frontends, console: { folder: consoleFolder }, sites }
  shop.add('frontend', frontendServer.create({ resources, auth, logger: log('frontend'), settings: frontendSettings }))
  const { mailFrom, smtpUrl, webhooksAnywhere } = config.jobs
  const from = mailFrom ?? `"${productName.replaceAll(/["\\]/g, '')}" <no-reply@${config.platform.domain}>`
  const mail = smtpUrl === undefined ? { from } : { from, smtpUrl }
  if (shop.options.premises !== undefined) shop.add('desk', shop.options.premises.desk)
  const definitions = [...shop.members.flatMap((member) => member.running.jobs), ...(app.jobs ?? [])]
  const jobsSettings = { mail, productName, mailStyle: mailStyleOf(app), sites, development }
  const list = shop.members.flatMap((member) => member.running.webhooks ?? [])
  const webhooks = { list, keyRing, reach: { loopback: development, everywhere: webhooksAnywhere, byOperator: true } }
  const jobs = shop.add(
    'jobs',
    jobsServer.create({ database, keyRing, clock, logger: log('jobs'), definitions, webhooks, settings: jobsSettings }),
  )
  return { auth, transfers: resources.transfers, jobs }
}

function addGateway(shop: Workshop, engines: Engines, auth: Auth): Gateway {
  const { clock, keyRing, clients, development } = shop
  const { app, sites, config } = shop.options
  const frontends = app.frontends.map((frontend, index) => ({
    name: frontend.name,
    origin: originOf(sites, frontend),
    mode: frontend.mode,
    clientId: frontend.name,
    secret: clients[index]?.secret ?? '',
    scopes: frontend.scopes,
    sources: frontend.sources ?? {},
  }))
  const gateway = gatewayServer.create({
    auth,
    monitoring: engines.monitoring,
    cache: engines.cache,
    keyRing,
    clock,
    logger: shop.log('gateway'),
    routes: shop.members.flatMap((member) => member.running.routes),
    problemPages: shop.members.flatMap((member) => member.running.problemPages ?? []),
    settings: { ...config.gateway, sites, development, frontends, ...appSettings(app), pages: pagesOf(app, shop.log('gateway')) },
  })
  return shop.add('gateway', gateway)
}

/** What the edge says of the API and asks of those who call it. */
function appSettings({ name, scopes, resources, auth = {} }: AppDefinition) {
  const api = { name, scopes: Object.keys(scopes), endpoints: protectedEndpoints(resources) }
  return { api, requireProofNonce: auth.dpop?.requireNonce === true }
}

/** What the edge says to people itself, and in which colours. */
function pagesOf({ auth = {} }: AppDefinition, logger: Logger) {
  return { texts: loggedSpeech(auth, logger).gatewayTexts, colours: coloursOf(auth.theme) }
}

function coloursOf({ colours = {} }: ThemeDefinition = {}) {
  return { light: paletteOf('light', colours.light), dark: paletteOf('dark', colours.dark) }
}

/** Mails look like the pages, as far as mail programs let them, speak their languages, and know what there is. */
function mailStyleOf({ auth = {} }: AppDefinition): MailStyle {
  const { theme } = auth
  const methods = signInMethods(auth)
  return {
    ownMails: auth.mails,
    look: { colours: theme?.colours && coloursOf(theme), ownMark: theme?.logo !== undefined },
    languages: offeredLanguages(auth),
    ways: { password: methods.password, needsPasskey: needsPasskey(methods) },
  }
}

/** Creates every server; nothing is opened before `start`. */
export function composePlatform(options: PlatformOptions): Platform {
  const shop = openWorkshop(options)
  const engines = addEngines(shop)
  const { auth, transfers, jobs } = addRoles(shop, engines)
  const gateway = addGateway(shop, engines, auth)
  return { sites: options.sites, auth, transfers, jobs, gateway, database: engines.database, ...lifecycle(shop.members) }
}

function makeFolders(paths: readonly string[]): void {
  for (const path of paths) mkdirSync(path, { recursive: true, mode: 0o700 })
}

async function readiness(members: readonly Member[]): Promise<Record<string, string | undefined>> {
  const states = await Promise.all(members.map(async (member) => [member.name, await member.running.health()] as const))
  return Object.fromEntries(states)
}

function lifecycle(members: readonly Member[]): Pick<Platform, 'start' | 'startOnly' | 'stop'> {
  const started: Member[] = []
  const stop = async (): Promise<void> => {
    for (let member = started.pop(); member !== undefined; member = started.pop()) await member.running.stop()
  }
  const startAll = async (chosen: readonly Member[], purpose: Purpose): Promise<void> => {
    try {
      for (const member of chosen) {
        started.push(member)
        await member.running.start(purpose)
      }
    } catch (error) {
      await stop()
      throw error
    }
  }
  return {
    start: () => startAll(members, 'serve'),
    startOnly: (names) =>
      startAll(
        members.filter((member) => names.includes(member.name)),
        'command',
      ),
    stop,
  }
}
