// What the app keeps of a person elsewhere, as its hook gives it. Whatever goes wrong in there breaks the download off: half of it must never be taken for the whole.
import { Readable } from 'node:stream'
import { type Call, callAs } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { OwnDataEntry, OwnDataHook } from './contract.ts'
import { safePath, type ZipEntry } from './zip.ts'

const FOLDER = 'app'

export interface AppEntriesLimits {
  /** For the next entry, or the next piece of one. */
  readonly waitMs: number
  /** Of one entry: one that never ends must end. */
  readonly entryBytes: number
  readonly entries: number
}

const LIMITS: AppEntriesLimits = { waitMs: 30_000, entryBytes: 1024 * 1024 * 1024, entries: 10_000 }

export interface AppEntriesParts {
  readonly clock: Clock
  readonly logger: Logger
  readonly limits?: Partial<AppEntriesLimits> | undefined
}

export type AppEntries = (call: Call, accountId: string) => AsyncIterable<ZipEntry>

type Pieces = AsyncIterable<string | Uint8Array>

const isPieces = (value: unknown): value is Pieces => typeof value === 'object' && value !== null && Symbol.asyncIterator in value

// Node strips types without reading them, and an entry of another shape is none.
const entry: z.ZodType<OwnDataEntry> = z.strictObject({
  path: z.string().min(1).max(1000),
  content: z.union([z.string(), z.instanceof(Uint8Array), z.custom<Pieces>(isPieces)], {
    error: 'must be text, bytes, or an async iterable of these',
  }),
})

/** `undefined` for an app without such a hook. */
export function appEntries(hook: OwnDataHook | undefined, { clock, logger, limits: given }: AppEntriesParts): AppEntries | undefined {
  if (hook === undefined) return undefined
  const limits = { ...LIMITS, ...given }
  return async function* entriesOfApp(call, accountId) {
    const failed = (cause: unknown): unknown => {
      logger.error(
        { requestId: call.requestId, event: 'auth.hook_failed', hook: 'ownData', err: cause },
        'a hook of the app failed, so the download broke off',
      )
      return cause
    }
    const at = clock.now()
    const room = createRoom(limits.entries)
    // The platform may read everything, and the app's hook is not the platform.
    const own = callAs(call, { kind: 'anonymous' })
    try {
      for await (const next of patient(hook({ call: own, now: at }, accountId), limits.waitMs)) {
        const { path, content } = entry.parse(next)
        const pieces = bounded(content, limits, path)
        const open = async (): Promise<Readable> => Readable.from(noted(pieces, failed), { objectMode: false })
        yield { path: room.take(path), at, compress: typeof content === 'string', open }
      }
    } catch (error) {
      throw failed(error)
    }
  }
}

async function* noted(pieces: Pieces, failed: (cause: unknown) => unknown): Pieces {
  try {
    yield* pieces
  } catch (error) {
    throw failed(error)
  }
}

/** No path twice, however it is spelled, and none that is a folder of another: whoever unpacks it would lose one. */
function createRoom(most: number): { take(path: string): string } {
  const files = new Set<string>()
  const folders = new Set<string>()
  return {
    take(given) {
      const path = safePath([FOLDER, ...given.split('/')])
      const parts = path.toLowerCase().split('/')
      const key = parts.join('/')
      const above = parts.slice(0, -1).map((_part, index) => parts.slice(0, index + 1).join('/'))
      if (files.size >= most) throw new Error(`There are more than ${most} entries.`)
      if (files.has(key) || folders.has(key) || above.some((folder) => files.has(folder)))
        throw new Error(`Two entries have the path ${JSON.stringify(path)}, or one is a folder of the other.`)
      files.add(key)
      for (const folder of above) folders.add(folder)
      return path
    },
  }
}

async function* bounded(content: OwnDataEntry['content'], limits: AppEntriesLimits, path: string): Pieces {
  let bytes = 0
  const counted = (piece: unknown): string | Uint8Array => {
    if (typeof piece !== 'string' && !(piece instanceof Uint8Array)) throw new TypeError(`A piece of ${path} is neither text nor bytes.`)
    bytes += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
    if (bytes > limits.entryBytes) throw new Error(`The entry ${path} has more than ${limits.entryBytes} bytes.`)
    return piece
  }
  if (!isPieces(content)) yield counted(content)
  else for await (const piece of patient(content, limits.waitMs)) yield counted(piece)
}

/** Each step within its time. Whoever reads no more ends it, too. */
async function* patient<T>(steps: AsyncIterable<T>, ms: number): AsyncGenerator<T> {
  const iterator = steps[Symbol.asyncIterator]()
  let isOver = false
  try {
    for (;;) {
      const step = await within(ms, iterator.next())
      isOver = step.done === true
      if (step.done === true) return
      yield step.value
    }
  } finally {
    // One that hangs does not answer to this either, so nobody waits for it.
    if (!isOver) void (async () => await iterator.return?.())().catch(() => {})
  }
}

async function within<T>(ms: number, step: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${ms} ms.`)), ms)
  })
  return await Promise.race([step, over]).finally(() => clearTimeout(timer))
}
