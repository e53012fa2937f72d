// The built files of a frontend, read once at start. Requests are answered from this map alone: no path that a client sends reaches the disk.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'

const MAX_FOLDER_BYTES = 64 * 1024 * 1024
const HASHED_NAME = /^\/assets\/.*-[\w-]{8,}\.\w+$/

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml',
}

export interface BuiltFile {
  readonly type: string
  readonly cacheControl: string
  /** The strong entity tag without its quotes; an encoded form adds its own ending. */
  readonly tag: string
  readonly plain: Buffer
  /** Filled in the background once somebody has asked. */
  br?: Buffer
  gzip?: Buffer
}

/** Every file by its path on the site. Hidden files and links are left out. */
export async function readFolder(folder: string): Promise<Map<string, BuiltFile>> {
  const files = new Map<string, BuiltFile>()
  let total = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const path = `/${relative(folder, file).split(sep).join('/')}`
    if (path.includes('/.')) continue
    const plain = await readFile(file)
    total += plain.length
    if (total > MAX_FOLDER_BYTES) throw new Error(`${folder} holds more than 64 MB: large media belong into a bucket`)
    files.set(path, describe(path, plain))
  }
  return files
}

function describe(path: string, plain: Buffer): BuiltFile {
  return {
    type: TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
    // Only a name that changes with the content may be kept for ever.
    cacheControl: HASHED_NAME.test(path) ? 'public, max-age=31536000, immutable' : 'public, max-age=0, must-revalidate',
    tag: createHash('sha256').update(plain).digest('base64url').slice(0, 27),
    plain,
  }
}
