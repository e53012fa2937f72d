// Texts of an app's own: single ones in place of ours, or a whole language. Their shape is that of the English file.
import { type Schema, z } from '#kernel/schema.ts'
import { en, type Texts } from './en.ts'

type Partly<Value> = Value extends (...values: never[]) => unknown
  ? Value
  : Value extends object
    ? { readonly [Name in keyof Value]?: Partly<Value[Name]> }
    : Value

export type OwnTexts = Partly<Texts>

/** Whose names are those of the app: its scopes, its roles. */
const OPEN: ReadonlySet<string> = new Set(['scopes', 'organisations.roles'])

function schemaOf(text: unknown, path = ''): Schema {
  if (typeof text === 'string') return z.string().min(1)
  if (typeof text === 'function') return z.custom((value) => typeof value === 'function', 'must be a function that gives the text')
  if (OPEN.has(path)) return z.record(z.string().min(1), z.string().min(1))
  const inside = (name: string): string => (path === '' ? name : `${path}.${name}`)
  const members = Object.entries(Object(text)).map(([name, member]) => [name, schemaOf(member, inside(name)).optional()])
  return z.strictObject(Object.fromEntries(members))
}

/** Refuses names that we do not know, since a text that nobody shows is a slip. */
export const ownTexts: Schema = schemaOf(en)

/** A BCP 47 tag as people write it: a language, perhaps with script and region. */
export const languageTag = z
  .string()
  .regex(/^[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?$/, 'must be a language tag such as "fr" or "pt-BR"')
