// A million sessions beside a thousand: two platforms, the same requests at the same rate, in turns. Each request is of another session. What is measured is
// how much longer the slowest take, and what they cost.
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createCookieSigner } from '../../src/auth/provider/cookie-signer.ts'
import type { RefreshValues } from '../../src/auth/provider/refresh-values.ts'
import { signIn, signUp } from '../../test/support/person.ts'
import { type PlatformProcess, startPlatform } from '../../test/support/platform.ts'
import { ratioRange } from '../chance.ts'
import { type Load, quantile, requestBytes, run } from '../load.ts'
import { expiredRows } from './expired-rows.ts'
import { keyRingOf, type Names, namesOf, refreshTokenOf, seedSessions, SESSIONS_EACH, sessionCookie } from './many-sessions.ts'
import { signedInGet } from './reader.ts'
import {
  at,
  CONFIG,
  ENVIRONMENT,
  figuresOf,
  FORM,
  hostOf,
  jsonOf,
  type Pace,
  type Place,
  type Sample,
  shopRequest,
  shopTokens,
  shopUrl,
  type Subject,
  rounds,
  table,
} from './subject.ts'

export interface Scale {
  readonly few: number
  readonly many: number
}

type Environment = Readonly<Record<string, string>>

interface Site {
  readonly platform: PlatformProcess
  readonly url: string
  readonly count: number
  readonly values: RefreshValues
  subjects: readonly Subject[]
}

/** A tenth of all sessions ends while the last rounds run. */
const EXPIRING = 10
const CONNECTIONS = 8
const EMAIL = 'pattern@example.com'
const RATES = { get: 200, refresh: 100, authorize: 100, account: 50, end: 10 } as const
type Name = keyof typeof RATES
const NAMES: readonly Name[] = ['get', 'refresh', 'authorize', 'account', 'end']
const TURN: Pace = { rounds: 1, durationMs: 1500, warmUpMs: 0 }
const MOST_TURNS = 20
/** Four more starts follow the one that was timed, and something is to spare. */
const STARTS = 5
/** The file of a million sessions, from a slow disk. */
const READING_MS = 12_000
/** What of a person's sessions each subject uses, so that none finds what another has ended. */
const PART = { authorize: 0, refresh: 1, account: 2, end: 3 }

/** Those whose sessions stay. */
function peopleOf(sessions: number): number {
  return Math.floor((sessions - sessions / EXPIRING) / SESSIONS_EACH)
}

/** A session that has ended costs less to end once more, so there must be one for each request. */
function refuseTooFew(few: number, { rounds: count, durationMs, warmUpMs }: Pace): void {
  const needed = Math.ceil((RATES.end * (warmUpMs + count * durationMs)) / 1000)
  if (needed <= peopleOf(few)) return
  const enough = Math.ceil((needed * SESSIONS_EACH) / (1 - 1 / EXPIRING))
  throw new RangeError(
    `${needed} sessions are ended in so many rounds, and of ${few} there are ${peopleOf(few)} to end: --few ${enough}, or fewer rounds.`,
  )
}

/** Persons in an order that jumps about. */
function picker(site: Site, part: number): () => number {
  const people = peopleOf(site.count)
  let turn = 0
  return () => {
    turn += 1
    return ((turn * 7919) % people) * SESSIONS_EACH + part
  }
}

function steady(site: Site, name: Name, load: Pick<Load, 'next' | 'answered' | 'expect'>): Subject {
  const pace = { connections: CONNECTIONS, perSecond: RATES[name] }
  return { name, load: (durationMs) => run({ port: site.platform.port, durationMs, ...pace, ...load }) }
}

function refreshing(site: Site): Subject {
  const pick = picker(site, PART.refresh)
  const successors = new Map<number, string>()
  const under: number[] = []
  return steady(site, 'refresh', {
    expect: 200,
    next(connection) {
      const index = pick()
      under[connection] = index
      const token = successors.get(index) ?? refreshTokenOf(site.values, namesOf(index))
      return shopRequest(site.platform, { grant_type: 'refresh_token', refresh_token: token })
    },
    answered: (connection, answer) => void successors.set(at(under, connection), String(jsonOf(answer)['refresh_token'])),
  })
}

function authorizing(site: Site, cookieOf: (names: Names) => string): Subject {
  const pick = picker(site, PART.authorize)
  const host = hostOf(site.platform, 'accounts')
  const { pathname, search } = shopUrl(site.platform, 'v'.repeat(43))
  return steady(site, 'authorize', {
    expect: 303,
    next: () => requestBytes(`GET ${pathname}${search}`, { host, accept: 'text/html', cookie: cookieOf(namesOf(pick())) }),
    answered(_connection, answer) {
      if (!answer.includes('/callback?code=')) throw new Error(`no code: ${answer.toString('utf8')}`)
    },
  })
}

