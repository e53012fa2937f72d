// `ninefold admin link`: lets an operator in who has a shell on the machine, once. Whoever is locked out of the console gets in again by it, and only by it.
import { printBeside } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine } from './command-line.ts'

export async function adminCommand(line: CommandLine): Promise<number> {
  const [way, extra] = line.words
  if (way !== 'link' || extra !== undefined) throw new CommandError('admin knows one thing: ninefold admin link')
  return linkCommand(line)
}

/** Also as `console-link`, its first name. */
export async function linkCommand(line: CommandLine): Promise<number> {
  await printBeside(line, async ({ auth, sites }) => {
    const code = await auth.createOperatorLink(commandCall('admin link'))
    return `${sites.console}/enter?code=${code}\n`
  })
  process.stderr.write('It lets one operator in, once, within 15 minutes. That you made it is recorded.\n')
  return 0
}
