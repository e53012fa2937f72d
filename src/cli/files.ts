// Files that were named on the command line. Whatever is wrong with one is said in a line, and where that can be known, before any work is done.
import { type FileHandle, lstat, open, rm, stat } from 'node:fs/promises'
import { CommandError } from './command-line.ts'

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'there is no such file or folder',
  EISDIR: 'it is a folder',
  EACCES: 'this account may not',
  EPERM: 'this account may not',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  EEXIST: 'it is there already',
}

export interface Output {
  /** Not one that is there. It is removed again when the work fails: half of it is of no use. */
  readonly mustBeNew?: boolean
  /** Files that are read meanwhile, none of which must be this one. */
  readonly reads?: readonly string[]
}

/** Opens it empty for the work, and closes it. */
export async function intoFile<T>(path: string, output: Output, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await opened(path, output)
  try {
    if ((await file.stat()).isFile()) await file.truncate(0)
    return await work(file)
  } catch (error) {
    if (output.mustBeNew === true) await rm(path, { force: true })
    throw fileProblem(error, path) ?? error
  } finally {
    await file.close()
  }
}

/** Whether it can be written later, without changing it. */
export async function requireWritable(path: string, output: Output): Promise<void> {
  const [named, target] = await Promise.all([lstat(path), stat(path)].map((found) => found.catch(() => undefined)))
  // Who reads a pipe would take the close for its end.
  if (target?.isFIFO() === true) return
  await (await opened(path, output)).close()
  if (named === undefined) await rm(path, { force: true })
}

export async function openForReading(path: string): Promise<FileHandle> {
  const file = await open(path).catch((error: unknown) => {
    throw fileProblem(error, path) ?? error
  })
  if (!(await file.stat()).isDirectory()) return file
  await file.close()
  throw new CommandError(`${path} cannot be used: it is a folder.`)
}

/** What the system says of a file, as a sentence; `undefined` for all else. */
export function fileProblem(error: unknown, path: string): CommandError | undefined {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) return undefined
  const words = WORDS[String(error.code)]
  if (words === undefined) return undefined
  return new CommandError(`${path} cannot be used: ${words} (${String(error.code)}).`, { cause: error })
}

/** Not emptied yet: it may turn out to be the other one, by whatever path. */
async function opened(path: string, { mustBeNew = false, reads = [] }: Output): Promise<FileHandle> {
  const file = await open(path, mustBeNew ? 'wx' : 'a', 0o600).catch((error: unknown) => {
    const problem = fileProblem(error, path)
    throw problem === undefined ? error : new CommandError(`${problem.message} Name another with --output.`, { cause: error })
  })
  const own = await file.stat()
  const others = await Promise.all(reads.map(async (other) => stat(other).catch(() => undefined)))
  if (!own.isFile() || !others.some((other) => other?.dev === own.dev && other.ino === own.ino)) return file
  await file.close()
  throw new CommandError(`${path} is the file that is read. Name another with --output.`)
}
