// The authorization server on a real socket, with the smallest pages that a person could sign in with, and a browser that keeps cookies.
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Call, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { type Html, html } from '#kernel/html.ts'
import type { Route } from '#kernel/http/route.ts'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import type { Sites } from '#kernel/sites.ts'
import { createCounts } from '../../src/auth/accounts/counts.ts'
import { createDevices } from '../../src/auth/accounts/devices.ts'
import { createDoors } from '../../src/auth/accounts/doors.ts'
import { createCodeGuard } from '../../src/auth/guard/codes.ts'
import { createGuard, type Due } from '../../src/auth/guard/service.ts'
import { createNewcomers, type Newcomers } from '../../src/auth/registration/create.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import type { ClientDefinition, Clients } from '../../src/auth/clients/contract.ts'
import type { ClientSettings } from '../../src/auth/provider/client-rules.ts'
import { type AuthorizationServer, type AuthorizationServerParts, createAuthorizationServer } from '../../src/auth/provider/create.ts'
import type { AuthHooks } from '../../src/auth/hooks/contract.ts'
import { languageReader } from '../../src/auth/texts/language.ts'
import { createSpeech } from '../../src/auth/texts/speech.ts'
import { createHooks } from '../../src/auth/hooks/hooks.ts'
import { type AccountDirectory } from '../../src/auth/engine.ts'
import type { Proof } from '../../src/auth/levels.ts'
import type { ActiveOrganisation } from '../../src/auth/roles/membership.ts'
import { createSignInRules } from '../../src/auth/sign-in-rules.ts'
import { createRevocations, type Revocations } from '../../src/auth/revocations/revocations.ts'
import type { Cache } from '../../src/cache/contract.ts'
import { cacheServer } from '../../src/cache/server.ts'
import type { Database } from '../../src/database/contract.ts'
import type { WriteRequest } from '../../src/database/ports.ts'
import { jobsServer } from '../../src/jobs/server.ts'
import { pkce } from './oauth-values.ts'
import { serve } from './oauth-serving.ts'
import { scenarioDatabase } from './scenario-database.ts'

export { claimsOf, errorOf, pkce } from './oauth-values.ts'

export const PRINT_SHOP = {
  clientId: 'print-shop',
  name: 'Print Shop',
  redirectUris: ['http://printshop.localhost:9001/callback', 'http://printshop.localhost:9001/other'],
  origins: ['http://printshop.localhost:9001'],
  scopes: ['profile', 'email', 'photos:read'],
  postLogoutRedirectUris: ['http://printshop.localhost:9001/bye'],
} as const

export const DIARY_SECRET = 'diary-secret-of-at-least-32-characters'

export interface OauthWorld {
  readonly port: number
  readonly sites: Sites
  readonly server: AuthorizationServer
  /** What operators do with clients. */
  readonly clients: Clients
  readonly documents: Newcomers['documents']
  readonly revocations: Revocations
  readonly database: Database
  readonly cache: Cache
  readonly routes: readonly Route[]
  /** Moves the clock of our own storage; the engine's stays. */
  advance(ms: number): void
  readonly suspended: Set<string>
  /** What stands for the password of an account after it was changed. */
  readonly credentials: Map<string, string>
  /** Accounts with an authenticator app. */
  readonly secondFactors: Set<string>
  /** Of accounts; `admin` must have a second factor. */
  readonly roles: Map<string, readonly string[]>
  /** As of when accounts are what they are, in epoch milliseconds. */
  readonly membershipAt: Map<string, number>
  /** What accounts act for. */
  readonly organisations: Map<string, ActiveOrganisation>
  /** What accounts are in organisations, whichever they act for. */
  readonly memberships: Map<string, readonly string[]>
  readonly logs: string[]
  readonly clock: Clock
  readonly masterKey: string
  stop(): Promise<void>
}

