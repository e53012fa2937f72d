// `ninefold services`: service accounts of the platform and of organisations. A platform that runs knows of a change within a second.
import { readFile } from 'node:fs/promises'
import type { CredentialChange, KeyChange, ServiceAccountsDesk } from '../auth/service-accounts/contract.ts'
import { printBeside } from './beside.ts'
import { renewalOf, tellKept } from './client-options.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine, named, rolesIn } from './command-line.ts'
import { table } from './table.ts'
import type { WayOf } from './uses.ts'

const call = commandCall('services')

interface Action {
  /** How many words may follow the name of the action. */
  readonly words: readonly number[]
  run(desk: ServiceAccountsDesk, words: readonly string[], line: CommandLine): Promise<string>
}

export async function servicesCommand(line: CommandLine): Promise<number> {
  const [name = 'list', ...words] = line.words
  const action = named(ACTIONS, name)
  if (action?.words.includes(words.length) !== true)
    throw new CommandError(
      'Say ninefold services list [<organisation id>]; create <name> [<organisation id>] --scope <scope> --add-role <role> --from <file with a public key>; roles <client id> --add-role <role> --remove-role <role>; scopes <client id> --scope <scope>; renew-secret or use-secret <client id> --keep-seconds <n> --replacing <credential>; change-key or use-key <client id> --from <file with a public key> --keep-seconds <n> --replacing <credential>; end-earlier <client id>; or remove <client id>.',
    )
  return await printBeside(line, ({ auth }) => action.run(auth.serviceAccounts, words, line))
}

const ACTIONS: Readonly<Record<WayOf<'services'>, Action>> = {
  list: {
    words: [0, 1],
    async run(desk, [organisationId]) {
      const rows = (await desk.list(call, organisationId)).map(({ clientId, name, roles, scopes, authentication, credential = '' }) => [
        clientId,
        name,
        roles.join(', '),
        scopes.join(' '),
        authentication,
        credential,
      ])
      return rows.length === 0
        ? 'There are no service accounts.\n'
        : table([['client', 'name', 'roles', 'scopes', 'proves itself by', 'credential'], ...rows])
    },
  },
  create: {
    words: [1, 2],
    async run(desk, [name = '', organisationId], { account: { membership }, client, premises }) {
      const key = premises.from === undefined ? undefined : await readFile(premises.from, 'utf8')
      const scopes = client.definition.scopes ?? []
      const made = await desk.create(call, { name, organisationId, roles: membership.addRoles, scopes, key })
      return `${JSON.stringify({ ...made.service, ...(made.secret === undefined ? {} : { secret: made.secret }) }, undefined, 2)}\n`
    },
  },
  roles: {
    words: [1],
    async run(desk, [clientId = ''], line) {
      const roles = await desk.setRoles(call, clientId, rolesIn(line))
      return `${clientId}: ${roles.length === 0 ? 'no roles' : roles.join(', ')}\n`
    },
  },
  scopes: {
    words: [1],
    async run(desk, [clientId = ''], { client }) {
      const { scopes = [] } = client.definition
      await desk.setScopes(call, clientId, scopes)
      return `${clientId}: ${scopes.length === 0 ? 'no scopes' : scopes.join(' ')}\n`
    },
  },
  'renew-secret': givingSecret((desk, clientId, change) => desk.renewSecret(call, clientId, change)),
  'change-key': givingKey('has its new key', (desk, clientId, change) => desk.setKey(call, clientId, change)),
  'use-secret': givingSecret((desk, clientId, change) => desk.useSecret(call, clientId, change)),
  'use-key': givingKey('signs with its key from now on', (desk, clientId, change) => desk.useKey(call, clientId, change)),
  'end-earlier': {
    words: [1],
    async run(desk, [clientId = '']) {
      const wasGood = await desk.endEarlier(call, clientId)
      return wasGood ? `What ${clientId} had before is good no more.\n` : `${clientId} had nothing before that was good.\n`
    },
  },
  remove: {
    words: [1],
    async run(desk, [clientId = '']) {
      if (!(await desk.remove(call, clientId))) throw new CommandError(`There is no service account ${JSON.stringify(clientId)}.`)
      return `${clientId} is removed.\n`
    },
  },
}

async function keyIn({ from }: CommandLine['premises']): Promise<string> {
  if (from === undefined) throw new CommandError('Give the new public key: --from <file with a JWK>.')
  return await readFile(from, 'utf8')
}

function givingSecret(give: (desk: ServiceAccountsDesk, clientId: string, change: CredentialChange) => Promise<string>): Action {
  return {
    words: [1],
    async run(desk, [clientId = ''], { client }) {
      const change = renewalOf(client)
      const secret = await give(desk, clientId, change)
      tellKept(clientId, change)
      return `${secret}\n`
    },
  }
}

function givingKey(done: string, give: (desk: ServiceAccountsDesk, clientId: string, change: KeyChange) => Promise<void>): Action {
  return {
    words: [1],
    async run(desk, [clientId = ''], { client, premises }) {
      const change = renewalOf(client)
      await give(desk, clientId, { ...change, key: await keyIn(premises) })
      tellKept(clientId, change)
      return `${clientId} ${done}.\n`
    },
  }
}
