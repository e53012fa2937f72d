// What ends a running platform: a signal, or an error that nobody has caught.
import { once } from 'node:events'
import type { Logger } from '../kernel/log.ts'

/** For what is under way when an error ends the process. */
const MOST_MS = 15_000

/** The exit code, once the platform shall stop. */
export function ending(logger: Logger): Promise<0 | 1> {
  return Promise.race([signals(), uncaught(logger)])
}

/** The first signal asks to stop; a second one ends the process at once. */
async function signals(): Promise<0> {
  const controller = new AbortController()
  const { signal } = controller
  await Promise.race(['SIGINT', 'SIGTERM'].map((name) => once(process, name, { signal }).catch(() => {})))
  controller.abort()
  return 0
}

/**
 * What is left after such an error may be half done, so nothing new is taken; but the people of nine servers have done nothing wrong, so they get the
 * answers that are under way. A second error, or a stop that takes too long, ends the process at once.
 */
function uncaught(logger: Logger): Promise<1> {
  const { promise, resolve } = Promise.withResolvers<1>()
  let isStopping = false
  process.on('uncaughtException', (thrown: unknown, origin) => {
    const error = thrown instanceof Error ? thrown : new Error(`Thrown: ${String(thrown)}`)
    logger.fatal({ event: 'platform.failed', origin, err: error }, 'an error that nobody has caught ends the process')
    logger.flush()
    // As without a listener: not everybody reads the log, and its level may be silent.
    process.stderr.write(`${error.stack ?? error.message}\n`)
    if (isStopping) process.exit(1)
    isStopping = true
    setTimeout(() => process.exit(1), MOST_MS).unref()
    resolve(1)
  })
  return promise
}
