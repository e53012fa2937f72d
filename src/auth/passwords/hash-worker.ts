// The child process that computes password hashes (argon2id, RFC 9106) and checks those of other systems, so that no other request ever waits for one.
// It knows nothing of accounts: a password comes in, a PHC string or a verdict goes out.
import { hash, verify } from '@node-rs/argon2'
import { verifyForeign } from './foreign.ts'

export type WorkMessage =
  | {
      readonly id: number
      readonly kind: 'hash'
      readonly password: string
      readonly memoryCost: number
      readonly timeCost: number
      readonly parallelism: number
    }
  | { readonly id: number; readonly kind: 'verify'; readonly password: string; readonly phc: string }
  /** Nobody waits for it any more. */
  | { readonly id: number; readonly kind: 'drop' }

// No schema here: the one sender is the parent, over a pipe that nobody else has, and loading the schema library takes longer than ten hashes.
type Task = Exclude<WorkMessage, { kind: 'drop' }>

/** What can be called off while no thread has begun with it. */
const isArgon2 = (work: Task): boolean => work.kind === 'hash' || work.phc.startsWith('$argon2')

async function compute(work: Task, signal: AbortSignal): Promise<string | boolean> {
  if (work.kind === 'verify') return isArgon2(work) ? verify(work.phc, work.password, null, signal) : verifyForeign(work.password, work.phc)
  const { memoryCost, timeCost, parallelism } = work
  return hash(work.password, { memoryCost, timeCost, parallelism }, signal)
}

function answer(message: unknown): void {
  // The parent may have gone in the meantime; `disconnect` ends this process then.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

const THREADS = Number(process.argv[2])
/** A thread takes the next hash when its own ends, and not when this one has been woken to hear of it. */
const AHEAD = 1
const queue: Task[] = []
/** With the threads. */
const given = new Map<number, AbortController>()

function ended(id: number, outcome: { readonly value: string | boolean } | { readonly failed: true }): void {
  given.delete(id)
  begin()
  answer({ id, ...outcome })
}

function begin(): void {
  const [work] = queue
  if (work === undefined || given.size >= THREADS + (isArgon2(work) ? AHEAD : 0)) return
  queue.shift()
  const controller = new AbortController()
  given.set(work.id, controller)
  compute(work, controller.signal).then(
    (value) => ended(work.id, { value }),
    // The reason could quote the input, so only the fact travels.
    () => ended(work.id, { failed: true }),
  )
}

process.on('message', (message: WorkMessage) => {
  if (message.kind === 'drop') {
    const place = queue.findIndex(({ id }) => id === message.id)
    if (place >= 0) queue.splice(place, 1)
    else given.get(message.id)?.abort()
    return
  }
  queue.push(message)
  begin()
})

// An orphan would live for ever.
process.on('disconnect', () => process.exit(0))
answer({ ready: true })
