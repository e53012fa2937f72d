// Looks at a backup, and brings it back: nothing is shown to anybody before every byte has been opened and every checksum has been compared.
import { createReadStream } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { createZstdDecompress } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import type { Secret } from '#kernel/secret.ts'
import type { CollectionLayout, Declared } from '../layout.ts'
import { eventText, fieldsOf, inForm, rowText, type Sum, Summing } from '../move/canonical.ts'
import { isEmpty, putSign, readSign, takeSignDown } from '../move/sign.ts'
import { rowsOf } from '../move/walk.ts'
import type { Engine, Snapshot } from '../ports.ts'
import { eventsOf, type LineSink, readLines } from './lines.ts'
import { type Contents, deviations, type Manifest } from './manifest.ts'
import { createPool } from './pool.ts'
import type { Shelf } from './ports.ts'
import { Damaged, opened } from './sealing.ts'
import { type Keys, keysOf, manifestIn, wrappingKey } from './store.ts'

export type ReadReport = (progress: { readonly phase: 'checking' | 'files' | 'data' | 'comparing'; readonly done: number }) => void

export interface OpenBackup {
  readonly path: string
  readonly manifest: Manifest
  readonly keys: Keys
}

export async function openBackup(path: string, key: Secret): Promise<OpenBackup> {
  const { salt } = await manifestIn(path)
  const keys = await keysOf(key, Buffer.from(salt, 'base64url'))
  return { path, manifest: await manifestIn(path, keys), keys }
}

/** The master key, for who has the key that wraps it. */
export async function masterKeyIn(path: string, keysKey: Secret): Promise<string> {
  const { salt } = await manifestIn(path)
  const key = await wrappingKey(keysKey, Buffer.from(salt, 'base64url'))
  return await textOf(opened(createReadStream(join(path, 'keys.nfb')), key, 'keys'))
}

export async function fileKeysIn({ path, keys }: OpenBackup): Promise<readonly string[]> {
  const text = await textOf(opened(createReadStream(join(path, 'files.nfb')), keys.data, 'files'))
  return text.split('\n').filter((line) => line !== '')
}

/** Opens every byte and compares every sum. Throws `Damaged` at the first thing that is not as the manifest says. */
export async function verifyBackup(backup: OpenBackup, report: ReadReport): Promise<void> {
  const { manifest, keys, path } = backup
  let done = 0
  const found = await readData(backup, {
    async mark() {},
    async rows(_collection, rows) {
      done += rows.length
      report({ phase: 'checking', done })
    },
    async events() {},
    async consumers() {},
  })
  const other = deviations(manifest.contents, found)
  if (other.length > 0) throw new Damaged(`The backup is not as its manifest says: ${other.join(', ')}.`)
  const names = await fileKeysIn(backup)
  if (names.length !== manifest.files.count)
    throw new Damaged(`The backup names ${names.length} files, and its manifest says ${manifest.files.count}.`)
  const pool = createPool(join(dirname(path), 'files'), keys.files)
  let files = 0
  for (const name of names) {
    for await (const piece of pool.open(name)) void piece
    files += 1
    report({ phase: 'files', done: files })
  }
}

export interface RestoreParts {
  readonly engine: Engine
  readonly declared: readonly Declared[]
  readonly shelf: Shelf
  /** Removes what the target holds. */
  readonly replace: boolean
  readonly now: () => number
  readonly report: ReadReport
}

export async function restoreBackup(backup: OpenBackup, parts: RestoreParts): Promise<void> {
  const { engine, declared, shelf, report, now } = parts
  const { manifest, keys, path } = backup
  refuseOthers(manifest, declared)
  await verifyBackup(backup, report)
  await makeRoom(parts)
  await putSign(engine, { says: 'arriving', other: `backup ${manifest.id}`, at: now() })
  const pool = createPool(join(dirname(path), 'files'), keys.files)
  await shelf.start()
  let files = 0
  for (const name of await fileKeysIn(backup)) {
    await shelf.put(name, pool.open(name))
    files += 1
    report({ phase: 'files', done: files })
  }
  await readData(backup, loader(parts))
  const other = deviations(manifest.contents, await contentsOf(parts, manifest))
  if (other.length > 0)
    throw new Damaged(`What was restored is not what the manifest says: ${other.join(', ')}. The database is not to be used.`)
  await takeSignDown(engine)
}

