// The disk driver passes the contract, and what only a disk can show.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#kernel/clock.ts'
import { newId } from '#kernel/ids.ts'
import { createDiskStore } from '../../src/files/drivers/disk.ts'
import { blobStoreContract } from './blob-store.contract.ts'

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

blobStoreContract('disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-blobs-'))
  return {
    store: createDiskStore({ folder, clock: systemClock }),
    occupied: async () => (await filesUnder(folder)).length,
    close: () => rm(folder, { recursive: true, force: true }),
  }
})

test('keeps files for the owner of the process only, fanned out by the random end of the key', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-blobs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const store = createDiskStore({ folder, clock: systemClock })
  await store.start()
  const key = newId(1)
  await store.put(
    key,
    (async function* () {
      yield Buffer.from('x')
    })(),
  )
  const path = join(folder, 'blobs', key.slice(-2), key)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal((await stat(join(folder, 'blobs'))).mode & 0o777, 0o700)
})

test('start clears what interrupted uploads left an hour ago, and nothing younger', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-blobs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'incoming'), { recursive: true })
  const old = join(folder, 'incoming', `${newId(1)}.part`)
  const young = join(folder, 'incoming', `${newId(1)}.part`)
  await writeFile(old, 'half')
  await writeFile(young, 'half')
  const twoHoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
  await utimes(old, twoHoursAgo, twoHoursAgo)
  await createDiskStore({ folder, clock: systemClock }).start()
  assert.deepEqual(await filesUnder(folder), [young])
})
