// Rows of people, as they come, and what is stored beside them: the costs of hashes, and who has ended their account here.
import { z } from '#kernel/schema.ts'
import type { LegacyFound, LegacyPerson, PersonRow } from './contract.ts'

const identities = z
  .array(z.strictObject({ issuer: z.string().min(1).max(500), subject: z.string().min(1).max(255), label: z.string().max(320).optional() }))
  .max(20)
const moment = z.union([z.string(), z.number()])
const words = z.array(z.string()).max(100)

export const personRow = z.strictObject({
  id: z.string().min(1).max(255).optional(),
  email: z.string().max(320),
  emailVerified: z.boolean().optional(),
  name: z.string().max(1000).optional(),
  language: z.string().max(1000).optional(),
  passwordHash: z.string().min(1).max(1000).optional(),
  totpKey: z.string().max(200).optional(),
  staysBehind: z.array(z.string().max(200)).max(20).optional(),
  legacyPassword: z.boolean().optional(),
  suspended: z.boolean().optional(),
  createdAt: moment.optional(),
  deletionAt: moment.optional(),
  deletionByOperator: z.boolean().optional(),
  roles: words.optional(),
  groups: words.optional(),
  identities: identities.optional(),
} satisfies Record<keyof PersonRow, unknown>)

export type ParsedRow = z.infer<typeof personRow>

const known = {
  id: z.string().min(1).max(255).optional(),
  name: z.string().max(1000).optional(),
  language: z.string().max(1000).optional(),
  emailVerified: z.boolean(),
  roles: words.optional(),
  groups: words.optional(),
  identities: identities.optional(),
} satisfies Record<keyof LegacyPerson, unknown>

export const legacyPerson = z.strictObject(known).optional()

export type ParsedLegacyPerson = z.infer<typeof legacyPerson>

export const legacyFound = z
  .strictObject({
    ...known,
    email: z.string().max(320),
    passwordHash: z.string().min(1).max(1000).optional(),
    suspended: z.boolean().optional(),
  } satisfies Record<keyof LegacyFound, unknown>)
  .optional()

export type ParsedLegacyFound = NonNullable<z.infer<typeof legacyFound>>

export const hashShape = z.strictObject({
  /** What hashes of this cost have in common. */
  id: z.string(),
  /** A hash of this cost that no password has. */
  decoy: z.string(),
})

export type HashShape = z.infer<typeof hashShape>

export const endedMark = z.strictObject({
  /** The keyed hash of an address, or of an id. */
  id: z.string(),
  expiresAt: z.int(),
})

export type EndedMark = z.infer<typeof endedMark>
