// Shapes of imports and exports: what can be asked for, what is stored, what is shown.
import { type Schema, z } from '#kernel/schema.ts'

export const FORMATS = ['csv', 'xml', 'json', 'ndjson'] as const
export const importFormat = z.enum(FORMATS)
export type ImportFormat = z.infer<typeof importFormat>

const column = z.string().min(1).max(200)

/** How a file is to be read. Everything has a usual value. */
export const importOptions = z.strictObject({
  format: importFormat.exactOptional(),
  /** Column to field; a column that is mapped to nothing is passed over. */
  map: z.record(column, z.string().max(100)).exactOptional(),
  /** Values that every object gets. */
  constants: z.record(z.string().max(100), z.json()).exactOptional(),
  ignoreUnknown: z.boolean().exactOptional(),
  /** Reports what would happen, and stores nothing. */
  dryRun: z.boolean().exactOptional(),
  delimiter: z.enum([',', ';', '\t', '|']).exactOptional(),
  listSeparator: z.string().min(1).max(5).exactOptional(),
  dates: z.enum(['dmy', 'mdy']).exactOptional(),
  decimalComma: z.boolean().exactOptional(),
  formulas: z.enum(['guarded', 'keep']).exactOptional(),
  encoding: z.enum(['utf-8', 'latin1', 'utf-16le', 'utf-16be']).exactOptional(),
})
export type ImportOptions = z.infer<typeof importOptions>

export const importState = z.enum(['receiving', 'waiting', 'running', 'done', 'failed', 'cancelled'])
export type ImportState = z.infer<typeof importState>

const count = z.int().min(0)

export const importRecord = z.strictObject({
  id: z.string(),
  resource: z.string(),
  ownerId: z.string(),
  /** On whose authority rows are written. */
  principal: z.strictObject({
    kind: z.literal('user'),
    accountId: z.string(),
    sessionId: z.string(),
    clientId: z.string(),
    scopes: z.array(z.string()),
    firstParty: z.boolean(),
    roles: z.array(z.string()).exactOptional(),
    groups: z.array(z.string()).exactOptional(),
    organisation: z.strictObject({ id: z.string(), roles: z.array(z.string()) }).exactOptional(),
    signIn: z.strictObject({ acr: z.string().exactOptional(), at: z.number().exactOptional() }).exactOptional(),
  }),
  state: importState,
  /** One of the few imports that a person may have under way. */
  slot: z.string().exactOptional(),
  format: importFormat.exactOptional(),
  options: importOptions,
  /** Sealed: it may hold a key of the other API. */
  source: z.string().exactOptional(),
  createdAt: z.number(),
  /** When it last made progress. */
  beatAt: z.number(),
  endedAt: z.number().exactOptional(),
  /** How often it was taken up again without progress. */
  revivals: count,
  columns: z.array(z.string()).exactOptional(),
  delimiter: z.enum([',', ';', '\t', '|']).exactOptional(),
  bytes: count,
  offset: count,
  line: count,
  context: z.string(),
  rows: count,
  stored: count,
  rejected: count,
  /** How much of the report is good; what is behind it belongs to a try that broke off. */
  reportBytes: count,
  problem: z.string().max(2000).exactOptional(),
  /** A person has seen enough of it then. */
  expiresAt: z.number().exactOptional(),
})
export type ImportRecord = z.infer<typeof importRecord>

/** An import as its owner sees it. */
export const importView = z.strictObject({
  id: z.string(),
  resource: z.string(),
  state: importState,
  format: importFormat.exactOptional(),
  dryRun: z.boolean(),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().exactOptional(),
  progress: z.strictObject({
    /** Rows that were looked at, each of them stored (or, in a dry run, found good) or rejected. */
    rows: count,
    stored: count,
    rejected: count,
    bytes: count,
    totalBytes: count,
  }),
  /** Why it ended before the end of the file. */
  problem: z.string().exactOptional(),
  links: z.strictObject({ self: z.string(), rejects: z.string() }),
})
export type ImportView = z.infer<typeof importView>

/** A page elsewhere that gives rows: another API, or a file. */
export const importFromUrl = z.strictObject({
  url: z.url().max(2000),
  /** Sent as the Authorization header, to that origin only. */
  authorization: z
    .string()
    .max(4000)
    .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'must be the value of a header: ASCII, in one line')
    .exactOptional(),
  ...importOptions.shape,
})
export type ImportFromUrl = z.infer<typeof importFromUrl>

export const oneImport: Schema<{ id: string }> = z.strictObject({ id: z.string().max(256) })
