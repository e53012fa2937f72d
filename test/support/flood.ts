// Sign-ins by the hundred, from as many addresses as one likes: a proxy that the platform trusts says where they come from.
import { Agent, request as httpRequest } from 'node:http'
import type { PlatformProcess } from './platform.ts'
import { formsOf, Visitor } from './visitor.ts'

/** A browser in front of the sign-in form, at an address of its own. */
export interface Caller {
  readonly address: string
  readonly path: string
  readonly cookie: string
  readonly csrfToken: string
}

export interface Tried {
  readonly status: number
  readonly ms: number
  readonly retryAfter: number
}

/** One each, and each in a network of its own: what is limited by those is tried elsewhere. */
export function addressOf(index: number): string {
  return `10.${Math.floor(index / 250)}.${index % 250}.7`
}

/** Goes from the diary to the form, as a person would. */
export async function callFrom(platform: PlatformProcess, address: string, visitor = new Visitor(platform.port)): Promise<Caller> {
  const headers = { accept: 'text/html', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', 'x-forwarded-for': address }
  let page = await visitor.request(new URL(`${platform.origin('diary')}/session/sign-in?return_to=/`), { headers })
  while (page.headers.location !== undefined) page = await visitor.request(new URL(page.headers.location, page.url), { headers })
  const form = formsOf(page.body).find(({ names }) => names.includes('password'))
  if (form === undefined) throw new Error(`No sign-in form for ${address}: ${page.status} ${page.body.slice(0, 500)}`)
  const { host } = page.url
  return { address, path: form.action, cookie: visitor.jar(host).header(), csrfToken: form.hidden['csrf_token'] ?? '' }
}

export interface Door {
  /** One try with the form that this caller has before it. */
  signIn(caller: Caller, credentials: { readonly email: string; readonly password: string }): Promise<Tried>
  /** A request for the time that it takes. */
  get(label: string, path: string, headers?: Readonly<Record<string, string>>): Promise<Tried>
  close(): void
}

/** Kept connections, so that what is measured is the platform and not the opening of sockets. */
export function openDoor(platform: PlatformProcess): Door {
  const agent = new Agent({ keepAlive: true, maxSockets: 500 })
  const run = (label: string, options: { method: string; path: string; headers: Record<string, string>; body?: string }): Promise<Tried> =>
    new Promise((done, failed) => {
      const start = performance.now()
      const { method, path, body } = options
      const headers = {
        host: `${label}.localhost:${platform.port}`,
        ...options.headers,
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      }
      const request = httpRequest({ host: '127.0.0.1', port: platform.port, agent, method, path, headers }, (response) => {
        response.resume()
        response.on('error', failed)
        response.on('end', () => {
          const ms = performance.now() - start
          done({ status: response.statusCode ?? 0, ms, retryAfter: Number(response.headers['retry-after'] ?? 0) })
        })
      })
      request.on('error', failed)
      request.end(body)
    })
  return {
    signIn({ address, path, cookie, csrfToken }, credentials) {
      const headers = {
        cookie,
        'x-forwarded-for': address,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'text/html',
        origin: platform.origin('accounts'),
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'navigate',
      }
      const body = new URLSearchParams({ csrf_token: csrfToken, ...credentials }).toString()
      return run('accounts', { method: 'POST', path, headers, body })
    },
    get: (label, path, headers = {}) => run(label, { method: 'GET', path, headers }),
    close: () => agent.destroy(),
  }
}

/** The time that so large a share of the requests did not take longer than. */
export function quantile(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
}

/**
 * Begins a work so many times a second, whether earlier ones have ended or not, and waits for all of them. What this process is too late for is left
 * out: sent in a heap, it would measure the heap.
 */
export async function atRate<T>(perSecond: number, ms: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const running: Promise<T>[] = []
  const interval = 1000 / perSecond
  const start = performance.now()
  for (let due = start; due < start + ms; due = Math.max(due + interval, performance.now() - interval)) {
    const early = due - performance.now()
    if (early > 0) await new Promise((done) => setTimeout(done, early))
    running.push(work(running.length))
  }
  return Promise.all(running)
}

/** Which share of a processor this process gets when it wants one: less than nearly all of it means that something else has the machine. */
export function processorShare(): number {
  const before = process.cpuUsage()
  const start = performance.now()
  while (performance.now() - start < 80);
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / (performance.now() - start)
}
