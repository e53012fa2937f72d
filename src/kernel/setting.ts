// Settings as data: every server declares its own, one reader fills them from the environment.
import { Secret } from './secret.ts'
import { z } from './schema.ts'

export interface Setting<T> {
  /** Reads the text of an environment variable. */
  readonly parse: z.ZodType<T>
  readonly fallback: T
  /** One line for `ninefold check` and the reference page: what it does, its unit. */
  readonly about: string
  readonly secret: boolean
}

type Fallback<T> = { readonly default: T; readonly about: string }

export type Settings = Readonly<Record<string, Setting<unknown>>>
export type Values<Table extends Settings> = { readonly [Key in keyof Table]: Table[Key] extends Setting<infer T> ? T : never }

export const setting = {
  text: (options: Fallback<string>): Setting<string> => ({
    parse: z.string().min(1),
    fallback: options.default,
    about: options.about,
    secret: false,
  }),
  optionalText: (about: string): Setting<string | undefined> => ({
    parse: z.string().min(1).optional(),
    fallback: undefined,
    about,
    secret: false,
  }),
  integer: (options: Fallback<number> & { min: number; max: number }): Setting<number> => ({
    parse: z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(options.min).max(options.max)),
    fallback: options.default,
    about: options.about,
    secret: false,
  }),
  flag: (options: Fallback<boolean>): Setting<boolean> => ({
    parse: z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true'),
    fallback: options.default,
    about: options.about,
    secret: false,
  }),
  oneOf: <const Choice extends string>(choices: readonly Choice[], options: Fallback<Choice>): Setting<Choice> => ({
    parse: z.enum(choices, `must be one of ${choices.join(', ')}`),
    fallback: options.default,
    about: options.about,
    secret: false,
  }),
  list: (about: string): Setting<readonly string[]> => ({
    parse: z.string().transform((text) => text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))),
    fallback: [],
    about,
    secret: false,
  }),
  secret: (about: string): Setting<Secret | undefined> => ({
    parse: z
      .string()
      .min(1)
      .transform((text) => new Secret(text)),
    fallback: undefined,
    about,
    secret: true,
  }),
}
