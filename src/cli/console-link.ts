// `ninefold console-link`: lets an operator who has a shell on the machine into the console, once.
import { systemCall } from '../kernel/call.ts'
import type { CommandLine } from './command-line.ts'
import { load } from './load.ts'

export async function consoleLinkCommand(line: CommandLine): Promise<number> {
  const { platform } = await load(line, 'run')
  await platform.startOnly(['folders', 'database', 'cache', 'auth'])
  try {
    const code = await platform.auth.createOperatorLink(systemCall('console-link'))
    process.stdout.write(`${platform.sites.console}/enter?code=${code}\n`)
  } finally {
    await platform.stop()
  }
  return 0
}
