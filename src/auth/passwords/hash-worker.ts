// The child process that computes password hashes (argon2id, RFC 9106), so that no other request ever waits for one.
// It knows nothing of accounts: a password comes in, a PHC string or a verdict goes out.
import { hash, verify } from '@node-rs/argon2'
import { z } from '#kernel/schema.ts'

const hashWork = z.strictObject({
  id: z.int(),
  kind: z.literal('hash'),
  password: z.string(),
  memoryCost: z.int(),
  timeCost: z.int(),
  parallelism: z.int(),
})

const verifyWork = z.strictObject({ id: z.int(), kind: z.literal('verify'), password: z.string(), phc: z.string() })

const workMessage = z.discriminatedUnion('kind', [hashWork, verifyWork])

export type WorkMessage = z.infer<typeof workMessage>

async function compute(work: WorkMessage): Promise<string | boolean> {
  if (work.kind === 'verify') return verify(work.phc, work.password)
  const { memoryCost, timeCost, parallelism } = work
  return hash(work.password, { memoryCost, timeCost, parallelism })
}

function answer(message: unknown): void {
  // The parent may have gone in the meantime; `disconnect` ends this process then.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

process.on('message', (message) => {
  const work = workMessage.parse(message)
  compute(work).then(
    (value) => answer({ id: work.id, value }),
    // The reason could quote the input, so only the fact travels.
    () => answer({ id: work.id, failed: true }),
  )
})

// An orphan would live for ever.
process.on('disconnect', () => process.exit(0))
answer({ ready: true })
