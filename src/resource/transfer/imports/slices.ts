// An import as work of the jobs server: in slices, so that a worker that vanishes costs one slice, and nobody's import keeps a worker for itself.
import type { Call } from '#kernel/call.ts'
import { AppError } from '#kernel/errors.ts'
import { type JobContext, type JobDefinition, job } from '#kernel/job.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Stored } from '../../../database/contract.ts'
import type { Resource } from '../../compile.ts'
import type { WriteParts } from '../../writing/parts.ts'
import type { ImportView } from '../contract.ts'
import { transferErrors } from '../errors.ts'
import { download } from '../fetch/pages.ts'
import { parsedUrl } from '../fetch/request.ts'
import type { ImportRecord } from '../schemas.ts'
import { CHECK_MS, type Undertaking } from './authority.ts'
import { examine } from './examine.ts'
import { shapeChange } from './format.ts'
import { changed, endedWith, IMPORT_JOB, importJob } from './lifecycle.ts'
import { run } from './run.ts'
import { type ImportsParts, mapperFor, sourceOf } from './service.ts'
import { asUtf8 } from './text.ts'
import { viewOf } from './view.ts'

export interface SliceParts extends ImportsParts {
  readonly writes: WriteParts
  readonly logger: Logger
  /** Whether what the person has allowed has ended since. */
  readonly hasEnded: (call: Call, about: Undertaking) => Promise<boolean>
  readonly allowLoopback: boolean
}

const SLICE_MS = 15_000
const FETCH_MS = 10 * 60 * 1000
/** A fetch, a slice, and what it takes to notice. */
const JOB_MS = FETCH_MS + 60_000
/** Of all slices of this process. The other workers are for mails and what else should not wait. */
const MOST_AT_ONCE = 2
const BUSY_MS = 5000

export interface Slices {
  readonly job: JobDefinition
  /** To the end. */
  runAll(call: Call, id: string, onProgress: (view: ImportView) => void): Promise<ImportView>
}

export function createSlices(parts: SliceParts): Slices {
  let running = 0
  return {
    job: job({
      name: IMPORT_JOB,
      input: z.strictObject({ id: z.string() }),
      timeoutMs: JOB_MS,
      async handle({ call, jobId }: JobContext, { id }) {
        if (running >= MOST_AT_ONCE) {
          await later(parts, call, { id, turn: jobId, delayMs: BUSY_MS })
          return
        }
        running += 1
        try {
          const until = parts.clock.now() + SLICE_MS
          const outcome = await slice(parts, call, { id, isEnough: () => parts.clock.now() >= until })
          if (outcome === 'more') await later(parts, call, { id, turn: jobId, delayMs: 0 })
        } finally {
          running -= 1
        }
      },
    }),
    async runAll(call, id, onProgress) {
      const request = { id, isEnough: () => false, onProgress: (record: ImportRecord) => onProgress(viewOf(record)) }
      while ((await slice(parts, call, request)) === 'more');
      const record = (await parts.imports.find(call, id))?.value
      if (record === undefined) throw transferErrors.not_found()
      return viewOf(record)
    },
  }
}

/** The next turn's key carries this one's, so that it is not taken for this one. */
async function later(parts: SliceParts, call: Call, { id, turn, delayMs }: { id: string; turn: string; delayMs: number }): Promise<void> {
  await changed(parts.imports, call, {
    id,
    change: ({ state }) =>
      state === 'waiting' || state === 'running'
        ? { set: { beatAt: parts.clock.now() }, events: [importJob(id, `after ${turn.slice(-60)}`, delayMs)] }
        : undefined,
  })
}

interface SliceRequest {
  readonly id: string
  readonly isEnough: () => boolean
  readonly onProgress?: (record: ImportRecord) => void
}

