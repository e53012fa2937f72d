// `ninefold account <address>`: what a person is to the app, and changing it. Tokens that tell otherwise end within a second; nobody is signed out, but
// for whoever is blocked.
import { printBeside } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine } from './command-line.ts'

export async function accountCommand(line: CommandLine): Promise<number> {
  const [email, extra] = line.words
  if (email === undefined || extra !== undefined)
    throw new CommandError('Give one email address: ninefold account ada@example.org --add-role editor')
  const call = commandCall('account')
  return await printBeside(line, async ({ auth }) => {
    const account = await auth.changeMembership(call, { email, ...line.membership })
    if (account === undefined) throw new CommandError(`Nobody has the address ${JSON.stringify(email)}.`)
    const { suspended } = line
    const standing = suspended === undefined ? undefined : await auth.suspendAccount(call, { email, suspended })
    const reset = line.resetSecondStep ? await auth.resetSecondStep(call, { email }) : undefined
    const link = line.sendPasskeyLink ? await auth.sendPasskeyLink(call, { email }) : undefined
    const offer = line.newAddress === undefined ? undefined : await auth.offerAddress(call, { email, to: line.newAddress })
    const offered = offer && { offeredTo: offer.offeredTo, until: new Date(offer.expiresAt).toISOString() }
    return `${JSON.stringify({ ...account, ...standing, ...reset, ...link, ...offered }, undefined, 2)}\n`
  })
}
