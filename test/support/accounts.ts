// The accounts part of auth on a real database in memory, with a stand-in for the OpenID engine, and a visitor who asks for its pages.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Call } from '#kernel/call.ts'
import { systemCall } from '#kernel/call.ts'
import { AppError } from '#kernel/errors.ts'
import { problemOf } from '#kernel/http/problem.ts'
import type { ProblemPageOf } from '#kernel/http/problem-page.ts'
import { createRouter } from '#kernel/http/router.ts'
import type { Answer, Exchange, ForeignSources, Method, Route } from '#kernel/http/route.ts'
import { seeOther } from '#kernel/http/route.ts'
import { randomToken } from '#kernel/ids.ts'
import type { sendOutward } from '#kernel/http/outward.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import type { Json } from '#kernel/json.ts'
import { createLogger } from '#kernel/log.ts'
import { createJobSeal, type JobSeal } from '#kernel/sealed-job.ts'
import { Secret } from '#kernel/secret.ts'
import type { Steps } from '../../src/auth/accounts/devices.ts'
import { type Accounts } from '../../src/auth/accounts/service.ts'
import { rememberOwner, whence } from '../../src/auth/browser.ts'
import type { ByMail } from '../../src/auth/by-mail.ts'
import type { AuthorisedApp, BrowserSession, Engine, Interaction } from '../../src/auth/engine.ts'
import type { AuthHooks } from '../../src/auth/hooks/contract.ts'
import { createHooks } from '../../src/auth/hooks/hooks.ts'
import type { Proof } from '../../src/auth/levels.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import type { Holding } from '../../src/auth/own-data/contract.ts'
import { createPeople, type People } from '../../src/auth/people.ts'
import { accountPages } from '../../src/auth/pages/routes.ts'
import type { OrganisationsPart } from '../../src/auth/organisations/create.ts'
import { createRevocations, type Revocations } from '../../src/auth/revocations/revocations.ts'
import type { SecurityEvents } from '../../src/auth/security-events/service.ts'
import { zeroBits } from '../../src/auth/guard/puzzle.ts'
import { en } from '../../src/auth/texts/en.ts'
import { problemPages } from '../../src/auth/pages/engine-pages.ts'
import { createSpeech } from '../../src/auth/texts/speech.ts'
import { createLooks } from '../../src/auth/theme/looks.ts'
import { clientsCollection } from '../../src/auth/clients/repository.ts'
import { endAccessJob } from '../../src/auth/end-access.ts'
import { createLeavingPart } from '../../src/auth/leaving/create.ts'
import type { Leaving } from '../../src/auth/leaving/service.ts'
import type { PasswordSettings } from '../../src/auth/passwords/passwords.ts'
import { cacheServer } from '../../src/cache/server.ts'
import type { Database } from '../../src/database/contract.ts'
import type { Engine as DatabaseEngine } from '../../src/database/ports.ts'
import { jobsServer } from '../../src/jobs/server.ts'
import { type FakeClock, fakeClock } from './fake-clock.ts'
import { until } from './until.ts'
import { scenarioDatabase } from './scenario-database.ts'

export const ORIGIN = 'https://accounts.example.org'
export const call: Call = systemCall('accounts-test')
const SETTLED = 'test.settled'

export interface SentMail {
  readonly to: string
  readonly template: string
  readonly data: Readonly<Record<string, string>>
  readonly language?: string
}

export interface FakeEngine extends Engine {
  current: Interaction | undefined
  signedInAs: string | undefined
  readonly sessionList: BrowserSession[]
  readonly appList: AuthorisedApp[]
  /** Every change that was asked of the engine, in words. */
  readonly asked: string[]
}

export interface AccountsWorld {
  readonly accounts: Accounts
  readonly securityEvents: SecurityEvents
  readonly byMail: ByMail
  readonly organisations: OrganisationsPart
  readonly revocations: Revocations
  readonly running: People
  readonly leaving: Leaving
  readonly database: Database
  readonly clock: FakeClock
  readonly engine: FakeEngine
  readonly mails: SentMail[]
  readonly log: string[]
  /** Jobs that are done for mails, which failed: to be tried again. */
  readonly failedJobs: (() => Promise<void>)[]
  /** The newest mail to an address, of this template if told, once it has been delivered. */
  mailTo(email: string, template?: string): Promise<SentMail>
  /** The job that a write asks for, run now. */
  endAccess(input: Readonly<Record<string, unknown>>): Promise<void>
  /** Waits until every mail that was asked for so far is there; for what else follows events, until there was a moment of quiet. */
  settled(): Promise<void>
  visit(request: Visit): Promise<Visited>
  /** The whole inventory of the pages. */
  readonly routes: readonly Route[]
  /** What a browser is known by in which somebody has signed in, in one step unless told. */
  deviceOf(accountId: string, steps?: Steps): Promise<string>
  /** Signs up and confirms. */
  person(details?: { email?: string; password?: string; name?: string }): Promise<{ accountId: string; email: string; password: string }>
  stop(): Promise<void>
}

