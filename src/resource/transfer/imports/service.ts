// The decisions about imports: who may begin one, how many at once, who sees it, how it ends.
import type { Call, UserPrincipal } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { newId } from '#kernel/ids.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { FieldProblem } from '#kernel/schema.ts'
import { admit } from '../../access.ts'
import type { Resource } from '../../compile.ts'
import { resourceErrors } from '../../errors.ts'
import type { FileImport, ImportFromUrl, ImportView, OwnTransfers, Report } from '../contract.ts'
import { transferErrors } from '../errors.ts'
import { checkUrl, parsedUrl } from '../fetch/request.ts'
import { createMapper } from '../mapping/mapper.ts'
import type { ImportOptions, ImportRecord } from '../schemas.ts'
import { examine } from './examine.ts'
import { formatFor, shapeChange } from './format.ts'
import { changed, endedWith, importJob, isLive } from './lifecycle.ts'
import { reportStream } from './report-file.ts'
import type { ImportsRepository } from './repository.ts'
import type { Spool } from './spool.ts'
import { asUtf8 } from './text.ts'
import { viewOf } from './view.ts'

export interface ImportsParts {
  readonly resources: ReadonlyMap<string, Resource>
  readonly imports: ImportsRepository
  readonly spool: Spool
  readonly keyRing: Pick<KeyRing, 'seal' | 'open'>
  readonly clock: Clock
  readonly limits: ImportLimits
}

export interface ImportLimits {
  readonly maxBytes: number
  /** Of one person, at the same time. */
  readonly maxImports: number
}

const MOST_LISTED = 100
const SOURCE_PURPOSE = 'resource.import.source'

export type ImportsService = Omit<OwnTransfers, 'run' | 'export'>

export function createImportsService(parts: ImportsParts): ImportsService {
  const named = (name: string): Resource => {
    const resource = parts.resources.get(name)
    if (resource === undefined) throw resourceErrors.not_found({ detail: `There is no resource ${name}.` })
    return resource
  }
  return {
    importFile: (call, name, file) => beginFile(parts, call, { resource: named(name), file, isJob: true }),
    beginFile: (call, name, file) => beginFile(parts, call, { resource: named(name), file, isJob: false }),
    importFrom: (call, name, source) => beginFrom(parts, call, { resource: named(name), source, isJob: true }),
    beginFrom: (call, name, source) => beginFrom(parts, call, { resource: named(name), source, isJob: false }),
    async list(call, name) {
      const person = personOf(call, named(name))
      const records = await parts.imports.listByOwner(call, person.accountId, MOST_LISTED)
      return records.filter((record) => record.resource === name && isSeenBy(record, person)).map(viewOf)
    },
    get: async (call, name, id) => viewOf(await found(parts, call, { resource: named(name), id })),
    async report(call, name, { id, format }): Promise<Report> {
      const record = await found(parts, call, { resource: named(name), id })
      return reportStream(parts.spool, record, format)
    },
    async remove(call, name, id) {
      const record = await found(parts, call, { resource: named(name), id })
      const cancelled = await changed(parts.imports, call, {
        id,
        change: (now) => (isLive(now) ? { set: endedWith('cancelled', parts.clock.now()) } : undefined),
      })
      await parts.spool.remove(record.id, 'source')
      if (cancelled !== undefined) return
      await parts.imports.delete(call, record.id)
      await parts.spool.remove(record.id, 'report')
    },
  }
}

/** An import is nobody's business but its owner's; and of a third party only what it began itself. */
function isSeenBy(record: ImportRecord, person: UserPrincipal): boolean {
  return record.ownerId === person.accountId && (person.firstParty || record.principal.clientId === person.clientId)
}

/** Who may create in the resource. */
function personOf(call: Call, resource: Resource): UserPrincipal {
  admit(resource, call, 'create')
  if (call.principal.kind !== 'user')
    throw resourceErrors.forbidden({ detail: "An object belongs to a person: import on a person's authority." })
  return call.principal
}

async function found(parts: ImportsParts, call: Call, { resource, id }: { resource: Resource; id: string }): Promise<ImportRecord> {
  const person = personOf(call, resource)
  const record = (await parts.imports.find(call, id))?.value
  if (record === undefined || record.resource !== resource.name || !isSeenBy(record, person)) throw transferErrors.not_found()
  return record
}

interface Begin {
  readonly resource: Resource
  /** Else the caller runs it. */
  readonly isJob: boolean
}

