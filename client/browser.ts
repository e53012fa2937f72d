// Everything that the SDK uses of the browser, in one place, so that the rest is plain logic and tests stand in for this alone.
import { networkProblem } from './problem.ts'

export interface UploadRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Blob
  readonly onProgress?: ((fraction: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** What the server wrote into the page: `<meta name="ninefold" data-...>`. */
export interface PageAddresses {
  readonly mode?: string | undefined
  readonly api?: string | undefined
  readonly accounts?: string | undefined
  readonly files?: string | undefined
}

/** A WebSocket, as far as it is used here. */
export interface PageSocket {
  send(text: string): void
  close(): void
}

export interface SocketListeners {
  opened(): void
  received(text: string): void
  /** Also when it never opened. */
  closed(code: number): void
}

export interface Browser {
  readonly origin: string
  readonly addresses: PageAddresses
  fetch(url: string, init: RequestInit): Promise<Response>
  upload(request: UploadRequest): Promise<Response>
  openSocket(url: string, listeners: SocketListeners): PageSocket
  /** A cookie that scripts may read. */
  cookie(name: string): string | undefined
  /** The current path with its query. */
  path(): string
  go(path: string): void
  now(): number
  /** One at a time in all tabs of this origin, where the browser can; in this tab otherwise. */
  exclusively<T>(name: string, task: () => Promise<T>): Promise<T>
  /** To the other tabs of this origin. Never a token. */
  tell(message: unknown): void
  onTold(listener: (message: unknown) => void): void
}

const CHANNEL = 'ninefold-session'

export function thisBrowser(): Browser {
  const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(CHANNEL)
  return {
    origin: location.origin,
    addresses: readAddresses(),
    fetch: (url, init) => fetch(url, init),
    upload,
    openSocket,
    cookie: (name) =>
      document.cookie
        .split('; ')
        .find((pair) => pair.startsWith(`${name}=`))
        ?.slice(name.length + 1),
    path: () => location.pathname + location.search,
    go: (path) => location.assign(path),
    now: () => Date.now(),
    exclusively: inTurn,
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a broadcast channel reaches this origin alone.
    tell: (message) => channel?.postMessage(message),
    onTold: (listener) => channel?.addEventListener('message', (event: MessageEvent<unknown>) => listener(event.data)),
  }
}

function readAddresses(): PageAddresses {
  const { mode, api, accounts, files } = document.querySelector<HTMLMetaElement>('meta[name="ninefold"]')?.dataset ?? {}
  return { mode, api, accounts, files }
}

function openSocket(url: string, { opened, received, closed }: SocketListeners): PageSocket {
  const socket = new WebSocket(url, 'ninefold.realtime.v1')
  socket.addEventListener('open', opened)
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => typeof data === 'string' && received(data))
  socket.addEventListener('close', ({ code }) => closed(code))
  return {
    send: (text) => socket.readyState === WebSocket.OPEN && socket.send(text),
    close: () => socket.close(),
  }
}

let last: Promise<unknown> = Promise.resolve()

function inTurn<T>(name: string, task: () => Promise<T>): Promise<T> {
  // Locks exist in secure contexts only.
  if (typeof navigator !== 'undefined' && 'locks' in navigator) return navigator.locks.request(name, task)
  const mine = last.then(task, task)
  last = mine.catch(() => undefined)
  return mine
}

/** `fetch` cannot tell how much of a body has been sent; this older interface can. */
function upload({ url, headers, body, onProgress, signal }: UploadRequest): Promise<Response> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable && event.total > 0) onProgress?.(event.loaded / event.total)
    })
    request.addEventListener('load', () => {
      const type = request.getResponseHeader('content-type') ?? 'application/json'
      done(new Response(request.responseText, { status: request.status, headers: { 'content-type': type } }))
    })
    request.addEventListener('error', () => failed(networkProblem(undefined)))
    request.addEventListener('abort', () => failed(signal?.reason ?? networkProblem(undefined)))
    signal?.addEventListener('abort', () => request.abort(), { once: true })
    if (signal?.aborted) failed(signal.reason)
    else request.send(body)
  })
}
