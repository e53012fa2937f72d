// `ninefold invite <address>`: lets somebody sign up where that needs an invitation. The mail is sent by the running platform.
import { printBeside } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine } from './command-line.ts'

export async function inviteCommand(line: CommandLine): Promise<number> {
  const [email, extra] = line.words
  if (email === undefined || extra !== undefined) throw new CommandError('Give one email address: ninefold invite ada@example.org')
  return await printBeside(line, async ({ auth }) => {
    const { email: invited, expiresAt } = await auth.invite(commandCall('invite'), email)
    return `${JSON.stringify({ email: invited, expiresAt: new Date(expiresAt).toISOString() }, undefined, 2)}\n`
  })
}
