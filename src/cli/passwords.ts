// `ninefold passwords build-filter <list> <filter>`: makes the file that NINEFOLD_AUTH_PASSWORD_FILTER names, of a list with one password a line, or one
// SHA-1 in hex, with or without a count after it, as published lists of breached passwords have them.
import { createReadStream, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { buildFilter, sha1Of } from '../auth/passwords/filter.ts'
import { CommandError, type CommandLine } from './command-line.ts'

const SHA1_LINE = /^([0-9a-f]{40})(?::\d+)?$/i

export async function passwordsCommand(line: CommandLine): Promise<number> {
  const [action, list, filter, extra] = line.words
  if (action !== 'build-filter' || list === undefined || filter === undefined || extra !== undefined)
    throw new CommandError('Give a list and the file to make: ninefold passwords build-filter breached.txt passwords.filter')
  try {
    // Twice, so that a list of gigabytes never has to be in memory.
    let entries = 0
    for await (const _ of linesOf(list)) entries += 1
    if (entries === 0) throw new CommandError(`${list} is empty.`)
    const builder = buildFilter(entries)
    for await (const text of linesOf(list)) {
      const hash = SHA1_LINE.exec(text)?.[1]
      builder.add(hash === undefined ? sha1Of(text) : Buffer.from(hash, 'hex'))
    }
    writeFileSync(filter, builder.bytes)
    process.stdout.write(`${entries} passwords in ${builder.bytes.length} bytes: ${filter}\n`)
    return 0
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new CommandError(error.message, { cause: error })
    throw error
  }
}

async function* linesOf(path: string): AsyncIterable<string> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
  for await (const text of lines) if (text !== '') yield text
}