export interface OauthOptions {
  /** What is known of service accounts; there are none unless told. */
  readonly services?: (parts: Pick<AuthorizationServerParts, 'database' | 'revocations' | 'clock'>) => AuthorizationServerParts['services']
  readonly file?: string
  readonly hooks?: AuthHooks
  /** Beside the print shop. */
  readonly clients?: readonly ClientDefinition[]
  readonly definition?: AuthDefinition
  /** Addresses of the API with tokens of their own. */
  readonly endpoints?: ClientSettings['endpoints']
  /** Unless told, a proxy in front is thought to show certificates. */
  readonly takesCertificates?: boolean
  /** Clients show them at a host of its own. */
  readonly certificateHost?: true
  /** The jobs of the authorization server run. */
  readonly withJobs?: true
  /** Of another process with the same issuer. */
  readonly sharing?: { readonly masterKey: string; readonly issuerPort: number }
  /** Stands between the authorization server and the database. */
  readonly between?: (database: Database) => Database
  readonly onWrite?: (request: WriteRequest) => void
}

export const sitesAt = (port: number): Sites => ({
  accounts: `http://accounts.localhost:${port}`,
  app: `http://diary.localhost:${port}`,
  files: `http://files.localhost:${port}`,
  console: `http://console.localhost:${port}`,
  frontends: { diary: `http://diary.localhost:${port}` },
})

export async function openOauth(options: OauthOptions = {}): Promise<OauthWorld> {
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  try {
    return await openOn(http, options)
  } catch (error) {
    // A definition that is refused must end the test, not leave a listener that keeps it alive.
    http.close()
    throw error
  }
}

