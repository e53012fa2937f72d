// One single-page app: its shell for navigations, its files, and 404 for everything else.
import { join } from 'node:path'
import { html } from '#kernel/html.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Answer, type Exchange, page, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { apiAudience, type SiteName, type Sites } from '#kernel/sites.ts'
import { answerFile } from './assets.ts'
import type { Compressor } from './compression.ts'
import { type BuiltFile, readFolder } from './folder.ts'
import { createPage } from './page.ts'

export interface SiteSettings {
  readonly site: SiteName
  /** For messages and the route inventory. */
  readonly title: string
  readonly folder: string
  readonly mode: 'cookie' | 'memory' | 'none'
  readonly compressor: Compressor
}

export interface Site {
  readonly routes: readonly Route[]
  /** Reads the folder. The reason, when it cannot be served. */
  load(): Promise<string | undefined>
}

const wildcard = z.object({ '*': z.string() })
// Single-page apps read the query themselves; nothing on the server does.
const anyQuery = z.unknown()

export function createSite(settings: SiteSettings, sites: Sites): Site {
  let files: ReadonlyMap<string, BuiltFile> = new Map()
  let shell: ReturnType<typeof createPage> | undefined

  const serveAsset = (exchange: Exchange): Answer => {
    const file = files.get(exchange.path)
    if (file === undefined) throw httpErrors.not_found()
    return answerFile(file, exchange.request.headers, settings.compressor)
  }
  const serve = (exchange: Exchange): Answer => {
    const file = exchange.path === '/index.html' ? undefined : files.get(exchange.path)
    if (file !== undefined) return answerFile(file, exchange.request.headers, settings.compressor)
    if (shell === undefined || !isNavigation(exchange)) throw httpErrors.not_found()
    return { ...page(shell(exchange.nonce())), headers: { 'cache-control': 'no-store' } }
  }
  const common = { method: 'GET', site: settings.site, allow: { who: 'anyone' }, rate: 'page' } as const
  const input = { params: wildcard, query: anyQuery }
  return {
    routes: [
      route({
        ...common,
        path: '/assets/*',
        summary: `Files of ${settings.title}, named by their content`,
        input,
        answers: { 200: 'bytes', 304: 'empty' },
        handle: async (_call, _input, exchange) => serveAsset(exchange),
      }),
      route({
        ...common,
        path: '/*',
        summary: `${settings.title}: the page for every navigation that no other route takes`,
        input,
        answers: { 200: 'html', 304: 'empty' },
        handle: async (_call, _input, exchange) => serve(exchange),
      }),
    ],
    async load() {
      try {
        const found = await readFolder(settings.folder)
        const index = found.get('/index.html')
        if (index === undefined) return notBuilt(settings)
        shell = createPage(index.plain.toString('utf8'), addresses(settings, sites))
        // Browsers ask for this name on pages that link no icon, such as the gateway's own.
        const icon = found.get('/favicon.svg')
        if (icon !== undefined && !found.has('/favicon.ico')) found.set('/favicon.ico', icon)
        files = found
        return undefined
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return notBuilt(settings)
        return `${settings.title}: ${cause instanceof Error ? cause.message : String(cause)}`
      }
    },
  }
}

function notBuilt({ title, folder }: SiteSettings): string {
  return `${title}: there is no ${join(folder, 'index.html')}; build the frontend first`
}

/** What the browser SDK must know, so that one build runs under every domain and port. */
function addresses({ mode }: SiteSettings, sites: Sites): ReturnType<typeof html> {
  if (mode === 'none') return html``
  return html`<meta name="ninefold" data-mode="${mode}" data-api="${apiAudience(sites)}" data-accounts="${sites.accounts}" data-files="${sites.files}">`
}

/** A person going somewhere, as opposed to a script that asks for something that is not there. */
function isNavigation({ path, request }: Exchange): boolean {
  if (/^\/(api|session|assets)(\/|$)/.test(path)) return false
  const mode = request.headers['sec-fetch-mode']
  if (mode !== undefined && mode !== 'navigate') return false
  // The front page is there for whoever asks: monitors and curl name no type.
  return path === '/' || (request.headers.accept?.includes('text/html') ?? false)
}
