// `ninefold clients list|add|change|show|rotate-secret|block|unblock|remove|invite`: the clients of the authorization server. A platform that runs knows of a change within a second.
import type { Clients, ClientView } from '../auth/clients/contract.ts'
import { placeOf } from '../auth/client-documents/place.ts'
import { printBeside } from './beside.ts'
import { definitionOf } from './client-file.ts'
import { renewalOf, tellKept } from './client-options.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine, named } from './command-line.ts'
import { table } from './table.ts'
import type { WayOf } from './uses.ts'

type Work = (clients: Clients, line: CommandLine, clientId: string) => Promise<string>

const call = commandCall('clients')
/** Whether it has a secret is said beside the definition, which holds a hash only where an app definition gives one. */
const asJson = (value: unknown): string => `${JSON.stringify(value, (key, of: unknown) => (key === 'secretHashes' ? undefined : of), 2)}\n`

const WORKS: Readonly<Record<WayOf<'clients'>, Work>> = {
  list: (clients) => listed(clients),
  invite: async (clients) => `${await clients.invite(call)}\n`,
  async add(clients, line, clientId) {
    const definition = await definitionOf(line, { clientId })
    const { name = clientId, redirectUris = [], origins = [], scopes = [] } = definition
    const whole = { ...definition, clientId, name, redirectUris, origins, scopes }
    return asJson(await clients.add(call, whole, { withSecret: line.client.withSecret }))
  },
  async change(clients, line, clientId) {
    const present = await clients.find(call, clientId)
    const change = await definitionOf(line, present?.definition ?? { clientId })
    if (Object.keys(change).length === 0) throw new CommandError('Say what is to change, or name a file of JSON with --from.')
    return asJson(await clients.change(call, clientId, change))
  },
  async show(clients, _line, clientId) {
    const found = await clients.find(call, clientId)
    if (found === undefined) throw new CommandError(`There is no client ${JSON.stringify(clientId)}.`)
    return asJson(found)
  },
  async 'rotate-secret'(clients, { client }, clientId) {
    const renewal = renewalOf(client)
    const rotated = await clients.rotateSecret(call, clientId, renewal)
    tellKept(clientId, renewal)
    return asJson(rotated)
  },
  async block(clients, _line, clientId) {
    const { definition } = await clients.block(call, clientId)
    return `${placeOf(definition.clientId) === definition.clientId ? definition.name : clientId} is blocked. Its tokens end as soon as a platform runs on this data; "clients unblock" lets it in again.\n`
  },
  async unblock(clients, _line, clientId) {
    await clients.unblock(call, clientId)
    return `${clientId} is let in again. People are asked anew. Tokens that a client gets within a minute of its block are refused by gateways until they expire.\n`
  },
  async remove(clients, _line, clientId) {
    const found = await clients.find(call, clientId)
    if (!(await clients.remove(call, clientId))) throw new CommandError(`There is no client ${JSON.stringify(clientId)}.`)
    const back =
      found?.source === 'document' ? ' It comes back with the next person who brings it, unless you block it: "clients block".' : ''
    return `${clientId} is removed. Its tokens end as soon as a platform runs on this data.${back}\n`
  },
}

const ways = Object.keys(WORKS).join(', ')

export async function clientsCommand(line: CommandLine): Promise<number> {
  const [way = 'list', clientId, extra] = line.words
  const work = named(WORKS, way)
  if (work === undefined) throw new CommandError(`clients knows ${ways}, and not ${JSON.stringify(way)}.`)
  const isAlone = way === 'list' || way === 'invite'
  if (extra !== undefined || isAlone !== (clientId === undefined))
    throw new CommandError(isAlone ? `clients ${way} takes nothing more.` : `Give one client id: ninefold clients ${way} print-shop`)
  return await printBeside(line, ({ auth }) => work(auth.clients, line, clientId ?? ''))
}

async function listed(clients: Clients): Promise<string> {
  const rows = [['client', 'name', 'from', 'secret', 'verified', 'state', 'redirects to']]
  let after: string | undefined
  do {
    const page = await clients.list(call, after)
    rows.push(...page.items.map(rowOf))
    after = page.next
  } while (after !== undefined)
  return table(rows)
}

function rowOf({ source, definition, hasSecret, blockedAt, lapsed }: ClientView): string[] {
  const { clientId, name, redirectUris } = definition
  const isVerified = definition.verified ?? source === 'app'
  return [clientId, name, source, hasSecret ? 'yes' : 'no', isVerified ? 'yes' : 'no', stateOf(blockedAt, lapsed), redirectUris.join(' ')]
}

function stateOf(blockedAt: ClientView['blockedAt'], lapsed: ClientView['lapsed']): string {
  if (blockedAt !== undefined) return 'blocked'
  return lapsed === undefined ? 'in use' : 'in use; has changed'
}
