// Which request the engine is working for. The engine calls our storage without an argument to carry that, hence an async local.
import { AsyncLocalStorage } from 'node:async_hooks'
import Provider, { type AdapterPayload } from 'oidc-provider'
import { type Call, systemCall } from '#kernel/call.ts'
import type { Document } from '#kernel/collection.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { PatientWrite } from './write.ts'

export interface EngineScope {
  readonly call: Call
  /** Absent when a server of this process asks without a browser. */
  readonly exchange?: Exchange
  /** See pending.ts. Absent where every write is done at once. */
  readonly waiting?: PatientWrite[]
  /** Why nothing of this request may be stored any more, its session above all: the engine saves that after an error, too. */
  refusal?: Error
  /** The interaction that this request has answered. */
  claimed?: string
  /** Who was let in by this request, and by what. */
  admitted?: Admitted
  /** Ids of the records that this request has read. */
  read?: Set<string>
  /** The access token that this request looks for. */
  sought?: Sought
}

interface Sought {
  readonly token: string
  readonly found: Promise<AdapterPayload | undefined>
}

export interface Admitted {
  readonly accountId: string
  readonly credential: string
}

const scopes = new AsyncLocalStorage<EngineScope>()
const ownCall = systemCall('auth')

export function inScope<Result>(scope: EngineScope, work: () => Result): Result {
  return scopes.run(scope, work)
}

export function currentCall(): Call {
  return scopes.getStore()?.call ?? ownCall
}

export function waitingWrites(): PatientWrite[] | undefined {
  return scopes.getStore()?.waiting
}

/** What this request is about to store there, and has not yet. */
export function waitingInsertion(collection: string, id: string): Document | undefined {
  for (const operation of waitingWrites()?.flatMap((write) => write.operations) ?? [])
    if (operation.kind === 'insert' && operation.collection === collection && operation.value.id === id) return operation.value
  return undefined
}

/** False when this request has it already. */
export function claim(interaction: string): boolean {
  const scope = scopes.getStore()
  if (scope === undefined) return true
  if (scope.claimed === interaction) return false
  scope.claimed = interaction
  return true
}

export function noteRead(id: string): void {
  const scope = scopes.getStore()
  if (scope !== undefined) (scope.read ??= new Set()).add(id)
}

/** The engine reads what there is before it saves it: what this request has not read, it has made. Good for saving a look; whoever inserts still has to bear that it is there. */
export function isLikelyNew(id: string): boolean {
  const scope = scopes.getStore()
  return scope !== undefined && scope.read?.has(id) !== true
}

/** The engine looks for one value as each kind of token that it may be: once is enough. */
export function noteSought(sought: Sought): void {
  const scope = scopes.getStore()
  if (scope !== undefined) scope.sought = sought
}

/** What is found of it, if this request has begun to look for this value. */
export function soughtHere(token: string): Promise<AdapterPayload | undefined> | undefined {
  const sought = scopes.getStore()?.sought
  return sought?.token === token ? sought.found : undefined
}

export function noteAdmitted(admitted: Admitted): void {
  const scope = scopes.getStore()
  if (scope !== undefined) scope.admitted = admitted
}

export function admittedHere(): Admitted | undefined {
  return scopes.getStore()?.admitted
}

export function refuseAll(reason: Error): Error {
  const scope = scopes.getStore()
  if (scope !== undefined) scope.refusal = reason
  return reason
}

export function refusalOfAll(): Error | undefined {
  return scopes.getStore()?.refusal
}

export function currentExchange(): Exchange | undefined {
  return scopes.getStore()?.exchange
}

/** The form that the engine has read. */
export function currentBody(): object | undefined {
  return Provider.ctx?.oidc.body
}

/** For what a browser asks of the engine by a page. */
export function callOf({ requestId }: Pick<Exchange, 'requestId'>): Call {
  return { ...systemCall('auth'), principal: { kind: 'anonymous' }, requestId }
}
