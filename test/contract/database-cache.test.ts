// Read-through caching: what it may answer, for how long, and when it must not.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type CacheDefinition, type CollectionDefinition, deleteFrom, insertInto, updateIn } from '#kernel/collection.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Collection, Database } from '../../src/database/contract.ts'
import { createDatabase } from '../../src/database/database.ts'
import { createSqliteEngine } from '../../src/database/drivers/sqlite/engine.ts'
import { databaseErrors } from '../../src/database/errors.ts'
import type { Engine, Row } from '../../src/database/ports.ts'
import { call, eventually, testClock, type TestClock } from '../support/database.ts'
import { clientsCollection } from '../../src/auth/clients/repository.ts'

const pageSchema = z.object({
  id: z.string(),
  slug: z.string().optional(),
  text: z.string(),
  list: z.array(z.string()).optional(),
  ends: z.number().optional(),
})
type WebPage = z.infer<typeof pageSchema>

const folder = mkdtempSync(join(tmpdir(), 'ninefold-cache-'))
const running: Running<Database>[] = []
after(async () => {
  await Promise.all(running.map((server) => server.stop()))
  rmSync(folder, { recursive: true, force: true })
})

interface Opened {
  readonly database: Database
  readonly pages: Collection<WebPage>
  readonly definition: CollectionDefinition<WebPage>
  readonly clock: TestClock
  /** How often the engine was asked for a document. */
  reads(): number
  /** Everything that is asked from now on fails, as when the database is away. */
  setDown(down: boolean): void
  /** Holds the next reading after the engine has answered it, until it is released. */
  holdNext(): { readonly reached: Promise<void>; release(): void }
}

async function open(cache: CacheDefinition, file = ':memory:', clock = testClock()): Promise<Opened> {
  const logger = createLogger({ level: 'silent' })
  const engine = createSqliteEngine({ file, durability: 'relaxed', logger })
  let reads = 0
  let down = false
  let gate: { readonly arrived: () => void; readonly released: Promise<void> } | undefined
  const counted = async (read: () => Row | undefined | Promise<Row | undefined>): Promise<Row | undefined> => {
    reads += 1
    if (down) throw databaseErrors.unavailable({ detail: 'It is away.' })
    const row = await read()
    const held = gate
    gate = undefined
    held?.arrived()
    await held?.released
    return row
  }
  const counting: Engine = {
    ...engine,
    find: (...parts) => counted(() => engine.find(...parts)),
    findByKey: (...parts) => counted(() => engine.findByKey(...parts)),
  }
  const server = createDatabase({ engine: counting, clock, logger, sweepEveryMs: 60_000 })
  running.push(server)
  const definition: CollectionDefinition<WebPage> = {
    name: 'pages',
    schema: pageSchema,
    indexes: { bySlug: { fields: ['slug'], unique: true } },
    expiry: 'ends',
    cache,
  }
  const pages = server.contract.collection(definition)
  await server.start()
  return {
    database: server.contract,
    pages,
    definition,
    clock,
    reads: () => reads,
    setDown(value) {
      down = value
    },
    holdNext() {
      const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      gate = { arrived: reached.resolve, released: released.promise }
      return { reached: reached.promise, release: released.resolve }
    },
  }
}

const page = (parts: Partial<WebPage> = {}): WebPage => ({ id: 'p', slug: 's', text: 'one', ...parts })

test('a document is read once in its lifetime, by id and by key, and again after it', async () => {
  const { pages, clock, reads } = await open({ lifetimeMs: 1000 })
  await pages.insert(call, page())
  for (let round = 0; round < 5; round += 1) {
    assert.equal((await pages.get(call, 'p'))?.value.text, 'one')
    assert.equal((await pages.getByKey(call, 'bySlug', { slug: 's' }))?.value.text, 'one')
  }
  assert.equal(reads(), 2)
  clock.advance(999)
  await pages.get(call, 'p')
  assert.equal(reads(), 2)
  clock.advance(1)
  await pages.get(call, 'p')
  assert.equal(reads(), 3)
})

test('many who ask for one document at once share one reading', async () => {
  const { pages, reads } = await open({ lifetimeMs: 1000 })
  await pages.insert(call, page())
  const found = await Promise.all(Array.from({ length: 100 }, () => pages.get(call, 'p')))
  assert.equal(reads(), 1)
  assert.ok(found.every((one) => one?.value.text === 'one'))
})

test('that a document is absent is remembered only where it is asked for, and ends with the insert', async () => {
  for (const negative of [false, true]) {
    const { pages, reads } = await open({ lifetimeMs: 1000, negative })
    for (let round = 0; round < 3; round += 1) {
      assert.equal(await pages.get(call, 'p'), undefined)
      assert.equal(await pages.getByKey(call, 'bySlug', { slug: 's' }), undefined)
    }
    assert.equal(reads(), negative ? 2 : 6)
    await pages.insert(call, page())
    assert.equal((await pages.get(call, 'p'))?.value.text, 'one')
    assert.equal((await pages.getByKey(call, 'bySlug', { slug: 's' }))?.value.text, 'one')
  }
})