export interface Visit {
  readonly path: string
  readonly form?: Readonly<Record<string, string>>
  readonly client?: string
  /** Of the client alone unless told. */
  readonly network?: string
  readonly cookies?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly agent?: string
}

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

export interface Visited {
  readonly status: number
  readonly headers: Answer['headers']
  readonly text: string
  readonly cookies: readonly string[]
  readonly csrfRenewed: boolean
  /** What the page lets in of somebody else. */
  readonly sources: ForeignSources | undefined
  readonly answer: Answer
}

/** Where the fake engine goes on to, with a code for the client. */
export const WENT_ON = 'https://client.example.org/callback?code=c'

/** Proofs that are both steps, or the second of them. */
const SECOND: ReadonlySet<Proof> = new Set(['totp', 'recovery_code', 'passkey'])

/** `people` are those of the part that is tested. */
function createFakeEngine(people: () => Pick<People, 'accounts' | 'shared' | 'upstreams'>): FakeEngine {
  const asked: string[] = []
  const engine: FakeEngine = {
    current: undefined,
    signedInAs: undefined,
    sessionList: [],
    appList: [],
    asked,
    authorize: async () => (engine.current === undefined ? { answer: seeOther(WENT_ON) } : { interaction: engine.current }),
    interaction: async (exchange) => (exchange.path.startsWith(`/interaction/${engine.current?.uid ?? ' '}`) ? engine.current : undefined),
    finishSignIn: async (exchange, { accountId, credential, by = 'password', hold = false, arrival }) => {
      const { accounts, shared, upstreams } = people()
      const person = hold ? undefined : await accounts.find(call, accountId)
      const steps = SECOND.has(by) ? 2 : 1
      if (person !== undefined) rememberOwner(exchange, shared.devices, { accountId, email: person.email, credential, steps })
      // Nothing is ever missing here.
      if (arrival !== undefined) assert.ok(await upstreams.settle(call, { accountId, credential }, { arrival, by: whence(exchange) }))
      asked.push(`finishSignIn ${accountId}${by === 'password' ? '' : ` by ${by}`}${hold ? ' and holds' : ''}`)
      engine.signedInAs = accountId
      return seeOther(WENT_ON)
    },
    continueSignIn: async () => {
      asked.push('continueSignIn')
      return seeOther(WENT_ON)
    },
    restartSignIn: async () => {
      asked.push('restartSignIn')
      return seeOther(`/interaction/${engine.current?.uid ?? ''}`)
    },
    finishConsent: async (_exchange, approved) => {
      asked.push(`finishConsent ${approved}`)
      return seeOther(WENT_ON)
    },
    browserSession: async () => engine.sessionList.find((session) => session.id === 'here' && session.accountId === engine.signedInAs),
    async signOutHere(exchange) {
      const here = await engine.browserSession(exchange)
      if (here !== undefined) asked.push(`endBrowserSession ${here.accountId} ${here.id}`)
      return here !== undefined
    },
    signInPath: (returnTo, options) => `/authorize?return_to=${encodeURIComponent(returnTo)}${options?.again === true ? '&again' : ''}`,
    sessions: async (_call, accountId) =>
      engine.sessionList.filter((session) => session.accountId === accountId).toSorted((a, b) => b.lastUsedAt - a.lastUsedAt),
    async sessionPage(context, accountId, { limit, after = '0' }) {
      const all = await engine.sessions(context, accountId)
      const end = Number(after) + limit
      return { items: all.slice(Number(after), end), ...(end < all.length ? { next: String(end) } : {}) }
    },
    endBrowserSession: async (_call, accountId, sessionId) => void asked.push(`endBrowserSession ${accountId} ${sessionId}`),
    authorisedApps: async () => engine.appList,
    revokeApp: async (_call, accountId, clientId) => void asked.push(`revokeApp ${accountId} ${clientId}`),
    revokeUntil: async (_call, accountId, { until: at, exceptSessionId }) =>
      void asked.push(`revokeUntil ${accountId} ${at} except ${exceptSessionId ?? 'none'}`),
    revokeAccount: async (_call, accountId, except) => void asked.push(`revokeAccount ${accountId} except ${except ?? 'none'}`),
  }
  return engine
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function mailOf(data: Json, seal: JobSeal): SentMail | undefined {
  if (!isRecord(data) || data['name'] !== 'mail.send' || !isRecord(data['input'])) return undefined
  return seal.open(data['input'])?.input as SentMail | undefined
}

export async function openAccounts(
  options: {
    passwords?: PasswordSettings
    productName?: string
    durableFile?: string
    /** Stands between the database and its engine. */
    between?: (engine: DatabaseEngine) => DatabaseEngine
    definition?: AuthDefinition
    /** Secrets of upstream providers, by id. */
    upstreamSecrets?: Readonly<Record<string, string>>
    send?: typeof sendOutward
    /** True unless told. */
    development?: boolean
    hooks?: AuthHooks
    holdings?: readonly Holding[]
    suspicionFactor?: number
    /** Mails go there, as `smtp://127.0.0.1:25`; nowhere unless told. */
    mailServer?: string
  } = {},
): Promise<AccountsWorld> {
  const clock = fakeClock()
  const log: string[] = []
  const logger = createLogger({ level: 'debug', stream: { write: (line) => void log.push(line) } })
  const sites = { accounts: ORIGIN, app: 'https://app.example.org', files: '', console: '', frontends: {} }
  // What is stored in a file was made with one key, whoever opens it.
  const masterKey = options.durableFile === undefined ? randomToken() : createHash('sha256').update(options.durableFile).digest('base64url')
  const keyRing = createKeyRing(new Secret(masterKey))
  const databases = await scenarioDatabase({ file: options.durableFile, between: options.between, clock, logger, keyRing })
  const cache = cacheServer.create({ maxBytes: 16 * 1024 * 1024, clock, logger }).contract
  const database = databases.contract
  const revocations = createRevocations({ database, cache, clock, logger })
  const running = createPeople({
    revocations,
    database,
    cache,
    keyRing,
    clock,
    logger,
    ...(options.send === undefined ? {} : { send: options.send }),
    hooks: createHooks(options.hooks, { clock, logger, limitMs: 200 }),
    // Cheap hashes: what is tested here is not how long one takes.
    settings: {
      sites,
      productName: 'Pixel Diary',
      definition: options.definition,
      easiestBits: 4,
      suspicionFactor: options.suspicionFactor,
      development: options.development ?? true,
      upstreamSecrets: options.upstreamSecrets && new Secret(JSON.stringify(options.upstreamSecrets)),
      passwords: options.passwords ?? { memoryKiB: 64, passes: 1 },
    },
  })
  const seal = createJobSeal(keyRing)
  const mails: SentMail[] = []
  let delivered = 0
  const reached = new Set<string>()
  const failedJobs: (() => Promise<void>)[] = []
  const runJob = async (data: Json): Promise<void> => {
    const wanted = isRecord(data) ? running.byMail.jobs.find(({ name }) => name === data['name']) : undefined
    if (wanted === undefined || !isRecord(data)) return
    const run = async (): Promise<void> =>
      void (await wanted.handle({ call, jobId: wanted.name, attempt: 1 }, wanted.input.parse(data['input'])))
    await run().catch(() => failedJobs.push(run))
  }
  database.subscribe({
    consumer: 'test-mails',
    topics: ['jobs.requested', SETTLED],
    handle: async (events) => {
      for (const event of events) {
        if (event.topic === SETTLED) {
          reached.add(event.key)
          continue
        }
        await runJob(event.data)
        const sent = mailOf(event.data, seal)
        if (sent !== undefined) mails.push(sent)
        delivered += 1
      }
    },
  })
  const engine = createFakeEngine(() => running)
  const leaving = createLeavingPart({
    database,
    clock,
    logger,
    engine,
    definition: options.definition,
    origin: ORIGIN,
    people: running,
    holdings: () => options.holdings ?? [],
  })
  const jobs =
    options.mailServer === undefined
      ? undefined
      : jobsServer.create({
          database,
          keyRing,
          clock,
          logger,
          definitions: [],
          settings: {
            mail: { from: 'no-reply@example.org', smtpUrl: new Secret(options.mailServer) },
            productName: 'Pixel Diary',
            sites,
            development: true,
            worker: { pollMs: 5 },
          },
        })
  // The authorization server declares it, which is not here.
  database.collection(clientsCollection)
  await databases.start()
  await running.start()
  await jobs?.start()
  leaving.start()
  const settings = {
    productName: options.productName ?? 'Pixel Diary',
    home: 'http://app.test/',
    speech: createSpeech(options.definition),
    looks: createLooks(options.definition?.theme),
  }
  const pages = accountPages({ ...running, leaving, ownData: leaving.ownData, engine, clock, settings })
  const visit = createVisitor(createRouter(pages), problemPages(settings))
  const { accounts, byMail, organisations, securityEvents } = running
  const world: AccountsWorld = {
    accounts,
    securityEvents,
    byMail,
    organisations,
    revocations,
    leaving,
    running,
    database,
    clock,
    engine,
    mails,
    log,
    failedJobs,
    visit,
    routes: pages,
    mailTo: (email, template) =>
      until(`a mail ${template ?? ''} to ${email}`, () =>
        mails.findLast((one) => one.to === email && (template === undefined || one.template === template)),
      ),
    async settled() {
      const before = delivered
      // Events come in order: whatever was stored before this one has been delivered when it has.
      const key = randomToken()
      await database.commit(call, [], [{ topic: SETTLED, key, data: {} }])
      await until('the events that were stored', () => reached.has(key))
      // Other consumers have a pace of their own; this is longer than one gathers.
      await new Promise((resolve) => setTimeout(resolve, 150))
      if (delivered !== before) await world.settled()
    },
    endAccess: async (input) => {
      const parts = { engine, services: running.serviceAccounts.services, reclaiming: running.byMail.reclaiming }
      await endAccessJob(parts).handle({ call, jobId: 'end-access', attempt: 1 }, input)
    },
    async deviceOf(accountId, steps = 1) {
      const person = await accounts.find(call, accountId)
      if (person === undefined) throw new Error('nobody has this account')
      return running.shared.devices.remember(person, steps)
    },
    async person({ email = 'ada@example.org', password = 'nine folded squares', name = 'Ada' } = {}) {
      const client = randomToken()
      await accounts.signUp(call, { name, email, password, client, browser: client })
      await accounts.confirm(call, { token: tokenIn(await world.mailTo(email)), client, browser: client })
      const signedIn = await accounts.signIn(call, { email, password, client: randomToken() })
      if (signedIn === undefined) throw new Error('the new person cannot sign in')
      return { accountId: signedIn.accountId, email, password }
    },
    async stop() {
      await jobs?.stop()
      leaving.stop()
      await running.stop()
      await databases.stop()
    },
  }
  return world
}

/** What a browser sends after this answer, beside what it sent before. */
export function cookiesAfter({ cookies }: Pick<Visited, 'cookies'>): Record<string, string> {
  return Object.fromEntries(cookies.map((cookie) => /^([^=]+)=([^;]*)/.exec(cookie)?.slice(1) ?? []))
}

/** Cookies that can be compared: what is sealed differs each time, and may differ in nothing else, its length included. */
export function comparable({ cookies }: Pick<Visited, 'cookies'>): readonly string[] {
  return cookies.map((cookie) => cookie.replace(/(?<=^__Host-Http-done=)[\w-]+/, ({ length }) => `${length} characters`))
}

/** The visit of a page that says that something was done, in a browser where it was. */
export function justDone({ running, engine }: Pick<AccountsWorld, 'running' | 'engine'>, { cookies = {}, ...visit }: Visit): Visit {
  const set: string[] = []
  const exchange = {
    cookies: new Map(Object.entries(cookies)),
    addCookie: (cookie: string) => void set.push(cookie),
  } as unknown as Exchange
  const { pathname: page, searchParams } = new URL(visit.path, 'https://accounts.example')
  const word = searchParams.get('done')
  running.justDone.leadTo(exchange, { page, ...(word === null ? {} : { word, accountId: engine.signedInAs ?? '' }) })
  return { ...visit, cookies: { ...cookies, ...cookiesAfter({ cookies: set }) } }
}

export function tokenIn(sent: SentMail): string {
  return new URL(sent.data['link'] ?? '').searchParams.get('token') ?? ''
}

/** Pages that ask for a passkey, or give a puzzle, differ in it each time. */
const withoutChallenges = (text: string): string =>
  text.replaceAll(/&quot;challenge&quot;:&quot;[\w-]+&quot;/g, '').replaceAll(/(data-puzzle|name="puzzle" value)="[\w.-]+"/g, '$1')

/** Asks as the gateway does: finds the route, parses what enters by its schemas, and shows what the route throws on the page of its site. */
function createVisitor(router: ReturnType<typeof createRouter>, [problems]: readonly ProblemPageOf[]): AccountsWorld['visit'] {
  const refusal = (exchange: Exchange, error: unknown): Answer => {
    if (!(error instanceof AppError) || problems === undefined) throw error
    const { problem, headers } = problemOf(error, exchange.requestId)
    return { status: problem.status, headers, body: { html: problems.page(exchange, problem) } }
  }
  const visit: AccountsWorld['visit'] = async ({
    path,
    form,
    client = 'client-1',
    network = `network of ${client}`,
    cookies = {},
    headers = {},
    signal = call.signal,
    agent = FIREFOX,
  }) => {
    const url = new URL(path, ORIGIN)
    const method: Method = form === undefined ? 'GET' : 'POST'
    const match = router.find(method, url.pathname)
    if (match === undefined || match.route.kind !== 'handled') throw new Error(`No route for ${method} ${path}`)
    const { input } = match.route
    const parsed = {
      params: input.params?.parse(match.params),
      query: input.query?.parse(Object.fromEntries(url.searchParams)),
      body: input.body?.parse({ ...form }),
    }
    const set: string[] = []
    let csrfRenewed = false
    let sources: ForeignSources | undefined
    const exchange = {
      method,
      origin: ORIGIN,
      path: url.pathname,
      search: url.search.slice(1),
      requestId: 'request-1',
      request: { headers: { 'user-agent': agent, ...headers } },
      client,
      network: () => network,
      cookies: new Map(Object.entries(cookies)),
      nonce: () => 'NONCE',
      csrfToken: () => 'CSRF',
      renewCsrf: () => void (csrfRenewed = true),
      allowSources: (allowed: ForeignSources) => void (sources = allowed),
      addCookie: (cookie: string) => void set.push(cookie),
    } as unknown as Exchange
    const answer = await match.route.handle({ ...call, signal }, parsed, exchange).catch((error: unknown) => refusal(exchange, error))
    const body = answer.body
    const text = body === undefined ? '' : 'html' in body ? body.html.toString() : 'bytes' in body ? Buffer.from(body.bytes).toString() : ''
    return {
      status: answer.status,
      headers: answer.headers ?? {},
      text: withoutChallenges(text),
      cookies: set,
      csrfRenewed,
      sources,
      answer,
    }
  }
  // As a browser with scripts does: it solves the puzzle that it is given, and the person sends the form once more.
  return async (request) => {
    const first = await visit(request)
    const puzzle = request.form === undefined || request.form['puzzle'] !== undefined ? undefined : puzzleIn(first.answer)
    if (puzzle === undefined || !first.text.includes(en.guard.needed)) return first
    const named = /^__Host-Http-here=([^;]+)/m.exec(first.cookies.join('\n'))?.[1]
    const cookies = named === undefined ? request.cookies : { ...request.cookies, '__Host-Http-here': named }
    return visit({ ...request, ...(cookies === undefined ? {} : { cookies }), form: { ...request.form, ...puzzle } })
  }
}

/** The fields of the form that shows the answer to its puzzle. */
export function puzzleIn({ body }: Answer): { puzzle: string; puzzle_answer: string } | undefined {
  return solvedIn(body !== undefined && 'html' in body ? body.html.toString() : '')
}

export function solvedIn(html: string): { puzzle: string; puzzle_answer: string } | undefined {
  const [, puzzle, bits] = /data-puzzle="([\w.-]+)" data-bits="(\d+)"/.exec(html) ?? []
  if (puzzle === undefined) return undefined
  let answer = 0
  while (zeroBits(createHash('sha256').update(`${puzzle}:${answer}`).digest()) < Number(bits)) answer += 1
  return { puzzle, puzzle_answer: String(answer) }
}