function listing(site: Site, cookieOf: (names: Names) => string): Subject {
  const pick = picker(site, PART.account)
  const host = hostOf(site.platform, 'accounts')
  return steady(site, 'account', {
    expect: 200,
    next: () => requestBytes('GET /account', { host, accept: 'text/html', cookie: cookieOf(namesOf(pick())) }),
    answered(_connection, answer) {
      if (!answer.includes('/account/sessions/')) throw new Error(`no list of sessions: ${answer.toString('utf8')}`)
    },
  })
}

/** In one browser of a person, another one is signed out. */
function ending(site: Site, cookieOf: (names: Names) => string, csrf: string): Subject {
  const pick = picker(site, PART.end)
  const { host, origin } = new URL(site.platform.origin('accounts'))
  const body = new URLSearchParams({ csrf_token: csrf }).toString()
  return steady(site, 'end', {
    expect: 303,
    next() {
      const index = pick()
      const cookie = cookieOf(namesOf(index - PART.end + PART.account))
      const headers = { host, origin, accept: 'text/html', 'sec-fetch-site': 'same-origin', cookie, ...FORM }
      return requestBytes(`POST /account/sessions/${namesOf(index).uid}/end`, headers, body)
    },
  })
}

async function subjectsOf(site: Site): Promise<readonly Subject[]> {
  const { platform } = site
  const get = await signedInGet(platform)
  // A visitor's cookies against forgery go with any session.
  const visit = await platform.send('accounts', { path: '/sign-up', headers: { accept: 'text/html' } })
  const pairs = (visit.headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? '')
  const csrf = pairs.find((pair) => pair.startsWith('__Host-csrf='))?.slice('__Host-csrf='.length) ?? ''
  const signer = createCookieSigner(keyRingOf(platform.dataDir))
  const cookieOf = (names: Names): string => [...pairs, sessionCookie(signer, names)].join('; ')
  return [
    steady(site, 'get', { expect: 200, next: () => get }),
    refreshing(site),
    authorizing(site, cookieOf),
    listing(site, cookieOf),
    ending(site, cookieOf, csrf),
  ]
}

interface Opening {
  readonly dataDir: string
  readonly count: number
  readonly environment: Environment
  /** When a tenth of the sessions expires; asked for when these are stored, with how long a start takes. */
  expiringAt(startMs: number): number
}

async function open({ dataDir, count, environment, expiringAt }: Opening): Promise<Site> {
  const options = {
    dataDir,
    config: CONFIG,
    logLevel: 'info',
    discardOutput: true,
    environment: { ...ENVIRONMENT, ...environment },
  } as const
  const startedAt = performance.now()
  const first = await startPlatform(options)
  try {
    const person = await signUp(first, EMAIL)
    await signIn(first, person)
    await shopTokens(first, person)
  } finally {
    await first.stop()
  }
  const began = performance.now()
  const startMs = began - startedAt
  const url = environment['NINEFOLD_DATABASE_URL'] ?? `sqlite:${encodeURI(join(dataDir, 'database', 'main.db'))}`
  const values = await seedSessions({
    url,
    dataDir,
    email: EMAIL,
    count,
    expiring: { count: Math.floor(count / EXPIRING), at: () => expiringAt(startMs) },
  })
  process.stdout.write(`${count} sessions stored in ${secondsSince(began).toFixed(0)} s\n`)
  const platform = await startPlatform({ ...options, port: first.port })
  const site: Site = { platform, url, count, values, subjects: [] }
  site.subjects = await subjectsOf(site)
  return site
}

const secondsSince = (began: number): number => (performance.now() - began) / 1000

function placeOf({ platform, subjects }: Site, name: Name): Place {
  return {
    platform,
    subject: at(
      subjects.filter((one) => one.name === name),
      0,
    ),
  }
}

const latenciesOf = (samples: readonly Sample[]): (readonly number[])[] => samples.map(({ latenciesMs }) => latenciesMs)
const pooled = (samples: readonly Sample[]): number[] =>
  latenciesOf(samples)
    .flat()
    .toSorted((a, b) => a - b)

