// `ninefold passwords build-filter <list> <filter>`: makes the file that NINEFOLD_AUTH_PASSWORD_FILTER names, of a list with one password a line, or one
// SHA-1 in hex, with or without a count after it, as published lists of breached passwords have them.
import { createReadStream, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { buildFilter, sha1Of } from '../auth/passwords/filter.ts'
import { CommandError, type CommandLine } from './command-line.ts'

const SHA1_LINE = /^([0-9a-f]{40})(?::\d+)?$/i

export async function passwordsCommand({ words: [action, list, filter, extra] }: CommandLine): Promise<number> {
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

/** Reads twice, so that a list of gigabytes never has to be in memory. */
async function build(list: string, filter: string): Promise<string> {
  let entries = 0
  for await (const text of linesOf(list)) entries += Number(text !== '')
  if (entries === 0) throw new CommandError(`${list} is empty.`)
  const builder = buildFilter(entries)
  for await (const text of linesOf(list)) builder.add(keyOf(text))
  writeFileSync(filter, builder.bytes)
  return `${entries} passwords in ${builder.bytes.length} bytes: ${filter}`
}

function keyOf(text: string): Buffer {
  const hash = SHA1_LINE.exec(text)?.[1]
  return hash === undefined ? sha1Of(text) : Buffer.from(hash, 'hex')
}

async function* linesOf(path: string): AsyncIterable<string> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
  for await (const text of lines) if (text !== '') yield text
}