test('a write of any kind ends what is remembered before it is answered', async () => {
  const { pages, database, definition } = await open({ lifetimeMs: 60_000, negative: true })
  const now = async (): Promise<(string | undefined)[]> => [
    (await pages.get(call, 'p'))?.value.text,
    (await pages.getByKey(call, 'bySlug', { slug: 's' }))?.value.text,
    (await pages.getByKey(call, 'bySlug', { slug: 't' }))?.value.text,
  ]
  assert.deepEqual(await now(), [undefined, undefined, undefined])
  await pages.insert(call, page())
  assert.deepEqual(await now(), ['one', 'one', undefined])
  await pages.update(call, 'p', { set: { text: 'two', slug: 't' } })
  assert.deepEqual(await now(), ['two', undefined, 'two'])
  await database.commit(call, [updateIn(definition, 'p', { set: { text: 'three' } })])
  assert.deepEqual(await now(), ['three', undefined, 'three'])
  await database.commit(call, [deleteFrom(definition, 'p'), insertInto(definition, page({ text: 'four' }))])
  assert.deepEqual(await now(), ['four', 'four', undefined])
  await pages.delete(call, 'p')
  assert.deepEqual(await now(), [undefined, undefined, undefined])
})

test('a reading that began before a write is not kept after it', async () => {
  const opened = await open({ lifetimeMs: 60_000, negative: true })
  const { pages } = opened
  await pages.insert(call, page())
  for (const read of [() => pages.get(call, 'p'), () => pages.getByKey(call, 'bySlug', { slug: 's' })]) {
    const before = (await read())?.value.text
    await pages.update(call, 'p', { set: { text: 'fresh start' } })
    const { reached, release } = opened.holdNext()
    const early = read()
    await reached
    // The engine has answered the reader with the old text; the writer comes now, and is done before the reader goes on.
    await pages.update(call, 'p', { set: { text: `after ${before}` } })
    const meanwhile = await read()
    assert.equal(meanwhile?.value.text, `after ${before}`, 'nobody joins the reading from before')
    release()
    assert.equal((await early)?.value.text, 'fresh start')
    assert.equal((await read())?.value.text, `after ${before}`)
  }
})

test('an absence that was read before an insert is not kept after it', async () => {
  const opened = await open({ lifetimeMs: 60_000, negative: true })
  const { reached, release } = opened.holdNext()
  const early = opened.pages.getByKey(call, 'bySlug', { slug: 's' })
  await reached
  await opened.pages.insert(call, page())
  release()
  assert.equal(await early, undefined)
  assert.equal((await opened.pages.getByKey(call, 'bySlug', { slug: 's' }))?.value.id, 'p')
})

test('updates and conditions never decide on what is remembered', async () => {
  const file = join(folder, 'decide.db')
  const one = await open({ lifetimeMs: 300_000 }, file)
  const two = await open({ lifetimeMs: 300_000 }, file)
  await one.pages.insert(call, page())
  await two.pages.get(call, 'p')
  await one.pages.update(call, 'p', { set: { text: 'two' } })
  assert.equal(await two.pages.update(call, 'p', { set: { text: 'three' }, where: { text: 'one' } }), undefined)
  assert.equal(await two.pages.update(call, 'p', { set: { text: 'three' }, ifVersion: 1 }), undefined)
  assert.equal((await two.pages.update(call, 'p', { set: { text: 'three' }, where: { text: 'two' } }))?.version, 3)
})

test('a write of another process ends what is remembered, by its event', async () => {
  const file = join(folder, 'two.db')
  const one = await open({ lifetimeMs: 300_000, negative: true }, file)
  const two = await open({ lifetimeMs: 300_000, negative: true }, file)
  assert.equal(await two.pages.getByKey(call, 'bySlug', { slug: 's' }), undefined)
  await one.pages.insert(call, page())
  await eventually(async () => (await two.pages.getByKey(call, 'bySlug', { slug: 's' }))?.value.text === 'one', 'it hears of the insert')
  assert.equal((await two.pages.get(call, 'p'))?.value.text, 'one')
  await one.database.commit(call, [updateIn(one.definition, 'p', { set: { text: 'two' } })])
  await eventually(async () => (await two.pages.get(call, 'p'))?.value.text === 'two', 'it hears of the commit')
  await one.pages.delete(call, 'p')
  await eventually(async () => (await two.pages.get(call, 'p')) === undefined, 'it hears of the deletion')
})

test('who asks for it as it is stored does not get what is remembered, and others do not after that', async () => {
  const file = join(folder, 'fresh.db')
  const [here, there] = [await open({ lifetimeMs: 60_000 }, file), await open({ lifetimeMs: 60_000 }, file)]
  await here.pages.insert(call, { id: 'p', text: 'first' })
  await here.pages.get(call, 'p')
  const before = here.reads()
  await here.pages.get(call, 'p')
  assert.equal(here.reads(), before)
  await there.pages.update(call, 'p', { set: { text: 'second' } })
  assert.equal((await here.pages.get(call, 'p', { fresh: true }))?.value.text, 'second')
  assert.ok(here.reads() > before)
  assert.equal((await here.pages.get(call, 'p'))?.value.text, 'second')
})

