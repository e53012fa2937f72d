// `ninefold account <address>`: what a person is to the app, and changing it. Tokens that tell otherwise end within a second; nobody is signed out, but
// for whoever is blocked, signed out or to be deleted. And `ninefold account --list`: who there is.
import type { Auth } from '../auth/contract.ts'
import type { AccountLine } from './account-options.ts'
import { requireSense } from './account-sense.ts'
import { besidePlatform, printBeside } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine } from './command-line.ts'

const call = commandCall('account')

/** The other servers hear of it by an event, and none of them is started for a command. */
const OWNED = 'What they own in the app: objects, files, shares. The platform removes it at once when it runs, else after its next start.'

const isoOf = (at: number): string => new Date(at).toISOString()

export async function accountCommand(line: CommandLine): Promise<number> {
  const email = requireSense(line)
  if (email === undefined) return await listed(line)
  const { account: asked } = line
  return await printBeside(line, async ({ auth }) => {
    // What may be refused comes before what changes anything.
    const account = await auth.changeMembership(call, { email, ...asked.membership })
    if (account === undefined) throw new CommandError(`Nobody has the address ${JSON.stringify(email)}.`)
    const offer = asked.newAddress === undefined ? undefined : await auth.offerAddress(call, { email, to: asked.newAddress })
    const offered = offer && { offeredTo: offer.offeredTo, until: isoOf(offer.expiresAt) }
    const stay = asked.end === 'keep' ? await auth.keepAccount(call, { email }) : undefined
    const access = await accessOf(auth, email, asked)
    const reset = asked.resetSecondStep ? await auth.resetSecondStep(call, { email }) : undefined
    const link = asked.sendPasskeyLink ? await auth.sendPasskeyLink(call, { email }) : undefined
    // As it is after all that, but for its end: there is nothing to see of what is gone.
    const seen = asked.view ? await viewed(auth, account.accountId) : undefined
    // At last: nothing is done to what is gone.
    const end = asked.end === 'delete' ? await endOf(auth, line, email) : undefined
    return `${JSON.stringify({ ...account, ...seen, ...access, ...reset, ...link, ...offered, ...stay, ...end }, undefined, 2)}\n`
  })
}

async function accessOf(auth: Auth, email: string, { suspended, signOut }: AccountLine): Promise<object> {
  const standing = suspended === undefined ? undefined : await auth.suspendAccount(call, { email, suspended })
  return { ...standing, ...(signOut && (await auth.signOutAccount(call, { email }))) }
}

async function endOf(auth: Auth, { words: [, confirm], now }: CommandLine, email: string): Promise<object> {
  const ending = await auth.deleteAccount(call, { email, now, ...(confirm === undefined ? {} : { confirm }) })
  if (ending === undefined) return {}
  const { deleted, deletionAt, mailSent, withoutOwner } = ending
  return { deleted, deletionAt: isoOf(deletionAt), mailSent, ...(withoutOwner && { withoutOwner }), ...(deleted && { toBeRemoved: OWNED }) }
}

async function viewed(auth: Auth, accountId: string): Promise<object> {
  return inIso({ ...(await auth.finding.view(call, { accountId })) })
}

/** Moments as people read them. */
function inIso(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, shown(name, of)]))
}

function shown(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => shown('', each))
  if (typeof value === 'object' && value !== null) return inIso(value)
  return typeof value === 'number' && isMoment(name) ? isoOf(value) : value
}

const isMoment = (name: string): boolean => name.endsWith('At') || name === 'at' || name === 'since'

async function listed(line: CommandLine): Promise<number> {
  const [email = ''] = line.words
  await besidePlatform(line, async ({ platform: { auth } }) => {
    let after: string | undefined
    let isRead = true
    process.stdout.once('error', () => (isRead = false))
    do {
      const { items, next } = await auth.finding.list(call, { email, ...(after === undefined ? {} : { after }) })
      process.stdout.write(items.map((item) => `${JSON.stringify(inIso(item))}\n`).join(''))
      after = next
    } while (after !== undefined && isRead)
  })
  return 0
}
