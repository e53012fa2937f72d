// What `account` takes on the command line beside what every command takes.

export const ACCOUNT_OPTIONS = {
  'add-role': { type: 'string', multiple: true },
  'remove-role': { type: 'string', multiple: true },
  'add-group': { type: 'string', multiple: true },
  'remove-group': { type: 'string', multiple: true },
  suspend: { type: 'boolean', default: false },
  reinstate: { type: 'boolean', default: false },
  'sign-out': { type: 'boolean', default: false },
  delete: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  view: { type: 'boolean', default: false },
  'reset-second-step': { type: 'boolean', default: false },
  'send-passkey-link': { type: 'boolean', default: false },
  'new-address': { type: 'string' },
} as const

export interface AccountLine {
  readonly membership: Readonly<Record<'addRoles' | 'removeRoles' | 'addGroups' | 'removeGroups', readonly string[]>>
  readonly suspended: boolean | undefined
  readonly signOut: boolean
  /** Whether it is to end, or not to. */
  readonly end: 'delete' | 'keep' | undefined
  /** Tell everything that is known of the person. */
  readonly view: boolean
  readonly resetSecondStep: boolean
  readonly sendPasskeyLink: boolean
  readonly newAddress: string | undefined
}

interface Typed {
  readonly 'add-role'?: string[] | undefined
  readonly 'remove-role'?: string[] | undefined
  readonly 'add-group'?: string[] | undefined
  readonly 'remove-group'?: string[] | undefined
  readonly suspend: boolean
  readonly reinstate: boolean
  readonly 'sign-out': boolean
  readonly delete: boolean
  readonly keep: boolean
  readonly view: boolean
  readonly 'reset-second-step': boolean
  readonly 'send-passkey-link': boolean
  readonly 'new-address'?: string | undefined
}

/** Options that contradict each other, in words. */
export function contradictionOf(values: Typed): string | undefined {
  if (values.suspend && values.reinstate) return 'An account is either blocked or not: give --suspend or --reinstate.'
  return values.delete && values.keep ? 'An account either goes or stays: give --delete or --keep.' : undefined
}

export function accountLine(values: Typed): AccountLine {
  return {
    membership: {
      addRoles: values['add-role'] ?? [],
      removeRoles: values['remove-role'] ?? [],
      addGroups: values['add-group'] ?? [],
      removeGroups: values['remove-group'] ?? [],
    },
    suspended: values.suspend || values.reinstate ? values.suspend : undefined,
    signOut: values['sign-out'],
    end: endOf(values),
    view: values.view,
    resetSecondStep: values['reset-second-step'],
    sendPasskeyLink: values['send-passkey-link'],
    newAddress: values['new-address'],
  }
}

function endOf(values: Typed): AccountLine['end'] {
  if (values.delete) return 'delete'
  return values.keep ? 'keep' : undefined
}

export const ACCOUNT_USAGE = `  account <address>  print the roles and groups of an account, after changing them as told;
                 --view prints its sessions, apps, ways to sign in and newest security events;
                 --suspend blocks it and signs it out everywhere, --reinstate lets it in again;
                 --sign-out signs it out everywhere, and leaves it open;
                 --delete asks for its end after the days of grace, --delete --now --confirm <the address again>
                 ends it at once, and --keep calls an end off;
                 --reset-second-step is for who has lost the device and the codes, --send-passkey-link for who
                 has lost every passkey where there is nothing else to sign in with;
                 --new-address <address> mails a link there by which its owner gets a stolen account back
  account --list [<beginning of an address>]
                 print the accounts, one a line as JSON
`
