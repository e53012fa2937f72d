// The browser SDK: sessions, requests to the API, uploads. No dependencies, no web storage.
import { type Browser, thisBrowser } from './browser.ts'
import { problemFrom } from './problem.ts'
import { createResource, type Resource } from './resource.ts'
import { SessionKeeper } from './session.ts'
import type { Session } from './state.ts'
import { createTransport, type Transport } from './transport.ts'

export { type FieldProblem, ProblemError } from './problem.ts'
export type { ListOptions, Page, Resource, Stored } from './resource.ts'
export type { Session } from './state.ts'

export interface ClientOptions {
  /**
   * `cookie`: the API is on this page's origin and no script ever sees a token. `memory`: the API is on another origin; the page holds the
   * access token in a variable. The frontend's own mode unless told.
   */
  readonly mode?: 'cookie' | 'memory'
  /** Where the API is, for example `https://diary.example/api`. What the server wrote into the page unless told. */
  readonly api?: string
}

export interface UploadOptions {
  /** Shown to people later; the name of the file unless told. */
  readonly name?: string
  /** From 0 to 1, as bytes leave this machine. */
  readonly onProgress?: (fraction: number) => void
  readonly signal?: AbortSignal
}

export interface StoredFile {
  readonly id: string
  readonly bucket: string
  readonly mediaType: string
  readonly bytes: number
  readonly sha256: string
  readonly name: string
}

export interface Client {
  /** Who is signed in. Ask once when the page opens; `onSession` tells what changes later. */
  session(): Promise<Session>
  /** Leaves for the sign-in page and comes back to `returnTo`, a path of this site: this page unless told. */
  signIn(returnTo?: string): void
  signOut(): Promise<void>
  /** Called when the session ends here or in another tab, and when somebody else has signed in. Returns how to stop listening. */
  onSession(listener: (session: Session) => void): () => void
  /** `fetch` on the person's authority; the path is relative to the API. Answers with any status are returned, only a failing network throws. */
  readonly fetch: Transport['fetch']
  resource<T>(name: string): Resource<T>
  upload(bucket: string, file: Blob, options?: UploadOptions): Promise<StoredFile>
  /** Public addresses of the platform, as far as the page knows them. */
  readonly addresses: { readonly accounts?: string | undefined; readonly files?: string | undefined }
}

export function createClient(options: ClientOptions = {}, browser: Browser = thisBrowser()): Client {
  const { addresses } = browser
  const mode = options.mode ?? (addresses.mode === 'memory' ? 'memory' : 'cookie')
  const api = new URL(options.api ?? (mode === 'cookie' ? '/api' : (addresses.api ?? '/api')), browser.origin).href
  const keeper = new SessionKeeper(browser, mode)
  const transport = createTransport({ browser, keeper, api, mode, files: addresses.files })
  return {
    session: () => keeper.read(),
    signIn: (returnTo = browser.path()) => browser.go(`/session/sign-in?return_to=${encodeURIComponent(returnTo)}`),
    signOut: () => keeper.signOut(),
    onSession: (listener) => keeper.listen(listener),
    fetch: (path, init) => transport.fetch(path, init),
    resource: (name) => createResource(transport, name),
    upload: (bucket, file, upload) => sendFile(transport, { bucket, file, ...upload }),
    addresses: { accounts: addresses.accounts, files: addresses.files },
  }
}

interface FileToSend extends UploadOptions {
  readonly bucket: string
  readonly file: Blob
}

async function sendFile(transport: Transport, { bucket, file, name, onProgress, signal }: FileToSend): Promise<StoredFile> {
  const shown = name ?? ('name' in file && typeof file.name === 'string' ? file.name : 'file')
  // Header values are ASCII; names of files are not.
  const headers = { 'content-type': file.type === '' ? 'application/octet-stream' : file.type, 'x-file-name': encodeURIComponent(shown) }
  const response = await transport.upload(`files/${encodeURIComponent(bucket)}`, { headers, body: file, onProgress, signal })
  if (!response.ok) throw await problemFrom(response)
  const stored: StoredFile = await response.json()
  return stored
}
