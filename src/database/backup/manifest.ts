// What a backup says of itself. It can be read without a key, holds no document, and is bound by a code that needs the key.
import { createHmac } from 'node:crypto'
import { z } from '#kernel/schema.ts'
import { equalSecrets, masterKeyVersions } from '#kernel/keyring.ts'
import { canonicalJson } from '../move/canonical.ts'
import { Damaged } from './sealing.ts'

const sum = z.strictObject({ rows: z.int().min(0), checksum: z.string().regex(/^[0-9a-f]{64}$/) })

export const contents = z.strictObject({
  /** In order of their names in the file. `checksum`: SHA-256 of every row, added up modulo 2^256. */
  collections: z.array(z.strictObject({ name: z.string(), ...sum.shape })),
  events: z.strictObject({ ...sum.shape, head: z.int().min(0) }),
})
export type Contents = z.infer<typeof contents>

export const manifest = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  /** Epoch milliseconds of the moment that the data is of. */
  at: z.number(),
  app: z.string(),
  engine: z.string(),
  node: z.string(),
  /** Base64url; the keys are made from it and the secrets. */
  salt: z.string(),
  /** The shapes that the documents may have: those of the program that wrote them. */
  shapes: z.record(z.string(), z.int().min(0)),
  contents,
  files: z.strictObject({ count: z.int().min(0), bytes: z.int().min(0), new: z.int().min(0) }),
  /** Tells, with the backup key, whether a master key is the one that the data was sealed with. */
  masterKey: z.string(),
  /** Whether the master key is in it. */
  keys: z.boolean(),
})
export type Manifest = z.infer<typeof manifest>

export function signedManifest(content: Manifest, key: Buffer): string {
  return `${JSON.stringify({ ...content, code: codeOf(content, key) }, undefined, 2)}\n`
}

/** `key` absent: only what it says, unproven. */
export function readManifest(text: string, key: Buffer | undefined): Manifest {
  const parsed = manifest.extend({ code: z.string() }).safeParse(JSON.parse(text))
  if (!parsed.success) throw new Damaged('The manifest is of another version of this program, or was changed.')
  const { code, ...content } = parsed.data
  if (key !== undefined && !equalSecrets(code, codeOf(content, key)))
    throw new Damaged('The manifest was changed, or the backup key is another one.')
  return content
}

/** One print for each version of the master key. */
export function printsOf(masterKey: string, key: Buffer): string[] {
  return masterKeyVersions(masterKey).map((version) => createHmac('sha256', key).update(`master key ${version}`).digest('base64url'))
}

function codeOf(content: Manifest, key: Buffer): string {
  return createHmac('sha256', key).update(canonicalJson(content)).digest('base64url')
}

/** Names what is not as the manifest says, or nothing. */
export function deviations(said: Contents, found: Contents): string[] {
  const names = new Set([...said.collections, ...found.collections].map(({ name }) => name))
  const other = [...names].filter((name) => {
    const [left, right] = [said, found].map(({ collections }) => collections.find((candidate) => candidate.name === name))
    return left?.rows !== right?.rows || left?.checksum !== right?.checksum
  })
  const events =
    said.events.rows === found.events.rows && said.events.checksum === found.events.checksum && said.events.head === found.events.head
  return [...other, ...(events ? [] : ['events'])]
}
