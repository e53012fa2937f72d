// What of `account` is refused before anything is opened: a command that says no has done nothing.
import { normaliseEmail } from '../auth/accounts/email.ts'
import type { AccountLine } from './account-options.ts'
import { CommandError, type CommandLine } from './command-line.ts'

type Typed = Pick<CommandLine, 'words' | 'account' | 'list' | 'now' | 'confirmed'>

/** The address, `undefined` where all are listed. */
export function requireSense(line: Typed): string | undefined {
  const { words, account, list, now, confirmed } = line
  if (list) {
    requirePlainList(line)
    return undefined
  }
  const [email, confirm] = words
  if (now && account.end !== 'delete') throw new CommandError('--now goes with --delete.')
  if (confirmed && !now) throw new CommandError('--confirm goes with --delete --now.')
  if (email === undefined || words.length > (now ? 2 : 1))
    throw new CommandError('Give one email address: ninefold account ada@example.org --add-role editor; or ninefold account --list')
  if (now) requireConfirmed({ email, confirm, confirmed })
  requireOneThatMayFail(account)
  return email
}

function requirePlainList({ words, account, now, confirmed }: Typed): void {
  const { membership, suspended, ...others } = account
  const asksMore =
    now ||
    confirmed ||
    suspended !== undefined ||
    Object.values(membership).some((given) => given.length > 0) ||
    Object.values(others).some((given) => given !== undefined && given !== false)
  if (asksMore) throw new CommandError('--list prints accounts and does nothing to them: give it without other options for accounts.')
  if (words.length > 1) throw new CommandError('Give the beginning of one address, or none: ninefold account --list ada@')
}

/** A second word is the address once more, for an end at once. */
function requireConfirmed({ email, confirm, confirmed }: { email: string; confirm: string | undefined; confirmed: boolean }): void {
  if (!confirmed || confirm === undefined)
    throw new CommandError(
      'Nothing brings back what is deleted at once. Give the address once more: ninefold account ada@example.org --delete --now --confirm ada@example.org',
    )
  if (spelled(confirm) !== spelled(email))
    throw new CommandError(`The addresses ${JSON.stringify(email)} and ${JSON.stringify(confirm)} differ. Nothing was changed.`)
}

const spelled = (typed: string): string => normaliseEmail(typed) ?? typed

/** Each of these may be refused for what the account is: the one that there is comes first, and what follows it cannot fail so. */
function requireOneThatMayFail({ membership, suspended, newAddress, end }: AccountLine): void {
  const given = [
    ...(Object.values(membership).some((words) => words.length > 0) ? ['roles and groups'] : []),
    ...(newAddress === undefined ? [] : ['--new-address']),
    ...(end === 'keep' ? ['--keep'] : []),
    // Both of those are refused where this is, and come before it.
    ...(suspended === false && newAddress === undefined && end !== 'keep' ? ['--reinstate'] : []),
  ]
  if (given.length > 1)
    throw new CommandError(
      `Give ${given.join(' and ')} in commands of their own: each may be refused, and the other would be done by then.`,
    )
  if (newAddress !== undefined && end === 'delete')
    throw new CommandError('An account is either given back or deleted: give --new-address or --delete.')
}
