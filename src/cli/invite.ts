// `ninefold invite <address>`: lets somebody sign up where that needs an invitation, or no more. The mail is sent by the running platform.
import type { Auth, SignUpInvitations } from '../auth/contract.ts'
import { printBeside } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { table } from './table.ts'

const USAGE = 'Give one email address: ninefold invite ada@example.org, with --withdraw to take it back; or ninefold invite --list'

const call = commandCall('invite')
const moment = (at: number): string => new Date(at).toISOString()

export async function inviteCommand(line: CommandLine): Promise<number> {
  const { list, withdraw } = line
  const [email, extra] = line.words
  if (extra !== undefined || (email === undefined) !== list || (list && withdraw)) throw new CommandError(USAGE)
  return await printBeside(line, ({ auth }) => {
    if (email === undefined) return listed(auth)
    return withdraw ? withdrawn(auth, email) : invited(auth, email)
  })
}

async function invited(auth: Auth, typed: string): Promise<string> {
  const { email, expiresAt } = await auth.invite(call, typed)
  return `${JSON.stringify({ email, expiresAt: moment(expiresAt) }, undefined, 2)}\n`
}

async function withdrawn(auth: Auth, email: string): Promise<string> {
  if (!(await auth.withdrawInvitation(call, email)))
    throw new CommandError(`Nobody with the address ${JSON.stringify(email)} is invited, or they have signed up.`)
  return `${email} is not invited any more.\n`
}

async function listed(auth: Auth): Promise<string> {
  const rows: string[][] = []
  let after: string | undefined
  do {
    const { items, next }: SignUpInvitations = await auth.invitations(call, after)
    rows.push(...items.map(({ email, invitedAt, expiresAt }) => [email, moment(invitedAt), moment(expiresAt)]))
    after = next
  } while (after !== undefined)
  return rows.length === 0 ? 'Nobody is invited who has not signed up.\n' : table([['address', 'invited', 'until'], ...rows])
}