async function beginFile(
  parts: ImportsParts,
  call: Call,
  { resource, file, isJob }: Begin & { readonly file: FileImport },
): Promise<ImportView> {
  const person = personOf(call, resource)
  const { options } = file
  const { format, encoding } = formatFor(options, file.contentType)
  const mapper = mapperFor(resource, options, format)
  const record = await opened(parts, call, { person, resource, options })
  try {
    const bytes = await parts.spool.writeSource(record.id, asUtf8(file.content, { encoding, maxBytes: parts.limits.maxBytes }))
    const examined = await examine(parts.spool, { id: record.id, format, options, mapper })
    return await ready(parts, call, { id: record.id, isJob, set: { bytes, ...shapeChange(examined) } })
  } catch (error) {
    await parts.imports.delete(call, record.id)
    await parts.spool.remove(record.id, 'source')
    throw error
  }
}

async function beginFrom(
  parts: ImportsParts,
  call: Call,
  { resource, source, isJob }: Begin & { readonly source: ImportFromUrl },
): Promise<ImportView> {
  const person = personOf(call, resource)
  const { url, authorization, ...options } = source
  checkUrl(parsedUrl(url))
  mapperFor(resource, options, options.format ?? 'ndjson')
  const record = await opened(parts, call, { person, resource, options })
  const plain = JSON.stringify({ url, ...(authorization === undefined ? {} : { authorization }) })
  return await ready(parts, call, { id: record.id, isJob, set: { source: parts.keyRing.seal(SOURCE_PURPOSE, record.id, plain) } })
}

/** What was said about where to fetch from. `undefined` when it cannot be read any more, or was a file. */
export function sourceOf({ keyRing }: Pick<ImportsParts, 'keyRing'>, record: ImportRecord): string | undefined {
  return record.source === undefined ? undefined : keyRing.open(SOURCE_PURPOSE, record.id, record.source)
}

/** Refuses options that name fields which nobody could set. */
export function mapperFor(
  resource: Resource,
  options: ImportOptions,
  format: NonNullable<ImportOptions['format']>,
): ReturnType<typeof createMapper> {
  const mapper = createMapper(resource, options, format)
  const problems: FieldProblem[] = mapper.optionProblems()
  if (problems.length > 0) throw transferErrors.bad_options({ detail: 'Some options do not fit; nothing was stored.', fields: problems })
  return mapper
}

interface Opening {
  readonly person: UserPrincipal
  readonly resource: Resource
  readonly options: ImportOptions
}

/** Takes one of the person's slots, or refuses. */
async function opened(parts: ImportsParts, call: Call, { person, resource, options }: Opening): Promise<ImportRecord> {
  const now = parts.clock.now()
  const { accountId, sessionId, clientId, scopes, firstParty, roles, groups, organisation } = person
  const record = {
    id: newId(now),
    resource: resource.name,
    ownerId: accountId,
    principal: {
      kind: 'user' as const,
      accountId,
      sessionId,
      clientId,
      scopes: [...scopes],
      firstParty,
      ...(roles === undefined ? {} : { roles: [...roles] }),
      ...(groups === undefined ? {} : { groups: [...groups] }),
      ...(organisation === undefined ? {} : { organisation: { id: organisation.id, roles: [...organisation.roles] } }),
    },
    state: 'receiving' as const,
    options,
    createdAt: now,
    beatAt: now,
    context: '',
    line: 1,
    revivals: 0,
    bytes: 0,
    offset: 0,
    rows: 0,
    stored: 0,
    rejected: 0,
    reportBytes: 0,
  }
  for (let slot = 0; slot < parts.limits.maxImports; slot += 1) {
    const taking = { ...record, slot: `${accountId}/${slot}` }
    if (await parts.imports.insert(call, taking)) return taking
  }
  throw transferErrors.too_many({
    detail: `You have ${parts.limits.maxImports} imports under way. Wait for one to end, or cancel one.`,
    headers: { 'retry-after': '30' },
  })
}

interface Ready {
  readonly id: string
  readonly isJob: boolean
  readonly set: Parameters<ImportsRepository['change']>[2]['set']
}

async function ready(parts: ImportsParts, call: Call, { id, isJob, set }: Ready): Promise<ImportView> {
  const stored = await changed(parts.imports, call, {
    id,
    change: (record) =>
      record.state === 'receiving'
        ? {
            set: { ...set, state: 'waiting', beatAt: parts.clock.now() },
            events: isJob ? [importJob(id, 'begin')] : [],
          }
        : undefined,
  })
  if (stored === undefined) throw transferErrors.not_found({ detail: 'The import was cancelled while it was received.' })
  return viewOf(stored.value)
}
