// The clients that sign in, in a process of their own: what they cost is neither on the event loop that measures another route nor in any figure.
import { randomInt } from 'node:crypto'
import { run } from '../load.ts'
import { at } from './subject.ts'
import { Walk, type Walker } from './walk.ts'

export interface Walking {
  readonly port: number
  /** Where each of them begins. */
  readonly start: string
  readonly walkers: readonly Walker[]
  readonly atOnce: number
  readonly durationMs: number
}

export type Walked =
  | {
      /** How many came in. */
      readonly signIns: number
      readonly seconds: number
    }
  | { readonly failed: string }

async function walk({ port, start, walkers, atOnce, durationMs }: Walking): Promise<Walked> {
  const url = new URL(start)
  let next = randomInt(walkers.length)
  let signIns = 0
  const begin = (): Walk => new Walk(at(walkers, next++ % walkers.length), url)
  const walks = Array.from({ length: Math.min(atOnce, walkers.length) }, begin)
  const { seconds } = await run({
    port,
    connections: walks.length,
    durationMs,
    expect: [200, 303],
    next: (connection) => at(walks, connection).request(),
    answered(connection, answer) {
      if (!at(walks, connection).answered(answer)) return
      signIns += 1
      walks[connection] = begin()
    },
  })
  return { signIns, seconds }
}

process.on('message', (walking: Walking) => {
  walk(walking).then(
    (walked) => process.send?.(walked),
    (error: unknown) => process.send?.({ failed: String(error) } satisfies Walked),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
