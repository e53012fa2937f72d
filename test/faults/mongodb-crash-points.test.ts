// A process that has died at each point of a commit, made by hand: the record is in the journal, and only so much of it is applied. Who starts then, and
// who was there already, finds all of it, once.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Db, MongoClient } from 'mongodb'
import { systemClock } from '#kernel/clock.ts'
import { updateIn } from '#kernel/collection.ts'
import { newId } from '#kernel/ids.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import type { Collection, Database, StoredEvent } from '../../src/database/contract.ts'
import { createMongoDatabase } from '../support/other-databases.ts'
import { call, eventually, type Ticket, ticket, tickets } from '../support/database.ts'
import { type Ferret, startFerret, withoutFerret } from '../support/ferretdb.ts'

const logger = createLogger({ level: 'silent' })
const PLACES = ['ninefold_events', 'tickets', 'ninefold_keys', 'ninefold_state'] as const

interface Kept {
  readonly _id: string
}
type Image = Readonly<Record<(typeof PLACES)[number], readonly Kept[]>>

describe('died in the middle of a commit on MongoDB', { skip: withoutFerret }, () => {
  let ferret: Ferret
  let client: MongoClient
  const running: Running<Database>[] = []
  before(async () => {
    ferret = await startFerret()
    client = await new MongoClient(ferret.url('admin'), { retryWrites: false }).connect()
  })
  after(async () => {
    await Promise.all(running.map((database) => database.stop()))
    await client.close()
    await ferret.stop()
  })

  async function open(place: string): Promise<{ database: Running<Database>; documents: Collection<Ticket> }> {
    const database = createMongoDatabase({ url: ferret.url(place), clock: systemClock, logger })
    running.push(database)
    const documents = database.contract.collection(tickets)
    await database.start()
    return { database, documents }
  }
  async function imageOf(db: Db): Promise<Image> {
    const found = await Promise.all(PLACES.map(async (place) => [place, await db.collection<Kept>(place).find().toArray()] as const))
    return Object.fromEntries(found) as unknown as Image
  }
  async function put(db: Db, image: Image): Promise<void> {
    for (const place of PLACES) {
      await db.collection(place).deleteMany({})
      if (image[place].length > 0) await db.collection<Kept>(place).insertMany([...image[place]])
    }
  }
  /** The image before the commit, with the first so many of its changes done. */
  function partly(from: Image, to: Image, done: number): Image {
    const merge = (place: (typeof PLACES)[number], ids: readonly string[]): readonly Kept[] => [
      ...from[place].filter(({ _id }) => !ids.includes(_id)),
      ...to[place].filter(({ _id }) => ids.includes(_id)),
    ]
    return {
      ninefold_events: done >= 1 ? to.ninefold_events : from.ninefold_events,
      tickets: merge('tickets', ['p', 'q'].slice(0, Math.max(0, done - 1))),
      ninefold_keys: done >= 4 ? to.ninefold_keys : from.ninefold_keys,
      ninefold_state: from.ninefold_state,
    }
  }
  async function committed(place: string): Promise<{ from: Image; to: Image; db: Db }> {
    const db = client.db(place)
    const first = await open(place)
    for (const id of ['p', 'q']) await first.documents.insert(call, ticket({ id, code: `${id}0` }))
    await first.database.stop()
    const from = await imageOf(db)
    const second = await open(place)
    const updates = ['p', 'q'].map((id) => updateIn(tickets, id, { set: { uses: 1, code: `${id}1` } }))
    await second.database.contract.commit(
      call,
      updates,
      ['p', 'q'].map((key) => ({ topic: 'changed', key, data: null })),
    )
    await second.database.stop()
    return { from, to: await imageOf(db), db }
  }
  async function isWhole({ database, documents }: Awaited<ReturnType<typeof open>>): Promise<void> {
    for (const id of ['p', 'q']) {
      assert.deepEqual(await documents.get(call, id), { value: ticket({ id, code: `${id}1`, uses: 1 }), version: 2 })
      assert.equal((await documents.getByKey(call, 'byCode', { code: `${id}1` }))?.value.id, id)
      assert.equal(await documents.getByKey(call, 'byCode', { code: `${id}0` }), undefined)
    }
    const seen: StoredEvent[] = []
    const leave = database.contract.subscribe({
      consumer: newId(1),
      topics: ['changed'],
      handle: async (events) => void seen.push(...events),
    })
    await eventually(() => seen.length >= 2, 'both events')
    leave()
    assert.deepEqual(
      seen.map(({ key }) => key),
      ['p', 'q'],
    )
  }

  for (let done = 0; done <= 4; done += 1) {
    test(`after ${done} of 4 changes, who starts finds the whole commit`, async () => {
      const place = `c_${newId(1)}`
      const { from, to, db } = await committed(place)
      await put(db, partly(from, to, done))
      await isWhole(await open(place))
    })

    test(`after ${done} of 4 changes, who was there already never sees a half, and finishes it with its own next write`, async () => {
      const place = `c_${newId(1)}`
      const { from, to, db } = await committed(place)
      const journal = db.collection<Kept>('ninefold_journal')
      const records = await journal.find().sort({ _id: 1 }).toArray()
      const last = records.at(-1)
      assert.ok(last !== undefined)
      await journal.deleteOne({ _id: last._id })
      await put(db, from)
      const witness = await open(place)
      // Now the other process commits, and dies.
      await journal.insertOne(last)
      await put(db, partly(from, to, done))
      const uses: (number | undefined)[] = []
      for (const id of ['p', 'q']) uses.push((await witness.documents.get(call, id))?.value.uses)
      assert.ok(uses[0] === 0 || uses[1] === 1, `saw p at ${String(uses[0])} and then q at ${String(uses[1])}`)
      if (done >= 2) assert.deepEqual(uses, [1, 1])
      await witness.documents.insert(call, ticket({ id: 'next' }))
      await isWhole(witness)
    })
  }
})
