// Types of the files of the engine that we reach into. Nothing else may.
declare module 'oidc-provider/lib/actions/grants/authorization_code.js' {
  import type { KoaContextWithOIDC } from 'oidc-provider'
  import type Provider from 'oidc-provider'

  export function handler(provider: Provider, helpers: Readonly<Record<string, unknown>>, context: KoaContextWithOIDC): Promise<void>
  export const parameters: ReadonlySet<string>
  export const grantType: string
}

declare module 'oidc-provider/lib/actions/grants/client_credentials.js' {
  import type { KoaContextWithOIDC } from 'oidc-provider'
  import type Provider from 'oidc-provider'

  export function handler(provider: Provider, helpers: Readonly<Record<string, unknown>>, context: KoaContextWithOIDC): Promise<void>
  export const parameters: ReadonlySet<string>
  export const grantType: string
}

declare module 'oidc-provider/lib/helpers/grants.js' {
  import type Provider from 'oidc-provider'

  const helpers: Readonly<Record<string, (provider: Provider, ...values: readonly unknown[]) => unknown>>
  export = helpers
}

declare module 'oidc-provider/lib/helpers/weak_cache.js' {
  import type { KoaContextWithOIDC } from 'oidc-provider'
  import type Provider from 'oidc-provider'

  export default function internals(provider: Provider): {
    readonly responseModes: Map<string, unknown>
    readonly router: { match(method: string, path: string): object | undefined }
    readonly grantTypeHandlers: Map<string, (context: KoaContextWithOIDC) => Promise<void>>
  }
}

declare module 'oidc-provider/lib/helpers/als.js' {
  import type { AsyncLocalStorage } from 'node:async_hooks'
  import type { KoaContextWithOIDC } from 'oidc-provider'

  /** What `Provider.ctx` reads. */
  const contexts: AsyncLocalStorage<KoaContextWithOIDC>
  export default contexts
}

declare module 'oidc-provider/lib/helpers/router.js' {
  import type { KoaContextWithOIDC } from 'oidc-provider'

  export type Step = (context: KoaContextWithOIDC, next: () => Promise<unknown>) => unknown
  type Register = (this: unknown, ...route: readonly [name: string, path: string, ...steps: Step[]]) => unknown
  export default class Router {
    get: Register
    post: Register
    put: Register
    delete: Register
    options: Register
  }
}

declare module 'oidc-provider/lib/actions/authorization/index.js' {
  import type { KoaContextWithOIDC } from 'oidc-provider'

  /** The same list each time; the engine copies it when it is made. */
  export default function steps(endpoint: string): ((context: KoaContextWithOIDC, next: () => Promise<unknown>) => unknown)[]
}

declare module 'oidc-provider/lib/actions/end_session.js' {
  import type { KoaContextWithOIDC } from 'oidc-provider'

  type Step = (context: KoaContextWithOIDC, next: () => Promise<unknown>) => unknown
  /** The engine copies them when it is made. */
  export const init: Step[]
  export const confirm: Step[]
}

declare module 'oidc-provider/lib/actions/introspection.js' {
  import type { KoaContextWithOIDC } from 'oidc-provider'

  /** The engine copies it when it is made. */
  const stack: ((context: KoaContextWithOIDC, next: () => Promise<unknown>) => Promise<void>)[]
  export default stack
}

declare module 'oidc-provider/lib/actions/revocation.js' {
  import type { KoaContextWithOIDC } from 'oidc-provider'

  const stack: ((context: KoaContextWithOIDC, next: () => Promise<unknown>) => Promise<void>)[]
  export default stack
}

declare module 'oidc-provider/lib/helpers/challenge.js' {
  export default class ServerChallenge {
    constructor(secret: Buffer, info: string)
    nextChallenge(): string
    checkChallenge(challenge: string): boolean
  }
}

declare module 'oidc-provider/lib/helpers/revoke.js' {
  import type Provider from 'oidc-provider'

  export default function revoke(
    context: { readonly oidc: { readonly client: undefined; readonly provider: Provider } },
    grantId: string,
  ): Promise<void>
}
