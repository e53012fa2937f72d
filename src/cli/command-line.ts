// What was typed, parsed once for all commands.
import { parseArgs } from 'node:util'

export interface CommandLine {
  readonly command: string
  readonly help: boolean
  /** The app definition. */
  readonly configFile: string
  /** Settings given as options, by `section.key`. */
  readonly overrides: Readonly<Record<string, string>>
}

/** Something typed wrong: the message is all that the person needs. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

const OPTIONS = {
  config: { type: 'string', default: 'ninefold.config.ts' },
  port: { type: 'string' },
  host: { type: 'string' },
  'data-dir': { type: 'string' },
  'log-level': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const OVERRIDES = [
  ['port', 'gateway.port'],
  ['host', 'gateway.host'],
  ['data-dir', 'platform.dataDir'],
  ['log-level', 'platform.logLevel'],
] as const

export function parseCommandLine(words: readonly string[], commands: readonly string[]): CommandLine {
  const { values, positionals } = parse(words)
  const command = positionals[0] ?? 'start'
  if (!commands.includes(command))
    throw new CommandError(`There is no command ${JSON.stringify(command)}. Commands: ${commands.join(', ')}. See --help.`)
  if (positionals.length > 1)
    throw new CommandError(`The command ${command} takes no further words, but got ${JSON.stringify(positionals[1])}.`)
  const overrides: Record<string, string> = {}
  for (const [option, setting] of OVERRIDES) {
    const value = values[option]
    if (value !== undefined) overrides[setting] = value
  }
  return { command, help: values.help, configFile: values.config, overrides }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}. See --help.`, { cause: error })
  }
}

export function usage(): string {
  return `Ninefold: auth, resource, frontend, gateway, files, cache, database, jobs and monitoring as one program.

Usage: ninefold [command] [options]

Commands
  start          run the nine servers in one process (the default)
  check          read the configuration and print every setting, without secrets
  routes         print every route with who may call it, as JSON
  console-link   print a new one-time link to the operators' console

Options
  --config <file>      the app definition (ninefold.config.ts)
  --port <number>      port to listen on (8080; 0 takes a free one)
  --host <address>     address to listen on (127.0.0.1)
  --data-dir <folder>  where data is kept (.ninefold)
  --log-level <level>  debug, info, warn, error or silent (info)
  -h, --help           this text

Every setting is also an environment variable, in the environment or in .env; "ninefold check" lists them.
`
}
