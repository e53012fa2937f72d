// What one person sees of one document or one list: the same rules, the same fields and the same links as when reading.
import { callAs, type Principal, systemCall } from '#kernel/call.ts'
import type { Stored } from '../../database/contract.ts'
import { type Actor, type Equalities, mayTouch, type Permission, permissionFor } from '../access.ts'
import type { Attachments } from '../attachments.ts'
import type { Resource } from '../compile.ts'
import type { ListRequest, Share, Versioned } from '../contract.ts'
import { etagOf } from '../etag.ts'
import { refusedQuery } from '../queries/parse.ts'
import type { ResourceRepository } from '../repository.ts'
import { PLATFORM_FIELDS, type ResourceDocument } from '../schemas.ts'
import { shareFor } from '../sharing/shares.ts'
import { show } from '../show.ts'
import type { Positions } from './positions.ts'

/** What is followed: one document, a stretch of an index, or what others share with the caller. */
export type Target =
  | { readonly kind: 'document'; readonly id: string }
  | {
      readonly kind: 'list'
      /** Limits of access rules included. */
      readonly where: Equalities
      readonly range: ListRequest['range']
      /** Fields that the query tells of, so that the caller must see them. */
      readonly used: readonly string[]
    }
  | { readonly kind: 'shared' }
  /** A list in which this caller can never see anything. */
  | { readonly kind: 'nothing' }

export type MessageKind = 'ready' | 'created' | 'updated' | 'removed' | 'reset'

export interface Message {
  readonly kind: MessageKind
  /** The id of the document, or nothing for what concerns the whole subscription. */
  readonly about: string
  /** JSON text of an object. */
  readonly data: string
  readonly sequence: number
}

export interface Follower {
  put(message: Message): void
}

export interface ViewParts {
  readonly attachments: Attachments
  readonly positions: Positions
  readonly repository: ResourceRepository
}

interface Caller {
  readonly actor: Actor
  readonly principal: Principal
}

const MAX_SHARED = 1000
const call = systemCall('resource.realtime')

/** Shared by all who follow the same thing with the same authority: what one may see is worked out and written once. */
export class View {
  readonly key: string
  readonly resource: Resource
  readonly target: Target
  readonly principal: Principal
  readonly followers = new Set<Follower>()
  readonly #actor: Actor
  readonly #parts: ViewParts
  readonly #binding: string
  /** What was shared with this caller, of the documents that matter here. */
  #shares: Map<string, Share['may']> | undefined
  #sealed: { readonly sequence: number; readonly position: string } | undefined

  constructor(parts: ViewParts, { resource, target }: { readonly resource: Resource; readonly target: Target }, caller: Caller) {
    this.#parts = parts
    this.resource = resource
    this.target = target
    this.principal = caller.principal
    this.#actor = caller.actor
    const followed = JSON.stringify([resource.name, wordsFor(target)])
    this.#binding = `${followed} ${this.accountId ?? ''}`
    this.key = `${followed} ${authorityOf(caller.principal)}`
  }

  get accountId(): string | undefined {
    return this.#actor.kind === 'person' ? this.#actor.accountId : undefined
  }

