// An operator without a browser: enters by the one-time link, works with the API of the console, and reads what the platform wrote down, which is the judge
// of what reached it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type ReachedPlatform, session } from './person.ts'
import type { PlatformProcess } from './platform.ts'
import { scenarioEnvironment } from './scenario-database.ts'
import { type Page, Visitor } from './visitor.ts'

export interface LoggedLine {
  readonly requestId: string
  readonly at: string
  readonly method: string
  readonly site: string
  readonly route: string
  readonly status: number
  readonly principal: string
  readonly errorCode?: string
}

export interface PolicyReportLine {
  readonly at: string
  readonly documentUri: string
  readonly directive: string
  readonly blockedUri: string
  readonly count: number
}

export interface Operator {
  readonly visitor: Visitor
  /** The request log from this moment on, complete up to now. */
  requestsSince(at: number): Promise<readonly LoggedLine[]>
  /** Content security policy reports, newest first. */
  policyReports(): Promise<readonly PolicyReportLine[]>
}

/** One request to the console's API: `POST /api/clients`, say. */
export type ConsoleApi = (address: string, json?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Page>

async function enter({ port }: ReachedPlatform, link: string): Promise<Visitor> {
  const visitor = new Visitor(port)
  const entered = await visitor.submit(await visitor.visit(link), { code: new URL(link).searchParams.get('code') ?? '' })
  assert.equal(entered.url.pathname, '/', entered.body)
  return visitor
}

/** As the console's own page asks, with the cookies of whoever it is; without a CSRF token unless it is among the headers. */
export function consoleApi(platform: ReachedPlatform, visitor: Visitor): ConsoleApi {
  const origin = platform.origin('console')
  return (address, json, headers = {}) => {
    const [method = '', path = ''] = address.split(' ')
    const body = json === undefined ? {} : { body: JSON.stringify(json) }
    const type = json === undefined ? {} : { 'content-type': 'application/json' }
    return visitor.request(new URL(origin + path), {
      method,
      headers: { 'sec-fetch-site': 'same-origin', origin, ...type, ...headers },
      ...body,
    })
  }
}

/** The API for an operator who has entered by this link, CSRF token included. */
export async function operatorApi(platform: ReachedPlatform, link: string): Promise<ConsoleApi> {
  const visitor = await enter(platform, link)
  const ask = consoleApi(platform, visitor)
  const { csrfToken } = await session(platform, visitor, 'console')
  return (address, json, headers = {}) => ask(address, json, { 'x-csrf-token': csrfToken, ...headers })
}

export async function enterConsole(platform: PlatformProcess): Promise<Operator> {
  const visitor = await enter(platform, platform.consoleLink)
  const read = async <T>(path: string): Promise<T> => {
    const reply = await visitor.request(new URL(platform.origin('console') + path))
    assert.equal(reply.status, 200, reply.body)
    return JSON.parse(reply.body) as T
  }
  const pageOf = (after: string | undefined): Promise<{ items: LoggedLine[]; next?: string }> =>
    read(`/api/requests?limit=200${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`)
  return {
    visitor,
    async requestsSince(at) {
      await settled(platform, (requestId) => read<{ items: unknown[] }>(`/api/requests?requestId=${requestId}`))
      const found: LoggedLine[] = []
      let after: string | undefined
      do {
        const { items, next } = await pageOf(after)
        found.push(...items.filter((line) => Date.parse(line.at) >= at))
        after = items.every((line) => Date.parse(line.at) >= at) ? next : undefined
      } while (after !== undefined)
      return found
    },
    policyReports: async () => (await read<{ items: PolicyReportLine[] }>('/api/policy-reports')).items,
  }
}

/** Another one-time link, from the command line beside the running platform. */
export async function newConsoleLink({ port, dataDir }: PlatformProcess): Promise<string> {
  const config = 'examples/pixel-diary/ninefold.config.ts'
  const args = ['src/main.ts', 'admin', 'link', '--config', config, '--port', String(port), '--data-dir', dataDir, '--log-level', 'warn']
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, ...scenarioEnvironment(dataDir) },
  })
  return /http\S+\/enter\?code=\S+/.exec(stdout)?.[0] ?? ''
}

/** Lines are written in batches, the ordinary ones last: when a line of ours is there, so are those before it. */
async function settled(platform: PlatformProcess, find: (requestId: string) => Promise<{ items: unknown[] }>): Promise<void> {
  const mark = await platform.send('console', { path: '/healthz' })
  const requestId = String(mark.headers['x-request-id'])
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await find(requestId)).items.length > 0) return
    await delay(50)
  }
  throw new Error('The request log was not written')
}
