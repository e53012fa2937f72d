// `ninefold admin link`: lets an operator in who has a shell on the machine, once. Whoever is locked out of the console gets in again by it, and only by it.
import { userInfo } from 'node:os'
import { type Call, systemCall } from '../kernel/call.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { load } from './load.ts'

export async function adminCommand(line: CommandLine): Promise<number> {
  const [way, extra] = line.words
  if (way !== 'link' || extra !== undefined) throw new CommandError('admin knows one thing: ninefold admin link')
  return linkCommand(line)
}

/** Also as `console-link`, its first name. */
export async function linkCommand(line: CommandLine): Promise<number> {
  const { platform } = await load(line, 'run')
  await platform.startOnly(['folders', 'database', 'cache', 'auth'])
  try {
    const code = await platform.auth.createOperatorLink(named(`admin link, by ${whoever()}`))
    process.stdout.write(`${platform.sites.console}/enter?code=${code}\n`)
    process.stderr.write('It lets one operator in, once, within 15 minutes. That you made it is recorded.\n')
  } finally {
    await platform.stop()
  }
  return 0
}

function named(name: string): Call {
  return { ...systemCall('admin'), principal: { kind: 'system', name } }
}

/** The account on the machine, for the record. */
function whoever(): string {
  try {
    return userInfo().username
  } catch {
    // An id without a name, as in containers.
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}
