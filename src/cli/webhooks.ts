// `ninefold webhooks`: where they lead, their secrets, and what could not be delivered. Works beside a running platform.
import type { Jobs } from '../jobs/contract.ts'
import { besidePlatform } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine, named } from './command-line.ts'
import type { Loaded } from './load.ts'
import { table } from './table.ts'
import type { WayOf } from './uses.ts'

export async function webhooksCommand(line: CommandLine): Promise<number> {
  const [action = 'list', name, extra] = line.words
  const run = named(ACTIONS, action)
  if (run === undefined || extra !== undefined || (name === undefined) !== (action === 'list'))
    throw new CommandError('Say ninefold webhooks list, or secret, rotate or retry with the name of a webhook.')
  const work = ({ platform }: Loaded): Promise<string> => run(platform.jobs.webhooks, name ?? '')
  process.stdout.write(await besidePlatform(line, work, ['folders', 'database']))
  return 0
}

const call = commandCall('webhooks')

const ACTIONS: Readonly<Record<WayOf<'webhooks'>, (webhooks: Jobs['webhooks'], name: string) => Promise<string>>> = {
  async list(webhooks) {
    const rows = (await webhooks.list(call)).map(({ name, url, waiting, failed, lastError = '' }) => [
      name,
      url,
      String(waiting),
      String(failed),
      lastError,
    ])
    return rows.length === 0
      ? 'The app definition has no webhooks.\n'
      : table([['webhook', 'url', 'waiting', 'failed', 'last error'], ...rows])
  },
  secret: async (webhooks, name) => lines(await webhooks.secrets(call, name)),
  rotate: async (webhooks, name) => lines(await webhooks.rotate(call, name)),
  retry: async (webhooks, name) => `${await webhooks.retry(call, name)} deliveries wait to be sent again.\n`,
}

/** The newest first. Two for a week after a rotation: both sign, so that the receiver can change over at any time. */
function lines(secrets: readonly string[]): string {
  return `${secrets.join('\n')}\n`
}
