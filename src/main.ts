// Start here: the command line.
import { CommandError, type CommandLine, named, parseCommandLine, usage } from './cli/command-line.ts'
import type { CommandName } from './cli/uses.ts'
import { ConfigError } from './config.ts'

type Command = (line: CommandLine) => Promise<number>

/** Each is loaded when it is run: most of them bring the whole platform. */
const commands: Readonly<Record<CommandName, () => Promise<Command>>> = {
  start: async () => (await import('./cli/start.ts')).startCommand,
  check: async () => (await import('./cli/check.ts')).checkCommand,
  migrate: async () => (await import('./cli/migrate.ts')).migrateCommand,
  routes: async () => (await import('./cli/routes.ts')).routesCommand,
  move: async () => (await import('./cli/move.ts')).moveCommand,
  backup: async () => (await import('./cli/backup.ts')).backupCommand,
  restore: async () => (await import('./cli/restore.ts')).restoreCommand,
  admin: async () => (await import('./cli/admin.ts')).adminCommand,
  'console-link': async () => (await import('./cli/admin.ts')).linkCommand,
  invite: async () => (await import('./cli/invite.ts')).inviteCommand,
  passwords: async () => (await import('./cli/passwords.ts')).passwordsCommand,
  account: async () => (await import('./cli/account.ts')).accountCommand,
  clients: async () => (await import('./cli/clients.ts')).clientsCommand,
  keys: async () => (await import('./cli/keys.ts')).keysCommand,
  webhooks: async () => (await import('./cli/webhooks.ts')).webhooksCommand,
  organisations: async () => (await import('./cli/organisations.ts')).organisationsCommand,
  users: async () => (await import('./cli/users.ts')).usersCommand,
  services: async () => (await import('./cli/services.ts')).servicesCommand,
  import: async () => (await import('./cli/import.ts')).importCommand,
  export: async () => (await import('./cli/export.ts')).exportCommand,
}

async function main(): Promise<number> {
  const line = parseCommandLine(process.argv.slice(2), Object.keys(commands))
  if (line.help) {
    process.stdout.write(usage())
    return 0
  }
  const command = named(commands, line.command)
  if (command === undefined) throw new CommandError(`There is no command ${line.command}.`)
  return (await command())(line)
}

/** The operator reads a refusal: it says what to do. The stack is for what is our own fault. */
function isRefusal(error: unknown): error is Error {
  if (error instanceof ConfigError || error instanceof CommandError) return true
  // A server that cannot be made says so in a plain error; those of the system carry a code, and slips are of another class.
  return error instanceof Error && error.constructor === Error && !('code' in error)
}

// Whoever reads what is printed has seen enough, as `head` has: work under way goes on to its end, and a platform outlives its reader.
let unread: Error | undefined
for (const output of [process.stdout, process.stderr])
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    unread = error
  })

try {
  process.exitCode = await main()
} catch (error) {
  if (error !== unread) {
    process.stderr.write(`${isRefusal(error) ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = 1
  }
}
