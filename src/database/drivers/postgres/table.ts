// The statements of one collection, written for its indexes: no stretch of an index is ever sorted or searched for.
import type { CollectionLayout, IndexLayout } from '../../layout.ts'
import { type Column, columnName, columnsOf, type Decode, decoder, type Encode, encoder, typeOf } from './columns.ts'
import { nextBorn, searchAll, searchNewest, vectorOf } from './search.ts'
import { allOf, listOf, place, type RawBuilder, sql, type Statement, statement } from './statement.ts'

export interface StretchShape {
  readonly index: IndexLayout
  /** Which of the equal values are there; the others are absent fields. */
  readonly equal: readonly boolean[]
  readonly lower: '' | '>' | '>=' | 'present'
  readonly upper: '' | '<' | 'absent'
  readonly descending: boolean
}

export interface Table {
  readonly layout: CollectionLayout
  readonly encode: Encode
  readonly decode: Decode
  readonly find: Statement
  readonly findByKey: ReadonlyMap<string, Statement>
  readonly search: Statement
  readonly searchNewest: Statement
  readonly insert: Statement
  /** Writes one row or none. */
  readonly replace: Statement
  readonly reshape: Statement
  readonly remove: Statement
  /** Of the three above: writes one row, or the batch fails with `isStale`. */
  readonly orFail: ReadonlyMap<Statement, Statement>
  readonly removeIfPresent: Statement
  readonly removeIfPresentOfVersion: Statement
  /** Takes the rows of a batch in one order, so that two batches cannot wait for each other. */
  readonly lock: Statement
  readonly expire: Statement
  readonly evictId: Statement
  readonly evictTwins: readonly { readonly columns: readonly Column[]; readonly statement: Statement }[]
  readonly rows: Statement
  readonly wholeRows: Statement
  stretch(shape: StretchShape): Statement
  count(shape: StretchShape): Statement
}

// What stands in the log of the server, too, where a batch meets a row that somebody else has changed.
const STALE_TEXT = 'ninefold: another writer was first, nothing was stored; rows: '
const BAD_NUMBER = '22P02'

export function isStale(error: { readonly code: string; readonly message: string }): boolean {
  return error.code === BAD_NUMBER && error.message.includes(STALE_TEXT)
}

// PostgreSQL has no expression that raises, but one that cannot be a number does; being made of a count, it is not looked at before it is needed.
function orStale(condition: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`case when ${condition} then 1 else (${sql.lit(STALE_TEXT)} || count(*))::integer end`
}

const ID: Column = { field: 'id', kind: 'string', name: 'id' }

export function createTable(layout: CollectionLayout, lost: readonly Column[]): Table {
  const columns = columnsOf(layout)
  const name = sql.id(layout.name)
  const all = [...columns, ...lost]
  const document = listOf([sql`id`, sql`_rest`, ...all.map((one) => sql.id(one.name))])
  const row = sql`_version, xmin, _shape, ${document}`
  const byName = new Map(columns.map((one) => [one.field, one]))
  const columnOf = (field: string): Column => {
    const found = field === 'id' ? ID : byName.get(field)
    if (found === undefined) throw new Error(`Collection ${layout.name} has an index on field ${field}, which is no column.`)
    return found
  }
  const read = (what: RawBuilder<unknown>, tail: RawBuilder<unknown>): RawBuilder<unknown> => sql`select ${what} from ${name}${tail}`
  const page = sql` where id > ${place()} order by id limit ${place()}`
  const unique = layout.indexes.filter((index) => index.unique)
  const stretches = new Map<string, Statement>()
  const kept = (kind: string, shape: StretchShape, make: () => RawBuilder<unknown>): Statement => {
    const { index, equal, lower, upper, descending } = shape
    const key = `${kind} ${index.name} ${equal.map(Number).join('')} ${lower} ${upper} ${descending ? 'd' : 'a'}`
    let found = stretches.get(key)
    if (found === undefined) {
      found = statement(make())
      stretches.set(key, found)
    }
    return found
  }

  return {
    layout,
    encode: encoder(columns),
    decode: decoder(all),
    find: statement(read(row, allOf([sql`id = ${place()}`, ...live(layout)]))),
    findByKey: new Map(
      unique.map((index) => [
        index.name,
        statement(read(row, allOf([...index.fields.map((field) => sql`${column(field)} = ${place()}`), ...live(layout)]))),
      ]),
    ),
    search: statement(searchAll({ layout, columns: row, live: live(layout) })),
    searchNewest: statement(searchNewest({ layout, columns: row, live: live(layout) })),
    ...writes(layout, columns, lost),
    evictTwins: unique.map((index) => ({
      columns: index.fields.map(columnOf),
      statement: statement(
        sql`delete from ${name}${allOf([...index.fields.map((field) => sql`${column(field)} = ${place()}`), sql`_expires_at <= ${place()}`])}`,
      ),
    })),
    rows: statement(read(row, page)),
    wholeRows: statement(read(sql`_version, _shape, _expires_at, ${document}`, page)),
    stretch: (shape) => kept('rows', shape, () => read(row, stretchTail(layout, shape))),
    count: (shape) => kept('count', shape, () => sql`select count(*) from (${read(sql`1`, stretchTail(layout, shape))}) as found`),
  }
}

export function column(field: string): RawBuilder<unknown> {
  return sql.id(columnName(field))
}

