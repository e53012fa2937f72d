// The browser SDK: sessions, requests to the API, uploads. No dependencies, no web storage.
import { type Browser, thisBrowser } from './browser.ts'
import { problemFrom } from './problem.ts'
import { createResource, type Resource, type TypedResource } from './resource.ts'
import { SessionKeeper } from './session.ts'
import type { Session } from './state.ts'
import { signInAddress, type SignInWishes } from './step-up.ts'
import { createLive, type Live } from './subscribe.ts'
import { createTransport, type Transport } from './transport.ts'
import type { AppResources, AppTypes, ResourceTypes } from './typed.ts'

export { type FieldProblem, ProblemError } from './problem.ts'
export type { BulkOperation, BulkResult, ChangeHandlers, Expanded, ListOptions, Page, Resource, Stored, TypedResource } from './resource.ts'
export type { Session } from './state.ts'
export type { SignInWishes, StepUp } from './step-up.ts'
export type { Followed } from './subscribe.ts'
export type { AppResources, AppTypes, ResourceTypes } from './typed.ts'

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

export interface Client<App extends AppTypes = AppTypes> {
  /** Who is signed in. Ask once when the page opens; `onSession` tells what changes later. */
  session(): Promise<Session>
  /**
   * Leaves for the sign-in page and comes back to `returnTo`, a path of this site: this page unless told. With the `stepUp` of a problem the person is asked
   * for what was missing; `uiLocales` says in which languages.
   */
  signIn(returnTo?: string, wishes?: SignInWishes): void
  signOut(): Promise<void>
  /** Called when the session ends here or in another tab, and when somebody else has signed in. Returns how to stop listening. */
  onSession(listener: (session: Session) => void): () => void
  /** `fetch` on the person's authority; the path is relative to the API. Answers with any status are returned, only a failing network throws. */
  readonly fetch: Transport['fetch']
  /** Every resource of the app by its name, with its fields, filters and relations: `client.resources.photos.list(...)`. */
  readonly resources: {
    readonly [Name in keyof AppResources<App>]: TypedResource<Extract<AppResources<App>[Name], ResourceTypes>, AppResources<App>>
  }
  /** A resource of an app whose definition this page cannot import. */
  resource<T>(name: string): Resource<T>
  upload(bucket: string, file: Blob, options?: UploadOptions): Promise<StoredFile>
  /** Public addresses of the platform, as far as the page knows them. */
  readonly addresses: { readonly accounts?: string | undefined; readonly files?: string | undefined }
}

/** `createClient<typeof app>()`, with `import type app from '../ninefold.config.ts'`, knows every resource of the app. */
export function createClient<App extends AppTypes = AppTypes>(options: ClientOptions = {}, browser: Browser = thisBrowser()): Client<App> {
  const { addresses } = browser
  const mode = options.mode ?? (addresses.mode === 'memory' ? 'memory' : 'cookie')
  const api = new URL(options.api ?? (mode === 'cookie' ? '/api' : (addresses.api ?? '/api')), browser.origin).href
  const keeper = new SessionKeeper(browser, mode)
  const transport = createTransport({ browser, keeper, api, mode, files: addresses.files })
  const live = createLive({ browser, keeper, api, mode })
  return {
    session: () => keeper.read(),
    signIn: (returnTo = browser.path(), wishes) => browser.go(signInAddress(returnTo, wishes)),
    signOut: () => keeper.signOut(),
    onSession: (listener) => keeper.listen(listener),
    fetch: (path, init) => transport.fetch(path, init),
    resources: resourcesOf(transport, live),
    resource: (name) => createResource(transport, live, name),
    upload: (bucket, file, upload) => sendFile(transport, { bucket, file, ...upload }),
    addresses: { accounts: addresses.accounts, files: addresses.files },
  }
}

/** Names are known to the compiler only; here each is made when it is asked for. */
function resourcesOf<App extends AppTypes>(transport: Transport, live: Live): Client<App>['resources'] {
  const made = new Map<string, unknown>()
  const get = (_target: object, name: string | symbol): unknown => {
    // A promise that resolves with this object looks for `then`.
    if (typeof name === 'symbol' || name === 'then') return undefined
    if (!made.has(name)) made.set(name, createResource(transport, live, name))
    return made.get(name)
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names and types are those of the app definition
  return new Proxy({}, { get }) as Client<App>['resources']
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
