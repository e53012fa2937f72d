// Who may follow what: exactly who may read it, by the same rules and over the same indexes.
import { callAs, type Principal, systemCall } from '#kernel/call.ts'
import { DOCUMENT_ID } from '#kernel/ids.ts'
import { type Actor, admit } from '../access.ts'
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

export interface Realtime {
  /** Throws what reading would throw. The first message is `ready` or `reset`; then changes come, until it is ended. */
  subscribe(principal: Principal, wish: Wish, to: { readonly name: string; readonly outbox: Outbox }): Promise<Subscription>
}

export interface RealtimeParts extends ViewParts {
  readonly hub: Hub
  readonly resources: ReadonlyMap<string, Resource>
}

class Following implements Subscription, Sender {
  readonly name: string
  readonly view: View
  leave = (): void => {}
  readonly #outbox: Outbox
  readonly #parts: RealtimeParts
  readonly wish: Wish

  constructor(parts: RealtimeParts, wish: Wish, place: { readonly view: View; readonly name: string; readonly outbox: Outbox }) {
    this.#parts = parts
    this.wish = wish
    this.view = place.view
    this.name = place.name
    this.#outbox = place.outbox
  }

  put(message: Message): void {
    this.#outbox.put(this, message)
  }

  position(): string {
    return this.view.seal(this.#parts.hub.position)
  }

  isSameFor(principal: Principal): boolean {
    return viewFor(this.#parts, principal, this.wish).key === this.view.key
  }

  end(): void {
    this.leave()
    this.#outbox.drop(this)
  }
}

export function createRealtime(parts: RealtimeParts): Realtime {
  return {
    async subscribe(principal, wish, { name, outbox }) {
      const own = viewFor(parts, principal, wish)
      const after = wish.after === undefined ? undefined : (own.open(wish.after) ?? Number.POSITIVE_INFINITY)
      // Who comes back with a position has seen it before, and may be told that it is gone.
      const hasSeen = after !== undefined && Number.isFinite(after)
      if (own.target.kind === 'document' && !hasSeen) await requireVisible(parts, own, own.target.id)
      const following = new Following(parts, wish, { view: own, name, outbox })
      following.leave = await parts.hub.follow(own, following, after)
      return following
    },
  }
}

function viewFor(parts: RealtimeParts, principal: Principal, wish: Wish): View {
  const resource = parts.resources.get(wish.resource)
  if (resource === undefined) throw resourceErrors.not_found({ detail: `There is no resource ${wish.resource}.` })
  const call = callAs(systemCall('resource.realtime'), principal)
  if (wish.document !== undefined) {
    const actor = admit(resource, call, 'get')
    if (!DOCUMENT_ID.test(wish.document)) throw resourceErrors.not_found()
    return new View(parts, { resource, target: { kind: 'document', id: wish.document } }, { actor, principal })
  }
  const actor = admit(resource, call, 'list')
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
