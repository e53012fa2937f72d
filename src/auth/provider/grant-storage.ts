// Grants: what a client may do for a person in one browser. The record's key is the `sid` of its tokens.
import type { Adapter, AdapterPayload } from 'oidc-provider'
import Provider, { errors } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { insertInto } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import { z } from '#kernel/schema.ts'
import type { Collection, Stored } from '../../database/contract.ts'
import { apart } from './apart.ts'
import type { ClientRegistry } from './clients.ts'
import { type GrantRecord, grantsCollection, type SessionRecord } from './collections.ts'
import type { Consents } from './consents.ts'
import type { Endings } from './endings.ts'
import { isAsked } from './granting.ts'
import { sidOf } from './ids.ts'
import { noStorage } from './no-storage.ts'
import type { Pending } from './pending.ts'
import type { Reuse } from './reuse.ts'
import { currentCall, isLikelyNew, noteRead } from './scope.ts'
import { isGivenTo } from './token-clients.ts'
import { type Place, type Vault, withoutId } from './vault.ts'

export interface GrantStorageDependencies {
  readonly grants: Collection<GrantRecord>
  readonly sessions: Pick<Collection<SessionRecord>, 'get'>
  readonly pending: Pick<Pending, 'defer'>
  readonly clients: ClientRegistry
  readonly consents: Pick<Consents, 'find'>
  readonly vault: Vault
  readonly clock: Clock
  readonly endings: Endings
  readonly reuse: Pick<Reuse, 'detected'>
}

export function createGrantStorage(dependencies: GrantStorageDependencies): Adapter {
  const { grants, clients, vault, endings, reuse } = dependencies
  return {
    ...noStorage,
    upsert: storing(dependencies),
    async find(grantId) {
      const id = sidOf(grantId)
      const call = currentCall()
      const stored = await grants.get(call, id)
      if (stored !== undefined) noteRead(id)
      if (stored === undefined || stored.value.endedAt !== undefined) return undefined
      const { clientId, clientFrom, createdAt: at } = stored.value
      const client = await clients.find(call, clientId)
      if (client === undefined || !isGivenTo(client, { clientFrom, at })) return undefined
      const payload = vault.open(place(id), stored.value.payload)
      return payload === undefined ? undefined : { ...payload, jti: grantId }
    },
    async destroy(grantId) {
      const call = currentCall()
      const sid = sidOf(grantId)
      await endings.endGrant(call, sid, await reuse.detected(call, sid))
    },
  }
}

/** The first time, it waits for the session that it is in, and is stored together with it. */
function storing(dependencies: GrantStorageDependencies): Adapter['upsert'] {
  const { grants, sessions, pending, clients, vault, clock, endings } = dependencies
  const unlessTakenBack = takingBack(dependencies)
  const extend = extending(dependencies)
  return async (grantId, payload, expiresIn = 0) => {
    const call = currentCall()
    const { accountId, clientId } = payload
    const sessionUid = Provider.ctx?.oidc.session?.uid
    if (accountId === undefined || clientId === undefined || sessionUid === undefined) {
      throw new TypeError('A grant needs an account, a client and a session.')
    }
    const id = sidOf(grantId)
    const clientFrom = (await clients.find(call, clientId))?.goodFrom
    const now = clock.now()
    const expiresAt = now + expiresIn * 1000
    const stored = isLikelyNew(id) ? undefined : await grants.get(call, id)
    if (stored !== undefined) {
      await extend(call, stored, { payload, expiresAt })
      return
    }
    const endsWithSession = clients.endsWithSession(clientId, openidScopes(payload))
    const sealed = vault.seal(place(id), withoutId(payload))
    const record = { id, accountId, clientId, sessionUid, endsWithSession, createdAt: now, clientFrom, payload: sealed, expiresAt }
    await pending.defer({
      operations: [insertInto(grantsCollection, record)],
      async alone() {
        try {
          await grants.insert(call, record)
        } catch (error) {
          if (!hasCode(error, 'database.duplicate')) throw error
          await extend(call, await grants.get(call, id), { payload, expiresAt })
        }
        // Without the write of the session, which would have seen it.
        if ((await sessions.get(call, sessionUid))?.value.endedAt !== undefined) await endings.endGrant(call, id)
      },
      after: () => unlessTakenBack(call, record, payload),
    })
  }
}