async function openOn(http: Server, options: OauthOptions): Promise<OauthWorld> {
  let offset = 0
  const clock = { now: () => Date.now() + offset }
  const logs: string[] = []
  const logger = createLogger({ level: 'info', stream: { write: (line: string) => void logs.push(line) } })
  const { port } = http.address() as AddressInfo
  const masterKey = options.sharing?.masterKey ?? randomToken()
  const at = options.sharing?.issuerPort ?? port
  const sites = { ...sitesAt(at), ...(options.certificateHost && { certificates: `http://mtls.localhost:${at}` }) }
  const database = await scenarioDatabase({ file: options.file, clock, logger, onWrite: options.onWrite })
  const cache = cacheServer.create({ maxBytes: 1_000_000, clock, logger })
  const keyRing = createKeyRing(new Secret(masterKey))
  const revocations = createRevocations({ database: database.contract, cache: cache.contract, clock, logger })
  const suspended = new Set<string>()
  const credentials = new Map<string, string>()
  const secondFactors = new Set<string>()
  const roles = new Map<string, readonly string[]>()
  const membershipAt = new Map<string, number>()
  const organisations = new Map<string, ActiveOrganisation>()
  const memberships = new Map<string, readonly string[]>()
  const personOf = (accountId: string): Awaited<ReturnType<AccountDirectory['find']>> =>
    accountId.startsWith('person')
      ? {
          accountId,
          name: `Name of ${accountId}`,
          language: 'de-AT',
          email: `${accountId}@example.org`,
          emailVerified: true,
          suspended: suspended.has(accountId),
          credential: credentials.get(accountId) ?? 'the first password',
          hasPassword: true,
          membership: {
            roles: roles.get(accountId) ?? [],
            groups: [],
            organisation: organisations.get(accountId),
            at: membershipAt.get(accountId) ?? 0,
          },
        }
      : undefined
  const settings: ClientSettings = {
    sites,
    productName: 'Pixel Diary',
    scopes: { 'photos:read': 'see your photos', 'photos:write': 'add and change photos' },
    clients: [PRINT_SHOP, ...(options.clients ?? [])],
    definition: options.definition,
    endpoints: options.endpoints ?? [],
    takesCertificates: options.takesCertificates ?? true,
    frontends: [
      {
        clientId: 'diary',
        name: 'Pixel Diary',
        origin: sites.app,
        redirectUri: `${sites.app}/session/callback`,
        secret: DIARY_SECRET,
        scopes: ['openid', 'offline_access', 'photos:read', 'photos:write'],
      },
    ],
    development: true,
  }

  const accounts: AccountDirectory = { find: async (_call, accountId) => personOf(accountId) }
  const devices = createDevices({ keyRing, accounts: { findByEmail: async () => undefined } })
  const guard = createGuard({
    counts: createCounts(cache.contract, clock),
    doors: createDoors(keyRing),
    devices,
    keyRing,
    clock,
    logger,
  })
  const newcomers = createNewcomers({
    database: database.contract,
    cache: cache.contract,
    clock,
    logger,
    settings,
    definition: options.definition?.registration,
  })
  const server = createAuthorizationServer({
    database: options.between?.(database.contract) ?? database.contract,
    revocations,
    newcomers,
    codeGuard: createCodeGuard(guard, 'device'),
    organisationStands: async () => true,
    services: options.services?.({ database: database.contract, revocations, clock }) ?? {
      membershipOf: async () => undefined,
      scopesOf: async () => undefined,
    },
    cache: cache.contract,
    keyRing,
    clock,
    logger,
    // Hooks that hang are told so soon: no test waits for five seconds.
    hooks: createHooks(options.hooks, { clock, logger, limitMs: 200 }),
    accounts,
    devices,
    upstreams: { settle: async () => false },
    languageOf: languageReader(createSpeech()),
    rules: createSignInRules({
      accounts,
      passkeys: { list: async () => [] },
      secondFactors: {
        hasTotp: async (_call, accountId) => secondFactors.has(accountId),
        state: async (_call, accountId) => ({ totpSince: secondFactors.has(accountId) ? 1 : undefined, unusedCodes: 0 }),
      },
      methods: { password: true, passkey: true, totp: true, emailCode: false, magicLink: false, upstream: false },
      forcedRoles: ['admin'],
      holdsInOrganisation: async (_call, accountId, wanted) => memberships.get(accountId)?.some((role) => wanted.includes(role)) === true,
    }),
    looks: {
      errorPage: (_exchange, { error, description }) => html`<h1>${error}</h1><p>${description}</p>`,
      signOutPage: (_exchange, { action, hidden, onTo }) =>
        html`<p>on to ${onTo?.app} ${onTo?.host}</p><form method="post" action="${action}">${Object.entries(hidden).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}<button name="logout" value="yes">Sign out</button></form>`,
      devicePage: (_exchange, { action, xsrf, code, problem: wrong, due }) =>
        html`<form method="post" action="${action}"><input name="xsrf" value="${xsrf}"><input name="user_code" value="${code}">${puzzleOf(due)}</form><p>${wrong ?? 'type the code'}</p>`,
      deviceConfirmPage: (_exchange, { xsrf, code, app, device, due }) =>
        html`<input name="xsrf" value="${xsrf}">${puzzleOf(due)}<p>${app} ${device} ${code}</p>`,
      deviceDonePage: () => html`<p>connected</p>`,
    },
    settings: { ...settings, keyRotationDays: 90 },
  })
  const { clients, routes: ofClients, jobs: clientJobs } = newcomers.administration(server)
  const routes = [...server.routes, ...ofClients.filter(({ site }) => site === 'accounts')]
  const jobs = jobsServer.create({
    database: database.contract,
    keyRing,
    clock,
    logger,
    definitions: [...server.jobs, ...clientJobs],
    settings: { mail: { from: 'x@x.test' }, productName: 'x', sites, development: true, worker: { pollMs: 20 } },
  })
  await database.start()
  await server.start()
  if (options.withJobs === true) await jobs.start()
  serve(http, { engine: server.engine, routes }, (accountId) => credentials.get(accountId) ?? 'the first password')
  return {
    port,
    sites,
    server,
    clients,
    documents: newcomers.documents,
    revocations,
    database: database.contract,
    cache: cache.contract,
    routes,
    advance: (ms) => {
      offset += ms
    },
    suspended,
    credentials,
    secondFactors,
    roles,
    membershipAt,
    organisations,
    memberships,
    logs,
    clock,
    masterKey,
    async stop() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await server.stop()
      if (options.withJobs === true) await jobs.stop()
      await database.stop()
      await cache.stop()
    },
  }
}

