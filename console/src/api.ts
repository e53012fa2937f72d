// The console's own HTTP interface, as this page uses it.

export type Latency = number | null

export interface Summary {
  readonly requestsPerSecond: number
  readonly errorRatio: number
  readonly serverErrorRatio: number
  readonly p50: Latency
  readonly p95: Latency
  readonly p99: Latency
}

export interface Series {
  readonly second: readonly number[]
  readonly requests: readonly number[]
  readonly errors4xx: readonly number[]
  readonly errors5xx: readonly number[]
  readonly p50: readonly Latency[]
  readonly p95: readonly Latency[]
  readonly p99: readonly Latency[]
}

export interface RouteRow {
  readonly method: string
  readonly site: string
  readonly route: string
  readonly requests: number
  readonly meanMs: number
  readonly p95Ms: number
  readonly share: number
  readonly errors4xx: number
  readonly errors5xx: number
}

export interface ProcessFigures {
  readonly uptimeSeconds: number
  readonly cpu: number
  readonly loopBusy: number
  readonly loopDelayP99Ms: number
  readonly rssBytes: number
  readonly heapUsedBytes: number
}

export interface Status {
  readonly at: string
  readonly now: Summary
  readonly series: Series
  readonly routes: { readonly byTime: readonly RouteRow[]; readonly byErrors: readonly RouteRow[] }
  readonly process: ProcessFigures
  readonly requestLog: { readonly queued: number; readonly dropped: number; readonly retentionDays: number; readonly pseudonyms: boolean }
  readonly notReady: readonly string[]
}

export interface JobFailure {
  readonly id: string
  readonly name: string
  readonly attempts: number
  readonly lastError: string
  readonly createdAt: string
  readonly failedAt: string
}

export interface JobName {
  readonly name: string
  readonly everyMs?: number
  readonly done: number
  readonly failedTries: number
  readonly meanMs: number
  readonly lastEndedAt?: string
  readonly waiting: number
  readonly running: number
  readonly failed: number
}

interface JobCount {
  readonly jobs: number
  readonly more: boolean
}

export interface Jobs {
  readonly counts: { readonly waiting: JobCount; readonly running: JobCount; readonly failed: JobCount }
  readonly overdueMs: number
  readonly failures: readonly JobFailure[]
  readonly names: readonly JobName[]
}

export interface LoggedRequest {
  readonly id: string
  readonly at: string
  readonly requestId: string
  readonly method: string
  readonly site: string
  readonly route: string
  readonly status: number
  readonly durationMs: number
  readonly bytesOut: number
  readonly client: string
  readonly principal: string
  readonly accountId?: string
  readonly clientId?: string
  readonly errorCode?: string
}

export interface RequestPage {
  readonly items: readonly LoggedRequest[]
  readonly next?: string
}

export interface RequestFilter {
  readonly status?: string
  readonly route?: string
  readonly requestId?: string
  readonly client?: string
  readonly accountId?: string
}

export interface PolicyReport {
  readonly id: string
  readonly at: string
  readonly documentUri: string
  readonly directive: string
  readonly blockedUri: string
  readonly count: number
}

export interface Organisation {
  readonly id: string
  readonly name: string
}

/** What an act leaves to members who can change nothing in it. */
interface Leaving {
  readonly withoutOwner?: readonly Organisation[]
}

export interface Standing extends Leaving {
  readonly accountId: string
  readonly suspended: boolean
}

export interface DeletionAsked extends Leaving {
  readonly deletionAt: number
  readonly mailSent: boolean
}

export interface SecondStepReset {
  readonly accountId: string
  /** False when there was none. */
  readonly secondStepReset: boolean
}

export interface PasskeyLink {
  readonly accountId: string
  /** False for whoever is blocked, and where there is another way in. */
  readonly passkeyLinkSent: boolean
}

/** Moments are epoch milliseconds. */
export interface Account {
  readonly accountId: string
  readonly email: string
  readonly name: string
  readonly createdAt: number
  readonly confirmedAt?: number
  readonly blockedAt?: number
  readonly deletion?: { readonly at: number; readonly byOperator: boolean; readonly begun: boolean }
  readonly roles: readonly string[]
  readonly groups: readonly string[]
}