/** Two tabs that ask for more at once each have the grant as it was before: keep what the other one has added. */
function extending({ grants, clients, vault }: GrantStorageDependencies) {
  return async (call: Call, found: Stored<GrantRecord> | undefined, { payload, expiresAt }: Extension): Promise<void> => {
    let stored = found
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (stored === undefined || stored.value.endedAt !== undefined) throw new errors.AccessDenied('the authorisation has ended')
      const { id, clientId } = stored.value
      const all = merged(vault.open(place(id), stored.value.payload), payload)
      const endsWithSession = clients.endsWithSession(clientId, openidScopes(all))
      const set = { payload: vault.seal(place(id), withoutId(all)), endsWithSession, expiresAt }
      if ((await grants.update(call, id, { set, ifVersion: stored.version })) !== undefined) return
      await apart(round + 1)
      stored = await grants.get(call, id)
    }
    throw new errors.TemporarilyUnavailable('the authorisation is busy')
  }
}

/**
 * Whoever ends the access of a client takes back what was allowed to it, and then ends what was made of that; a grant is stored, and then asks whether what it
 * was made of is still there. Whatever comes in between, one of the two sees the other.
 */
function takingBack({ clients, consents, endings }: GrantStorageDependencies) {
  return async (call: Call, { id, accountId, clientId, clientFrom, createdAt: at }: Given, payload: Payload): Promise<void> => {
    const client = await clients.find(call, clientId)
    // What an earlier client of this id was given is nothing by itself.
    if (client === undefined || !isAsked(client) || !isGivenTo(client, { clientFrom, at })) return
    const allowed = await consents.find(call, { accountId, client })
    if (!heldScopes(payload).every((scope) => allowed.has(scope))) await endings.endGrant(call, id)
  }
}

const place = (id: string): Place => ({ collection: grantsCollection.name, id })

const MAX_ROUNDS = 20

interface Extension {
  readonly payload: AdapterPayload
  readonly expiresAt: number
}

type Given = Pick<GrantRecord, 'id' | 'clientId' | 'clientFrom' | 'createdAt'> & { readonly accountId: string }
type Payload = Readonly<Record<string, unknown>>

const held = z.object({
  openid: z.looseObject({ scope: z.string().optional() }).optional(),
  resources: z.record(z.string(), z.string()).optional(),
})

function openidScopes(payload: Payload): ReadonlySet<string> {
  return new Set(scopesIn(held.parse(payload).openid?.scope))
}

function heldScopes(payload: Payload): string[] {
  const { openid, resources = {} } = held.parse(payload)
  return [openid?.scope, ...Object.values(resources)].flatMap((scope) => scopesIn(scope))
}

/** A grant is only ever extended. */
function merged(stored: Payload | undefined, payload: AdapterPayload): AdapterPayload {
  if (stored === undefined) return payload
  const [before, more] = [held.parse(stored), held.parse(payload)]
  const scope = union(before.openid?.scope, more.openid?.scope)
  const audiences = Object.keys({ ...before.resources, ...more.resources })
  const resources = Object.fromEntries(
    audiences.map((audience) => [audience, union(before.resources?.[audience], more.resources?.[audience])]),
  )
  return {
    ...payload,
    ...(scope === '' ? {} : { openid: { ...before.openid, ...more.openid, scope } }),
    ...(audiences.length === 0 ? {} : { resources }),
  }
}

function union(before: string | undefined, more: string | undefined): string {
  return [...new Set([...scopesIn(before), ...scopesIn(more)])].join(' ')
}

function scopesIn(scope = ''): string[] {
  return scope.split(' ').filter((name) => name !== '')
}
