// Full-text search: the terms of a row are a `tsvector` in a GIN index, which finds rows and knows no order. So that a word of every document does not
// have all of them read for the newest twenty, each row also has a term for where it stands in the order of insertion, a bucket of 1,024 rows.
import type { CollectionLayout } from '../../layout.ts'
import { allOf, place, type RawBuilder, sql } from './statement.ts'

const BUCKET_BITS = sql.raw('10')
/** How many of the newest buckets are asked first. */
const LAST_BUCKET = sql.raw('4')

export function bornSequence(collection: string): string {
  return `${collection.slice(0, 57)}:_born`
}

export function nextBorn(collection: string): RawBuilder<unknown> {
  return sql`nextval(${sql.lit(`"${bornSequence(collection)}"`)})`
}

/** Words begin with "w", filters with "f". */
export function bucketOf(born: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`('b' || to_hex(${born} >> ${BUCKET_BITS}))`
}

export function vectorOf(terms: RawBuilder<unknown>, born: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`array_to_tsvector(array_append(${terms}, ${bucketOf(born)}))`
}

interface Searching {
  readonly layout: CollectionLayout
  readonly columns: RawBuilder<unknown>
  /** `now`, where there is an expiry. */
  readonly live: readonly RawBuilder<unknown>[]
}

/** Values: the query, the place before which to look, now, limit. */
export function searchAll({ layout, columns, live }: Searching): RawBuilder<unknown> {
  const which = allOf([sql`_terms @@ ${place()}::tsquery`, sql`_born < ${place()}`, ...live])
  return sql`select _born, ${columns} from ${sql.id(layout.name)}${which} order by _born desc limit ${place()}`
}

/** Values: the query, the place, the place again, now, limit. Finds those in the newest buckets before the place, all of them or as many as are asked for. */
export function searchNewest({ layout, columns, live }: Searching): RawBuilder<unknown> {
  const sequence = sql.id(bornSequence(layout.name))
  const buckets = sql`string_agg('b' || to_hex(newest - nth), ' | ')`
  const top = sql`select least(${place()}::bigint - 1, last_value) >> ${BUCKET_BITS} as newest from ${sequence}`
  const query = sql`select (${place()}::text || ' & (' || ${buckets} || ')')::tsquery from (${top}) as top, generate_series(0, ${LAST_BUCKET}) as nth where newest >= nth`
  const which = allOf([sql`_terms @@ (${query})`, sql`_born < ${place()}`, ...live])
  return sql`select _born, ${columns} from ${sql.id(layout.name)}${which} order by _born desc limit ${place()}`
}
