// Which options each command uses. One that is there for another command would be taken without a word, and somebody careful would do what they wanted to
// look at first.
import { ACCOUNT_OPTIONS } from './account-options.ts'
import { CLIENT_OPTIONS } from './client-options.ts'
import { TRANSFER_OPTIONS } from './transfer-options.ts'
import { USER_OPTIONS } from './user-options.ts'

export const OPTIONS = {
  config: { type: 'string', default: 'ninefold.config.ts' },
  port: { type: 'string' },
  host: { type: 'string' },
  'data-dir': { type: 'string' },
  'log-level': { type: 'string' },
  plan: { type: 'boolean', default: false },
  now: { type: 'boolean', default: false },
  confirm: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  withdraw: { type: 'boolean', default: false },
  'without-owner': { type: 'boolean', default: false },
  to: { type: 'string' },
  from: { type: 'string' },
  back: { type: 'boolean', default: false },
  finish: { type: 'boolean', default: false },
  verify: { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  'without-master-key': { type: 'boolean', default: false },
  ...ACCOUNT_OPTIONS,
  ...TRANSFER_OPTIONS,
  ...CLIENT_OPTIONS,
  ...USER_OPTIONS,
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Option = keyof typeof OPTIONS

/** What every command takes: where its platform is. */
export const EVERYWHERE: readonly string[] = ['config', 'port', 'host', 'data-dir', 'log-level', 'help'] satisfies Option[]

const DEFINITION = ['name', 'redirect-uri', 'origin', 'scope', 'sign-out-uri', 'verified', 'consent', 'from'] as const

/** Of a command, or of each of its ways (`clients add`). */
export const USES = {
  start: [],
  check: [],
  migrate: ['plan'],
  routes: [],
  move: ['to', 'back', 'finish'],
  backup: ['to', 'from', 'verify'],
  restore: ['from', 'replace', 'without-master-key'],
  admin: { link: [] },
  'console-link': [],
  invite: ['list', 'withdraw'],
  passwords: { 'build-filter': [] },
  account: [
    'list',
    'now',
    'confirm',
    'add-role',
    'remove-role',
    'add-group',
    'remove-group',
    'suspend',
    'reinstate',
    'sign-out',
    'delete',
    'keep',
    'view',
    'reset-second-step',
    'send-passkey-link',
    'new-address',
  ],
  clients: {
    list: [],
    invite: [],
    add: [...DEFINITION, 'with-secret'],
    change: DEFINITION,
    show: [],
    'rotate-secret': ['keep-seconds', 'unseen', 'replacing'],
    block: [],
    unblock: [],
    remove: [],
  },
  keys: { list: [], rotate: ['now'], revoke: [], reseal: [], recover: ['from'], 'begin-anew': ['confirm'] },
  webhooks: { list: [], secret: [], rotate: [], retry: [] },
  organisations: { list: ['without-owner'], create: [], members: [], set: ['add-role', 'remove-role'], remove: [], end: [] },
  users: {
    import: ['from', 'dry-run', 'issuer', 'map-role', 'map-group', 'hash-config', 'format', 'output'],
    export: ['output', 'format', 'without-passwords'],
  },
  services: {
    list: [],
    create: ['scope', 'add-role', 'from'],
    roles: ['add-role', 'remove-role'],
    scopes: ['scope'],
    'renew-secret': ['keep-seconds', 'unseen', 'replacing'],
    'use-secret': ['keep-seconds', 'unseen', 'replacing'],
    'change-key': ['from', 'keep-seconds', 'unseen', 'replacing'],
    'use-key': ['from', 'keep-seconds', 'unseen', 'replacing'],
    'end-earlier': [],
    remove: [],
  },
  import: [
    'as',
    'output',
    'format',
    'map',
    'constant',
    'ignore-unknown',
    'dry-run',
    'delimiter',
    'list-separator',
    'dates',
    'decimal-comma',
    'formulas',
    'encoding',
  ],
  export: ['as', 'output', 'format', 'where', 'formulas'],
} as const satisfies Readonly<Record<string, readonly Option[] | Readonly<Record<string, readonly Option[]>>>>

export type CommandName = keyof typeof USES
/** What may follow a command as its first word. */
export type WayOf<Command extends CommandName> = keyof (typeof USES)[Command]

type Used = readonly Option[] | Readonly<Record<string, readonly Option[]>>

/** Each command in full, and what it uses beside what all do. */
export const usedOptions: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(USES).flatMap(([command, used]: [string, Used]) =>
    isList(used) ? [[command, used] as const] : Object.entries(used).map(([way, of]) => [`${command} ${way}`, of] as const),
  ),
)

function isList(used: Used): used is readonly Option[] {
  return Array.isArray(used)
}

const asTyped = (options: readonly string[]): string => options.map((option) => `--${option}`).join(', ')

/** Why nothing is done, where something typed would go unread. What is no way of its command is refused there, with those that there are. */
export function idleOptions(command: string, words: readonly string[], options: readonly string[]): string | undefined {
  const full = usedOptions.has(command) ? command : `${command} ${words[0] ?? 'list'}`
  const used = usedOptions.get(full)
  const idle = options.filter((option) => !EVERYWHERE.includes(option) && used?.includes(option) === false)
  if (used === undefined || idle.length === 0) return undefined
  const own = used.length === 0 ? 'It has no options of its own' : `Its options: ${asTyped(used)}`
  return `"${full}" does nothing with ${asTyped([...new Set(idle)])}. Nothing was done. ${own}; every command has ${asTyped(EVERYWHERE)}.`
}
