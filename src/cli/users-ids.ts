// Who has another id here than in the system they come from: that is the `sub` of tokens, so an app that has records by the old one needs both.
import { type FileHandle, open, stat } from 'node:fs/promises'
import { fileProblem, requireWritable } from './files.ts'

/** Notes of one person the ids there that are not the one here. */
export type NoteIds = (accountId: string, ids: readonly string[]) => Promise<void>

/** Beside the report, where that is a file. */
export async function idsFileOf(file: string, output: string | undefined): Promise<string> {
  const isFile = output !== undefined && ((await stat(output).catch(() => undefined))?.isFile() ?? true)
  return `${isFile ? output : file}.ids.ndjson`
}

/** Made with the first who has another one. Gives how many have. */
export async function withOtherIds(
  path: string,
  reads: readonly string[],
  work: (this: void, note: NoteIds) => Promise<void>,
): Promise<number> {
  await requireWritable(path, { reads })
  let file: FileHandle | undefined
  let count = 0
  try {
    await work(async (accountId, ids) => {
      const others = ids.filter((id) => id !== accountId)
      if (others.length === 0) return
      count += 1
      try {
        file ??= await open(path, 'w', 0o600)
        await file.appendFile(others.map((id) => `${JSON.stringify({ id, accountId })}\n`).join(''))
      } catch (error) {
        throw fileProblem(error, path) ?? error
      }
    })
  } finally {
    await file?.close()
  }
  return count
}