const puzzleOf = (due: Due | undefined): Html | undefined =>
  due?.kind === 'puzzle' ? html`<div data-puzzle="${due.puzzle.text}" data-bits="${due.puzzle.bits}"></div>` : undefined

export const call: Call = systemCall('test')

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Send {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>>
  /** A body that is no form; its type is among the headers. */
  readonly text?: string
}

export function send(world: Pick<OauthWorld, 'port' | 'sites'>, { method, path, headers = {}, form, text }: Send): Promise<Reply> {
  const body = form === undefined ? text : new URLSearchParams(form).toString()
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port: world.port,
        path,
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          host: new URL(world.sites.accounts).host,
          accept: 'text/html,*/*;q=0.5',
          ...(body === undefined
            ? {}
            : {
                ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
                'content-length': String(Buffer.byteLength(body)),
              }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }),
        )
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

interface JarEntry {
  readonly value: string
  readonly path: string
}

/** Keeps cookies as a browser does, as far as paths and deletions go. */
export class Browser {
  readonly #world: Pick<OauthWorld, 'port' | 'sites'>
  readonly #jar = new Map<string, JarEntry>()
  readonly #headers: Readonly<Record<string, string>>

  /** `headers`: what it sends with everything. */
  constructor(world: Pick<OauthWorld, 'port' | 'sites'>, headers: Readonly<Record<string, string>> = {}) {
    this.#world = world
    this.#headers = headers
  }

  get cookieNames(): string[] {
    return [...this.#jar.keys()].map((key) => key.split(' ')[0] ?? '')
  }

  /** What it would send there, one `name=value` each. */
  cookiesFor(target: string): string[] {
    const path = target.split('?')[0] ?? '/'
    const matching = [...this.#jar].filter(
      ([, entry]) => path === entry.path || path.startsWith(entry.path.endsWith('/') ? entry.path : `${entry.path}/`),
    )
    return matching.map(([key, { value }]) => `${key.split(' ')[0]}=${value}`)
  }

  async visit(request: Send): Promise<Reply> {
    const cookie = this.cookiesFor(request.path).join('; ')
    const reply = await send(this.#world, {
      ...request,
      headers: {
        ...(cookie === '' ? {} : { cookie }),
        'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
        ...this.#headers,
        ...request.headers,
      },
    })
    for (const line of [reply.headers['set-cookie'] ?? []].flat()) this.#keep(line)
    return reply
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const name = pair.slice(0, pair.indexOf('='))
    const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/'
    const gone = attributes.some((attribute) => /^expires=Thu, 01 Jan 1970/i.test(attribute))
    if (gone) this.#jar.delete(`${name} ${path}`)
    else this.#jar.set(`${name} ${path}`, { value: pair.slice(name.length + 1), path })
  }

