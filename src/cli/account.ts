// `ninefold account <address>`: what a person is to the app, and changing it. Tokens that tell otherwise end within a second; nobody is signed out, but
// for whoever is blocked.
import { AppError } from '../kernel/errors.ts'
import { systemCall } from '../kernel/call.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { load } from './load.ts'

export async function accountCommand(line: CommandLine): Promise<number> {
  const [email, extra] = line.words
  if (email === undefined || extra !== undefined)
    throw new CommandError('Give one email address: ninefold account ada@example.org --add-role editor')
  const { platform } = await load(line, 'run')
  await platform.startOnly(['folders', 'database', 'cache', 'auth'])
  try {
    const account = await changed(platform.auth.changeMembership(systemCall('account'), { email, ...line.membership }))
    if (account === undefined) throw new CommandError(`Nobody has the address ${JSON.stringify(email)}.`)
    const { suspended } = line
    const standing = suspended === undefined ? undefined : await platform.auth.suspendAccount(systemCall('account'), { email, suspended })
    process.stdout.write(`${JSON.stringify({ ...account, ...standing }, undefined, 2)}\n`)
  } finally {
    await platform.stop()
  }
  return 0
}

/** A role that is none is a typing mistake, and answered like one. */
async function changed<T>(change: Promise<T>): Promise<T> {
  try {
    return await change
  } catch (error) {
    if (error instanceof AppError && error.status === 422) throw new CommandError(error.detail ?? error.title, { cause: error })
    throw error
  }
}
