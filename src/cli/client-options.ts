// What `clients` takes on the command line beside what every command takes.
import { type ClientChange, KEEP_SECONDS, type SecretRenewal } from '../auth/clients/contract.ts'

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
  replacing: { type: 'string' },
  unseen: { type: 'boolean', default: false },
} as const

export interface ClientLine {
  /** What was given, and as it was typed: `clients` checks it. */
  readonly definition: { readonly [Member in keyof ClientChange]: unknown } & Pick<ClientChange, 'scopes'>
  readonly withSecret: boolean
  readonly keepSeconds: string | undefined
  readonly replacing: string | undefined
  readonly unseen: boolean
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
  readonly replacing?: string | undefined
  readonly unseen?: boolean | undefined
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
    replacing: values.replacing,
    unseen: values.unseen === true,
  }
}

/** What is wrong with a number as it was typed, in words: an empty one, as of a variable that nobody has set, would be zero, and end what is deployed. */
export function misreadNumberOf({ 'keep-seconds': keepSeconds }: Typed): string | undefined {
  if (keepSeconds === undefined || /^\d+$/.test(keepSeconds)) return undefined
  return `--keep-seconds takes a whole number of seconds, and not ${JSON.stringify(keepSeconds)}. Nothing was done.`
}

/** How a secret or key is replaced. */
export function renewalOf({ keepSeconds, replacing, unseen }: ClientLine): SecretRenewal {
  return { keepSeconds: keepSeconds === undefined ? undefined : Number(keepSeconds), replacing, unseen }
}

/** Beside what is printed, which may be a secret that a script takes: what still works, and until when. */
export function tellKept(what: string, { keepSeconds = KEEP_SECONDS, unseen }: SecretRenewal): void {
  const until = new Date(Date.now() + keepSeconds * 1000).toISOString()
  const had = keepSeconds === 0 ? 'is good no more' : `is good until ${until}`
  const said =
    unseen === true ? 'is good no more; what it had before that goes on until its time' : `${had}; what it had before that is good no more`
  process.stderr.write(`${what}: the new one counts from now on. What it had until now ${said}.\n`)
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
  --replacing <mark>   with clients rotate-secret, services renew-secret, services use-secret, services change-key and
                       services use-key: only in place of this one, by the "credential" that is printed of it; so a
                       command that is given twice changes nothing the second time
  --unseen             with clients rotate-secret, services renew-secret, services use-secret, services change-key and
                       services use-key, instead of --keep-seconds: the answer with the present one was lost, so it
                       ends at once, and the one before it goes on until its time
`
