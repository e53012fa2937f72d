// What was typed, parsed once for all commands.
import { parseArgs } from 'node:util'
import { ACCOUNT_USAGE, type AccountLine, accountLine, contradictionOf } from './account-options.ts'
import { CLIENT_USAGE, type ClientLine, clientLine, misreadNumberOf } from './client-options.ts'
import { USER_USAGE, type UserLine, userLine } from './user-options.ts'
import { TRANSFER_USAGE, type TransferLine, transferLine } from './transfer-options.ts'
import { idleOptions, OPTIONS } from './uses.ts'

export interface CommandLine {
  readonly command: string
  readonly help: boolean
  /** Of `migrate`: only say what it would do. */
  readonly plan: boolean
  /** Of `keys rotate`: not after everybody has had time to learn of the next key, but in seconds. Of `account --delete`: without the days of grace. */
  readonly now: boolean
  /** Of `keys begin-anew`: do it, and not only say what would be lost. Of `account --delete --now`: what follows is the address once more. */
  readonly confirmed: boolean
  /** What came after the command, for commands that take more. */
  readonly words: readonly string[]
  /** Of `account`. */
  readonly account: AccountLine
  /** Of `account` and `invite`: not of one address, but all. */
  readonly list: boolean
  /** Of `invite`: take it back. */
  readonly withdraw: boolean
  /** Of `organisations list`: those that nobody answers for. */
  readonly withoutOwner: boolean
  /** Of `move`, `backup` and `restore`. */
  readonly premises: {
    readonly to: string | undefined
    readonly from: string | undefined
    readonly back: boolean
    readonly finish: boolean
    readonly verify: boolean
    readonly replace: boolean
    readonly withoutMasterKey: boolean
  }
  /** Of `clients`. */
  readonly client: ClientLine
  /** Of `import` and `export`. */
  readonly transfer: TransferLine
  /** Of `users`. */
  readonly users: UserLine
  /** The app definition. */
  readonly configFile: string
  /** Settings given as options, by `section.key`. */
  readonly overrides: Readonly<Record<string, string>>
}

/** Something typed wrong: the message is all that the person needs. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** What is called so in the table: `toString`, which every object has, is no action. */
export function named<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

export function rolesIn({ account: { membership } }: CommandLine): Pick<AccountLine['membership'], 'addRoles' | 'removeRoles'> {
  const { addRoles, removeRoles } = membership
  return { addRoles, removeRoles }
}

/** Commands that take more words than their own. */
const WITH_WORDS: ReadonlySet<string> = new Set([
  'account',
  'admin',
  'invite',
  'passwords',
  'clients',
  'import',
  'export',
  'keys',
  'webhooks',
  'organisations',
  'services',
  'users',
])

const OVERRIDES = [
  ['port', 'gateway.port'],
  ['host', 'gateway.host'],
  ['data-dir', 'platform.dataDir'],
  ['log-level', 'platform.logLevel'],
] as const

export function parseCommandLine(words: readonly string[], commands: readonly string[]): CommandLine {
  const { values, positionals, tokens } = parse(words)
  const command = positionals[0] ?? 'start'
  if (!commands.includes(command))
    throw new CommandError(`There is no command ${JSON.stringify(command)}. Commands: ${commands.join(', ')}. See --help.`)
  if (positionals.length > 1 && !WITH_WORDS.has(command))
    throw new CommandError(`The command ${command} takes no further words, but got ${JSON.stringify(positionals[1])}.`)
  const typed = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []))
  const refusal = values.help
    ? undefined
    : (idleOptions(command, positionals.slice(1), typed) ?? contradictionOf(values) ?? misreadNumberOf(values))
  if (refusal !== undefined) throw new CommandError(refusal)
  const overrides: Record<string, string> = {}
  for (const [option, setting] of OVERRIDES) {
    const value = values[option]
    if (value !== undefined) overrides[setting] = value
  }
  return {
    command,
    help: values.help,
    plan: values.plan,
    now: values.now,
    confirmed: values.confirm,
    words: positionals.slice(1),
    account: accountLine(values),
    list: values.list,
    withdraw: values.withdraw,
    withoutOwner: values['without-owner'],
    premises: premisesOf(values),
    client: clientLine(values),
    transfer: transferLine(values),
    users: userLine(values),
    configFile: values.config,
    overrides,
  }
}

