// `ninefold invite <address>`: lets somebody sign up where that needs an invitation. The mail is sent by the running platform.
import { AppError } from '../kernel/errors.ts'
import { systemCall } from '../kernel/call.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { load } from './load.ts'

export async function inviteCommand(line: CommandLine): Promise<number> {
  const [email, extra] = line.words
  if (email === undefined || extra !== undefined) throw new CommandError('Give one email address: ninefold invite ada@example.org')
  const { platform } = await load(line, 'run')
  await platform.startOnly(['folders', 'database', 'cache', 'auth'])
  try {
    const { email: invited, expiresAt } = await platform.auth.invite(systemCall('invite'), email)
    process.stdout.write(`${JSON.stringify({ email: invited, expiresAt: new Date(expiresAt).toISOString() }, undefined, 2)}\n`)
  } catch (error) {
    if (error instanceof AppError && error.status === 422) throw new CommandError(error.detail ?? error.title, { cause: error })
    throw error
  } finally {
    await platform.stop()
  }
  return 0
}
