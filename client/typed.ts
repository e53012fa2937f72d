// What the types of an app definition say to this page. Structural: nothing of the platform is imported, and all of it is gone when the page runs.

/** Made by `resource(...)` of an app definition. */
export interface ResourceTypes {
  /** As it is shown. */
  readonly object: object
  readonly create: object
  readonly change: object
  /** Fields that lists can be filtered by. */
  readonly filters: object
  /** Names of relations, with the resources that they lead to. */
  readonly relations: object
}

interface NamedResource {
  readonly name: string
  readonly types?: ResourceTypes
}

interface Definition {
  readonly resources: readonly NamedResource[]
}

/** `typeof app`, the default export of a `ninefold.config.ts`, or anything else with `resources`. */
export type AppTypes = Definition | ((environment: never) => Definition)

export type Scalar = string | number | boolean

/** For resources whose definition this page cannot see: what it reads and writes is what it says. */
export interface LooseTypes<T> extends ResourceTypes {
  readonly object: T & object
  readonly create: T & object
  readonly change: Partial<T> & object
  readonly filters: Readonly<Record<string, Scalar>>
  readonly relations: Readonly<Record<string, string>>
}

type DefinitionOf<App> = App extends (environment: never) => infer Made ? Made : App

type Member<App> = DefinitionOf<App> extends { readonly resources: readonly (infer One)[] } ? One : never

type TypesIn<One> = One extends { readonly types?: infer Types } ? Extract<Types, ResourceTypes> : never

/** The types of every resource, by name. */
export type AppResources<App extends AppTypes> = {
  readonly [One in Member<App> as One extends { readonly name: infer Name extends string } ? Name : never]: TypesIn<One>
}

export type All = Readonly<Record<string, ResourceTypes>>

/** What a relation leads to, as far as it is known. */
export type Target<Types extends ResourceTypes, Others, Name extends string> = Name extends keyof Types['relations']
  ? Types['relations'][Name] extends keyof Others
    ? Extract<Others[Types['relations'][Name]], ResourceTypes>
    : LooseTypes<Readonly<Record<string, unknown>>>
  : never

/** `album`, or `album.owner` for a relation of what it leads to. */
export type ExpandPath<Types extends ResourceTypes, Others> = {
  [Name in keyof Types['relations'] & string]: Name | `${Name}.${keyof Target<Types, Others, Name>['relations'] & string}`
}[keyof Types['relations'] & string]

export type Head<Path> = Path extends `${infer First}.${string}` ? First : Path
export type Tail<Path, First extends string> = Path extends `${First}.${infer Rest}` ? Rest : never
