// The files that the pages load: named by their content, so that browsers may keep them for ever.
import { createHash } from 'node:crypto'
import { type Route, route } from '#kernel/http/route.ts'
import { passkeyScript } from '../passkeys/script.ts'
import { icon } from './mark.ts'
import { styleSheet } from './style.ts'

const HASH_CHARACTERS = 16

interface Asset {
  readonly path: string
  readonly bytes: Uint8Array
  readonly type: string
  readonly extension: string
}

function asset(text: string, extension: string, type: string): Asset {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, HASH_CHARACTERS)
  return { path: `/assets/accounts-${hash}.${extension}`, bytes: Buffer.from(text), type, extension }
}

const style = asset(styleSheet.trim(), 'css', 'text/css; charset=utf-8')
const tabIcon = asset(icon, 'svg', 'image/svg+xml')
const passkeys = asset(passkeyScript.trim(), 'js', 'text/javascript; charset=utf-8')

export const stylePath = style.path
export const iconPath = tabIcon.path
export const passkeyScriptPath = passkeys.path

const WORDS: Readonly<Record<string, string>> = { css: 'Style sheet', svg: 'Icon', js: 'Script for passkeys' }

export function assetRoutes(): Route[] {
  return [style, tabIcon, passkeys].map(({ path, bytes, type, extension }) =>
    route({
      method: 'GET',
      path,
      site: 'accounts',
      allow: { who: 'anyone' },
      rate: 'page',
      summary: `${WORDS[extension] ?? 'File'} of the account pages`,
      answers: { 200: 'bytes' },
      handle: async () => ({ status: 200, headers: { 'cache-control': 'public, max-age=31536000, immutable' }, body: { bytes, type } }),
    }),
  )
}
