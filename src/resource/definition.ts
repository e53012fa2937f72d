// The builder that app developers use: names of fields are checked by the compiler, all else when the platform is made.
import type { z } from '#kernel/schema.ts'
import type { ResourceDefinition, ResourceOperation } from './contract.ts'

type PlatformIndexField = 'ownerId' | 'createdAt' | 'updatedAt'

/** Names of the fields whose values an index can order. */
type ScalarField<Fields> = {
  [Name in keyof Fields & string]-?: NonNullable<Fields[Name]> extends string | number | boolean ? Name : never
}[keyof Fields & string]

type TextField<Fields> = { [Name in keyof Fields & string]-?: NonNullable<Fields[Name]> extends string ? Name : never }[keyof Fields &
  string]

export interface ResourceOptions<Fields> {
  /** `z.strictObject({ ... })`: exactly the fields that clients may write. */
  readonly schema: z.ZodObject & z.ZodType<Fields>
  /** Lists use these and nothing else. The first fields are what a list filters by, the next is what it is ordered by. */
  readonly indexes: Readonly<
    Record<string, { readonly fields: readonly (ScalarField<Fields> | PlatformIndexField)[]; readonly unique?: boolean }>
  >
  /** Nothing is allowed that no grant allows. */
  readonly access: readonly {
    readonly who: 'anyone' | 'user' | 'owner'
    readonly may: readonly ResourceOperation[]
    readonly where?: { readonly [Name in ScalarField<Fields>]?: NonNullable<Fields[Name]> }
  }[]
  readonly scopes: { readonly read: string; readonly write: string }
  readonly writeOnce?: readonly (keyof Fields & string)[]
  /** Fields that hold the id of an uploaded file, with the name of its bucket. */
  readonly files?: { readonly [Name in TextField<Fields>]?: string }
  readonly migrations?: ResourceDefinition['migrations']
}

/** `resource('photos', { schema, indexes, access, scopes })`: served as `/api/photos`. */
export function resource<Fields extends Record<string, unknown>>(name: string, options: ResourceOptions<Fields>): ResourceDefinition {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the mapped types above say more than the contract, and nothing else
  return { name, ...options } as ResourceDefinition
}
