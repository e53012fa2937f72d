// What a file (`--from`) and the command line say of a client, as one. What `clients show` prints as its definition goes in again.
import { readFile } from 'node:fs/promises'
import type { ClientAuthentication, ClientChange, ClientDefinition } from '../auth/clients/contract.ts'
import { clientChange } from '../auth/clients/schemas.ts'
import { fieldProblems } from '../kernel/schema.ts'
import { CommandError, type CommandLine } from './command-line.ts'

type Known = Pick<ClientDefinition, 'clientId' | 'authentication'>
type Members = Readonly<Record<string, unknown>>

export async function definitionOf({ client, premises }: CommandLine, known: Known): Promise<ClientChange> {
  const { from } = premises
  const read = from === undefined ? {} : asStored(await membersOf(from), { from, known })
  const parsed = clientChange.safeParse({ ...read, ...client.definition })
  if (parsed.success) return parsed.data
  throw new CommandError(
    fieldProblems(parsed.error)
      .map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
      .join('\n'),
  )
}

/** With the hashes that are not printed. */
function asStored({ clientId, ...members }: Members, { from, known }: { readonly from: string; readonly known: Known }): Members {
  if (clientId !== undefined && clientId !== known.clientId)
    throw new CommandError(`${from} is about the client ${JSON.stringify(clientId)}, and not about ${JSON.stringify(known.clientId)}.`)
  const { authentication } = members
  if (!isMembers(authentication) || !sendsSecret(authentication['method']) || 'secretHashes' in authentication) return members
  const present = known.authentication
  const secretHashes = present !== undefined && 'secretHashes' in present ? present.secretHashes : []
  return { ...members, authentication: { ...authentication, secretHashes } }
}

const WITH_SECRET: readonly unknown[] = ['client_secret_basic', 'client_secret_post'] satisfies ClientAuthentication['method'][]
const sendsSecret = (method: unknown): boolean => WITH_SECRET.includes(method)

async function membersOf(file: string): Promise<Members> {
  const value = jsonOf(await contentOf(file))
  if (!isMembers(value)) throw new CommandError(`${file} is not a JSON object with the members of a client.`)
  return value
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CommandError(`${file} cannot be read.`, { cause })
  }
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content) as unknown
  } catch {
    return undefined
  }
}

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)