test('while the database is away, what was read is still answered, and not for longer than it may', async () => {
  const { pages, clock, setDown } = await open({ lifetimeMs: 1000, staleWhileDownMs: 10_000 })
  await pages.insert(call, page())
  await pages.get(call, 'p')
  setDown(true)
  clock.advance(5000)
  assert.equal((await pages.get(call, 'p'))?.value.text, 'one')
  await assert.rejects(pages.get(call, 'never read'), { code: 'database.unavailable' })
  clock.advance(5000)
  await assert.rejects(pages.get(call, 'p'), { code: 'database.unavailable' })
  setDown(false)
  assert.equal((await pages.get(call, 'p'))?.value.text, 'one')
  const plain = await open({ lifetimeMs: 1000 })
  await plain.pages.insert(call, page())
  await plain.pages.get(call, 'p')
  plain.setDown(true)
  plain.clock.advance(1000)
  await assert.rejects(plain.pages.get(call, 'p'), { code: 'database.unavailable' })
})

test('a document that was written while the database was away for readers is not answered as it was', async () => {
  const { pages, clock, setDown } = await open({ lifetimeMs: 1000, staleWhileDownMs: 10_000 })
  await pages.insert(call, page())
  await pages.get(call, 'p')
  await pages.update(call, 'p', { set: { text: 'two' } })
  setDown(true)
  clock.advance(1500)
  await assert.rejects(pages.get(call, 'p'), { code: 'database.unavailable' })
})

test('a document ends when it ends, remembered or not', async () => {
  const { pages, clock } = await open({ lifetimeMs: 60_000, staleWhileDownMs: 60_000 })
  await pages.insert(call, page({ ends: clock.now() + 100 }))
  assert.notEqual(await pages.get(call, 'p'), undefined)
  clock.advance(100)
  assert.equal(await pages.get(call, 'p'), undefined)
})

test('what is remembered is shared and cannot be changed', async () => {
  const { pages } = await open({ lifetimeMs: 60_000 })
  await pages.insert(call, page({ list: ['a'] }))
  const first = await pages.get(call, 'p')
  assert.throws(() => first?.value.list?.push('b'), TypeError)
  assert.deepEqual((await pages.get(call, 'p'))?.value.list, ['a'])
})

test('it remembers so many and no more: by number and by size', async () => {
  const { pages, database, definition, reads } = await open({ lifetimeMs: 60_000, negative: true })
  for (let number = 0; number < 10_500; number += 1) await pages.get(call, `absent ${number}`)
  const before = reads()
  await pages.get(call, 'absent 10499')
  assert.equal(reads(), before)
  await pages.get(call, 'absent 0')
  assert.equal(reads(), before + 1)
  const text = 'x'.repeat(200_000)
  await database.commit(
    call,
    Array.from({ length: 100 }, (_, number) => insertInto(definition, page({ id: `big${number}`, slug: `big${number}`, text }))),
  )
  for (let number = 0; number < 100; number += 1) await pages.get(call, `big${number}`)
  const full = reads()
  for (let number = 99; number >= 60; number -= 1) await pages.get(call, `big${number}`)
  assert.equal(reads(), full, 'the last ones are there')
  await pages.get(call, 'big0')
  assert.equal(reads(), full + 1, 'the first are not')
})

test('refuses a lifetime that nobody would hear the end of', async () => {
  for (const cache of [
    { lifetimeMs: 0 },
    { lifetimeMs: 300_001 },
    { lifetimeMs: Number.NaN },
    { lifetimeMs: 1, staleWhileDownMs: 3_600_001 },
  ]) {
    await assert.rejects(open(cache), /The cache of collection pages/)
  }
})

test('nothing that decides about access is remembered for longer than a revocation may take', () => {
  // A revoked session or right has to end within a second, in every process: those collections are always read. Clients are read by every request of
  // theirs; what is remembered of them may be a second old where the event of a write is late.
  const sources = readdirSync(new URL('../../src/auth/', import.meta.url), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const declaring = sources
    .map((name) => readFileSync(new URL(`../../src/auth/${name}`, import.meta.url), 'utf8'))
    .filter((source) => /defineCollection(<\w+>)?\(/.test(source))
  assert.ok(declaring.length >= 4)
  const cached = declaring.filter((source) => /^\s*cache\s*[:,]/m.test(source))
  assert.deepEqual(
    cached.map((source) => /name: '(\w+)'/.exec(source)?.[1]),
    [clientsCollection.name],
  )
  assert.ok((clientsCollection.cache?.lifetimeMs ?? Number.POSITIVE_INFINITY) <= 1000)
  assert.equal(clientsCollection.cache?.staleWhileDownMs, undefined)
})