export interface AccountEvent {
  readonly id: string
  readonly type: string
  readonly at: number
  readonly about?: string
  readonly device?: string
  readonly actor?: string
}

export interface Person extends Account {
  readonly hasPassword: boolean
  readonly passkeys: number
  readonly authenticatorApp: boolean
  readonly recoveryCodes: number
  readonly identities: readonly { readonly issuer: string; readonly label?: string }[]
  readonly sessions: readonly { readonly device: string; readonly signedInAt: number; readonly lastUsedAt: number }[]
  /** Others are in them, and nobody else owns them and stays. */
  readonly onlyOwnerOf: readonly Organisation[]
  readonly apps: readonly { readonly clientId: string; readonly name: string; readonly since: number }[]
  readonly events: readonly AccountEvent[]
}

export interface AccountPage {
  readonly items: readonly Account[]
  readonly next?: string
}

/** Nobody is signed in here, or no longer. */
export class SignedOut extends Error {
  override readonly name = 'SignedOut'
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(path, { ...init, credentials: 'same-origin' })
  if (answer.status === 401 || answer.status === 403) throw new SignedOut()
  if (answer.ok) return answer
  const problem: unknown = await answer.json().catch(() => undefined)
  throw new Error(titleOf(problem) ?? `The platform answered ${answer.status}`)
}

function titleOf(problem: unknown): string | undefined {
  if (typeof problem !== 'object' || problem === null) return undefined
  if ('detail' in problem && typeof problem.detail === 'string') return problem.detail
  return 'title' in problem && typeof problem.title === 'string' ? problem.title : undefined
}

async function read<T>(path: string, signal: AbortSignal): Promise<T> {
  const answer = await ask(path, { signal })
  const body: T = await answer.json()
  return body
}

async function post(path: string, body?: unknown): Promise<Response> {
  const session = await fetch('/session', { credentials: 'same-origin' })
  const { csrfToken }: { csrfToken: string } = await session.json()
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }
  return await ask(path, { method: 'POST', ...json, headers: { ...json.headers, 'X-CSRF-Token': csrfToken } })
}

async function help<Outcome>(what: string, email: string, more: object = {}): Promise<Outcome> {
  const answer = await post(`/api/accounts/${what}`, { email, ...more })
  const body: Outcome = await answer.json()
  return body
}

export const api = {
  status: (since: number | undefined, signal: AbortSignal) =>
    read<Status>(`/api/status${since === undefined ? '' : `?since=${since}`}`, signal),
  jobs: (signal: AbortSignal) => read<Jobs>('/api/jobs', signal),
  reports: (signal: AbortSignal) => read<{ items: readonly PolicyReport[] }>('/api/policy-reports', signal),
  requests(filter: RequestFilter & { readonly after?: string; readonly limit: number }, signal: AbortSignal) {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(filter)) if (value !== '') query.set(name, String(value))
    return read<RequestPage>(`/api/requests?${query}`, signal)
  },
  block: (email: string) => help<Standing>('block', email),
  unblock: (email: string) => help<Standing>('unblock', email),
  find: (email: string, after?: string) => help<AccountPage>('find', email, { limit: 20, ...(after === undefined ? {} : { after }) }),
  view: (email: string) => help<Person>('view', email),
  signOutEverywhere: (email: string) => help<{ readonly signedOut: true }>('sign-out', email),
  deleteLater: (email: string) => help<DeletionAsked>('delete', email),
  deleteNow: (email: string, confirm: string) => help<Leaving>('delete', email, { now: true, confirm }),
  keep: (email: string) => help<{ readonly kept: boolean }>('keep', email),
  resetSecondStep: (email: string) => help<SecondStepReset>('reset-second-step', email),
  sendPasskeyLink: (email: string) => help<PasskeyLink>('send-passkey-link', email),
  retry: async (id: string): Promise<void> => {
    await post(`/api/jobs/${encodeURIComponent(id)}/retry`)
  },
  signOut: () => post('/session/sign-out'),
}
