// Commands that work on the data of a platform whether it runs or not: what they need of it is started and stopped around the work.
import type { Platform } from '../compose.ts'
import { AppError, hasCode } from '../kernel/errors.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { type Loaded, load } from './load.ts'

const PARTS = ['folders', 'database', 'cache', 'auth'] as const

export async function besidePlatform<T>(
  line: CommandLine,
  work: (loaded: Loaded) => Promise<T>,
  parts: readonly (typeof PARTS)[number][] = PARTS,
): Promise<T> {
  const loaded = await load(line, 'run')
  await loaded.platform.startOnly(parts)
  try {
    return await work(loaded)
  } catch (error) {
    throw plainly(error)
  } finally {
    await loaded.platform.stop()
  }
}

export async function printBeside(line: CommandLine, work: (platform: Platform) => Promise<string>): Promise<number> {
  process.stdout.write(await besidePlatform(line, ({ platform }) => work(platform)))
  return 0
}

/** What the person can do something about is a sentence, and no stack. */
function plainly(error: unknown): unknown {
  if (hasCode(error, 'auth.organisation_not_found'))
    return new CommandError(
      'There is no organisation with this id. Give the id, which "ninefold organisations" prints, and not the name.',
      {
        cause: error,
      },
    )
  if (!(error instanceof AppError) || error.status >= 500) return error
  const fields = (error.fields ?? []).map(({ field, message }) => `\n  ${field}: ${message}`)
  return new CommandError(`${error.detail ?? error.title}${fields.join('')}`, { cause: error })
}