async function slice(parts: SliceParts, call: Call, { id, isEnough, onProgress }: SliceRequest): Promise<'ended' | 'more'> {
  const found = await parts.imports.find(call, id)
  if (found === undefined || (found.value.state !== 'waiting' && found.value.state !== 'running')) return 'ended'
  try {
    const taken = await takeUp(parts, call, found)
    if (taken === undefined) return 'ended'
    const { record, resource } = taken
    let checkedAt = parts.clock.now()
    const outcome = await run({ ...parts, imports: parts.imports }, call, {
      record,
      resource,
      async isEnough() {
        if (isEnough()) return true
        if (parts.clock.now() - checkedAt < CHECK_MS) return false
        checkedAt = parts.clock.now()
        // Then taking it up again ends it, with the reason.
        return await parts.hasEnded(call, record)
      },
      onProgress,
    })
    if (outcome.kind === 'more') return 'more'
    if (outcome.kind === 'ended') await end(parts, call, { id, problem: outcome.problem })
    return 'ended'
  } catch (error) {
    // What is wrong with the import itself will not get better; all else is tried again.
    if (!(error instanceof AppError) || error.status >= 500) throw error
    await end(parts, call, { id, problem: reasonOf(error) })
    return 'ended'
  }
}

function reasonOf(error: AppError): string {
  const fields = (error.fields ?? []).slice(0, 20).map(({ field, message }) => `${field}: ${message}`)
  return [error.detail ?? error.title, ...fields].join(' ')
}

interface TakenUp {
  readonly record: ImportRecord
  readonly resource: Resource
}

async function takeUp(parts: SliceParts, call: Call, found: Stored<ImportRecord>): Promise<TakenUp | undefined> {
  const { value } = found
  const resource = parts.resources.get(value.resource)
  if (resource === undefined) throw transferErrors.bad_options({ detail: `There is no resource ${value.resource} any more.` })
  await requireGood(parts, call, value)
  const set = value.source === undefined ? {} : await fetched(parts, call, { record: value, resource })
  // The other side may have taken minutes.
  if (value.source !== undefined) await requireGood(parts, call, value)
  const stored = await parts.imports.change(call, found, { set: { ...set, state: 'running', beatAt: parts.clock.now() } })
  return stored === undefined ? undefined : { record: stored.value, resource }
}

async function requireGood(parts: SliceParts, call: Call, record: ImportRecord): Promise<void> {
  if (await parts.hasEnded(call, record))
    throw transferErrors.bad_options({ detail: 'What the import was begun on has ended: begin it again.' })
}

const source = z.strictObject({ url: z.string(), authorization: z.string().exactOptional() })

/** Brings the other side's rows here, so that what comes after is the same as for a file. */
async function fetched(
  parts: SliceParts,
  call: Call,
  { record, resource }: TakenUp,
): Promise<Partial<Parameters<SliceParts['imports']['change']>[2]['set']>> {
  const sealed = sourceOf(parts, record)
  if (sealed === undefined) throw transferErrors.bad_options({ detail: 'The address can no longer be read. Begin again.' })
  const { url, authorization } = source.parse(JSON.parse(sealed))
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(FETCH_MS)])
  const address = parsedUrl(url)
  const wanted = { url: address, authorization, authorizedOrigin: address.origin, allowLoopback: parts.allowLoopback, signal }
  const limits = { encoding: record.options.encoding, maxBytes: parts.limits.maxBytes }
  const broken = (error: unknown): never => {
    // That this process stops is not the fault of the other side: the next one fetches anew.
    call.signal.throwIfAborted()
    throw error instanceof AppError ? error : transferErrors.bad_address({ detail: `${address.host} broke off.`, cause: error })
  }
  const { format, content } = await download(wanted, record.options.format).catch(broken)
  const bytes = await parts.spool.writeSource(record.id, asUtf8(content, limits)).catch(broken)
  const mapper = mapperFor(resource, record.options, format)
  const examined = await examine(parts.spool, { id: record.id, format, options: record.options, mapper })
  return { bytes, source: undefined, ...shapeChange(examined) }
}

async function end(parts: SliceParts, call: Call, { id, problem }: { id: string; problem: string | undefined }): Promise<void> {
  const ended = await changed(parts.imports, call, {
    id,
    change: ({ state }) =>
      state === 'running' || state === 'waiting'
        ? { set: endedWith(problem === undefined ? 'done' : 'failed', parts.clock.now(), problem) }
        : undefined,
  })
  if (ended === undefined) return
  await parts.spool.remove(id, 'source')
  const { rows, stored, rejected, resource } = ended.value
  parts.logger.info({ importId: id, resource, rows, stored, rejected, ...(problem === undefined ? {} : { problem }) }, 'import ended')
}
