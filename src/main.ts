// Start here: the command line.
import { accountCommand } from './cli/account.ts'
import { adminCommand, linkCommand } from './cli/admin.ts'
import { backupCommand } from './cli/backup.ts'
import { checkCommand } from './cli/check.ts'
import { clientsCommand } from './cli/clients.ts'
import { inviteCommand } from './cli/invite.ts'
import { passwordsCommand } from './cli/passwords.ts'
import { CommandError, type CommandLine, parseCommandLine, usage } from './cli/command-line.ts'
import { exportCommand } from './cli/export.ts'
import { importCommand } from './cli/import.ts'
import { keysCommand } from './cli/keys.ts'
import { migrateCommand } from './cli/migrate.ts'
import { moveCommand } from './cli/move.ts'
import { restoreCommand } from './cli/restore.ts'
import { routesCommand } from './cli/routes.ts'
import { servicesCommand } from './cli/services.ts'
import { startCommand } from './cli/start.ts'
import { usersCommand } from './cli/users.ts'
import { webhooksCommand } from './cli/webhooks.ts'
import { organisationsCommand } from './cli/organisations.ts'
import { ConfigError } from './config.ts'

const commands: Readonly<Record<string, (line: CommandLine) => Promise<number>>> = {
  start: startCommand,
  check: checkCommand,
  migrate: migrateCommand,
  routes: routesCommand,
  move: moveCommand,
  backup: backupCommand,
  restore: restoreCommand,
  admin: adminCommand,
  'console-link': linkCommand,
  invite: inviteCommand,
  passwords: passwordsCommand,
  account: accountCommand,
  clients: clientsCommand,
  keys: keysCommand,
  webhooks: webhooksCommand,
  organisations: organisationsCommand,
  users: usersCommand,
  services: servicesCommand,
  import: importCommand,
  export: exportCommand,
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

/** The operator reads a refusal: it says what to do. The stack is for what is our own fault. */
function isRefusal(error: unknown): error is Error {
  if (error instanceof ConfigError || error instanceof CommandError) return true
  // A server that cannot be made says so in a plain error; those of the system carry a code, and slips are of another class.
  return error instanceof Error && error.constructor === Error && !('code' in error)
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${isRefusal(error) ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 1
}