function premisesOf(values: ReturnType<typeof parse>['values']): CommandLine['premises'] {
  const { to, from, back, finish, verify, replace, 'without-master-key': withoutMasterKey } = values
  return { to, from, back, finish, verify, replace, withoutMasterKey }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true, tokens: true })
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}. See --help.`, { cause: error })
  }
}

export function usage(): string {
  return `Ninefold: auth, resource, frontend, gateway, files, cache, database, jobs and monitoring as one program.

Usage: ninefold [command] [options]

Commands
  start          run the nine servers in one process (the default)
  check          read the configuration and print every setting, without secrets
  routes         print every route with who may call it, as JSON
  migrate        bring the database to what the app declares, and end; --plan only says how
  move           bring the data to the database of --to <url> while people use it ("-" reads the URL);
                 --back goes back, --finish ends it, without an option: where the data is
  backup         make a backup, in the folder of --to if given; --verify checks the newest, or --from <folder>
  restore        bring back the backup of --from <folder> where nothing is yet; --replace removes what is there;
                 --without-master-key when that of the backup is lost
  admin link     print a new one-time link to the operators' console; whoever is locked out gets in again by it
  invite <address>   let somebody sign up where that needs an invitation, and tell them by mail; --withdraw takes
                 that back, and invite --list prints who was invited and has not signed up
  passwords build-filter <list> <filter>
                 make a file of passwords that nobody may choose, for NINEFOLD_AUTH_PASSWORD_FILTER
  import <resource> <file or address>
                 make objects of what is in a file, or of what another API gives, as --as
  export <resource>  print all objects of a resource, or write them to --output
  clients [list]     print the clients of the authorization server; also: clients add, change, show, rotate-secret,
                     block, unblock or remove <client id>; clients invite: a token for one registration by a client itself
  webhooks [list]    where webhooks lead, what waits and what failed
  webhooks secret <name>, webhooks rotate <name>, webhooks retry <name>
                 print the secret, make a new one, or send failed deliveries again
  users import <file>  move people in, with passwords and linked identities, from --from; of Auth0 with both its files
  users export   write all of them to --output, a file of NDJSON (people.ndjson)
${ACCOUNT_USAGE}  services [list] [<organisation id>]  print the service accounts; also: create <name> [<organisation id>]
                 --scope <scope> --add-role <role> --from <public key>, roles <client id> --add-role <role>
                 --remove-role <role>, scopes <client id> --scope <scope> (exactly these), renew-secret, use-secret,
                 change-key, use-key, end-earlier or remove <client id>
  organisations [list]  print the organisations with their ids, --without-owner those that nobody answers for; also:
                 create <name> <owner's address>, members <id>, set <id> <address> --add-role <role>
                 --remove-role <role> (a member from then on), remove <id> <address>, end <id>
  keys           list the keys that tokens are signed with; keys rotate [--now] makes the next ones,
                 keys revoke <kid> ends one that was stolen, with all that it has signed; keys reseal
                 seals anew what a former version of the master key has sealed
  keys recover   print the master key that is in the backup of --from <folder>
  keys begin-anew    for who has lost the master key: says what is lost with it, and with --confirm begins anew without it;
                 keys begin-anew refresh-tokens when the secret behind them was stolen

Options
  --config <file>      the app definition (ninefold.config.ts)
  --port <number>      port to listen on (8080; 0 takes a free one)
  --host <address>     address to listen on (127.0.0.1)
  --data-dir <folder>  where data is kept (.ninefold)
  --plan               with migrate: print statements and numbers of documents, and change nothing
  --now                with keys rotate: sign in seconds, not after others' caches have ended;
                       with account --delete: without the days of grace
  --log-level <level>  debug, info, warn, error or silent (info)
  --add-role <role>    with account, organisations set, services create and services roles, as often as needed
  --remove-role <role> with account, organisations set and services roles, as often as needed
  --add-group <group>, --remove-group <group>
                       with account, as often as needed
${CLIENT_USAGE}${TRANSFER_USAGE}${USER_USAGE}  -h, --help           this text

Every setting is also an environment variable, in the environment or in .env; "ninefold check" lists them.
`
}
