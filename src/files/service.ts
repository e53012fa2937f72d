// The decisions about files: who may keep, see, bind and remove them.
import { addAbortSignal, type Readable } from 'node:stream'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { newId } from '#kernel/ids.ts'
import { requireScope, requireUser } from './access.ts'
import type { ByteRange, FileMeta, Files, NewFile } from './contract.ts'
import { fileErrors } from './errors.ts'
import { takeIn } from './intake.ts'
import type { LinkSigner, LinkTarget } from './link.ts'
import { cleanName } from './name.ts'
import type { OwnedTarget, Ownership } from './ownership.ts'
import type { BlobStore } from './ports.ts'
import type { FilesRepository } from './repository.ts'
import type { FileRecord } from './schemas.ts'

const OWNED_PAGE = 100

export interface DownloadRequest extends LinkTarget {
  /** What a signed link carries. Without it the caller must own the file. */
  readonly claim?: { readonly exp: string; readonly sig: string }
}

export interface Admission {
  readonly meta: FileMeta
  /** For how long a browser may keep the answer; absent when it must ask each time, since who asks decides. */
  readonly keepSeconds?: number
  read(range?: ByteRange): Promise<Readable>
}

/** What the routes need beside the contract: the bucket of an address is part of what is asked for. */
export interface FilesService extends Files {
  statIn(call: Call, target: LinkTarget): Promise<FileMeta>
  removeFrom(call: Call, target: LinkTarget): Promise<void>
  /** Lets a download in by its link or by who asks, or refuses. */
  admit(call: Call, request: DownloadRequest): Promise<Admission>
}

export interface FilesParts {
  readonly repository: FilesRepository
  readonly ownership: Ownership
  readonly blobs: BlobStore
  readonly links: LinkSigner
  readonly clock: Clock
}

export function createFilesService(parts: FilesParts): FilesService {
  const { ownership, links } = parts
  const stat = async (call: Call, target: OwnedTarget): Promise<FileMeta> => metaOf((await ownership.findFor(call, target, 'read')).value)

  return {
    upload: (call, file) => upload(parts, call, file),
    stat: (call, id) => stat(call, { id }),
    statIn: stat,
    async open(call, id, range) {
      const { value } = await ownership.findFor(call, { id }, 'read')
      return { meta: metaOf(value), content: await readBlob(parts, value, range) }
    },
    async link(_call, bucket, id) {
      return links.sign({ bucket, id })
    },
    ...bindings(parts),
    async owned(call, ownerId, after) {
      if (call.principal.kind !== 'system') return { items: [] }
      const { items, next } = await parts.repository.listByOwner(call, ownerId, { limit: OWNED_PAGE, after })
      return { items: items.map(({ value }) => metaOf(value)), ...(next === undefined ? {} : { next }) }
    },
    remove: (call, id, holder) => removeFile(parts, call, { id, ...(holder === undefined ? {} : { holder }) }),
    removeFrom: (call, target) => removeFile(parts, call, target),
    admit: (call, request) => admit(parts, call, request),
  }
}

async function upload({ ownership, repository, blobs, clock }: FilesParts, call: Call, file: NewFile): Promise<FileMeta> {
  const owner = requireUser(call)
  const bucket = ownership.bucketOf(file.bucket)
  requireScope(owner, bucket.scopes.write)
  const storageKey = newId(clock.now())
  const intake = takeIn(addAbortSignal(call.signal, file.content), bucket)
  await blobs.put(storageKey, intake.body)
  const now = clock.now()
  const meta: FileMeta = {
    id: newId(now),
    bucket: bucket.name,
    ownerId: owner.accountId,
    name: cleanName(file.name),
    createdAt: now,
    ...intake.findings(),
  }
  await repository.insert(call, { ...meta, storageKey, state: 'loose', stateAt: now })
  return meta
}

async function removeFile(
  { ownership, repository, blobs }: FilesParts,
  call: Call,
  target: OwnedTarget & { readonly holder?: string },
): Promise<void> {
  const { value, version } = await ownership.findFor(call, target, 'write')
  if (target.holder !== undefined && target.holder !== value.holder) throw fileErrors.not_found()
  if (call.principal.kind !== 'system' && value.state !== 'loose')
    throw fileErrors.in_use({ detail: 'Delete the object that has this file; the file goes with it.' })
  // The row first: bytes without a row are swept, a row without bytes would be a lie.
  if (!(await repository.delete(call, value.id, version))) throw fileErrors.in_use({ detail: 'The file was just put to use.' })
  await blobs.delete(value.storageKey)
}

function bindings({ ownership, repository, clock }: FilesParts): Pick<Files, 'reserve' | 'confirm' | 'release'> {
  return {
    async reserve(call, id, { bucket, holder }) {
      const { value } = await ownership.find(call, { id, bucket })
      const reserved = await repository.changeState(call, id, { from: 'loose', to: 'reserved', holder, at: clock.now() })
      if (!reserved) throw fileErrors.in_use({ detail: 'A file belongs to one object. Upload it again for another.' })
      return metaOf(value)
    },
    async confirm(call, id, holder) {
      if (call.principal.kind !== 'system') throw fileErrors.not_found()
      await repository.changeState(call, id, { from: 'reserved', to: 'held', holderBefore: holder, holder, at: clock.now() })
    },
    async release(call, id, holder) {
      if (call.principal.kind !== 'system') throw fileErrors.not_found()
      await repository.changeState(call, id, { from: 'reserved', to: 'loose', holderBefore: holder, at: clock.now() })
    },
  }
}

async function admit(parts: FilesParts, call: Call, request: DownloadRequest): Promise<Admission> {
  if (request.claim === undefined) {
    const { value } = await parts.ownership.findFor(call, request, 'read')
    return { meta: metaOf(value), read: (range) => readBlob(parts, value, range) }
  }
  const verdict = parts.links.verify(request, request.claim)
  if (verdict.state === 'expired') throw fileErrors.link_expired({ detail: 'Ask the API for the object again; it gives a fresh address.' })
  const stored = verdict.state === 'good' ? await parts.repository.find(call, request.id) : undefined
  if (verdict.state === 'bad' || stored === undefined || stored.value.bucket !== request.bucket) throw fileErrors.not_found()
  const keepSeconds = Math.floor((verdict.expiresAt - parts.clock.now()) / 1000)
  return { meta: metaOf(stored.value), keepSeconds, read: (range) => readBlob(parts, stored.value, range) }
}

async function readBlob({ blobs }: FilesParts, record: FileRecord, range?: ByteRange): Promise<Readable> {
  const content = await blobs.open(record.storageKey, range)
  if (content === undefined) throw new Error(`The bytes of file ${record.id} are missing from the store.`)
  return content
}

function metaOf(record: FileRecord): FileMeta {
  const { id, bucket, ownerId, mediaType, bytes, sha256, name, createdAt } = record
  return { id, bucket, ownerId, mediaType, bytes, sha256, name, createdAt }
}
