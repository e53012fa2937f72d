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

async function compute(work: Task): Promise<string | boolean> {
  if (work.kind === 'verify')
    return work.phc.startsWith('$argon2') ? verify(work.phc, work.password) : verifyForeign(work.password, work.phc)
  const { memoryCost, timeCost, parallelism } = work
  return hash(work.password, { memoryCost, timeCost, parallelism })
}

function answer(message: unknown): void {
  // The parent may have gone in the meantime; `disconnect` ends this process then.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

/** More is sent than is computed at a time: the next hash begins when one ends, and not when the parent has heard of it. */
const AT_ONCE = Number(process.argv[2])
const queue: Task[] = []
let computing = 0

function ended(message: unknown): void {
  computing -= 1
  begin()
  answer(message)
}

function begin(): void {
  const work = computing < AT_ONCE ? queue.shift() : undefined
  if (work === undefined) return
  computing += 1
  compute(work).then(
    (value) => ended({ id: work.id, value }),
    // The reason could quote the input, so only the fact travels.
    () => ended({ id: work.id, failed: true }),
  )
}

process.on('message', (message: WorkMessage) => {
  if (message.kind === 'drop') {
    const place = queue.findIndex(({ id }) => id === message.id)
    if (place >= 0) queue.splice(place, 1)
    return
  }
  queue.push(message)
  begin()
})

// An orphan would live for ever.
process.on('disconnect', () => process.exit(0))
answer({ ready: true })
