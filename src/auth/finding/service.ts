// Finding people, and what there is to know of one: for operators, who would otherwise read the database.
import type { Call } from '#kernel/call.ts'
import type { Database } from '../../database/contract.ts'
import { normaliseEmail } from '../accounts/email.ts'
import type { Account } from '../accounts/schemas.ts'
import type { Engine } from '../engine.ts'
import type { Owners } from '../organisations/owners.ts'
import type { SecurityEvents } from '../security-events/service.ts'
import type { AccountFacts, AccountView, Finding, Whom } from './contract.ts'
import { createFindingRepository, type FindingRepository } from './repository.ts'
import { requireOperator } from '../operators-only.ts'

const PAGE = 100
const EVENTS = 50
const SESSIONS = 100
/** Of what addresses are made of. */
const PLAIN = /^[!-~]*$/

export interface FindingDependencies {
  readonly database: Database
  readonly engine: Pick<Engine, 'sessionPage' | 'authorisedApps'>
  readonly securityEvents: Pick<SecurityEvents, 'list'>
  readonly leftBy: Owners['leftBy']
}

/** Make it before the database starts, since it declares its collections. */
export function createFinding({ database, engine, securityEvents, leftBy }: FindingDependencies): Finding {
  const repository = createFindingRepository(database)
  return {
    async list(call, { email = '', after, limit = PAGE }) {
      requireOperator(call)
      // An address that is whole may be written in another way, such as with an umlaut in its domain.
      const prefix = normaliseEmail(email) ?? email.trim().toLowerCase()
      if (!PLAIN.test(prefix)) return { items: [] }
      const { items, next } = await repository.list(call, { prefix, limit, after })
      return { items: items.map(({ value }) => factsOf(value)), ...(next === undefined ? {} : { next }) }
    },
    async view(call, whom) {
      requireOperator(call)
      const account = await accountOf(repository, call, whom)
      if (account === undefined) return undefined
      const { id, language, password } = account
      const [ways, sessions, apps, events, owned] = await Promise.all([
        repository.waysIn(call, id),
        engine.sessionPage(call, id, { limit: SESSIONS }),
        engine.authorisedApps(call, id),
        securityEvents.list(call, id, { limit: EVENTS }),
        leftBy(call, id),
      ])
      return {
        ...factsOf(account),
        ...given({ language }),
        hasPassword: password !== undefined,
        ...ways,
        identities: ways.identities.map(({ issuer, label, linkedAt }) => ({ issuer, ...given({ label }), linkedAt })),
        sessions: sessions.items.map(({ device, signedInAt, lastUsedAt }) => ({ device, signedInAt, lastUsedAt })),
        onlyOwnerOf: owned.map(({ id: organisationId, name }) => ({ id: organisationId, name })),
        apps: apps.map(({ clientId, name, scopes, since }) => ({ clientId, name, scopes: scopes.map((scope) => scope.name), since })),
        events: events.items.map(eventOf),
      }
    },
  }
}

function eventOf({ id, type, at, about, device, client, actor }: Awaited<ReturnType<SecurityEvents['list']>>['items'][number]) {
  return { id, type, at, ...given({ about, device, client, actor }) } satisfies AccountView['events'][number]
}

function factsOf({ id, email, name, createdAt, roles = [], groups = [], ...account }: Account): AccountFacts {
  const { emailVerifiedAt: confirmedAt, suspendedAt: blockedAt } = account
  const deletion = deletionOf(account)
  return { accountId: id, email, name, createdAt, ...given({ confirmedAt, blockedAt, deletion }), roles: [...roles], groups: [...groups] }
}

function deletionOf({ deletionAt: at, deletion }: Pick<Account, 'deletionAt' | 'deletion'>): AccountFacts['deletion'] {
  if (at === undefined || deletion === undefined) return undefined
  return { at, requestedAt: deletion.requestedAt, byOperator: deletion.byOperator === true, begun: deletion.begun === true }
}

type Given<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> }

/** JSON has no member for what there is not. */
function given<T extends object>(members: T): Given<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is undefined was left out
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>
}

async function accountOf(repository: FindingRepository, call: Call, whom: Whom): Promise<Account | undefined> {
  if ('accountId' in whom) return await repository.find(call, whom.accountId)
  const email = normaliseEmail(whom.email)
  return email === undefined ? undefined : await repository.findByEmail(call, email)
}
