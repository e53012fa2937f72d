// How a command asks the platform that runs on the same data folder: a request in a file that only its owner may write, sealed with the key ring, and an
// answer beside it that is written again and again until the work is done.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { newId } from '#kernel/ids.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'

const LOOK_EVERY_MS = 250
const BEAT_MS = 1000
/** So long a command waits for a sign of life. */
const PATIENCE_MS = 15_000
/** A request that nobody has taken is not taken later. */
const GOOD_FOR_MS = 60_000
const PURPOSE = 'desk'

const request = z.strictObject({
  id: z.string().regex(/^[\w-]{8,64}$/),
  at: z.number(),
  kind: z.string(),
  input: z.record(z.string(), z.string()),
})
const answer = z.strictObject({
  state: z.enum(['running', 'done', 'failed']),
  at: z.number(),
  progress: z.unknown().optional(),
  result: z.unknown().optional(),
  problem: z.string().optional(),
})

export type Input = Readonly<Record<string, string>>
export type Report = (progress: unknown) => void
/** Answers plain data. */
export type DeskWork = (input: Input, report: Report) => Promise<unknown>

export interface DeskPlace {
  readonly folder: string
  readonly keyRing: KeyRing
}

export interface Desk {
  start(): Promise<void>
  stop(): Promise<void>
}

export function createDesk(place: DeskPlace, parts: { readonly works: Readonly<Record<string, DeskWork>>; readonly logger: Logger }): Desk {
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> | undefined
  const look = (): void => {
    const asked = takeRequest(place)
    if (asked === undefined) return
    if (working !== undefined) {
      writeAnswer(place, asked.id, { state: 'failed', problem: 'Something else is being done. Try again when that is finished.' })
      return
    }
    working = serve(place, asked, parts).finally(() => {
      working = undefined
    })
  }
  return {
    async start() {
      mkdirSync(place.folder, { recursive: true, mode: 0o700 })
      timer = setInterval(look, LOOK_EVERY_MS)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      await working
    },
  }
}

type Asked = z.infer<typeof request>

function takeRequest({ folder, keyRing }: DeskPlace): Asked | undefined {
  const file = join(folder, 'request')
  if (!existsSync(file)) return undefined
  const sealed = readFileSync(file, 'utf8')
  rmSync(file, { force: true })
  const text = keyRing.open(PURPOSE, 'request', sealed)
  const parsed = text === undefined ? undefined : request.safeParse(JSON.parse(text))
  if (parsed?.success !== true || parsed.data.at < Date.now() - GOOD_FOR_MS) return undefined
  return parsed.data
}

async function serve(
  place: DeskPlace,
  { id, kind, input }: Asked,
  { works, logger }: { readonly works: Readonly<Record<string, DeskWork>>; readonly logger: Logger },
): Promise<void> {
  let progress: unknown
  const beat = (): void => writeAnswer(place, id, { state: 'running', progress })
  beat()
  const timer = setInterval(beat, BEAT_MS / 4)
  try {
    const work = works[kind]
    if (work === undefined) throw new Error(`This version of the platform does not know how to do "${kind}".`)
    const result = await work(input, (now) => {
      progress = now
    })
    clearInterval(timer)
    writeAnswer(place, id, { state: 'done', progress, result })
  } catch (error) {
    clearInterval(timer)
    logger.error({ err: error, kind }, 'what a command asked for failed')
    writeAnswer(place, id, { state: 'failed', problem: error instanceof Error ? error.message : String(error) })
  }
}

function writeAnswer({ folder }: DeskPlace, id: string, content: Omit<z.infer<typeof answer>, 'at'>): void {
  const file = join(folder, `answer-${id}.json`)
  writeFileSync(`${file}.draft`, JSON.stringify({ ...content, at: Date.now() }), { mode: 0o600 })
  renameSync(`${file}.draft`, file)
}

/** The command's side. Throws with the platform's words when it failed. */
export async function askPlatform(
  place: DeskPlace,
  asked: { readonly kind: string; readonly input: Input; readonly report: Report },
): Promise<unknown> {
  const { folder, keyRing } = place
  const { kind, input, report } = asked
  const id = newId(Date.now())
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'request')
  writeFileSync(`${file}-${id}`, keyRing.seal(PURPOSE, 'request', JSON.stringify({ id, at: Date.now(), kind, input })), {
    mode: 0o600,
    flag: 'wx',
  })
  renameSync(`${file}-${id}`, file)
  const answerFile = join(folder, `answer-${id}.json`)
  let seenAt = Date.now()
  try {
    for (;;) {
      await delay(LOOK_EVERY_MS)
      const found = existsSync(answerFile) ? answer.parse(JSON.parse(readFileSync(answerFile, 'utf8'))) : undefined
      if (found?.state === 'done') return found.result
      if (found?.state === 'failed') throw new Error(found.problem ?? 'It failed.')
      report(found?.progress)
      seenAt = Math.max(seenAt, found?.at ?? 0)
      if (Date.now() - seenAt > PATIENCE_MS) {
        rmSync(file, { force: true })
        throw new Error(
          'The platform that runs on this data folder does not answer. Its log may say why. What it was doing is undone or finished at its next start.',
        )
      }
    }
  } finally {
    rmSync(answerFile, { force: true })
  }
}
