// Argon2id by itself, at the cost that it is started with (KiB, passes) and the priority of the product: so many at a time, for as long as it is told.
import { setPriority } from 'node:os'
import { hash, verify } from '@node-rs/argon2'

export interface Hashing {
  readonly concurrency: number
  readonly durationMs: number
}

export interface Hashed {
  readonly perSecond: number
  readonly cpuMs: number
}

const PRIORITY = 10
const PASSWORD = 'a password like those of people'
const [memoryCost = 0, timeCost = 0] = process.argv.slice(2).map(Number)

// Before any thread of the pool is made: they take the priority that their process has then.
setPriority(PRIORITY)
const stored = await hash(PASSWORD, { memoryCost, timeCost, parallelism: 1 })

async function measure({ concurrency, durationMs }: Hashing): Promise<Hashed> {
  let count = 0
  const began = performance.now()
  const { user, system } = process.cpuUsage()
  const lane = async (): Promise<void> => {
    while (performance.now() - began < durationMs) {
      if (!(await verify(stored, PASSWORD))) throw new Error('the hash is of this password')
      count += 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  const seconds = (performance.now() - began) / 1000
  const used = process.cpuUsage()
  return { perSecond: count / seconds, cpuMs: (used.user + used.system - user - system) / 1000 / count }
}

process.on('message', (hashing: Hashing) => {
  void measure(hashing).then((hashed) => process.send?.(hashed))
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
