// A file that the pages load: named by its content, so that browsers may keep it for ever.
import { createHash } from 'node:crypto'

const HASH_CHARACTERS = 16

const TYPES = {
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  js: 'text/javascript; charset=utf-8',
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  woff2: 'font/woff2',
} as const

export interface Asset {
  readonly path: string
  readonly bytes: Uint8Array
  readonly type: string
  /** For the list of routes. */
  readonly about: string
}

export function asset(
  content: string | Uint8Array,
  { extension, about }: { readonly extension: keyof typeof TYPES; readonly about: string },
): Asset {
  const bytes = typeof content === 'string' ? Buffer.from(content.trim()) : content
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, HASH_CHARACTERS)
  return { path: `/assets/accounts-${hash}.${extension}`, bytes, type: TYPES[extension], about }
}
