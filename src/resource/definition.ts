// The builders that app developers use: names of fields are checked by the compiler, all else when the platform is made.
import type { Call } from '#kernel/call.ts'
import type { Schema as SchemaOf, z } from '#kernel/schema.ts'
import type { ResourceCache, ResourceDefinition, ResourceRoute, ResourceScopes, RouteAnswerShape } from './contract.ts'
import type {
  ChangeOf,
  CreateOf,
  DocumentOf,
  FiltersOf,
  PlatformIndexField,
  RouteContext,
  ScalarField,
  ShownOf,
  TextField,
  TypedComputed,
  TypedDefault,
  TypedGrant,
  TypedHooks,
  TypedRelation,
  TypedResource,
  TypedRouteInput,
} from './typed.ts'

export interface ResourceOptions<
  Schema extends z.ZodObject,
  Indexed extends ScalarField<z.output<Schema>> | PlatformIndexField,
  Files extends TextField<z.output<Schema>>,
  ReadOnly extends keyof z.output<Schema> & string,
  Defaulted extends keyof z.output<Schema> & string,
  Computed,
  Relations extends Readonly<Record<string, string>>,
> {
  /** `z.strictObject({ ... })`: every field that is stored, beside the platform's own. */
  readonly schema: Schema
  /** Lists use these and nothing else. The first fields are what a list filters by, the next is what it is ordered by. */
  readonly indexes: Readonly<Record<string, { readonly fields: readonly Indexed[]; readonly unique?: boolean }>>
  /** Nothing is allowed that no grant allows. */
  readonly access: readonly TypedGrant<Schema, keyof NoInfer<Computed> & string>[]
  readonly scopes: ResourceScopes
  /** Owners may share an object with other people; grants for `shared` say what that allows. */
  readonly share?: true
  readonly search?: {
    readonly fields: readonly TextField<z.output<Schema>>[]
    readonly filters?: readonly (ScalarField<z.output<Schema>> | PlatformIndexField)[]
  }
  /** Fields that keep the value they were first given. */
  readonly writeOnce?: readonly (keyof z.output<Schema> & string)[]
  /** Fields that clients see and never write: hooks, defaults and the platform's own calls set them. */
  readonly readOnly?: readonly ReadOnly[]
  /** Values for fields that a new object came without. For fixed ones use `.default()` in the schema. */
  readonly defaults?: { readonly [Name in Defaulted]: TypedDefault<z.output<Schema>[Name]> }
  /** Fields that are worked out when an object is shown. */
  readonly computed?: { readonly [Name in keyof Computed]: TypedComputed<DocumentOf<Schema>, Computed[Name]> }
  /** Text fields that hold the id of an object of another resource. */
  readonly relations?: { readonly [Name in keyof Relations]: TypedRelation<z.output<Schema>, Relations[Name]> }
  readonly hooks?: TypedHooks<DocumentOf<Schema>, z.output<Schema>>
  readonly routes?: readonly ResourceRoute[]
  /** Fields that hold the id of an uploaded file, with the name of its bucket. */
  readonly files?: { readonly [Name in Files]: string }
  readonly migrations?: ResourceDefinition['migrations']
  /** Answers reads of single objects from memory for up to this long, at most a second. */
  readonly stepUp?: ResourceDefinition['stepUp']
  readonly cache?: ResourceCache
}

/** `resource('photos', { schema, indexes, access, scopes })`: served as `/api/photos`. */
export function resource<
  const Name extends string,
  Schema extends z.ZodObject,
  Indexed extends ScalarField<z.output<Schema>> | PlatformIndexField,
  Files extends TextField<z.output<Schema>> = never,
  ReadOnly extends keyof z.output<Schema> & string = never,
  Defaulted extends keyof z.output<Schema> & string = never,
  Computed = unknown,
  // oxlint-disable-next-line typescript/no-empty-object-type -- without relations there is no name that leads anywhere
  const Relations extends Readonly<Record<string, string>> = {},
>(
  name: Name,
  options: ResourceOptions<Schema, Indexed, Files, ReadOnly, Defaulted, Computed, Relations>,
): TypedResource<
  Name,
  {
    readonly object: ShownOf<Schema, Files, Computed>
    readonly create: CreateOf<Schema, ReadOnly, Defaulted>
    readonly change: ChangeOf<Schema, ReadOnly>
    readonly filters: FiltersOf<Schema, Indexed>
    readonly relations: Relations
  }
> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the mapped types above say more than the contract, and nothing else
  return { name, ...options } as unknown as ReturnType<
    typeof resource<Name, Schema, Indexed, Files, ReadOnly, Defaulted, Computed, Relations>
  >
}

export interface ResourceRouteOptions<Query, Body> extends Omit<ResourceRoute, 'input' | 'handle' | 'answers'> {
  readonly input?: { readonly query?: SchemaOf<Query>; readonly body?: SchemaOf<Body> }
  readonly answers: Readonly<Record<number, RouteAnswerShape>>
  handle(
    call: Call,
    input: TypedRouteInput<Query, Body>,
    context: RouteContext,
  ): Promise<{ readonly status: number; readonly json?: unknown }>
}

/** A route of the app beside those that the resource has. It is listed, limited, checked and documented like them. */
export function resourceRoute<Query = Readonly<Record<string, never>>, Body = undefined>(
  options: ResourceRouteOptions<Query, Body>,
): ResourceRoute {
  return options
}
