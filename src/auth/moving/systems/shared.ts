// What the exports of all systems have in common.
import { z } from '#kernel/schema.ts'
import type { PersonRow } from '../contract.ts'

export const firebaseHashConfig = z.strictObject({
  algorithm: z.literal('SCRYPT').optional(),
  base64_signer_key: z.string().min(1),
  base64_salt_separator: z.string(),
  rounds: z.int().positive(),
  mem_cost: z.int().positive(),
})

export type FirebaseHashConfig = z.infer<typeof firebaseHashConfig>

export interface ConverterOptions {
  /** Of Firebase: what its console shows as the parameters of password hashes. */
  readonly hashConfig?: FirebaseHashConfig | undefined
  /** What the roles and groups of that system are called here. What leads to nothing is left out. */
  readonly roles?: ReadonlyMap<string, string> | undefined
  readonly groups?: ReadonlyMap<string, string> | undefined
  /** The issuer behind the name that another system has for a provider. */
  readonly issuers: Readonly<Record<string, string>>
}

/** The row, or what is wrong with it. It is checked whole when it moves in. */
export type Converter = (value: unknown, options: ConverterOptions) => object | string

export const GOOGLE = 'https://accounts.google.com'
export const GITHUB = 'https://github.com'
export const APPLE = 'https://appleid.apple.com'
/** Names that other systems have for the providers whose subjects are the same for everybody. Those of Microsoft differ from app to app. */
const KNOWN_ISSUERS: Readonly<Record<string, string>> = {
  google: GOOGLE,
  'google-oauth2': GOOGLE,
  'google.com': GOOGLE,
  github: GITHUB,
  'github.com': GITHUB,
  apple: APPLE,
  'apple.com': APPLE,
}

interface Foreign {
  readonly provider: string
  readonly subject: string
  readonly label?: string | undefined
}

export function issuerOf(provider: string, { issuers }: ConverterOptions): string | undefined {
  return [issuers, KNOWN_ISSUERS].find((known) => Object.hasOwn(known, provider))?.[provider]
}

/** Providers that nobody has named an issuer for are left out: the person links them again. */
export function identitiesOf(list: readonly Foreign[], options: ConverterOptions): Pick<PersonRow, 'identities'> {
  const found = list.flatMap(({ provider, subject, label }) => {
    const issuer = issuerOf(provider, options)
    return issuer === undefined ? [] : [{ issuer, subject, ...(label === undefined ? {} : { label }) }]
  })
  return found.length === 0 ? {} : { identities: found }
}

export function read<T>(schema: z.ZodType<T>, value: unknown): T | string {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  return parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the row'}: ${message}`).join('; ')
}

export const text = z.string().nullish()
/** Of what nobody is left behind for. */
export const odd = text.catch(undefined)
export const truth = z.boolean().nullish()
export const some = <T>(value: T | null | undefined): T | undefined => value ?? undefined

export function rowWith(
  row: { readonly [Field in keyof PersonRow]: PersonRow[Field] | undefined } & { readonly email: string },
): PersonRow {
  return { email: row.email, ...Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) }
}

export const bare = (base64: string): string => base64.replaceAll('=', '')

/** The names that they have here; those that nobody has named go on as `otherwise` makes them. */
export function membersOf(
  words: readonly string[] | null | undefined,
  names: ReadonlyMap<string, string> | undefined,
  otherwise: (word: string) => string = (word) => word,
): string[] | undefined {
  return words?.map((word) => names?.get(word) ?? otherwise(word)).filter((word) => word !== '')
}
