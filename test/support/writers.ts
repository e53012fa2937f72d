// Several clients that write all the time and remember what was answered, so that a test can ask whether it is still so.
import assert from 'node:assert/strict'
import { newId } from '#kernel/ids.ts'
import type { Stored } from '../../src/database/contract.ts'
import { call, type Photo, photo, photos, ticket } from './database.ts'
import { insertInto, updateIn } from '#kernel/collection.ts'
import type { OpenedHouse } from './house.ts'

export interface Writers {
  /** Answered writes. */
  written(): number
  events(): number
  keys(): readonly string[]
  slowestMs(): number
  /** The longest time for which the event loop did not turn. */
  stallMs(): number
  failures(): readonly string[]
  stop(): Promise<void>
  /** Everything that was answered is there, and nothing else is. */
  check(): Promise<void>
}

export function startWriters(opened: OpenedHouse, { clients }: { readonly clients: number }): Writers {
  const known = new Map<string, Stored<Photo> | undefined>()
  const failures: string[] = []
  const keys: string[] = []
  let running = true
  let written = 0
  let slowestMs = 0
  let stallMs = 0

  let turnedAt = performance.now()
  const pulse = setInterval(() => {
    stallMs = Math.max(stallMs, performance.now() - turnedAt - 5)
    turnedAt = performance.now()
  }, 5)

  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now()
    const result = await work()
    slowestMs = Math.max(slowestMs, performance.now() - startedAt)
    written += 1
    return result
  }
  const event = (key: string) => {
    keys.push(key)
    return { events: [{ topic: 'photo', key, data: { key } }] }
  }

  const client = async (name: number): Promise<void> => {
    const mine: string[] = []
    for (let turn = 0; running; turn += 1) {
      const kind = turn % 6
      if (kind <= 1 || mine.length < 3) {
        const value = photo({ id: newId(1), ownerId: `client-${name}`, takenAt: turn, slug: `slug-${name}-${turn}` })
        known.set(value.id, await timed(() => opened.photos.insert(call, value, event(value.id))))
        mine.push(value.id)
      } else if (kind <= 3) {
        const id = mine[(turn * 7) % mine.length] ?? ''
        const before = known.get(id)
        const stored = await timed(() => opened.photos.update(call, id, { set: { caption: `turn ${turn}` } }, event(id)))
        if (stored === undefined || stored.version !== (before?.version ?? 0) + 1) {
          failures.push(`update of ${id}: version ${stored?.version} after ${before?.version}`)
        }
        known.set(id, stored)
      } else if (kind === 4) {
        const id = mine.splice((turn * 3) % mine.length, 1)[0] ?? ''
        if (!(await timed(() => opened.photos.delete(call, id)))) failures.push(`delete of ${id} found nothing`)
        known.set(id, undefined)
      } else {
        await hand(mine, `hand-${name}-${turn}`)
      }
      if (turn % 50 === 0) await opened.tickets.insert(call, ticket({ expiresAt: Date.now() + 200 }))
      if (turn % 20 === 0) await refused(mine)
    }
  }
  /** A unique value goes from one document to another in one commit. */
  const hand = async (mine: string[], slug: string): Promise<void> => {
    const [id = ''] = mine
    const value = photo({ id: newId(1), ownerId: 'handed', slug: known.get(id)?.value.slug ?? slug })
    await timed(() =>
      opened.database.commit(call, [updateIn(photos, id, { set: { slug: `${slug}-old` } }), insertInto(photos, value)], event(id).events),
    )
    known.set(id, await opened.photos.get(call, id))
    known.set(value.id, { value, version: 1 })
    mine.push(value.id)
  }
  const refused = async (mine: readonly string[]): Promise<void> => {
    const taken = known.get(mine.at(-1) ?? '')?.value
    if (taken === undefined) return
    const answer = await opened.photos.insert(call, photo({ ownerId: taken.ownerId, slug: taken.slug ?? '' })).then(
      () => 'stored',
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : String(error)),
    )
    if (answer !== 'database.duplicate') failures.push(`a taken slug was answered with ${String(answer)}`)
  }

  const work = Promise.all(
    Array.from({ length: clients }, (_, name) =>
      client(name).catch((error: unknown) => {
        failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
      }),
    ),
  )
  return {
    written: () => written,
    events: () => keys.length,
    keys: () => keys,
    slowestMs: () => slowestMs,
    stallMs: () => stallMs,
    failures: () => failures,
    async stop() {
      running = false
      await work
      clearInterval(pulse)
    },
    async check() {
      let there = 0
      for (const [id, stored] of known) {
        assert.deepEqual(await opened.photos.get(call, id), stored, id)
        if (stored !== undefined) there += 1
      }
      let counted = 0
      for (let after: string | undefined; ; ) {
        const page = await opened.photos.list(call, { index: 'byOwner', limit: 1000, ...(after === undefined ? {} : { after }) })
        counted += page.items.length
        after = page.next
        if (after === undefined) break
      }
      assert.equal(counted, there)
    },
  }
}
