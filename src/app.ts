// The app definition: one typed value that says what the nine servers serve.
import type { AuthDefinition } from './auth/contract.ts'
import type { ClientDefinition } from './auth/clients/contract.ts'
import type { Engine } from './database/ports.ts'
import type { BucketDefinition } from './files/contract.ts'
import type { FrontendDefinition } from './frontend/contract.ts'
import type { JobDefinition } from './kernel/job.ts'
import type { Logger } from './kernel/log.ts'
import type { ResourceDefinition } from './resource/contract.ts'

export interface AppDefinition {
  /** The product's name, as people read it on the sign-in pages and in mails. */
  readonly name: string
  /** Every scope that a third party may ask for, in plain words that finish the sentence "This app will be able to ...". */
  readonly scopes: Readonly<Record<string, string>>
  readonly resources: readonly ResourceDefinition[]
  readonly buckets?: readonly BucketDefinition[]
  /** The first one shares its origin with the API, which is at `api.` where there is none. */
  readonly frontends: readonly FrontendDefinition[]
  /** Third parties that people may sign in to with their account here. */
  readonly clients?: readonly ClientDefinition[]
  /** How people sign in, and what may happen when they do. */
  readonly auth?: AuthDefinition
  readonly jobs?: readonly JobDefinition[]
  /** A database driver of your own (docs/drivers.md), in place of those that a URL names. `url` is NINEFOLD_DATABASE_URL, for it to read. */
  readonly database?: (environment: { readonly url: string | undefined; readonly logger: Logger }) => Engine
}

/** What a definition may depend on: addresses differ between a laptop and production. */
export interface AppEnvironment {
  readonly mode: 'development' | 'production'
  readonly port: number
  readonly domain: string
  /** The public origin of a host label, for example `origin('diary')`. */
  origin(label: string): string
}

/** An app that remembers what its resources are, for typed clients. */
export interface TypedApp<Resources extends readonly ResourceDefinition[]> extends AppDefinition {
  readonly resources: Resources
}

export type AppFactory<Definition extends AppDefinition = AppDefinition> = (environment: AppEnvironment) => Definition

/** The default export of `ninefold.config.ts`. */
export function defineApp<const Resources extends readonly ResourceDefinition[]>(
  definition: TypedApp<Resources> | AppFactory<TypedApp<Resources>>,
): AppFactory<TypedApp<Resources>> {
  return typeof definition === 'function' ? definition : () => definition
}
