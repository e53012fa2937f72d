// The data of a backup as lines of JSON, the same whichever engine it comes from: first what is recorded about collections, then row by row.
import { setImmediate } from 'node:timers/promises'
import type { StoredEvent } from '../contract.ts'
import type { CollectionLayout, Declared } from '../layout.ts'
import { eventText, rowText, Summing } from '../move/canonical.ts'
import { rowsOf } from '../move/walk.ts'
import type { Consumer, Mark, Snapshot, WholeRow } from '../ports.ts'
import type { Json } from '#kernel/json.ts'
import { z } from '#kernel/schema.ts'
import type { Contents } from './manifest.ts'
import { Damaged } from './sealing.ts'

const EVENTS_PAGE = 500

export interface LineSource {
  readonly snapshot: Snapshot
  readonly declared: readonly Declared[]
  readonly marks: readonly Mark[]
  readonly now: number
  readonly written: (rows: number) => void
}

/** Pages of all stored events. */
export async function* eventsOf(snapshot: Snapshot): AsyncGenerator<readonly StoredEvent[]> {
  for (let after = 0; ; ) {
    const page = await snapshot.events({ after, limit: EVENTS_PAGE })
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    after = last.sequence
    await setImmediate()
  }
}

function blockOf(layout: CollectionLayout, rows: readonly WholeRow[]): string {
  let block = ''
  for (const row of rows) {
    const document = typeof row.document === 'string' ? row.document : JSON.stringify(row.document)
    block += `["row",${JSON.stringify(row.id)},${row.version},${row.expiresAt},${row.shape ?? layout.shape},${document}]\n`
  }
  return block
}

/** Gives blocks of lines; what they hold is known when it has ended. */
export async function* linesOf(source: LineSource, done: (contents: Contents) => void): AsyncGenerator<string> {
  const { snapshot, declared, marks, now, written } = source
  const names = new Set(declared.map(({ layout }) => layout.name))
  for (const mark of marks) if (names.has(mark.name)) yield `${JSON.stringify(['mark', mark])}\n`
  const collections: Contents['collections'] = []
  for (const { layout } of declared) {
    const summing = new Summing()
    yield `${JSON.stringify(['collection', layout.name])}\n`
    for await (const { put } of rowsOf({ layout, snapshots: { source: snapshot }, now })) {
      for (const row of put) summing.add(rowText(row))
      yield blockOf(layout, put)
      written(put.length)
      await setImmediate()
    }
    collections.push({ name: layout.name, ...summing.result() })
  }
  const events = new Summing()
  // What the engine calls settled may be a moment older than what its snapshot shows, and no number of either may be given out again.
  let head = await snapshot.head()
  for await (const page of eventsOf(snapshot)) {
    for (const event of page) events.add(eventText(event))
    head = Math.max(head, page.at(-1)?.sequence ?? 0)
    yield page.map((event) => `${JSON.stringify(['event', event])}\n`).join('')
  }
  for (const consumer of await snapshot.consumers()) {
    head = Math.max(head, consumer.position)
    yield `${JSON.stringify(['consumer', consumer])}\n`
  }
  yield `${JSON.stringify(['end', head])}\n`
  done({ collections, events: { ...events.result(), head } })
}

// As it is: a copy would cost time, and leave names out that only look strange.
const json = z.custom<Readonly<Record<string, unknown>>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
const mark = z.strictObject({
  name: z.string(),
  shape: z.number(),
  target: z.number(),
  expiry: z.string().nullable(),
  search: z.string().nullable(),
})
const line = z.union([
  z.tuple([z.literal('row'), z.string(), z.number(), z.number().nullable(), z.number(), json]),
  z.tuple([z.literal('collection'), z.string()]),
  z.tuple([
    z.literal('event'),
    z.strictObject({
      sequence: z.number(),
      topic: z.string(),
      key: z.string(),
      data: z.custom<Json>((value) => value !== undefined),
      at: z.number(),
    }),
  ]),
  z.tuple([z.literal('consumer'), z.strictObject({ name: z.string(), position: z.number(), seenAt: z.number() })]),
  z.tuple([z.literal('mark'), mark]),
  z.tuple([z.literal('end'), z.number()]),
])

export interface LineSink {
  mark(mark: Mark): Promise<void>
  rows(collection: string, rows: readonly WholeRow[]): Promise<void>
  events(events: readonly StoredEvent[], head: number): Promise<void>
  consumers(consumers: readonly Consumer[]): Promise<void>
}

const BATCH = 250

/** Reads all of it to its end and gives what it held. */
export async function readLines(source: AsyncIterable<Uint8Array>, sink: LineSink): Promise<Contents> {
  const reading = new Reading(sink)
  let rest = ''
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const piece of source) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) await reading.take(text)
    await setImmediate()
  }
  if (rest !== '') throw new Damaged('The data ends in the middle of a line.')
  return await reading.end()
}

class Reading {
  readonly #sink: LineSink
  readonly #collections = new Map<string, Summing>()
  readonly #events = new Summing()
  readonly #consumers: Consumer[] = []
  #collection = ''
  #rows: WholeRow[] = []
  #stored: StoredEvent[] = []
  #head: number | undefined

  constructor(sink: LineSink) {
    this.#sink = sink
  }

  async take(text: string): Promise<void> {
    if (this.#head !== undefined) throw new Damaged('The data goes on after its end.')
    const parsed = line.safeParse(JSON.parse(text))
    if (!parsed.success) throw new Damaged('The data has a line that this version does not know.')
    const item = parsed.data
    switch (item[0]) {
      case 'row':
        this.#rows.push({ id: item[1], version: item[2], expiresAt: item[3], shape: item[4], document: item[5] })
        if (this.#rows.length >= BATCH) await this.#flush()
        break
      case 'collection':
        await this.#flush()
        this.#collection = item[1]
        this.#collections.set(item[1], new Summing())
        break
      case 'event':
        this.#events.add(eventText(item[1]))
        this.#stored.push(item[1])
        if (this.#stored.length >= BATCH) await this.#flush()
        break
      case 'consumer':
        this.#consumers.push(item[1])
        break
      case 'mark':
        await this.#sink.mark(item[1])
        break
      case 'end':
        this.#head = item[1]
        break
    }
  }

  async #flush(): Promise<void> {
    if (this.#rows.length > 0) {
      const sum = this.#collections.get(this.#collection)
      if (sum === undefined) throw new Damaged('The data has rows of no collection.')
      for (const row of this.#rows) sum.add(rowText(row))
      await this.#sink.rows(this.#collection, this.#rows)
    }
    if (this.#stored.length > 0) await this.#sink.events(this.#stored, this.#stored.at(-1)?.sequence ?? 0)
    this.#rows = []
    this.#stored = []
  }

  async end(): Promise<Contents> {
    if (this.#head === undefined) throw new Damaged('The data has no end.')
    await this.#flush()
    await this.#sink.events([], this.#head)
    await this.#sink.consumers(this.#consumers)
    const collections = [...this.#collections].map(([name, sum]) => ({ name, ...sum.result() }))
    return { collections, events: { ...this.#events.result(), head: this.#head } }
  }
}
