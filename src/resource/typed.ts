// What a definition means to the compiler: the shapes that typed clients, hooks and computed fields see. Types only.
import type { z } from '#kernel/schema.ts'
import type {
  AccessPrincipal,
  DefaultContext,
  HookAnswer,
  HookContext,
  OrganisationHolder,
  RelationDefinition,
  ResourceDefinition,
  ResourceOperation,
  Resources,
  Written,
} from './contract.ts'

export interface PlatformFields {
  readonly id: string
  readonly ownerId: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly updatedAt: string
}

export type PlatformIndexField = Exclude<keyof PlatformFields, 'id'>

/** Names of the fields whose values an index can order. */
export type ScalarField<Fields> = {
  [Name in keyof Fields & string]-?: NonNullable<Fields[Name]> extends string | number | boolean ? Name : never
}[keyof Fields & string]

export type TextField<Fields> = {
  [Name in keyof Fields & string]-?: NonNullable<Fields[Name]> extends string ? Name : never
}[keyof Fields & string]

/** What a resource tells typed clients. It exists for the compiler alone. */
export interface ResourceTypes {
  /** As it is shown. */
  readonly object: object
  readonly create: object
  readonly change: object
  /** Fields that lists can be filtered by, with the types of their values. */
  readonly filters: object
  /** Names of relations, with the resources that they lead to. */
  readonly relations: object
}

/** A definition that remembers its types. */
export interface TypedResource<Name extends string = string, Types extends ResourceTypes = ResourceTypes> extends ResourceDefinition {
  readonly name: Name
  /** Never there when the program runs. */
  readonly types?: Types
}

type Simple<T> = { [Key in keyof T]: T[Key] }

/** An object with nothing hidden, as hooks, computed fields and rules see it. */
export type DocumentOf<Schema extends z.ZodObject> = PlatformFields & Readonly<z.output<Schema>>

export type ShownOf<Schema extends z.ZodObject, Files extends string, Computed> = Simple<
  Readonly<z.output<Schema>> & { readonly [Field in Files as `${Field}Url`]?: string } & Readonly<Computed>
>

export type CreateOf<Schema extends z.ZodObject, ReadOnly extends string, Defaulted extends string> = Simple<
  Omit<z.input<Schema>, ReadOnly | Defaulted> & { [Field in Exclude<keyof z.input<Schema> & Defaulted, ReadOnly>]?: z.input<Schema>[Field] }
>

type Member<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { [Key in keyof Value]?: MergeOf<Value, Key> }
    : Value

/** `null` removes what may be absent. */
type MergeOf<Fields, Key extends keyof Fields> = Member<Fields[Key]> | (undefined extends Fields[Key] ? null : never)

/** RFC 7396: what is absent stays. */
export type ChangeOf<Schema extends z.ZodObject, ReadOnly extends string> = Simple<{
  [Field in Exclude<keyof z.input<Schema>, ReadOnly>]?: MergeOf<z.input<Schema>, Field>
}>

/** A grant with the resource's own fields; the contract says what each part means. */
export interface TypedGrant<Schema extends z.ZodObject, Computed extends string> {
  readonly who:
    | 'anyone'
    | 'user'
    | 'owner'
    | 'shared'
    | { readonly role: string }
    | { readonly permission: string }
    | { readonly group: TextField<z.output<Schema>> }
    | OrganisationHolder<TextField<z.output<Schema>>>
  readonly may: readonly ResourceOperation[]
  readonly where?: { readonly [Name in ScalarField<z.output<Schema>>]?: NonNullable<z.output<Schema>[Name]> }
  readonly when?: (principal: AccessPrincipal, document: DocumentOf<Schema>) => boolean
  readonly lists?: {
    readonly [Name in ScalarField<z.output<Schema>>]?: (principal: AccessPrincipal) => NonNullable<z.output<Schema>[Name]> | undefined
  } & { readonly ownerId?: (principal: AccessPrincipal) => string | undefined }
  readonly fields?: readonly ((keyof z.output<Schema> & string) | Computed)[]
}

export type FiltersOf<Schema extends z.ZodObject, IndexField extends string> = Simple<{
  readonly [Field in IndexField]?: Field extends keyof z.output<Schema> ? NonNullable<z.output<Schema>[Field]> : string
}>

export interface TypedRelation<Fields, To extends string> extends RelationDefinition {
  readonly field: TextField<Fields>
  /** The name of the other resource. */
  readonly to: To
}

export interface TypedComputed<Document, Value> {
  readonly schema: z.ZodType<Value>
  of(document: Document): Value
}

export type TypedDefault<Value> = (context: DefaultContext) => Value

type Awaitable<T> = T | Promise<T>

/** Hooks with the resource's own fields; the contract says what each may do. */
export interface TypedHooks<Document, Fields> {
  beforeCreate?(context: HookContext, draft: Document): Awaitable<HookAnswer<Fields> | void>
  beforeUpdate?(
    context: HookContext,
    change: { readonly before: Document; readonly after: Document; readonly changed: readonly (keyof Fields & string)[] },
  ): Awaitable<HookAnswer<Fields> | void>
  beforeDelete?(context: HookContext, object: Document): Awaitable<Extract<HookAnswer, { readonly problems: unknown }> | undefined | void>
  afterCreate?(context: HookContext, written: TypedWritten<Document>): Awaitable<void>
  afterUpdate?(context: HookContext, written: TypedWritten<Document>): Awaitable<void>
  afterDelete?(context: HookContext, written: TypedWritten<Document>): Awaitable<void>
}

export interface TypedWritten<Document> extends Omit<Written, 'object'> {
  readonly object?: Document
}

export interface TypedRouteInput<Query, Body> {
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
}

export interface RouteContext {
  readonly resources: Resources
  /** Epoch milliseconds. */
  readonly now: number
}
