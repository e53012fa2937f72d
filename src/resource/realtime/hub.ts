// One tail of the database's events for all who follow: each changed document is read once, and shown to those whom the change may concern.
import { setImmediate as breathe } from 'node:timers/promises'
import { systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import type { Logger } from '#kernel/log.ts'
import type { Database, Stored, StoredEvent } from '../../database/contract.ts'
import type { Resource } from '../compile.ts'
import type { ResourceRepository } from '../repository.ts'
import { type ResourceDocument, resourceEvent } from '../schemas.ts'
import { shareEvent } from '../sharing/schemas.ts'
import { byDocument, type Happened, type Happening, History, MAX_KEPT } from './history.ts'
import { Routing } from './routing.ts'
import { Told } from './told.ts'
import type { Follower, Message, View } from './view.ts'

export interface HubParts {
  readonly database: Database
  readonly repository: ResourceRepository
  readonly resources: ReadonlyMap<string, Resource>
  readonly clock: Clock
  readonly logger: Logger
}

/** More that was missed than this is read again as a whole. */
const MAX_REPLAYED = 256
/** So many views are served before others get their turn. */
const AT_ONCE = 250
const CATCH_UP_MS = 10_000

export class Hub {
  readonly #parts: HubParts
  readonly #routing = new Routing()
  readonly #views = new Map<string, View>()
  readonly #told = new Told()
  #history: History
  #position = 0
  #starting: Promise<void> | undefined
  #untail: (() => void) | undefined
  #arrived: (() => void) | undefined
  /** Events and new followers take turns, so that nobody receives an older state after a newer one. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: HubParts) {
    this.#parts = parts
    this.#history = new History(parts.clock, 0)
  }

  /** Everything up to here has been told. */
  get position(): number {
    return this.#position
  }

  /** From now on, or from a position of the same view on: then what was missed comes first, or a `reset` when that is too long ago. The answer ends it. */
  async follow(own: View, follower: Follower, after: number | undefined): Promise<() => void> {
    this.#starting ??= this.#start()
    await this.#starting.catch((error: unknown) => {
      this.#starting = undefined
      this.stop()
      throw error
    })
    return await this.#inTurn(async () => {
      // Others may look through the same one already.
      const view = this.#views.get(own.key) ?? own
      if (view.followers.size === 0) await view.load()
      view.followers.add(follower)
      if (view.followers.size === 1) {
        this.#views.set(view.key, view)
        this.#routing.add(view)
      }
      try {
        await this.#begin(view, follower, after)
      } catch (error) {
        this.#leave(view, follower)
        throw error
      }
      return () => this.#leave(view, follower)
    })
  }

  async #begin(view: View, follower: Follower, after: number | undefined): Promise<void> {
    const ready = { kind: 'ready', about: '' } as const
    if (after === undefined) {
      follower.put({ ...ready, data: '{"resumed":false}', sequence: this.#position })
      return
    }
    const missed = after <= this.#position && this.#history.reaches(after) ? this.#missed(view, after) : undefined
    if (missed === undefined) {
      follower.put(resetAt(this.#position))
      return
    }
    follower.put({ ...ready, data: '{"resumed":true}', sequence: after })
    for (const happened of missed) {
      const message = await this.#messageFor(view, happened, await this.#read(happened))
      if (message !== undefined) follower.put(message)
    }
  }

  #leave(view: View, follower: Follower): void {
    if (!view.followers.delete(follower) || view.followers.size > 0) return
    this.#views.delete(view.key)
    this.#routing.remove(view)
  }

  /** What these see may be another from now on, for a reason that no event of a document tells. */
  reset(concerns: (view: View) => boolean): void {
    for (const view of this.#views.values()) if (concerns(view)) view.tell(resetAt(this.#position))
  }

  stop(): void {
    this.#untail?.()
    this.#untail = undefined
  }

  async #start(): Promise<void> {
    const { database, resources, clock } = this.#parts
    const { newest, oldest } = await database.events(systemCall('resource.realtime'))
    const from = Math.max(0, Math.min(oldest, newest), newest - MAX_KEPT)
    this.#history = new History(clock, from)
    this.#position = from
    const topics = [...resources.values()].flatMap(({ name, definition }) =>
      definition.share === true ? [`resource.${name}`, `shares.${name}`] : [`resource.${name}`],
    )
    this.#untail = database.tail({ topics, after: from, handle: (events, upTo) => this.#inTurn(() => this.#take(events, upTo)) })
    // Those who come back from before the start are told what they missed meanwhile.
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(httpErrors.unavailable({ detail: 'Events cannot be read just now.' })), CATCH_UP_MS)
      this.#arrived = () => {
        if (this.#position < newest) return
        clearTimeout(timer)
        resolve()
      }
      this.#arrived()
    }).finally(() => {
      this.#arrived = undefined
    })
  }

  async #take(events: readonly StoredEvent[], upTo: number): Promise<void> {
    const happenings = events.flatMap((event) => happeningOf(event))
    for (const happening of happenings) this.#history.add(happening)
    try {
      if (this.#views.size > 0) await this.#dispatch(byDocument(happenings))
      else this.#told.clear()
    } catch (error) {
      // Nobody may go on as if nothing had happened.
      this.#parts.logger.warn({ err: error }, 'events could not be told; all who follow read again')
      this.#position = upTo
      this.reset(() => true)
    }
    this.#position = upTo
    this.#arrived?.()
  }

  async #dispatch(all: readonly Happened[]): Promise<void> {
    for (const happened of all) {
      const { resource, id, people } = happened
      if (!this.#routing.concerns(resource, id)) {
        this.#told.forget(happened)
        continue
      }
      const stored = await this.#read(happened)
      const befores = this.#told.befores(happened)
      const states = stored === undefined ? befores : [...befores, stored.value]
      const views = this.#routing.find({ resource, id, states, people: people.keys() })
      await this.#tell({ ...happened, befores }, views, stored)
      // With whom it is shared is told to them alone.
      if (happened.isWritten) this.#told.keep(this.#parts.resources.get(resource), happened, stored?.value)
    }
  }

  async #read({ resource: name, id }: Happened): Promise<Stored<ResourceDocument> | undefined> {
    const resource = this.#parts.resources.get(name)
    return resource === undefined ? undefined : await this.#parts.repository.of(resource).get(systemCall('resource.realtime'), id)
  }

  async #tell(happened: Happened, views: Iterable<View>, stored: Stored<ResourceDocument> | undefined): Promise<void> {
    let served = 0
    for (const view of views) {
      const message = this.#messageFor(view, happened, stored)
      const ready = message instanceof Promise ? await message : message
      if (ready !== undefined) view.tell(ready)
      served += 1
      if (served % AT_ONCE === 0) await breathe()
    }
  }

  #messageFor(
    view: View,
    happened: Happened,
    stored: Stored<ResourceDocument> | undefined,
  ): Message | undefined | Promise<Message | undefined> {
    const { id, befores, people } = happened
    const own = view.accountId === undefined ? undefined : people.get(view.accountId)
    if (own === undefined) {
      // With whom else it is shared is nobody's business.
      if (!happened.isWritten) return undefined
      return this.#messageAbout(view, happened, { stored, wasSeen: befores.some((state) => view.permissionOn(state) !== undefined) })
    }
    const share = view.shareOf(id) ?? (own.hadIt ? 'read' : undefined)
    const states = stored === undefined ? befores : [...befores, stored.value]
    const wasSeen = states.some((state) => view.permissionOn(state, share) !== undefined)
    return this.#reload(view, id).then(() => this.#messageAbout(view, happened, { stored, wasSeen }))
  }

  async #reload(view: View, id: string): Promise<void> {
    const isRouted = this.#views.get(view.key) === view
    if (isRouted) this.#routing.remove(view)
    await view.reload(id)
    if (isRouted && view.followers.size > 0) this.#routing.add(view)
  }

  #messageAbout(
    view: View,
    { id, sequence }: Happened,
    { stored, wasSeen }: { readonly stored: Stored<ResourceDocument> | undefined; readonly wasSeen: boolean },
  ): Message | undefined | Promise<Message> {
    const permission = stored === undefined ? undefined : view.permissionOn(stored.value)
    if (stored === undefined || permission === undefined) {
      // Who never saw it learns nothing, not even that it was there.
      return wasSeen ? { kind: 'removed', about: id, data: JSON.stringify({ id }), sequence } : undefined
    }
    const kind = wasSeen ? 'updated' : 'created'
    const shown = view.show(stored, permission)
    if (typeof shown === 'string') return { kind, about: id, data: shown, sequence }
    return shown.then(
      (data): Message => ({ kind, about: id, data, sequence }),
      (error: unknown) => {
        this.#parts.logger.warn({ err: error, resource: view.resource.name, id }, 'an object could not be shown')
        return resetAt(sequence)
      },
    )
  }

  /** `undefined` when it is too much; that is found out early, since anybody may ask often. */
  #missed(view: View, after: number): Happened[] | undefined {
    const ids = new Set<string>()
    const concerning: Happening[] = []
    for (const happening of this.#history.since(after)) {
      const { resource, id } = happening
      if (resource !== view.resource.name || (view.target.kind === 'document' && view.target.id !== id)) continue
      concerning.push(happening)
      if (ids.add(id).size > MAX_REPLAYED) return undefined
    }
    return byDocument(concerning)
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(task)
    this.#last = mine.catch(() => undefined)
    return mine
  }
}

function resetAt(sequence: number): Message {
  return { kind: 'reset', about: '', data: '{}', sequence }
}

function happeningOf({ topic, sequence, at, data }: StoredEvent): Happening[] {
  if (topic.startsWith('shares.')) {
    const parsed = shareEvent.safeParse(data)
    if (!parsed.success) return []
    const { resource, id, accountId, may } = parsed.data
    return [{ sequence, at, resource, id, what: { kind: 'share', accountId, isEnded: may === 'nothing' } }]
  }
  const parsed = resourceEvent.safeParse(data)
  if (!parsed.success) return []
  const { type, resource, id, ownerId, before } = parsed.data
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was a document, and has the fields by which rules decide; of old events its owner at least
  const was = type === 'created' ? undefined : ({ id, ownerId, ...before } as ResourceDocument)
  return [{ sequence, at, resource, id, what: { kind: 'write', before: was } }]
}
