// What the OpenID engine stores, one collection per kind of record: they differ in how they are found, how often they are written and
// how long they live. Ids are hashes of bearer values; everything else of a record is sealed (see vault.ts).
import { defineCollection } from '#kernel/collection.ts'
import { z } from '#kernel/schema.ts'

/** Epoch milliseconds. */
const time = z.int().nonnegative()

const session = z.strictObject({
  /** The engine's `uid`: no secret, and it stays when the cookie is renewed. */
  id: z.string(),
  cookieHash: z.string(),
  accountId: z.string().optional(),
  device: z.string(),
  signedInAt: time.optional(),
  lastUsedAt: time,
  /** Set when it was ended. The record stays a while, so that a request that is under way cannot bring the session back. */
  endedAt: time.optional(),
  payload: z.string(),
  expiresAt: time,
})

const grant = z.strictObject({
  /** The hash of the engine's grant id, and the `sid` of every token of this grant. */
  id: z.string(),
  accountId: z.string().optional(),
  clientId: z.string(),
  sessionUid: z.string().optional(),
  endsWithSession: z.boolean(),
  createdAt: time,
  /** From when the tokens of its client were good as it was made. Absent of clients of the app definition, and in records of before that was kept. */
  clientFrom: time.optional(),
  endedAt: time.optional(),
  payload: z.string(),
  expiresAt: time,
})

/** A family: all tokens that were made one from the other, in one record (docs/decisions/0029). */
const refreshToken = z.strictObject({
  id: z.string(),
  grant: z.string(),
  /** Which token of the family counts; those before it were used. Absent in records of a former release, which had one for each token. */
  generation: z.int().positive().optional(),
  /** When those before it were used, the last one first: those that may still lead to it. */
  rotations: z.array(time).optional(),
  /** When a used token was first shown a second time, within the grace. */
  reusedAt: time.optional(),
  /** Of a former release: when it was used, and the id of the record that took its place. */
  consumedAt: time.optional(),
  successor: z.string().optional(),
  payload: z.string(),
  expiresAt: time,
})

const accessToken = z.strictObject({ id: z.string(), grant: z.string(), payload: z.string(), expiresAt: time })

const code = z.strictObject({
  id: z.string(),
  grant: z.string(),
  consumedAt: time.optional(),
  wrongTries: z.int().optional(),
  payload: z.string(),
  expiresAt: time,
})

const deviceCode = z.strictObject({
  id: z.string(),
  /** A keyed hash of what the person types. */
  userCode: z.string(),
  step: z.enum(['new', 'deciding', 'decided']),
  grant: z.string().optional(),
  consumedAt: time.optional(),
  /** What the device must wait between two polls, when it did not wait before. */
  pollSeconds: z.int().optional(),
  payload: z.string(),
  expiresAt: time,
})

const interaction = z.strictObject({ id: z.string(), payload: z.string(), expiresAt: time })

const artifact = z.strictObject({ id: z.string(), consumedAt: time.optional(), payload: z.string(), expiresAt: time })

const consent = z.strictObject({
  id: z.string(),
  accountId: z.string(),
  clientId: z.string(),
  /** All that was ever allowed. */
  scopes: z.array(z.string()),
  /** What of it a page has named. Absent in records of before that was kept. */
  named: z.array(z.string()).optional(),
  since: time,
  /** As with grants. */
  clientFrom: time.optional(),
  /** Of a client that came by itself: what of it each of its appearances was allowed (see appearance.ts), the last one at the end. */
  appearances: z.array(z.strictObject({ hash: z.string(), scopes: z.array(z.string()) })).optional(),
})

export type SessionRecord = z.infer<typeof session>
export type GrantRecord = z.infer<typeof grant>
export type RefreshTokenRecord = z.infer<typeof refreshToken>
export type AccessTokenRecord = z.infer<typeof accessToken>
export type CodeRecord = z.infer<typeof code>
export type DeviceCodeRecord = z.infer<typeof deviceCode>
export type InteractionRecord = z.infer<typeof interaction>
export type ArtifactRecord = z.infer<typeof artifact>
export type ConsentRecord = z.infer<typeof consent>

export const sessionsCollection = defineCollection<SessionRecord>({
  name: 'auth_sessions',
  schema: session,
  indexes: { cookie: { fields: ['cookieHash'], unique: true }, account: { fields: ['accountId', 'lastUsedAt'] } },
  expiry: 'expiresAt',
})

export const grantsCollection = defineCollection<GrantRecord>({
  name: 'auth_grants',
  schema: grant,
  indexes: { account: { fields: ['accountId', 'clientId'] }, client: { fields: ['clientId'] }, session: { fields: ['sessionUid'] } },
  expiry: 'expiresAt',
})

export const refreshTokensCollection = defineCollection<RefreshTokenRecord>({
  name: 'auth_refresh_tokens',
  schema: refreshToken,
  indexes: { grant: { fields: ['grant'] } },
  expiry: 'expiresAt',
})

/** Those that we alone can read; signed ones are stored nowhere. */
export const accessTokensCollection = defineCollection<AccessTokenRecord>({
  name: 'auth_access_tokens',
  schema: accessToken,
  indexes: { grant: { fields: ['grant'] } },
  expiry: 'expiresAt',
})

export const codesCollection = defineCollection<CodeRecord>({
  name: 'auth_codes',
  schema: code,
  indexes: { grant: { fields: ['grant'] } },
  expiry: 'expiresAt',
})

export const deviceCodesCollection = defineCollection<DeviceCodeRecord>({
  name: 'auth_device_codes',
  schema: deviceCode,
  indexes: { userCode: { fields: ['userCode'], unique: true }, grant: { fields: ['grant'] } },
  expiry: 'expiresAt',
})

export const interactionsCollection = defineCollection<InteractionRecord>({
  name: 'auth_interactions',
  schema: interaction,
  indexes: {},
  expiry: 'expiresAt',
})

/** Short-lived records without a shape of their own: pushed authorization requests and the ids of used proofs. */
export const artifactsCollection = defineCollection<ArtifactRecord>({
  name: 'auth_artifacts',
  schema: artifact,
  indexes: {},
  expiry: 'expiresAt',
})

export const consentsCollection = defineCollection<ConsentRecord>({
  name: 'auth_consents',
  schema: consent,
  indexes: { account: { fields: ['accountId', 'clientId'] }, client: { fields: ['clientId'] } },
})
