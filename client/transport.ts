// Requests to the API on the person's authority: fresh token first, one refresh and one retry when it was refused all the same.
import type { Browser, UploadRequest } from './browser.ts'
import { problemFrom } from './problem.ts'
import { request } from './request.ts'
import type { SessionKeeper } from './session.ts'
import { stepUpIn } from './step-up.ts'

export interface Transport {
  /** `path` is relative to the API: `photos/01h...`. Absolute addresses must be of the API or the files origin: tokens go nowhere else. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  upload(path: string, upload: Omit<UploadRequest, 'url'>): Promise<Response>
}

export interface TransportOptions {
  readonly browser: Browser
  readonly keeper: SessionKeeper
  /** Absolute, without a slash at the end. */
  readonly api: string
  readonly files?: string | undefined
  readonly mode: 'cookie' | 'memory'
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

export function createTransport(options: TransportOptions): Transport {
  const { browser, keeper, mode } = options

  /** Runs it, and once more after a refresh or with a new CSRF token, when that was all that was wrong. */
  const attempt = async (unsafe: boolean, send: (headers: Record<string, string>) => Promise<Response>): Promise<Response> => {
    await keeper.ensureFresh()
    const first = await send(await keeper.headers(unsafe))
    // A new token would tell of the same sign-in.
    if (first.status === 401 && stepUpIn(first.headers.get('www-authenticate')) === undefined) {
      const session = await keeper.read()
      return session.signedIn && (await keeper.refresh()) ? send(await keeper.headers(unsafe)) : first
    }
    if (mode === 'memory' || first.status !== 403 || !unsafe) return first
    if ((await problemFrom(first.clone())).code !== 'http.csrf') return first
    await keeper.read()
    return send(await keeper.headers(unsafe))
  }

  return {
    async fetch(path, init = {}) {
      const url = addressOf(path, options)
      const method = (init.method ?? 'GET').toUpperCase()
      // Across origins the token is the authority; cookies stay at home.
      const credentials = mode === 'memory' ? 'omit' : 'same-origin'
      return attempt(!SAFE.has(method), (own) => {
        const headers = new Headers(init.headers)
        for (const [name, value] of Object.entries(own)) headers.set(name, value)
        return request(browser, url, { ...init, method, headers, credentials })
      })
    },
    async upload(path, upload) {
      const url = addressOf(path, options)
      return attempt(true, (own) => browser.upload({ ...upload, url, headers: { ...upload.headers, ...own } }))
    },
  }
}

function addressOf(path: string, { api, files }: TransportOptions): string {
  const url = new URL(path, `${api}/`)
  const inApi = url.href === api || url.href.startsWith(`${api}/`)
  const inFiles = files !== undefined && url.origin === files
  if (!inApi && !inFiles) throw new TypeError(`${url.origin} is neither the API nor the files origin`)
  return url.href
}
