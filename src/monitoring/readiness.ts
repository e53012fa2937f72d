// Whether the platform can serve: asked at most once a second, and given up on when it takes too long.
import type { Clock } from '#kernel/clock.ts'
import type { Logger } from '#kernel/log.ts'

const REMEMBER_MS = 1000
const PATIENCE_MS = 1000

export interface Readiness {
  /** The names of what is not ready; none when all is well. */
  failing(): Promise<readonly string[]>
}

export interface ReadinessParts {
  /** Name to problem. */
  ask(): Promise<Readonly<Record<string, string | undefined>>>
  readonly clock: Clock
  readonly logger: Logger
}

export function createReadiness(parts: ReadinessParts): Readiness {
  const { clock, logger } = parts
  let known: { readonly at: number; readonly failing: Promise<readonly string[]> } | undefined
  let told = ''

  const look = async (): Promise<readonly string[]> => {
    const problems = await withinPatience(parts)
    const failing = Object.keys(problems).filter((name) => problems[name] !== undefined)
    // The problems themselves are for the log: probes are answered to anybody.
    const line = JSON.stringify(problems)
    if (line !== told && failing.length > 0) logger.warn({ problems }, 'not ready')
    if (line !== told && failing.length === 0 && told !== '') logger.info('ready again')
    told = failing.length === 0 && told === '' ? '' : line
    return failing
  }

  return {
    async failing() {
      const now = clock.now()
      if (known === undefined || now - known.at >= REMEMBER_MS || now < known.at) known = { at: now, failing: look() }
      return await known.failing
    },
  }
}

async function withinPatience(parts: ReadinessParts): Promise<Readonly<Record<string, string | undefined>>> {
  const { promise: late, resolve } = Promise.withResolvers<Record<string, string>>()
  const timer = setTimeout(() => resolve({ readiness: `no answer within ${PATIENCE_MS} ms` }), PATIENCE_MS)
  try {
    return await Promise.race([parts.ask(), late])
  } catch (error) {
    return { readiness: error instanceof Error ? error.message : 'the check failed' }
  } finally {
    clearTimeout(timer)
  }
}
