// The authorization server under load: interleaved rounds of every subject on a real platform, medians; rate as fast as answers come, and CPU time of the
// whole server process for each request, from which comes what one core can do. Run: node bench/auth.ts [--on sqlite,postgres] [--only refresh]
import { randomBytes } from 'node:crypto'
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type Person, session, signIn, signUp } from '../test/support/person.ts'
import { type PlatformProcess, startPlatform } from '../test/support/platform.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { authorizationUrl, redirectUri, thirdPartyTokens } from '../test/support/third-party.ts'
import type { CookieJar } from '../test/support/http.ts'
import { Visitor } from '../test/support/visitor.ts'
import { median, onCpuNs } from './cpu.ts'
import { type LoadResult, requestBytes, run } from './load.ts'

const { values } = parseArgs({
  options: {
    on: { type: 'string', default: 'sqlite,postgres' },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  },
})
const ROUNDS = Number(values.rounds)
const DURATION_MS = Number(values.seconds) * 1000
const WARM_UP_MS = 4000
const SESSIONS = 16
const PEOPLE = 4

interface Subject {
  readonly name: string
  load(durationMs: number): Promise<LoadResult>
}

interface Sample extends LoadResult {
  readonly cpuUs: number
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** The JSON of an answer, which may have come in chunks. */
function jsonOf(answer: Buffer): Record<string, unknown> {
  const text = answer.toString('utf8')
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Record<string, unknown>
}

/** Each session refreshes as soon as it has the answer to the refresh before. */
function refreshing(platform: PlatformProcess, tokens: string[]): Subject {
  const host = new URL(platform.origin('accounts')).host
  const take = (index: number, answer: Buffer): void => {
    tokens[index] = String(jsonOf(answer)['refresh_token'])
  }
  return {
    name: 'refresh with rotation',
    load(durationMs) {
      return run({
        port: platform.port,
        connections: tokens.length,
        durationMs,
        expect: 200,
        answered: take,
        next: (index) => {
          const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'print-shop', refresh_token: tokens[index] ?? '' })
          return requestBytes('POST /token', { host, ...FORM }, form.toString())
        },
      })
    },
  }
}

/** The app's own frontends refresh through the gateway, which is their client. */
async function sessionRefreshing(platform: PlatformProcess, people: readonly Person[]): Promise<Subject> {
  const host = new URL(platform.origin('diary')).host
  const sessions: { jar: CookieJar; csrfToken: string }[] = []
  for (const { visitor } of people) {
    const { csrfToken } = await session(platform, visitor)
    sessions.push({ jar: visitor.jar(host), csrfToken })
  }
  return {
    name: 'session refresh of a frontend',
    load(durationMs) {
      return run({
        port: platform.port,
        connections: sessions.length,
        durationMs,
        expect: 200,
        answered(index, answer) {
          sessions[index]?.jar.take({ headers: { 'set-cookie': headersOf(answer, 'set-cookie') } })
        },
        next(index) {
          const { jar, csrfToken } = at(sessions, index)
          const own = { 'x-csrf-token': csrfToken, 'sec-fetch-site': 'same-origin', origin: platform.origin('diary') }
          const headers = { host, cookie: jar.header(), ...own }
          return requestBytes('POST /session/refresh', headers)
        },
      })
    },
  }
}

