// Who may follow what: exactly who may read it, by the same rules and over the same indexes.
import { callAs, type Principal, systemCall } from '#kernel/call.ts'
import { DOCUMENT_ID } from '#kernel/ids.ts'
import type { Clock } from '#kernel/clock.ts'
import { type Actor, admitReader, readsUntil } from '../access.ts'
import type { Resource } from '../compile.ts'
import type { ListRequest } from '../contract.ts'
import { resourceErrors } from '../errors.ts'
import { checkListRequest } from '../queries/parse.ts'
import { planList } from '../queries/plan.ts'
import type { Hub } from './hub.ts'
import type { Outbox, Sender } from './outbox.ts'
import { type Message, type Target, View, type ViewParts } from './view.ts'

export interface Wish {
  readonly resource: string
  readonly where?: ListRequest['where'] | undefined
  readonly range?:
    | { readonly field: string; readonly from?: string | number | undefined; readonly below?: string | number | undefined }
    | undefined
  /** What others share with the caller, in the place of a list of one's own choosing. */
  readonly shared?: boolean | undefined
  readonly document?: string | undefined
  /** A position that this subscription has given before. */
  readonly after?: string | undefined
}

export interface Subscription {
  readonly wish: Wish
  /** The newest position, when nothing is waiting to be told. */
  position(): string
  /** Whether somebody with this authority would see the same. Throws when such a caller may not follow it at all. */
  isSameFor(principal: Principal): boolean
  end(): void
}

/** Where changes go. */
export interface Receiver {
  readonly name: string
  readonly outbox: Outbox
  /** The sign-in has become too old for this (RFC 9470): asking again says so. */
  outdated(this: void): void
}

export interface Realtime {
  /** Throws what reading would throw. The first message is `ready` or `reset`; then changes come, until it is ended. */
  subscribe(principal: Principal, wish: Wish, to: Receiver): Promise<Subscription>
}

export interface RealtimeParts extends ViewParts {
  readonly hub: Hub
  readonly resources: ReadonlyMap<string, Resource>
  readonly clock: Clock
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

class Following implements Subscription, Sender {
  readonly name: string
  readonly view: View
  leave = (): void => {}
  #age: NodeJS.Timeout | undefined
  readonly #outdated: () => void
  readonly #outbox: Outbox
  readonly #parts: RealtimeParts
  readonly wish: Wish

  constructor(parts: RealtimeParts, wish: Wish, place: Receiver & { readonly view: View }) {
    this.#parts = parts
    this.wish = wish
    this.view = place.view
    this.name = place.name
    this.#outbox = place.outbox
    this.#outdated = place.outdated
  }

  put(message: Message): void {
    this.#outbox.put(this, message)
  }

  position(): string {
    return this.view.seal(this.#parts.hub.position)
  }

  isSameFor(principal: Principal): boolean {
    const isSame = viewFor(this.#parts, principal, this.wish).key === this.view.key
    // The person may have signed in again.
    if (isSame) this.watchAge(principal)
    return isSame
  }

  /** Tells when the sign-in is not fresh enough any more. */
  watchAge(principal: Principal): void {
    clearTimeout(this.#age)
    const until = ageOf(this.#parts, principal, this.wish)
    if (until === undefined) return
    const ms = Math.min(until - this.#parts.clock.now() + 1, LONGEST_TIMER_MS)
    this.#age = setTimeout(() => this.#outdated(), ms).unref()
  }

  end(): void {
    clearTimeout(this.#age)
    this.leave()
    this.#outbox.drop(this)
  }
}

export function createRealtime(parts: RealtimeParts): Realtime {
  return {
    async subscribe(principal, wish, { name, outbox, outdated }) {
      const own = viewFor(parts, principal, wish)
      const after = wish.after === undefined ? undefined : (own.open(wish.after) ?? Number.POSITIVE_INFINITY)
      // Who comes back with a position has seen it before, and may be told that it is gone.
      const hasSeen = after !== undefined && Number.isFinite(after)
      if (own.target.kind === 'document' && !hasSeen) await requireVisible(parts, own, own.target.id)
      const following = new Following(parts, wish, { view: own, name, outbox, outdated })
      following.leave = await parts.hub.follow(own, following, after)
      following.watchAge(principal)
      return following
    },
  }
}

function ageOf({ resources }: RealtimeParts, principal: Principal, { resource, document }: Wish): number | undefined {
  const found = resources.get(resource)
  return found === undefined ? undefined : readsUntil(found, principal, document === undefined ? 'list' : 'get')
}

function viewFor(parts: RealtimeParts, principal: Principal, wish: Wish): View {
  const resource = parts.resources.get(wish.resource)
  if (resource === undefined) throw resourceErrors.not_found({ detail: `There is no resource ${wish.resource}.` })
  const call = callAs(systemCall('resource.realtime'), principal)
  if (wish.document !== undefined) {
    const actor = admitReader(parts.clock, call, { resource, operation: 'get' })
    if (!DOCUMENT_ID.test(wish.document)) throw resourceErrors.not_found()
    return new View(parts, { resource, target: { kind: 'document', id: wish.document } }, { actor, principal })
  }
  const actor = admitReader(parts.clock, call, { resource, operation: 'list' })
  return new View(parts, { resource, target: listTarget(resource, actor, wish) }, { actor, principal })
}

function listTarget(resource: Resource, actor: Actor, { where = {}, range: given, shared = false }: Wish): Target {
  const range = given === undefined ? undefined : rangeOf(given)
  const asked = checkListRequest(resource, { where, shared, ...(range === undefined ? {} : { range }) })
  if (asked.shared) return actor.kind === 'person' ? { kind: 'shared' } : { kind: 'nothing' }
  const plan = planList(resource, actor, asked)
  return plan === undefined ? { kind: 'nothing' } : { kind: 'list', where: plan.where, range, used: plan.used }
}

function rangeOf({ field, from, below }: NonNullable<Wish['range']>): NonNullable<ListRequest['range']> {
  return { field, ...(from === undefined ? {} : { from }), ...(below === undefined ? {} : { below }) }
}

/** Both are asked for whatever is found, as when reading. */
async function requireVisible({ repository }: RealtimeParts, view: View, id: string): Promise<void> {
  const [stored] = await Promise.all([repository.of(view.resource).get(systemCall('resource.realtime'), id), view.load()])
  if (stored === undefined || view.permissionOn(stored.value) === undefined) throw resourceErrors.not_found()
}
