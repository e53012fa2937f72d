// A folder of backups: which there are, and the keys that open them.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Secret } from '#kernel/secret.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { Damaged, keyFor, rootOf } from './sealing.ts'

export const BACKUP_NAME = /^\d{8}t\d{9}z-[0-9a-z]{6}$/

export interface Keys {
  readonly salt: Buffer
  readonly manifest: Buffer
  readonly data: Buffer
  readonly files: Buffer
}

export async function keysOf(secret: Secret, salt: Buffer): Promise<Keys> {
  const root = await rootOf(secret.reveal(), salt)
  return { salt, manifest: keyFor(root, 'manifest'), data: keyFor(root, 'data'), files: keyFor(root, 'files') }
}

/** The key that wraps the master key is made from another secret: data and files alone do not give it. */
export async function wrappingKey(secret: Secret, salt: Buffer): Promise<Buffer> {
  return keyFor(await rootOf(secret.reveal(), salt), 'keys')
}

/** One salt for all backups of a folder, since they share files. */
export async function saltOf(folder: string): Promise<Buffer> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'salt')
  if (!existsSync(file)) await writeFile(file, `${randomBytes(16).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  return Buffer.from((await readFile(file, 'utf8')).trim(), 'base64url')
}

/** Oldest first. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => BACKUP_NAME.test(name)).toSorted()
}

export async function manifestIn(folder: string, keys?: Keys): Promise<Manifest> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch((cause: unknown) => {
    throw new Damaged(`${folder} has no manifest: it is no backup, or not a whole one.`, { cause })
  })
  return readManifest(text, keys?.manifest)
}

/** What interrupted backups have left. */
export async function clearDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith('.draft') && BACKUP_NAME.test(name.slice(0, -'.draft'.length)))
      await rm(join(folder, name), { recursive: true, force: true })
  }
}
