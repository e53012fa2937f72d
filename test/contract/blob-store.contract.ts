// What every blob store must do. A function over a driver; an exemption needs a reason, and is tested to be true.
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { contractTest, type Exemption } from '../support/exemptions.ts'
import { newId } from '#kernel/ids.ts'
import type { BlobStore } from '../../src/files/ports.ts'

export interface OpenBlobStore {
  readonly store: BlobStore
  /** Everything that the store occupies, complete or not. */
  occupied(): Promise<number>
  close(): Promise<void>
}

const BIG = Buffer.alloc(1_500_000, 'abcdefghij')

async function* chunks(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function* failing(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* chunks(bytes)
  throw new Error('the sender went away')
}

async function read(store: BlobStore, key: string, range?: { start: number; end: number }): Promise<Buffer | undefined> {
  const content = await store.open(key, range)
  return content === undefined ? undefined : Buffer.concat(await content.toArray())
}

async function keysOf(store: BlobStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list()) keys.push(key)
  return keys.toSorted()
}

export function blobStoreContract(name: string, open: () => Promise<OpenBlobStore>, exemptions: readonly Exemption[] = []): void {
  const testWith = (title: string, body: (opened: OpenBlobStore) => Promise<void>): void => {
    const run = async (): Promise<void> => {
      const opened = await open()
      await opened.store.start()
      try {
        await body(opened)
      } finally {
        await opened.close()
      }
    }
    contractTest(title, run, exemptions)
  }

  describe(`BlobStore contract: ${name}`, () => {
    testWith('gives back what was put, byte for byte', async ({ store }) => {
      const key = newId(1)
      await store.put(key, chunks(BIG))
      assert.deepEqual(await read(store, key), BIG)
    })

    testWith('keeps many blobs apart', async ({ store }) => {
      const keys = Array.from({ length: 40 }, () => newId(1))
      await Promise.all(keys.map((key) => store.put(key, chunks(Buffer.from(`content of ${key}`)))))
      for (const key of keys) assert.equal((await read(store, key))?.toString(), `content of ${key}`)
      assert.deepEqual(await keysOf(store), keys.toSorted())
    })

    testWith('reads a range, both ends included', async ({ store }) => {
      const key = newId(1)
      await store.put(key, chunks(BIG))
      assert.deepEqual(await read(store, key, { start: 3, end: 3 }), BIG.subarray(3, 4))
      assert.deepEqual(await read(store, key, { start: 100_001, end: 700_000 }), BIG.subarray(100_001, 700_001))
      assert.deepEqual(await read(store, key, { start: 0, end: BIG.length - 1 }), BIG)
    })

    testWith('has nothing under a key that was never put', async ({ store }) => {
      assert.equal(await store.open(newId(1)), undefined)
    })

    testWith('forgets what is deleted, and deletes what is absent without a word', async ({ store }) => {
      const key = newId(1)
      await store.put(key, chunks(BIG))
      await store.delete(key)
      assert.equal(await store.open(key), undefined)
      assert.deepEqual(await keysOf(store), [])
      await store.delete(key)
    })

    testWith('leaves nothing when the source fails in the middle', async ({ store, occupied }) => {
      const key = newId(1)
      await assert.rejects(store.put(key, failing(BIG)), /the sender went away/)
      assert.equal(await store.open(key), undefined)
      assert.deepEqual(await keysOf(store), [])
      assert.equal(await occupied(), 0)
    })

    testWith('says when a blob was written', async ({ store }) => {
      const before = Date.now() - 2000
      await store.put(newId(1), chunks(BIG))
      for await (const { writtenAt } of store.list()) assert.ok(writtenAt >= before && writtenAt <= Date.now() + 2000, String(writtenAt))
    })

    testWith('refuses a key that is no id, whatever it would name', async ({ store, occupied }) => {
      for (const key of ['', '..', '../../../../etc/passwd', 'a/b', `${newId(1)}/../x`, `${newId(1)}\n`, `${newId(1).slice(1)}\0`]) {
        await assert.rejects(async () => store.put(key, chunks(BIG)), /must be an id/, key)
        await assert.rejects(async () => store.open(key), /must be an id/, key)
        await assert.rejects(async () => store.delete(key), /must be an id/, key)
      }
      assert.equal(await occupied(), 0)
    })

    testWith('is well after start, and may be started again', async ({ store }) => {
      const key = newId(1)
      await store.put(key, chunks(BIG))
      await store.start()
      assert.equal(await store.health(), undefined)
      assert.deepEqual(await read(store, key), BIG)
    })
  })
}
