// Start here: the command line.
import { checkCommand } from './cli/check.ts'
import { consoleLinkCommand } from './cli/console-link.ts'
import { CommandError, type CommandLine, parseCommandLine, usage } from './cli/command-line.ts'
import { routesCommand } from './cli/routes.ts'
import { startCommand } from './cli/start.ts'
import { ConfigError } from './config.ts'

const commands: Readonly<Record<string, (line: CommandLine) => Promise<number>>> = {
  start: startCommand,
  check: checkCommand,
  routes: routesCommand,
  'console-link': consoleLinkCommand,
}

async function main(): Promise<number> {
  const line = parseCommandLine(process.argv.slice(2), Object.keys(commands))
  if (line.help) {
    process.stdout.write(usage())
    return 0
  }
  const command = commands[line.command]
  if (command === undefined) throw new CommandError(`There is no command ${line.command}.`)
  return command(line)
}

try {
  process.exitCode = await main()
} catch (error) {
  // The operator reads this: say what to do, and keep the stack for what is our own fault.
  const expected = error instanceof ConfigError || error instanceof CommandError
  process.stderr.write(`${expected ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 1
}
