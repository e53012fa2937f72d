// `ninefold check`: reads everything that `start` would, and says what it found.
import type { CommandLine } from './command-line.ts'
import { load } from './load.ts'
import { table } from './table.ts'

export async function checkCommand(line: CommandLine): Promise<number> {
  const { rows, platform } = await load(line, 'look')
  process.stdout.write(
    table([['setting', 'value', 'from', 'what it does'], ...rows.map((row) => [row.name, row.value, row.source, row.about])]),
  )
  process.stdout.write(
    `\nThe configuration is good: ${platform.gateway.routes().length} routes on ${new Set(Object.values(platform.sites).flat()).size} sites.\n`,
  )
  return 0
}