/** Values: those of the equal fields that are there, lower, upper, now (if the collection has an expiry), limit. */
function stretchTail(layout: CollectionLayout, { index, equal, lower, upper, descending }: StretchShape): RawBuilder<unknown> {
  const { fields, unique } = index
  const next = column(fields[equal.length] ?? 'id')
  const terms = equal.map((there, number) =>
    there ? sql`${column(fields[number] ?? 'id')} = ${place()}` : sql`${column(fields[number] ?? 'id')} is null`,
  )
  if (lower === 'present') terms.push(sql`${next} is not null`)
  else if (lower !== '') terms.push(sql`${next} ${sql.raw(lower)} ${place()}`)
  if (upper === 'absent') terms.push(sql`${next} is null`)
  else if (upper !== '') terms.push(sql`${next} < ${place()}`)
  if (unique) terms.push(...fields.slice(equal.length).map((field) => sql`${column(field)} is not null`))
  // All fields, the equal ones too: that a field is absent does not tell the planner that it is the same everywhere.
  const direction = descending ? sql` desc nulls last` : sql` asc nulls first`
  const order = unique
    ? fields.map((field) => sql`${column(field)}${descending ? sql` desc` : sql``}`)
    : [...fields.map((field) => sql`${column(field)}${direction}`), descending ? sql`id desc` : sql`id`]
  return sql`${allOf([...terms, ...live(layout)])} order by ${listOf(order)} limit ${place()}`
}

/** Takes `now` as its value, where there is an expiry. */
function live(layout: CollectionLayout): RawBuilder<unknown>[] {
  return layout.expiry === undefined ? [] : [sql`(_expires_at is null or _expires_at > ${place()})`]
}

type Writes = Pick<
  Table,
  'insert' | 'replace' | 'reshape' | 'remove' | 'orFail' | 'removeIfPresent' | 'removeIfPresentOfVersion' | 'lock' | 'expire' | 'evictId'
>

interface Target {
  readonly name: RawBuilder<unknown>
  readonly value: RawBuilder<unknown>
  readonly set?: RawBuilder<unknown>
}

/** Where the values of a document go, in their order: expiry, rest, terms (where there are any), columns. */
function targetsOf(layout: CollectionLayout, columns: readonly Column[]): Target[] {
  const born = sql`made.born`
  const vector = vectorOf(sql`${place()}::text[]`, born)
  // A row that was there before the collection could be searched gets its place in the order when it gets its terms.
  const kept = sql`select coalesce(${sql.id(layout.name)}._born, ${nextBorn(layout.name)}) as born offset 0`
  const search: Target = {
    name: sql`_born, _terms`,
    value: sql`${born}, ${vector}`,
    set: sql`(_born, _terms) = (select ${born}, ${vector} from (${kept}) as made)`,
  }
  return [
    { name: sql`_expires_at`, value: sql`${place()}::double precision` },
    { name: sql`_rest`, value: sql`${place()}::jsonb` },
    ...(layout.searchable ? [search] : []),
    ...columns.map(({ name, kind }) => ({ name: sql.id(name), value: sql`${place()}::${typeOf(kind)}` })),
  ]
}

function insertion(layout: CollectionLayout, targets: readonly Target[]): RawBuilder<unknown> {
  const names = listOf(targets.map((target) => target.name))
  const values = listOf(targets.map((target) => target.value))
  const from = layout.searchable ? sql` from (select ${nextBorn(layout.name)} as born) as made` : sql``
  return sql`insert into ${sql.id(layout.name)} (id, _version, _shape, ${names}) select ${place()}::text, 1, ${sql.raw(String(layout.shape))}, ${values}${from}`
}

function writes(layout: CollectionLayout, columns: readonly Column[], lost: readonly Column[]): Writes {
  const name = sql.id(layout.name)
  const targets = targetsOf(layout, columns)
  const sets = listOf([
    ...targets.map((target) => target.set ?? sql`${target.name} = ${target.value}`),
    sql`_shape = ${sql.raw(String(layout.shape))}`,
    // A field that the definition has lost moves to the rest with the next write.
    ...lost.map((one) => sql`${sql.id(one.name)} = null`),
  ])
  const exactly = allOf([sql`id = ${place()}`, sql`_version = ${place()}`, sql`xmin = coalesce(${place()}::xid, xmin)`, ...live(layout)])
  const ofVersion = allOf([sql`id = ${place()}`, sql`_version = coalesce(${place()}::bigint, _version)`, ...live(layout)])
  const replace = sql`update ${name} set _version = _version + 1, ${sets}${exactly}`
  const reshape = sql`update ${name} set ${sets}${exactly}`
  const remove = sql`delete from ${name}${ofVersion}`
  const plain = { replace: statement(replace), reshape: statement(reshape), remove: statement(remove) }
  const strict = (write: RawBuilder<unknown>): Statement =>
    statement(sql`with written as (${write} returning 1) select ${orStale(sql`count(*) = 1`)} from written`)
  return {
    ...plain,
    orFail: new Map([
      [plain.replace, strict(replace)],
      [plain.reshape, strict(reshape)],
      [plain.remove, strict(remove)],
    ]),
    insert: statement(insertion(layout, targets)),
    removeIfPresent: statement(sql`delete from ${name} where id = ${place()}`),
    removeIfPresentOfVersion: statement(
      sql`with gone as (${remove} returning 1) select ${orStale(sql`count(*) = 1 or not exists (select from ${name}${allOf([sql`id = ${place()}`, ...live(layout)])})`)} from gone`,
    ),
    lock: statement(sql`select from ${name} where id = any(${place()}::text[]) order by id for update`),
    expire: statement(
      sql`delete from ${name} where id in (select id from ${name} where _expires_at <= ${place()} order by _expires_at limit ${place()} for update skip locked)`,
    ),
    evictId: statement(sql`delete from ${name} where id = ${place()} and _expires_at <= ${place()}`),
  }
}
