// The apps that have access to an account: those that the person has let in, and those that are let in without asking (`consent: 'never'`). Of the
// latter nothing is stored but what they hold: their grants.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { z } from '#kernel/schema.ts'
import type { Collection } from '../../database/contract.ts'
import type { AuthorisedApp } from '../engine.ts'
import type { ClientRegistry, RegisteredClient } from './clients.ts'
import { type GrantRecord, grantsCollection, type SessionRecord } from './collections.ts'
import type { Consents } from './consents.ts'
import { isAsked } from './granting.ts'
import type { Vault } from './vault.ts'

export interface AuthorisedAppsDependencies {
  readonly clients: ClientRegistry
  readonly consents: Consents
  readonly grants: Collection<GrantRecord>
  readonly sessions: Collection<SessionRecord>
  readonly vault: Vault
  readonly clock: Clock
}

interface Access {
  readonly scopes: readonly string[]
  readonly since: number
}

const PAGE = 500

const heldScopes = z.looseObject({
  openid: z.looseObject({ scope: z.string().optional() }).optional(),
  resources: z.record(z.string(), z.string()).optional(),
})

export function createAuthorisedApps(
  deps: AuthorisedAppsDependencies,
): (call: Call, accountId: string) => Promise<readonly AuthorisedApp[]> {
  const { clients, consents } = deps
  const grantsOf = grantsReader(deps)
  const accessOf = accessReader(deps)
  return async (call, accountId) => {
    const given = new Map((await consents.list(call, accountId)).map((consent) => [consent.clientId, consent]))
    const grants = await grantsOf(call, accountId)
    const ids = [...new Set([...given.keys(), ...grants.keys()])]
    const shown = ids.map(async (clientId): Promise<AuthorisedApp[]> => {
      const client = await clients.find(call, clientId)
      if (client === undefined || client.firstParty) return []
      const consent = given.get(clientId)
      // Of a client that asks, no grant holds more than was allowed.
      const isAll = consent !== undefined && isAsked(client)
      const access = isAll ? undefined : await accessOf(call, grants.get(clientId) ?? [])
      return appOf(client, { consent, access, clients })
    })
    return (await Promise.all(shown)).flat()
  }
}

interface Holding {
  readonly consent: Access | undefined
  readonly access: Access | undefined
  readonly clients: ClientRegistry
}

function appOf({ clientId, name }: RegisteredClient, { consent, access, clients }: Holding): AuthorisedApp[] {
  const held = [consent, access].filter((one) => one !== undefined)
  const [first] = held
  if (first === undefined) return []
  const scopes = withWords([...new Set(held.flatMap((one) => one.scopes))], clients)
  return [{ clientId, name, scopes, since: first.since, ...(consent === undefined ? { unasked: true } : {}) }]
}

/** By client; most of a person are those of the app's own frontends, which are not shown. */
function grantsReader({ grants, clients }: AuthorisedAppsDependencies) {
  return async (call: Call, accountId: string): Promise<ReadonlyMap<string, GrantRecord[]>> => {
    const found: GrantRecord[] = []
    let after: string | undefined
    do {
      const page = await grants.list(call, {
        index: 'account',
        where: { accountId },
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      })
      found.push(...page.items.flatMap(({ value }) => (clients.isFirstParty(value.clientId) ? [] : value)))
      after = page.next
    } while (after !== undefined)
    return Map.groupBy(found, ({ clientId }) => clientId)
  }
}

/** What grants of one client hold altogether; `undefined` when none of them counts any more. */
function accessReader({ sessions, vault, clock }: AuthorisedAppsDependencies) {
  const isLive = async (call: Call, { endedAt, expiresAt, endsWithSession, sessionUid }: GrantRecord): Promise<boolean> => {
    if (endedAt !== undefined || expiresAt <= clock.now()) return false
    if (!endsWithSession || sessionUid === undefined) return true
    const session = (await sessions.get(call, sessionUid))?.value
    return session !== undefined && session.endedAt === undefined && session.expiresAt > clock.now()
  }
  const scopesOf = ({ id, payload }: GrantRecord): string[] => {
    const { openid, resources = {} } = heldScopes.safeParse(vault.open({ collection: grantsCollection.name, id }, payload)).data ?? {}
    return [openid?.scope ?? '', ...Object.values(resources)].flatMap((scope) => scope.split(' ')).filter((scope) => scope !== '')
  }
  return async (call: Call, own: readonly GrantRecord[]): Promise<Access | undefined> => {
    const live = (await Promise.all(own.map(async (grant) => ((await isLive(call, grant)) ? [grant] : [])))).flat()
    if (live.length === 0) return undefined
    return { scopes: live.flatMap(scopesOf), since: Math.min(...live.map(({ createdAt }) => createdAt)) }
  }
}

/** For people: `openid` alone tells an app nothing but that it is the same person again. */
export function withWords(scopes: readonly string[], clients: ClientRegistry): { readonly name: string; readonly words: string }[] {
  return scopes.filter((scope) => scope !== 'openid').map((name) => ({ name, words: clients.words(name) }))
}