function refuseOthers({ contents, shapes }: Manifest, declared: readonly Declared[]): void {
  const known = new Map(declared.map(({ layout }) => [layout.name, layout.shape]))
  const unknown = contents.collections.filter(({ name }) => !known.has(name)).map(({ name }) => name)
  if (unknown.length > 0) {
    throw new Error(
      `The backup holds collections that this app does not define: ${unknown.join(', ')}. Restore with the app definition that it was made with.`,
    )
  }
  const newer = Object.entries(shapes).filter(([name, shape]) => shape > (known.get(name) ?? shape))
  if (newer.length > 0) {
    throw new Error(
      `The backup is of a newer version of this app: ${newer.map(([name, shape]) => `${name} has shape ${shape}`).join(', ')}. Restore with that version.`,
    )
  }
}

async function makeRoom({ engine, declared, replace }: RestoreParts): Promise<void> {
  if (await isEmpty(engine, declared)) return
  const sign = await readSign(engine)
  if (!replace && sign?.says !== 'arriving') {
    throw new Error(
      'There is data already where the backup is to be restored. Name an empty database and data folder, or say --replace to remove what is there.',
    )
  }
  for (const { layout } of declared) {
    for (let rows = await engine.rows(layout, { limit: 250 }); rows.length > 0; rows = await engine.rows(layout, { limit: 250 })) {
      await engine.load({ kind: 'erase', collection: layout.name, ids: rows.map(({ id }) => id) })
      await setImmediate()
    }
  }
  for (const { name } of await engine.events.consumers()) await engine.write({ kind: 'forget', consumer: name })
  const upTo = await engine.events.head()
  for (let answer = await pruned(engine, upTo); answer > 0; answer = await pruned(engine, upTo)) await setImmediate()
}

async function pruned(engine: Engine, upTo: number): Promise<number> {
  const answer = await engine.write({ kind: 'prune', upTo, limit: 500 })
  return answer.kind === 'done' ? answer.rows : 0
}

function loader({ engine, declared, report }: RestoreParts): LineSink {
  const collections = new Map(declared.map((collection) => [collection.layout.name, collection]))
  let done = 0
  return {
    async mark(mark) {
      await engine.write({ kind: 'mark', mark })
    },
    async rows(collection, rows) {
      const terms = collections.get(collection)?.terms
      const loaded = rows.map((row) => {
        const fields = fieldsOf(row.document)
        return { ...row, document: inForm(fields, engine.form), ...(terms === undefined ? {} : { terms: terms(fields) }) }
      })
      await engine.load({ kind: 'rows', collection, rows: loaded })
      done += rows.length
      report({ phase: 'data', done })
    },
    async events(events, head) {
      await engine.load({ kind: 'events', events, head })
    },
    async consumers(consumers) {
      if (consumers.length > 0) await engine.load({ kind: 'consumers', consumers })
    },
  }
}

/** What is in the database now, read back. */
async function contentsOf({ engine, declared, report }: RestoreParts, { contents }: Manifest): Promise<Contents> {
  const snapshot = await engine.snapshot()
  try {
    const names = new Set(contents.collections.map(({ name }) => name))
    const collections: Contents['collections'] = []
    for (const { layout } of declared) {
      if (names.has(layout.name)) collections.push({ name: layout.name, ...(await sumOf(snapshot, layout, report)) })
    }
    const events = new Summing()
    for await (const page of eventsOf(snapshot)) for (const event of page) events.add(eventText(event))
    return { collections, events: { ...events.result(), head: await snapshot.head() } }
  } finally {
    await snapshot.close()
  }
}

async function sumOf(snapshot: Snapshot, layout: CollectionLayout, report: ReadReport): Promise<Sum> {
  const summing = new Summing()
  let done = 0
  // At the beginning of time nothing has expired.
  for await (const { put } of rowsOf({ layout, snapshots: { source: snapshot }, now: 0 })) {
    for (const row of put) summing.add(rowText(row))
    done += put.length
    report({ phase: 'comparing', done })
    await setImmediate()
  }
  return summing.result()
}

async function readData({ path, keys }: OpenBackup, sink: LineSink): Promise<Contents> {
  let contents: Contents | undefined
  await pipeline(
    createReadStream(join(path, 'data.nfb')),
    (bytes: AsyncIterable<Uint8Array>) => opened(bytes, keys.data, 'data'),
    createZstdDecompress(),
    async (bytes: AsyncIterable<Uint8Array>) => {
      contents = await readLines(bytes, sink)
    },
  )
  if (contents === undefined) throw new Damaged('The data has no end.')
  return contents
}

async function textOf(pieces: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString('utf8')
}
