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
  'keep-seconds': { type: 'string' },
} as const

export interface ClientLine {
  readonly definition: ClientChange
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
  readonly 'keep-seconds'?: string | undefined
}

export function clientLine(values: Typed): ClientLine {
  const signOut = values['sign-out-uri']
  return {
    definition: {
      ...(values.name === undefined ? {} : { name: values.name }),
      redirectUris: values['redirect-uri'] ?? [],
      origins: values.origin ?? [],
      // As OAuth writes them, too: `--scope "profile email"`.
      scopes: (values.scope ?? []).flatMap((scope) => scope.split(' ').filter((word) => word !== '')),
      ...(signOut === undefined ? {} : { postLogoutRedirectUris: signOut }),
      ...(values.verified === true ? { verified: true } : {}),
    },
    withSecret: values['with-secret'] === true,
    keepSeconds: values['keep-seconds'],
  }
}

export const CLIENT_USAGE = `  --name <name>, --redirect-uri <uri>, --origin <origin>, --scope <scope>, --sign-out-uri <uri>
                       for "clients add"; all but the name as often as needed
  --with-secret        with clients add: a confidential client; its secret is printed once
  --verified           with clients add: you know who is behind it, so that people are not warned
  --keep-seconds <n>   with clients rotate-secret: how long the earlier secret is taken (3600)
`
