// Everything that is kept of a person, as one JSON document that is written while it is read: however much there is, little of it is in memory.
import type { Call } from '#kernel/call.ts'
import { systemCall } from '#kernel/call.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import type { Holding } from '../contract.ts'
import type { Engine } from '../engine.ts'
import type { PersonalData } from '../leaving/personal-data.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'

export interface OwnData {
  /** `undefined` when the account is gone. Tells of itself before the first word leaves. */
  download(call: Call, asked: { readonly accountId: string; readonly by: Whence }): Promise<AsyncIterable<string> | undefined>
}

export interface OwnDataDependencies {
  readonly accounts: Pick<AccountsRepository, 'find' | 'tell'>
  readonly engine: Pick<Engine, 'sessions' | 'authorisedApps'>
  readonly personalData: readonly PersonalData[]
  /** What the other servers keep of people. */
  holdings(this: void): readonly Holding[]
}

const moment = (at: number): string => new Date(at).toISOString()

export function createOwnData(deps: OwnDataDependencies): OwnData {
  return {
    async download(call, { accountId, by }) {
      const account = await deps.accounts.find(call, accountId)
      if (account === undefined) return undefined
      await deps.accounts.tell(call, [securityEventOf({ type: 'account.data_downloaded', accountId, ...by })])
      // The person is known; other servers answer the platform, and give what is this person's alone.
      return document(deps, { ...systemCall('auth'), requestId: call.requestId, signal: call.signal }, account)
    },
  }
}

async function* document({ engine, personalData, holdings }: OwnDataDependencies, call: Call, account: Account): AsyncIterable<string> {
  const { id } = account
  yield `{\n"account": ${JSON.stringify(profileOf(account))}`
  const sessions = await engine.sessions(call, id)
  yield member(
    'sessions',
    sessions.map(({ device, signedInAt, lastUsedAt }) => ({ device, signedInAt: moment(signedInAt), lastUsedAt: moment(lastUsedAt) })),
  )
  const apps = await engine.authorisedApps(call, id)
  yield member(
    'apps',
    apps.map(({ clientId, name, scopes, since }) => ({ clientId, name, scopes: scopes.map((scope) => scope.name), since: moment(since) })),
  )
  for (const { name, collect } of personalData) if (collect !== undefined) yield member(name, await collect(call, id))
  for (const holding of holdings()) yield* held(call, id, holding)
  yield '\n}\n'
}

const member = (name: string, value: unknown): string => `,\n${JSON.stringify(name)}: ${JSON.stringify(value)}`

async function* held(call: Call, ownerId: string, { name, page }: Holding): AsyncIterable<string> {
  yield `,\n${JSON.stringify(name)}: [`
  let after: string | undefined
  let first = true
  do {
    const { items, next } = await page(call, ownerId, after)
    for (const item of items) {
      yield `${first ? '\n' : ',\n'}${JSON.stringify(item)}`
      first = false
    }
    after = next
  } while (after !== undefined)
  yield ']'
}

function profileOf({ id, email, name, language, emailVerifiedAt, createdAt, roles, groups, deletionAt, password }: Account): unknown {
  return {
    id,
    email,
    name,
    language: language ?? null,
    emailVerifiedAt: emailVerifiedAt === undefined ? null : moment(emailVerifiedAt),
    createdAt: moment(createdAt),
    roles: roles ?? [],
    groups: groups ?? [],
    deletionAt: deletionAt === undefined ? null : moment(deletionAt),
    // The hash opens nothing for its owner, and would open a guess for whoever finds the file.
    hasPassword: password !== undefined,
  }
}
