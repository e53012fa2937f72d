// Statements: built and compiled once by Kysely, sent under a name ever after. Names come from checked layouts and are quoted; values are always bound.
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  type SchemaModule,
  sql,
} from 'kysely'

export { type RawBuilder, sql }

/** The words of the protocol: text, or null. */
export type Value = string | null

export interface Statement {
  /** Of the prepared statement on every connection. */
  readonly name: string
  readonly text: string
}

const compiler = new Kysely<Record<string, never>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

export const schema: SchemaModule = compiler.schema

let statements = 0

export function statement(query: RawBuilder<unknown>): Statement {
  statements += 1
  return { name: `n${statements}`, text: query.compile(compiler).sql }
}

/** The text of a statement that is run once, by itself. */
export function textOf(query: { compile(): { readonly sql: string } } | RawBuilder<unknown>): string {
  return 'toOperationNode' in query && 'as' in query ? query.compile(compiler).sql : query.compile().sql
}

/** A place for a value, numbered in the order of the text. */
export function place(): RawBuilder<unknown> {
  return sql`${null}`
}

export function listOf(parts: readonly RawBuilder<unknown>[], separator = sql`, `): RawBuilder<unknown> {
  return sql.join(parts, separator)
}

export function allOf(terms: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return terms.length === 0 ? sql`` : sql` where ${listOf(terms, sql` and `)}`
}

/** A text array as PostgreSQL reads it. */
export function arrayOf(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`
}