  /** Documents whose changes matter by their id. */
  get ids(): readonly string[] {
    if (this.target.kind === 'document') return [this.target.id]
    return this.target.kind === 'shared' ? [...(this.#shares?.keys() ?? [])] : []
  }

  /** Before it is followed: what others have shared, as it is now. */
  async load(): Promise<void> {
    if (this.target.kind === 'document') await this.reload(this.target.id)
    if (this.target.kind !== 'shared' || this.accountId === undefined) return
    const where = { personId: this.accountId, resource: this.resource.name }
    const page = await this.#parts.repository.shares.list(call, { index: 'byPerson', where, limit: MAX_SHARED })
    if (page.next !== undefined)
      throw refusedQuery([{ field: 'shared', message: `More than ${MAX_SHARED} objects; follow them one by one` }])
    this.#shares = new Map(page.items.map(({ value }) => [value.objectId, value.may]))
  }

  /** Never from the event that tells of a change: what is taken back meanwhile must not come back for a moment. */
  async reload(id: string): Promise<void> {
    const { repository } = this.#parts
    const may = await shareFor({ repository }, call, { resource: this.resource, id, actor: this.#actor })
    if (may === undefined) this.#shares?.delete(id)
    else this.#shares = (this.#shares ?? new Map<string, Share['may']>()).set(id, may)
  }

  shareOf(id: string): Share['may'] | undefined {
    return this.#shares?.get(id)
  }

  /** What reading would show of it, or would have shown of it in that state. */
  permissionOn(state: ResourceDocument, share = this.shareOf(state.id)): Permission | undefined {
    const { resource, target } = this
    if (!isWithin(target, state, share)) return undefined
    const operation = target.kind === 'document' ? 'get' : 'list'
    const permission = permissionFor(resource, { actor: this.#actor, operation, document: state, share })
    if (permission === undefined || target.kind !== 'list') return permission
    return target.used.every((field) => PLATFORM_FIELDS.includes(field) || mayTouch(permission, field)) ? permission : undefined
  }

  /** The object as this caller sees it, with its tag. */
  show(stored: Stored<ResourceDocument>, permission: Permission): string | Promise<string> {
    const shown = show(this.#parts, callAs(call, this.principal), { resource: this.resource, stored, permission })
    return shown instanceof Promise ? shown.then(textOf) : textOf(shown)
  }

  seal(sequence: number): string {
    if (this.#sealed?.sequence !== sequence) this.#sealed = { sequence, position: this.#parts.positions.seal(this.#binding, sequence) }
    return this.#sealed.position
  }

  open(position: string): number | undefined {
    return this.#parts.positions.open(this.#binding, position)
  }

  tell(message: Message): void {
    for (const follower of this.followers) follower.put(message)
  }
}

/** Objects that are the same for everybody are written once for everybody. */
const written = new WeakMap<object, { readonly etag: string; readonly text: string }>()

function textOf(versioned: Versioned): string {
  const { object } = versioned
  const etag = etagOf(versioned)
  const known = written.get(object)
  if (known?.etag === etag) return known.text
  const text = `{"object":${JSON.stringify(object)},"etag":${JSON.stringify(etag)}}`
  written.set(object, { etag, text })
  return text
}

function isWithin(target: Target, state: ResourceDocument, share: Share['may'] | undefined): boolean {
  if (target.kind === 'document') return state.id === target.id
  if (target.kind === 'shared') return share !== undefined
  if (target.kind === 'nothing') return false
  for (const field in target.where) if (state[field] !== target.where[field]) return false
  return target.range === undefined || isInRange(state[target.range.field], target.range)
}

function isInRange(value: unknown, { from, below }: NonNullable<ListRequest['range']>): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false
  if (from !== undefined && isLess(value, from)) return false
  return below === undefined || isLess(value, below)
}

/** As every database orders: numbers by value, text by its bytes. */
function isLess(left: string | number, right: string | number): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left < right
  return Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right))) < 0
}

function wordsFor(target: Target): unknown {
  if (target.kind === 'document') return target.id
  if (target.kind !== 'list') return [target.kind]
  const where = Object.entries(target.where).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return [where, target.range === undefined ? null : [target.range.field, target.range.from ?? null, target.range.below ?? null]]
}

/** Two tokens of one person may differ in what they allow. */
function authorityOf(principal: Principal): string {
  if (principal.kind !== 'user') return principal.kind
  const { accountId, clientId, firstParty, scopes, roles = [], groups = [], organisation } = principal
  const acting = organisation === undefined ? null : [organisation.id, ...organisation.roles.toSorted()]
  return JSON.stringify([accountId, clientId, firstParty, acting, ...[scopes, roles, groups].map((names) => [...names].toSorted())])
}
