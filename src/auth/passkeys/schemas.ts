// Passkeys as they are stored, and what browsers send of them (WebAuthn level 3, the JSON forms of section 5.1). The types come from here.
import { z } from '#kernel/schema.ts'

export const passkey = z.strictObject({
  /** SHA-256 of the credential id. */
  id: z.string(),
  accountId: z.string(),
  /** As the authenticator names it, in base64url. */
  credentialId: z.string(),
  /** COSE key in base64url. */
  publicKey: z.string(),
  /** The authenticator's own count of its signatures; 0 for those that do not count. */
  counter: z.int().nonnegative(),
  transports: z.array(z.string()),
  /** The person's word for it. */
  name: z.string(),
  /** May be copied to other devices of its owner (the flag BE), and is (BS). */
  backupEligible: z.boolean(),
  backedUp: z.boolean(),
  /** The model of the authenticator. */
  aaguid: z.string(),
  /** Epoch milliseconds, as all times here. */
  createdAt: z.int(),
  lastUsedAt: z.int().optional(),
  /** Its count went back once: two authenticators may hold the same key. */
  copySuspectedAt: z.int().optional(),
})

export type Passkey = z.infer<typeof passkey>

/** A challenge that was answered. It is remembered until it would be too old anyway. */
export const usedChallenge = z.strictObject({
  id: z.string(),
  expiresAt: z.int(),
  /** The passkey that was made by it: whoever presses twice has made one. */
  made: z.string().optional(),
})

export type UsedChallenge = z.infer<typeof usedChallenge>

const MAX_ANSWER = 16_384
const binary = z
  .string()
  .max(12_000)
  .regex(/^[\w-]*$/)
const credentialId = z
  .string()
  .min(1)
  .max(1400)
  .regex(/^[\w-]+$/)
/** None is asked for, so none is looked at. */
const extensions = z.object({}).default({})

export const creationAnswer = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  clientExtensionResults: extensions,
  response: z.object({
    clientDataJSON: binary,
    attestationObject: binary,
    transports: z.array(z.string().max(32)).max(10).default([]),
  }),
})

export const requestAnswer = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  clientExtensionResults: extensions,
  response: z.object({
    clientDataJSON: binary,
    authenticatorData: binary,
    signature: binary,
    userHandle: z.string().max(200).exactOptional(),
  }),
})

export type CreationAnswer = z.infer<typeof creationAnswer>
export type RequestAnswer = z.infer<typeof requestAnswer>

/** The field of a form that the script of the page fills. Empty where there is no script. */
export const answerText = z.string().max(MAX_ANSWER).default('')

/** What the text says, or `undefined` when it is not of this shape. */
export function readAnswer<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
