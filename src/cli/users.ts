// `ninefold users import <file>` and `ninefold users export`: people with their passwords and linked identities, in from another system, or out.
import { extname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Moving } from '../auth/moving/contract.ts'
import { besidePlatform } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { intoFile } from './files.ts'
import { importUsers } from './users-import.ts'

const call = commandCall('users')
const WRITTEN: ReadonlySet<string> = new Set(['.ndjson', '.jsonl'])

export async function usersCommand(line: CommandLine): Promise<number> {
  const [way, file, ...more] = line.words
  if (way === 'import' && file !== undefined) return importUsers(line, [file, ...more])
  if (way === 'export' && file === undefined) return exportUsers(line)
  throw new CommandError('Say which: ninefold users import people.ndjson, or ninefold users export --output people.ndjson')
}

async function exportUsers(line: CommandLine): Promise<number> {
  const { output, options } = line.transfer
  const { withoutPasswords } = line.users
  if (output === undefined) throw new CommandError('Name a file: ninefold users export --output people.ndjson')
  // By the name of the file `users import` knows how to read it.
  if (!WRITTEN.has(extname(output).toLowerCase()) || (options['format'] ?? 'ndjson') !== 'ndjson')
    throw new CommandError(
      'users export writes NDJSON alone: give --output a name that ends in .ndjson, as people.ndjson, and no other --format.',
    )
  await besidePlatform(line, ({ platform }) =>
    intoFile(output, { mustBeNew: true }, (file) =>
      pipeline(exportedLines(platform.auth.moving, !withoutPasswords), file.createWriteStream()),
    ),
  )
  const warning = withoutPasswords
    ? ''
    : ' It has password hashes and keys of authenticator apps in it: keep it like the passwords themselves, and delete it when it has served.'
  process.stdout.write(`${output} has the people of this platform.${warning}\n`)
  return 0
}

async function* exportedLines(moving: Moving, withPasswords: boolean): AsyncGenerator<string> {
  let after: string | undefined
  do {
    const page = await moving.moveOut(call, { withPasswords, ...(after === undefined ? {} : { after }) })
    for (const person of page.items) yield `${JSON.stringify(person)}\n`
    after = page.next
  } while (after !== undefined)
}