function rowOf(name: string, small: readonly Sample[], large: readonly Sample[]): string[] {
  const [less, more] = [figuresOf(small), figuresOf(large)]
  const [fast, slow] = [quantile(pooled(small), 0.99), quantile(pooled(large), 0.99)]
  const range = ratioRange(latenciesOf(small), latenciesOf(large), 0.99)
  const cpu = [less.cpuUs.toFixed(0), more.cpuUs.toFixed(0), (more.cpuUs / less.cpuUs).toFixed(2)]
  const times = [less.p50Ms, more.p50Ms, fast, slow].map((ms) => ms.toFixed(1))
  return [name, ...cpu, ...times, (slow / fast).toFixed(2), range?.map((ratio) => ratio.toFixed(2)).join(' to ') ?? '']
}

const HEADING = [
  'subject, at a fixed rate',
  'CPU us, few',
  'many',
  'ratio',
  'p50 ms, few',
  'many',
  'p99 ms, few',
  'many',
  'ratio (aim: 1.2)',
  '95 % range',
]

/**
 * What is compared is a million with a thousand, and not a disk with the memory: of a file of gigabytes the system has not kept each page in memory since
 * it was written, and one that it has not is a wait for the disk. The small one is there anyway.
 */
async function readThrough({ url }: Site): Promise<void> {
  if (!url.startsWith('sqlite:')) return
  for await (const chunk of createReadStream(decodeURI(url.slice('sqlite:'.length)), { highWaterMark: 1_048_576 })) void chunk
}

async function compare(name: string, [few, many]: readonly [Site, Site], pace: Pace): Promise<void> {
  const rows: string[][] = []
  for (const what of NAMES) {
    await readThrough(many)
    const [less = [], more = []] = await rounds([placeOf(few, what), placeOf(many, what)], pace)
    rows.push(rowOf(`${name}: ${what}, ${RATES[what]}/s`, less, more))
  }
  table(HEADING, rows)
}

/** As long as there is something to remove: refreshes at both, in short turns. */
async function whileCleaning(name: string, [few, many]: readonly [Site, Site], expiringAt: number): Promise<void> {
  await delay(Math.max(0, expiringAt - Date.now()))
  const expired = await expiredRows(many.url)
  let left = expired
  // The first look of the sweeper comes within ten seconds.
  for (let waited = 0; left === expired && waited < 200; waited += 1) {
    await delay(100)
    left = await expiredRows(many.url)
  }
  const [less, more]: [Sample[], Sample[]] = [[], []]
  let cleaningS = 0
  while (left > 0 && more.length < MOST_TURNS) {
    const began = performance.now()
    const before = left
    more.push(...((await rounds([placeOf(many, 'refresh')], TURN))[0] ?? []))
    less.push(...((await rounds([placeOf(few, 'refresh')], TURN))[0] ?? []))
    left = await expiredRows(many.url)
    cleaningS += secondsSince(began)
    process.stdout.write(`${before - left} expired rows removed in ${secondsSince(began).toFixed(1)} s, ${left} left\n`)
  }
  if (more.length === 0) process.stdout.write(`${expired} expired rows were removed before anything could be measured beside it\n`)
  else table(HEADING, [rowOf(`${name}: refresh while ${expired} expired rows are removed (${cleaningS.toFixed(0)} s)`, less, more)])
}

export async function measureSessions(
  name: string,
  environments: { readonly few: Environment; readonly many: Environment },
  { pace, scale }: { readonly pace: Pace; readonly scale: Scale },
): Promise<void> {
  refuseTooFew(scale.few, pace)
  const sites: Site[] = []
  const folder = mkdtempSync(join(tmpdir(), 'ninefold-sessions-'))
  try {
    const began = Date.now()
    let expiringAt = 0
    const many = await open({
      dataDir: join(folder, 'many'),
      count: scale.many,
      environment: environments.many,
      expiringAt(startMs) {
        // Nine tenths are stored; then come the last one, two starts and all rounds.
        const measuringMs = 2 * NAMES.length * (pace.warmUpMs + pace.rounds * pace.durationMs)
        const readingMs = NAMES.length * READING_MS * (scale.many / 1_000_000)
        const laterMs = (Date.now() - began) / (EXPIRING - 2) + STARTS * startMs + readingMs + measuringMs * 1.1
        expiringAt = Math.ceil(Date.now() + laterMs)
        return expiringAt
      },
    })
    sites.push(many)
    const few = await open({ dataDir: join(folder, 'few'), count: scale.few, environment: environments.few, expiringAt: () => expiringAt })
    sites.push(few)
    await compare(name, [few, many], pace)
    if (Date.now() > expiringAt) process.stdout.write('rows expired while the subjects were measured: the machine is slow\n')
    await whileCleaning(name, [few, many], expiringAt)
  } finally {
    for (const { platform } of sites) await platform.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