  /** Follows redirects on the accounts origin, signing in and agreeing where asked; stops where it leads elsewhere. `named`: of each consent page. */
  async authorize(
    path: string,
    person: {
      readonly account: string
      readonly approve?: boolean
      readonly by?: readonly Proof[]
      /** Before each answer about consent. */
      readonly thinkMs?: number
      readonly meanwhile?: () => Promise<void>
    },
  ): Promise<{ location: URL; asked: string[]; named: string[][]; last: Reply }> {
    const asked: string[] = []
    const named: string[][] = []
    const proofs = [...(person.by ?? ['password', 'totp'])]
    let reply = await this.visit({ path })
    for (let hop = 0; hop < 12; hop += 1) {
      const target = reply.headers['location']
      if (typeof target !== 'string') break
      const location = new URL(target, this.#world.sites.accounts)
      if (location.origin !== this.#world.sites.accounts) return { location, asked, named, last: reply }
      if (location.pathname.startsWith('/interaction/')) {
        const page = await this.visit({ path: location.pathname })
        const { prompt, scopes } = JSON.parse(page.body) as { prompt: 'login' | 'consent'; scopes: { name: string }[] }
        asked.push(prompt)
        if (prompt === 'consent') named.push(scopes.map(({ name }) => name))
        if (prompt === 'consent' && person.thinkMs !== undefined) await new Promise((resolve) => setTimeout(resolve, person.thinkMs))
        if (prompt === 'consent') await person.meanwhile?.()
        const query =
          prompt === 'login'
            ? `account=${person.account}&by=${proofs.shift() ?? 'password'}`
            : `approved=${person.approve === false ? 'no' : 'yes'}`
        reply = await this.visit({ method: 'POST', path: `${location.pathname}/${prompt === 'login' ? 'sign-in' : 'consent'}?${query}` })
      } else {
        reply = await this.visit({ path: `${location.pathname}${location.search}` })
      }
    }
    return { location: new URL('about:blank'), asked, named, last: reply }
  }
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token?: string
  readonly id_token: string
  readonly scope?: string
}

export interface SignIn {
  readonly account?: string
  readonly scope?: string
  readonly extra?: Readonly<Record<string, string>>
}

/** The address that begins the code flow of the third party. */
export function authorizePath(challenge: string, { scope = 'openid offline_access photos:read', extra = {} }: SignIn = {}): string {
  const query = new URLSearchParams({
    client_id: PRINT_SHOP.clientId,
    redirect_uri: PRINT_SHOP.redirectUris[0],
    response_type: 'code',
    scope,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 'some-state',
    ...extra,
  })
  return `/authorize?${query.toString()}`
}

/** A code for the third party, with all that its redemption needs. */
export async function codeFor(browser: Browser, signIn: SignIn = {}): Promise<Record<string, string>> {
  const { verifier, challenge } = pkce()
  const { location, last } = await browser.authorize(authorizePath(challenge, signIn), { account: signIn.account ?? 'person1' })
  const code = location.searchParams.get('code')
  if (code === null) throw new Error(`No code: ${location.href} ${last.body}`)
  return {
    grant_type: 'authorization_code',
    client_id: PRINT_SHOP.clientId,
    redirect_uri: PRINT_SHOP.redirectUris[0],
    code,
    code_verifier: verifier,
  }
}

export async function tokensFor(world: OauthWorld, browser: Browser, signIn: SignIn = {}): Promise<Tokens> {
  const reply = await send(world, { path: '/token', form: await codeFor(browser, signIn) })
  if (reply.status !== 200) throw new Error(reply.body)
  return JSON.parse(reply.body)
}

export function refresh(world: OauthWorld, token: string | undefined): Promise<Reply> {
  return send(world, { path: '/token', form: { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: token ?? '' } })
}

/** Tokens of the app's own frontend, through the back channel as the gateway asks for them. */
export async function frontendTokens(world: OauthWorld, browser: Browser, account = 'person1'): Promise<Tokens> {
  const { verifier, challenge } = pkce()
  const redirectUri = `${world.sites.app}/session/callback`
  const query = new URLSearchParams({
    client_id: 'diary',
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid offline_access photos:read photos:write',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  const { location, asked, last } = await browser.authorize(`/authorize?${query.toString()}`, { account })
  if (asked.includes('consent')) throw new Error('a first party was asked for consent')
  const code = location.searchParams.get('code')
  if (code === null) throw new Error(`No code: ${location.href} ${last.body}`)
  const answer = await frontendToken(world, { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri })
  if (answer.status !== 200) throw new Error(answer.body)
  return JSON.parse(answer.body)
}

export function frontendToken(
  world: OauthWorld,
  form: Readonly<Record<string, string>>,
  secret = DIARY_SECRET,
): Promise<{ status: number; body: string }> {
  return world.server.exchange(call, {
    method: 'POST',
    path: '/token',
    headers: {
      authorization: `Basic ${Buffer.from(`diary:${encodeURIComponent(secret)}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(form).toString(),
  })
}
