// The built page, read once: requests are answered from this map and never reach the disk.
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Asset {
  readonly type: string
  readonly body: Buffer
  readonly cacheControl: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

export async function readAssets(folder: URL): Promise<ReadonlyMap<string, Asset>> {
  const root = fileURLToPath(folder)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && extname(entry.name) in TYPES)
  const read = files.map(async (entry): Promise<[string, Asset]> => {
    const file = join(entry.parentPath, entry.name)
    const path = `/${relative(root, file).replaceAll('\\', '/')}`
    const cacheControl = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    return [path, { type: TYPES[extname(file)] ?? '', body: await readFile(file), cacheControl }]
  })
  return new Map(await Promise.all(read))
}
