// What is measured, how one round of it is taken, and the small things that every subject of the authorization server needs.
import type { Person } from '../../test/support/person.ts'
import type { PlatformProcess } from '../../test/support/platform.ts'
import { authorizationUrl, redirectUri } from '../../test/support/third-party.ts'
import type { Visitor } from '../../test/support/visitor.ts'
import { median, onCpuNs } from '../cpu.ts'
import { type LoadResult, requestBytes } from '../load.ts'
import { SECRET, SHOP } from './app/ninefold.config.ts'

export interface Subject {
  readonly name: string
  load(durationMs: number): Promise<LoadResult>
}

export interface Sample extends LoadResult {
  readonly cpuUs: number
}

export interface Pace {
  readonly rounds: number
  readonly durationMs: number
  readonly warmUpMs: number
}

/** A platform with one person for each account and several signed-in browsers. */
export interface World {
  readonly platform: PlatformProcess
  readonly browsers: readonly Person[]
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

export const basic = (clientId: string): { readonly authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${SECRET}`).toString('base64')}`,
})

/** The JSON of an answer, which may have come in chunks. */
export function jsonOf(answer: Buffer): Record<string, unknown> {
  const text = answer.toString('utf8')
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Record<string, unknown>
}

export function statusOf(answer: Buffer): number {
  return Number(answer.toString('latin1', 9, 12))
}

export function headersOf(answer: Buffer, name: string): string[] {
  const head = answer.toString('latin1', 0, answer.indexOf('\r\n\r\n'))
  return [...head.matchAll(new RegExp(`\\r\\n${name}: ([^\\r]+)`, 'gi'))].map(([, value]) => value ?? '')
}

export function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw new RangeError(`nothing at ${index}`)
  return found
}

export function hostOf(platform: PlatformProcess, label: string): string {
  return new URL(platform.origin(label)).host
}

/** Rate limits are what keeps a load generator out; they are set high here and nowhere else. Each visitor comes with an address of its own. */
export const ENVIRONMENT = { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000000', NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1' }
export const CONFIG = 'bench/auth/app/ninefold.config.ts'

/** The request of a client with a secret at the token endpoint. */
export function shopRequest(platform: PlatformProcess, form: Readonly<Record<string, string>>): Buffer {
  const body = new URLSearchParams(form).toString()
  return requestBytes('POST /token', { host: hostOf(platform, 'accounts'), ...basic(SHOP), ...FORM }, body)
}

export function shopUrl(platform: PlatformProcess, verifier: string, overrides: Readonly<Record<string, string>> = {}): URL {
  return authorizationUrl(platform, verifier, { client_id: SHOP, prompt: undefined, ...overrides })
}

/** Tokens of the client with a secret for a person whose browser is signed in. */
export async function shopTokens(
  platform: PlatformProcess,
  { visitor }: { readonly visitor: Visitor },
  overrides: Readonly<Record<string, string>> = {},
): Promise<{ readonly access_token: string; readonly refresh_token: string }> {
  const verifier = 'v'.repeat(43)
  const { searchParams } = (await visitor.visit(shopUrl(platform, verifier, overrides))).url
  const form = {
    grant_type: 'authorization_code',
    code: searchParams.get('code') ?? '',
    code_verifier: verifier,
    redirect_uri: redirectUri(platform),
    ...(overrides['resource'] === undefined ? {} : { resource: overrides['resource'] }),
  }
  const headers = { ...basic(SHOP), ...FORM }
  const reply = await platform.send('accounts', { method: 'POST', path: '/token', headers, body: new URLSearchParams(form).toString() })
  if (reply.status !== 200) throw new Error(`the token endpoint answered ${reply.status}: ${reply.body}`)
  return JSON.parse(reply.body) as { access_token: string; refresh_token: string }
}

async function sample(platform: PlatformProcess, subject: Subject, durationMs: number): Promise<Sample> {
  const before = onCpuNs(platform.pid)
  const result = await subject.load(durationMs)
  return { ...result, cpuUs: (onCpuNs(platform.pid) - before) / 1000 / result.requests }
}

export interface Place {
  readonly platform: PlatformProcess
  readonly subject: Subject
}

/** Interleaved: every round takes all of them, beginning with another one. In the order in which they were given. */
export async function rounds(places: readonly Place[], { rounds: count, durationMs, warmUpMs }: Pace): Promise<Sample[][]> {
  const samples: Sample[][] = places.map(() => [])
  if (warmUpMs > 0) for (const { platform, subject } of places) await sample(platform, subject, warmUpMs)
  for (let round = 0; round < count; round += 1) {
    for (let turn = 0; turn < places.length; turn += 1) {
      const number = (round + turn) % places.length
      const { platform, subject } = at(places, number)
      at(samples, number).push(await sample(platform, subject, durationMs))
    }
  }
  return samples
}

export function figuresOf(samples: readonly Sample[]): {
  readonly rate: number
  readonly cpuUs: number
  readonly p50Ms: number
  readonly p99Ms: number
} {
  return {
    rate: median(samples.map(({ requests, seconds }) => requests / seconds)),
    cpuUs: median(samples.map(({ cpuUs }) => cpuUs)),
    p50Ms: median(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(samples.map(({ p99Ms }) => p99Ms)),
  }
}

export function table(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [heading, heading.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  process.stdout.write(`\n${lines.join('\n')}\n`)
}
