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

export interface Converted {
  /** It is checked whole when it moves in. */
  readonly row: object
  /** What the person has there and does not bring along, and what to do about it: each in a sentence for the report. */
  readonly left: readonly string[]
}

/** What is there of a person, or what is wrong with it. */
export type Converter = (value: unknown, options: ConverterOptions) => Converted | string

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

/** Ways in of those systems themselves, which they list among the linked identities. */
const OWN_WAYS = new Set(['auth0', 'email', 'password', 'phone', 'sms'])

interface Foreign {
  readonly provider: string
  readonly subject: string | undefined
  readonly label?: string | undefined
}

export function issuerOf(provider: string, { issuers }: ConverterOptions): string | undefined {
  return [issuers, KNOWN_ISSUERS].find((known) => Object.hasOwn(known, provider))?.[provider]
}

/** Those whose issuer is known, or named here as nothing (so that they are left out), and what is to be said of the others. */
export function identitiesOf(
  list: readonly Foreign[],
  options: ConverterOptions,
): { readonly identities: PersonRow['identities']; readonly left: readonly string[] } {
  const identities: { issuer: string; subject: string; label?: string }[] = []
  const left = new Set<string>()
  for (const { provider, subject, label } of list) {
    if (OWN_WAYS.has(provider) && !Object.hasOwn(options.issuers, provider)) continue
    const issuer = issuerOf(provider, options)
    if (issuer === undefined)
      left.add(
        `the identity of ${quoted(provider)} was left out, since its issuer is not known: name it with --issuer '${shown(provider)}=<url>'`,
      )
    else if (subject === undefined) left.add(`the identity of ${quoted(provider)} was left out: the row does not say which one it is`)
    else if (issuer !== '') identities.push({ issuer, subject, ...(label === undefined ? {} : { label }) })
  }
  return { identities: identities.length === 0 ? undefined : identities, left: [...left] }
}

/** What nobody can take along: the keys of passkeys belong to the address of the other system. */
export function secondStepsLeft(kinds: readonly string[], { hasApp = false } = {}): readonly string[] {
  if (kinds.length === 0) return []
  const what = `the second step of there (${[...new Set(kinds)].map(shown).join(', ')}) did not come along`
  return [hasApp ? `${what}; one authenticator app did` : `${what}: there is none here until its owner sets one up anew`]
}

export const PASSKEYS_LEFT = 'the passkeys of there did not come along: their owner adds one anew'

const shown = (word: string): string => word.slice(0, 200)
/** In a sentence for the report. */
export const quoted = (word: string): string => JSON.stringify(shown(word))

/** A role of there that nobody has named for here. A file gives roles to nobody who is in already. */
export function roleLeft(what: string, word: string): string {
  const name = `--map-role '${shown(word)}=<role>'`
  return `${what} was left out: name it with ${name} before people move in, and give it to who is in already with 'ninefold account <address> --add-role <role>'`
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
  left: readonly string[],
): Converted {
  return { row: Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)), left }
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
