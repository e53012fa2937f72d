// Access tokens that only we can read: random values, and those that are encrypted for their resource server. Kept under the hash of the value, so
// that whoever reads the database has no token (RFC 7662 is how the resource server learns what one says).
import type { Adapter, AdapterPayload } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { insertInto } from '#kernel/collection.ts'
import { z } from '#kernel/schema.ts'
import type { Collection } from '../../database/contract.ts'
import type { AccountDirectory } from '../engine.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { type AccessTokenRecord, accessTokensCollection, type GrantRecord } from './collections.ts'
import { EXCHANGED_IDS_CLAIM } from './exchanged.ts'
import { recordId, sidOf } from './ids.ts'
import { noStorage } from './no-storage.ts'
import type { Pending } from './pending.ts'
import { currentCall, noteSought, soughtHere } from './scope.ts'
import { sweepTokens } from './sweep.ts'
import { type Vault, withoutId } from './vault.ts'

export interface AccessTokenStorageDependencies {
  readonly tokens: Collection<AccessTokenRecord>
  readonly grants: Pick<Collection<GrantRecord>, 'get'>
  readonly accounts: Pick<AccountDirectory, 'find'>
  readonly revocations: Pick<Revocations, 'revokeToken' | 'isAnyTokenRevoked'>
  readonly pending: Pick<Pending, 'defer'>
  readonly vault: Vault
  readonly clock: Clock
}

/** An exchanged token has no grant of its own, and ends with that of the token that it came from. */
const withSession = z.looseObject({ extra: z.looseObject({ sid: z.string() }) })

const exchanged = z.looseObject({
  accountId: z.string(),
  extra: z.looseObject({ sid: z.string().optional(), [EXCHANGED_IDS_CLAIM]: z.array(z.string()).optional() }).optional(),
})
/** One that tells what somebody is says as of when. */
const telling = z.looseObject({ accountId: z.string(), extra: z.looseObject({ membership_at: z.number() }) })
/** The `jti` of the signed token inside of an encrypted one. */
const withInner = z.looseObject({ innerId: z.string() })

/** Of tokens that no person stands behind. */
const NO_GRANT = 'none'

export function createAccessTokenStorage(dependencies: AccessTokenStorageDependencies): Adapter {
  const { tokens, revocations, pending, vault, clock } = dependencies
  const place = (id: string): { collection: string; id: string } => ({ collection: accessTokensCollection.name, id })
  const open = async (id: string): Promise<ReturnType<Vault['open']>> => {
    const stored = await tokens.get(currentCall(), id)
    return stored === undefined ? undefined : vault.open(place(id), stored.value.payload)
  }
  const seek = async (token: string): Promise<AdapterPayload | undefined> => {
    const payload = await open(recordId(token))
    if (payload === undefined || !(await isCurrent(dependencies, currentCall(), payload))) return undefined
    if (!isExchanged(payload)) return payload
    return (await isAuthorised(dependencies, currentCall(), payload)) ? payload : undefined
  }
  return {
    ...noStorage,
    async upsert(token, payload, expiresIn = 0) {
      const id = recordId(token)
      const { grantId } = payload
      const call = currentCall()
      const record = {
        id,
        grant: grantId === undefined ? (withSession.safeParse(payload).data?.extra.sid ?? NO_GRANT) : sidOf(grantId),
        payload: vault.seal(place(id), withoutId(payload)),
        expiresAt: clock.now() + expiresIn * 1000,
      }
      await pending.defer({ operations: [insertInto(accessTokensCollection, record)], alone: () => tokens.insert(call, record) })
    },
    async find(token) {
      const found = soughtHere(token) ?? seek(token)
      noteSought({ token, found })
      const payload = await found
      return payload === undefined ? undefined : { ...payload, jti: token }
    },
    async destroy(token) {
      const id = recordId(token)
      // Its resource server may show us what was inside.
      const inner = withInner.safeParse(await open(id)).data?.innerId
      if (inner !== undefined) await revocations.revokeToken(currentCall(), inner)
      // For those that were exchanged for it.
      await revocations.revokeToken(currentCall(), id)
      await tokens.delete(currentCall(), id)
    },
    async revokeByGrantId(grantId) {
      await sweepTokens(tokens, currentCall(), sidOf(grantId))
    },
  }
}

/** The engine looks for one value as each kind that it may be; a record is of one. */
export function ofKind(kind: 'AccessToken' | 'ClientCredentials', storage: Adapter): Adapter {
  return {
    ...storage,
    async find(token) {
      const payload = await storage.find(token)
      return payload?.kind === kind ? payload : undefined
    },
  }
}

/** The engine looks at the grant of any other person's token by itself. */
function isExchanged({ accountId, grantId }: AdapterPayload): boolean {
  return accountId !== undefined && grantId === undefined
}

/** A person may have become something else since. */
async function isCurrent({ accounts }: AccessTokenStorageDependencies, call: Call, payload: AdapterPayload): Promise<boolean> {
  const found = telling.safeParse(payload)
  if (!found.success) return true
  const { accountId, extra } = found.data
  const person = await accounts.find(call, accountId)
  return person !== undefined && extra.membership_at >= (person.membership?.at ?? 0)
}

/** The sweep after the end of a grant takes its time, and an exchange may be under way just then: what counts is the grant. */
async function isAuthorised(
  { grants, accounts, revocations }: AccessTokenStorageDependencies,
  call: Call,
  payload: AdapterPayload,
): Promise<boolean> {
  const found = exchanged.safeParse(payload)
  if (!found.success) return false
  const { accountId, extra } = found.data
  const grant = extra?.sid === undefined ? undefined : (await grants.get(call, extra.sid))?.value
  if (grant?.accountId !== accountId || grant.endedAt !== undefined) return false
  if (await revocations.isAnyTokenRevoked(call, extra?.[EXCHANGED_IDS_CLAIM] ?? [])) return false
  const person = await accounts.find(call, accountId)
  return person !== undefined && !person.suspended
}
