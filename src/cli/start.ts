// `ninefold start`: brings everything up, says where, and goes down in order.
import type { ClientDefinition } from '../auth/clients/contract.ts'
import { systemCall } from '../kernel/call.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { ending } from './ending.ts'
import { keepPort } from './last-port.ts'
import { load } from './load.ts'
import { table } from './table.ts'

export async function startCommand(line: CommandLine): Promise<number> {
  const { platform, app, logger, config } = await load(line, 'run')
  const ended = ending(logger)
  await platform.start().catch((error: unknown) => {
    throw portProblem(error, config.gateway.port) ?? error
  })
  keepPort(config.platform.dataDir, config.gateway.port)
  // What the start had to say comes before the table, not a second after it.
  logger.flush()
  const { sites } = platform
  const rows = [
    ...app.frontends.map((frontend) => [frontend.title, sites.frontends[frontend.name] ?? '']),
    ...(app.clients ?? []).map((client) => [`${client.name} (client)`, placeOf(client)]),
  ]
  const development = config.platform.mode === 'development'
  // What is not printed for a person who looks is kept in logs, and whoever reads those would be the operator.
  const isSeen = development || process.stdout.isTTY
  const entrance = isSeen
    ? ['Console (one-time link)', `${sites.console}/enter?code=${await platform.auth.createOperatorLink(systemCall('start'))}`]
    : ['Console', `${sites.console} (ninefold admin link prints a link into it)`]
  process.stdout.write(
    `\n${table([
      ['what', 'where'],
      ...rows,
      ...(app.resources.length > 0 ? [['Data API', `${sites.app}/api`]] : []),
      ['Accounts', `${sites.accounts}/account`],
      ['OpenID Connect issuer', sites.accounts],
      ...(development ? [['Mailbox (development)', `${sites.console}/mailbox`]] : []),
      entrance,
    ])}\nReady in ${Math.round(performance.now())} ms: nine servers, one process.\n\n`,
  )
  const exitCode = await ended
  await platform.stop()
  logger.flush()
  return exitCode
}

const PORT_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is used by another program already',
  EACCES: 'may not be used by this account',
}

function portProblem(error: unknown, port: number): CommandError | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || error.syscall !== 'listen' || !('code' in error)) return undefined
  const words = PORT_PROBLEMS[String(error.code)]
  return words === undefined ? undefined : new CommandError(`Port ${port} ${words}. Choose another with --port.`, { cause: error })
}

/** Where people meet it, as far as its registration tells. */
function placeOf({ clientUri, origins, redirectUris }: ClientDefinition): string {
  const redirect = redirectUris[0] ?? ''
  return clientUri ?? origins[0] ?? (URL.canParse(redirect) && redirect.startsWith('http') ? new URL(redirect).origin : '')
}
