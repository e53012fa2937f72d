// What `clients` takes on the command line beside what every command takes.
import type { ClientChange } from '../auth/clients/contract.ts'

export const CLIENT_OPTIONS = {
  name: { type: 'string' },
  'redirect-uri': { type: 'string', multiple: true },
  origin: { type: 'string', multiple: true },
  scope: { type: 'string', multiple: true },
  'sign-out-uri': { type: 'string', multiple: true },
  'with-secret': { type: 'boolean', default: false },
  verified: { type: 'boolean', default: false },
  consent: { type: 'string' },
  'keep-seconds': { type: 'string' },
} as const

export interface ClientLine {
  /** What was given, and as it was typed: `clients` checks it. */
  readonly definition: { readonly [Member in keyof ClientChange]: unknown } & Pick<ClientChange, 'scopes'>
  readonly withSecret: boolean
  readonly keepSeconds: string | undefined
}

interface Typed {
  readonly name?: string | undefined
  readonly 'redirect-uri'?: string[] | undefined
  readonly origin?: string[] | undefined
  readonly scope?: string[] | undefined
  readonly 'sign-out-uri'?: string[] | undefined
  readonly 'with-secret'?: boolean | undefined
  readonly verified?: boolean | undefined
  readonly consent?: string | undefined
  readonly 'keep-seconds'?: string | undefined
}

export function clientLine(values: Typed): ClientLine {
  const given = {
    name: values.name,
    redirectUris: values['redirect-uri'],
    origins: values.origin,
    // As OAuth writes them, too: `--scope "profile email"`.
    scopes: values.scope?.flatMap((scope) => scope.split(' ').filter((word) => word !== '')),
    postLogoutRedirectUris: values['sign-out-uri'],
    consent: values.consent,
    verified: values.verified === true ? true : undefined,
  }
  return {
    definition: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    withSecret: values['with-secret'] === true,
    keepSeconds: values['keep-seconds'],
  }
}

export const CLIENT_USAGE = `  --name <name>, --redirect-uri <uri>, --origin <origin>, --sign-out-uri <uri>
                       with clients add and clients change; all but the name as often as needed
  --scope <scope>      with clients add, clients change, services create and services scopes, as often as needed
  --with-secret        with clients add: a confidential client; its secret is printed once
  --verified           with clients add and clients change: you know who is behind the client, so that people are not warned
  --consent <policy>   with clients add and clients change: whether people are asked: once (unless told), always, or never
                       for what you run yourself
  --from <file>        with clients add and clients change: any member of a client's definition, as JSON (docs/clients.md);
                       what is typed beside it wins
  --keep-seconds <n>   with clients rotate-secret, services renew-secret, services use-secret, services change-key and
                       services use-key: how long the one before is taken (3600)
`
