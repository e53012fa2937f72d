// A progress bar on a terminal, a line now and then elsewhere.
import type { WriteStream } from 'node:tty'
import type { ImportView } from '../resource/transfer/contract.ts'

const WIDTH = 24
const TERMINAL_MS = 200
const ELSEWHERE_MS = 10_000

export interface ProgressBar {
  show(view: ImportView): void
  end(): void
}

export function progressBar(out: Pick<WriteStream, 'isTTY' | 'write'>, now: () => number = Date.now): ProgressBar {
  const everyMs = out.isTTY ? TERMINAL_MS : ELSEWHERE_MS
  let shownAt = now()
  let first: { readonly at: number; readonly rows: number } | undefined
  let last: string | undefined
  return {
    show({ progress }) {
      const at = now()
      first ??= { at, rows: progress.rows }
      const seconds = (at - first.at) / 1000
      const perSecond = seconds === 0 ? 0 : Math.round((progress.rows - first.rows) / seconds)
      last = lineOf(progress, perSecond)
      if (at - shownAt < everyMs) return
      shownAt = at
      out.write(out.isTTY ? `\r\x1b[2K${last}` : `${last}\n`)
    },
    end() {
      if (last !== undefined && out.isTTY) out.write(`\r\x1b[2K${last}\n`)
    },
  }
}

function lineOf({ rows, rejected, bytes, totalBytes }: ImportView['progress'], perSecond: number): string {
  const part = totalBytes === 0 ? 1 : Math.min(1, bytes / totalBytes)
  const filled = Math.round(part * WIDTH)
  const bar = `${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}`
  return `[${bar}] ${Math.floor(part * 100)} %  ${rows} rows, ${rejected} rejected, ${perSecond} rows/s`
}
