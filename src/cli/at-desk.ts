// Does something with the data where it is: in the platform that runs on the data folder, or in this process when none does.
import { systemCall } from '../kernel/call.ts'
import { askPlatform, type Input, type Report } from '../database/move/desk.ts'
import { CommandError } from './command-line.ts'
import { fileProblem } from './files.ts'
import type { Loaded } from './load.ts'

export interface Asked {
  readonly kind: string
  readonly input: Input
  readonly report: Report
}

export async function atDesk({ platform, premises }: Loaded, asked: Asked): Promise<unknown> {
  const { kind, input, report } = asked
  try {
    if (!premises.lock.contract.take()) return await askPlatform(premises.place, asked)
    await platform.startOnly(['lock', 'folders', 'database'])
    try {
      await platform.database.settled(systemCall(kind))
      const work = premises.works[kind]
      if (work === undefined) throw new Error(`There is no way to do "${kind}" here.`)
      return await work(input, report)
    } finally {
      await platform.stop()
    }
  } catch (error) {
    // What the platform says is for the person; its stack is in its log.
    if (error instanceof Error && !('code' in error)) throw new CommandError(error.message, { cause: error })
    const path = error instanceof Error && 'path' in error ? error.path : undefined
    throw (typeof path === 'string' ? fileProblem(error, path) : undefined) ?? error
  }
}

const WIDTH = 24
const TERMINAL_MS = 150
const ELSEWHERE_MS = 5000

/** A bar on a terminal, a line now and then elsewhere. */
export function barFor(out: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>): { report: Report; end(): void } {
  let shownAt = 0
  let last = ''
  return {
    report(progress) {
      const line = lineOf(progress)
      if (line === undefined) return
      const isNewPhase = line.split(' ')[0] !== last.split(' ')[0]
      last = line
      if (!isNewPhase && performance.now() - shownAt < (out.isTTY ? TERMINAL_MS : ELSEWHERE_MS)) return
      shownAt = performance.now()
      out.write(out.isTTY ? `\r\x1b[2K${line}` : `${line}\n`)
    },
    end() {
      if (out.isTTY && last !== '') out.write('\r\x1b[2K')
    },
  }
}

function lineOf(progress: unknown): string | undefined {
  if (typeof progress !== 'object' || progress === null || !('phase' in progress) || !('done' in progress)) return undefined
  const { phase, done } = progress
  const total = 'total' in progress ? Number(progress.total) : 0
  const name = `${String(phase)}:`.padEnd(12)
  if (total === 0) return `${name} ${Number(done)}`
  const part = Math.min(1, Number(done) / total)
  const filled = Math.round(part * WIDTH)
  const collection = 'collection' in progress ? `  ${String(progress.collection)}` : ''
  return `${name} [${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${Math.floor(part * 100)} %  ${Number(done)} of ${total}${collection}`
}