/** A person who is signed in and has agreed before: through the authorization endpoint, and the code for tokens. Two requests each. */
function authorizing(platform: PlatformProcess, people: readonly Person[]): Subject {
  const { host } = new URL(platform.origin('accounts'))
  const flows = people.map(({ visitor }) => ({ visitor, verifier: '', code: '' }))
  return {
    name: 'authorize and token, two requests',
    load(durationMs) {
      return run({
        port: platform.port,
        connections: flows.length,
        durationMs,
        expect: [303, 200],
        answered(index, answer) {
          const flow = at(flows, index)
          const [location] = headersOf(answer, 'location')
          flow.visitor.jar(host).take({ headers: { 'set-cookie': headersOf(answer, 'set-cookie') } })
          flow.code = location === undefined ? '' : (new URL(location).searchParams.get('code') ?? '')
        },
        next(index) {
          const flow = at(flows, index)
          if (flow.code === '') {
            flow.verifier = randomBytes(32).toString('base64url')
            const { pathname, search } = authorizationUrl(platform, flow.verifier, { prompt: undefined })
            return requestBytes(`GET ${pathname}${search}`, { host, cookie: flow.visitor.jar(host).header(), accept: 'text/html' })
          }
          const form = new URLSearchParams({
            grant_type: 'authorization_code',
            client_id: 'print-shop',
            code: flow.code,
            redirect_uri: redirectUri(platform),
            code_verifier: flow.verifier,
          })
          return requestBytes('POST /token', { host, ...FORM }, form.toString())
        },
      })
    },
  }
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw new RangeError(`nothing at ${index}`)
  return found
}

function headersOf(answer: Buffer, name: string): string[] {
  const head = answer.toString('latin1', 0, answer.indexOf('\r\n\r\n'))
  return [...head.matchAll(new RegExp(`\\r\\n${name}: ([^\\r]+)`, 'gi'))].map(([, value]) => value ?? '')
}

async function subjectsOf(platform: PlatformProcess): Promise<Subject[]> {
  const people: Person[] = []
  for (let index = 0; index < PEOPLE; index += 1) people.push(await signUp(platform, `bench${index}@example.com`))
  const browsers: Person[] = []
  for (let index = 0; index < SESSIONS; index += 1) {
    const browser = { visitor: new Visitor(platform.port), email: at(people, index % PEOPLE).email }
    await signIn(platform, browser)
    browsers.push(browser)
  }
  const tokens: string[] = []
  for (const browser of browsers) {
    const { refresh_token: token = '' } = await thirdPartyTokens(platform, browser)
    tokens.push(token)
  }
  return [refreshing(platform, tokens), await sessionRefreshing(platform, browsers), authorizing(platform, browsers)]
}

async function sample(platform: PlatformProcess, subject: Subject, durationMs: number): Promise<Sample> {
  const before = onCpuNs(platform.pid)
  const result = await subject.load(durationMs)
  return { ...result, cpuUs: (onCpuNs(platform.pid) - before) / 1000 / result.requests }
}

function report(name: string, samples: ReadonlyMap<string, readonly Sample[]>): void {
  const rows = [...samples].map(([subject, entries]) => {
    const cpu = median(entries.map(({ cpuUs }) => cpuUs))
    return [
      `${name}: ${subject}`,
      median(entries.map(({ requests, seconds }) => requests / seconds)).toFixed(0),
      cpu.toFixed(0),
      (1_000_000 / cpu).toFixed(0),
      median(entries.map(({ p50Ms }) => p50Ms)).toFixed(1),
      median(entries.map(({ p99Ms }) => p99Ms)).toFixed(1),
    ]
  })
  process.stdout.write(`${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`)
}

async function measure(name: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const platform = await startPlatform({
    logLevel: 'info',
    discardOutput: true,
    environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000000', ...environment },
  })
  try {
    const subjects = (await subjectsOf(platform)).filter((subject) => subject.name.includes(values.only))
    const samples = new Map<string, Sample[]>(subjects.map((subject) => [subject.name, []]))
    for (const subject of subjects) await sample(platform, subject, WARM_UP_MS)
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const subject of subjects) samples.get(subject.name)?.push(await sample(platform, subject, DURATION_MS))
    }
    report(name, samples)
  } finally {
    await platform.stop({ remove: true })
  }
}

process.stdout.write(`${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}, ${ROUNDS} rounds of ${values.seconds} s

| subject | requests/s | CPU us/request | requests/s per core | p50 ms | p99 ms |
| --- | --- | --- | --- | --- | --- |
`)
for (const database of values.on.split(',')) {
  if (database === 'sqlite') await measure(database, {})
  else {
    const server = await startPostgres()
    try {
      await measure(database, { NINEFOLD_DATABASE_URL: server.url() })
    } finally {
      await server.stop()
    }
  }
}
