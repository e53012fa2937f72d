// `ninefold passwords build-filter <list> <filter>`: makes the file that NINEFOLD_AUTH_PASSWORD_FILTER names, of a list with one password a line, or one
// SHA-1 in hex, with or without a count after it, as published lists of breached passwords have them.
import { createReadStream } from 'node:fs'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { buildFilter, sha1Of } from '../auth/passwords/filter.ts'
import { CommandError, type CommandLine } from './command-line.ts'

const SHA1_LINE = /^([0-9a-f]{40})(?::\d+)?\s*$/i
/** Of any length: one that was cut off, or a list of another kind of hash, must not be taken for passwords that nobody has. */
const LIKE_A_HASH = /^[0-9a-f]{30,}(?::|\s*$)/i

export async function passwordsCommand({ words: [action, list, filter, extra] }: Pick<CommandLine, 'words'>): Promise<number> {
  if (action !== 'build-filter' || list === undefined || filter === undefined || extra !== undefined)
    throw new CommandError('Give a list and the file to make: ninefold passwords build-filter breached.txt passwords.filter')
  try {
    process.stdout.write(`${await build(list, filter)}\n`)
    return 0
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new CommandError(error.message, { cause: error })
    throw error
  }
}

/**
 * Reads twice, so that a list of gigabytes never has to be in memory, and nothing is made of one that is wrong. A filter that is there stays whole until the
 * new one is: a running platform may have it open.
 */
async function build(list: string, filter: string): Promise<string> {
  const target = await targetOf(filter, { reads: list })
  const draft = `${target}.${process.pid}.part`
  // Before hours of reading: a folder that nobody may write to is known now.
  const file = await open(draft, 'wx')
  try {
    const entries = await entriesOf(list)
    const builder = buildFilter(entries)
    for await (const { text } of linesOf(list)) builder.add(keyOf(text))
    await builder.writeTo(file)
    await file.sync()
    await file.close()
    await rename(draft, target)
    await syncFolder(dirname(target))
    return `${entries} passwords in ${builder.bytes} bytes: ${filter}`
  } catch (error) {
    await file.close()
    await rm(draft, { force: true })
    throw error
  }
}

/** A link goes on leading to the filter. What is no file is not replaced by one. */
async function targetOf(filter: string, { reads }: { readonly reads: string }): Promise<string> {
  const found = await stat(filter).catch(() => undefined)
  if (found === undefined) return filter
  if (!found.isFile()) throw new CommandError(`${filter} is there already, and no file that could be replaced.`)
  const target = await realpath(filter)
  if (target === (await realpath(reads).catch(() => undefined)))
    throw new CommandError(`${filter} is the list that is read. Name another file.`)
  return target
}

async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; its renames are on disk when they return.
  if (process.platform === 'win32') return
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function entriesOf(list: string): Promise<number> {
  let entries = 0
  let hashes = 0
  let firstOther: number | undefined
  for await (const { text, line } of linesOf(list)) {
    entries += 1
    hashes += Number(LIKE_A_HASH.test(text))
    if (firstOther === undefined && !SHA1_LINE.test(text)) firstOther = line
  }
  if (entries === 0) throw new CommandError(`${list} is empty.`)
  // Some password looks like a hash; where most lines do, it is a list of hashes.
  if (firstOther !== undefined && hashes * 2 >= entries)
    throw new CommandError(
      `${list}, line ${firstOther}: this is no SHA-1 in hex (40 digits), with or without a colon and a count after it.`,
    )
  return entries
}

function keyOf(text: string): Buffer {
  const hash = SHA1_LINE.exec(text)?.[1]
  return hash === undefined ? sha1Of(text) : Buffer.from(hash, 'hex')
}

async function* linesOf(path: string): AsyncIterable<{ readonly text: string; readonly line: number }> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
  let line = 0
  for await (const text of lines) {
    line += 1
    if (text !== '') yield { text, line }
  }
}
