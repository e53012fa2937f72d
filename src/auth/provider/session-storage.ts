// Browser sessions of the authorization server. Kept by the engine's `uid`; the cookie's value is one hashed field, so that renewing the
// cookie is one atomic change and the session is never absent in between.
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { type EventDraft, insertInto, updateIn } from '#kernel/collection.ts'
import type { Collection, Stored } from '../../database/contract.ts'
import { describeDevice } from '../device.ts'
import type { AccountDirectory } from '../engine.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { apart } from './apart.ts'
import { type SessionRecord, sessionsCollection } from './collections.ts'
import { interactionEnded } from './details.ts'
import type { Endings } from './endings.ts'
import { recordId } from './ids.ts'
import { noStorage } from './no-storage.ts'
import type { Pending } from './pending.ts'
import { admittedHere, currentCall, currentExchange, isLikelyNew, noteRead, refuseAll } from './scope.ts'
import type { SessionLimits } from './session-limits.ts'
import type { Place, Vault } from './vault.ts'

export interface SessionStorageDependencies {
  readonly sessions: Collection<SessionRecord>
  readonly pending: Pick<Pending, 'commit' | 'defer'>
  readonly vault: Vault
  readonly clock: Clock
  readonly endings: Endings
  readonly accounts: AccountDirectory
  readonly limits: SessionLimits
}

/** Enough for all tabs of a browser that is opened again. */
const MAX_ROUNDS = 40

export function createSessionStorage(dependencies: SessionStorageDependencies): Adapter {
  const { sessions, pending, vault, endings } = dependencies
  const opened = (stored: Stored<SessionRecord> | undefined): AdapterPayload | undefined => {
    if (stored === undefined) return undefined
    noteRead(stored.value.id)
    if (stored.value.endedAt !== undefined) return undefined
    const payload = vault.open(place(stored.value.id), stored.value.payload)
    // What was noted since then counts.
    return payload && { ...payload, exp: Math.floor(stored.value.expiresAt / 1000) }
  }
  const note = noting(dependencies)
  const unlessKeptOut = keepingOut(dependencies)
  const findByCookie = (call: Call, cookie: string): Promise<Stored<SessionRecord> | undefined> =>
    sessions.getByKey(call, 'cookie', { cookieHash: recordId(cookie) })

  return {
    ...noStorage,
    async upsert(cookie, payload, expiresIn = 0) {
      const call = currentCall()
      const { uid } = payload
      if (uid === undefined) throw new TypeError('A session without a uid cannot be stored.')
      const saving = { uid, cookie, expiresIn, device: describeDevice(currentExchange()?.request.headers['user-agent']) }
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        await apart(round)
        const stored = round === 0 && isLikelyNew(uid) ? undefined : await sessions.get(call, uid)
        if (stored === undefined) {
          const record = recordOf(dependencies, payload, { ...saving, signedInAt: undefined })
          const events = signInOf(undefined, record)
          if (await pending.commit(call, { operations: [insertInto(sessionsCollection, record)], events })) {
            return await unlessKeptOut(call, record, events)
          }
        } else {
          // It ended while this request was under way: saving it would sign the browser in again.
          if (stored.value.endedAt !== undefined) throw refuseAll(new errors.SessionNotFound('the session has ended'))
          const earlier = opened(stored)
          const latest = withLatestSignIn(earlier, payload)
          const signedInAt = isSameSignIn(earlier, latest) ? stored.value.signedInAt : undefined
          const record = recordOf(dependencies, merged(earlier, latest), { ...saving, signedInAt })
          const { id: _id, ...set } = record
          const events = signInOf(stored.value, record)
          const operations = [updateIn(sessionsCollection, uid, { set, ifVersion: stored.version })]
          if (await pending.commit(call, { operations, events })) return await unlessKeptOut(call, record, events)
        }
      }
      throw new errors.TemporarilyUnavailable('the session is busy')
    },
    async find(cookie) {
      return opened(await findByCookie(currentCall(), cookie))
    },
    async findByUid(uid) {
      const stored = await sessions.get(currentCall(), uid)
      if (stored !== undefined) await note(stored.value)
      return opened(stored)
    },
    async destroy(cookie) {
      const call = currentCall()
      const stored = await findByCookie(call, cookie)
      if (stored !== undefined) await endings.endSession(call, stored.value.id)
    },
  }
}

/** Consent that was asked for before somebody signed in once more, and is given after it, comes with the sign-in of before. */
function withLatestSignIn(earlier: AdapterPayload | undefined, payload: AdapterPayload): AdapterPayload {
  if (earlier?.loginTs === undefined || payload.loginTs === undefined || earlier.accountId !== payload.accountId) return payload
  if (earlier.loginTs <= payload.loginTs) return payload
  const { loginTs, acr, amr } = earlier
  return { ...payload, loginTs, acr, amr }
}

function isSameSignIn(earlier: AdapterPayload | undefined, { loginTs, accountId }: AdapterPayload): boolean {
  return earlier?.loginTs === loginTs && earlier?.accountId === accountId
}

/** Whoever uses a frontend uses the session that its tokens hang on. */
function noting({ sessions, pending, clock, limits }: SessionStorageDependencies): (session: SessionRecord) => Promise<void> {
  return async ({ id, signedInAt, lastUsedAt, endedAt }) => {
    const now = clock.now()
    if (endedAt !== undefined || signedInAt === undefined || !limits.isWorthNoting(lastUsedAt, now)) return
    // Of several at once one is enough, and what has ended stays ended.
    const change = { set: { lastUsedAt: now, expiresAt: limits.endOf({ signedInAt, usedAt: now }) }, where: { lastUsedAt, endedAt } }
    await pending.defer({
      operations: [updateIn(sessionsCollection, id, change)],
      alone: async () => await sessions.update(currentCall(), id, change),
    })
  }
}

/** A session that begins, or that somebody has signed in to anew. */
function signInOf(before: SessionRecord | undefined, { accountId, signedInAt, device }: SessionRecord): EventDraft[] {
  if (accountId === undefined || (before?.accountId === accountId && before.signedInAt === signedInAt)) return []
  const client = currentExchange()?.client
  return [securityEventOf({ type: 'sign_in.succeeded', accountId, device, ...(client === undefined ? {} : { client }) })]
}

/**
 * A block, a new password and the end of an account are written first and then end what is there; a sign-in is stored first and then asks for either.
 * Whatever comes in between, one of the two sees the other, on every database and in any process, and it costs a sign-in no write.
 */
function keepingOut({
  accounts,
  endings,
}: SessionStorageDependencies): (call: Call, stored: SessionRecord, signIn: readonly EventDraft[]) => Promise<void> {
  return async (call, { id, accountId }, signIn) => {
    if (accountId === undefined || signIn.length === 0) return
    const person = await accounts.find(call, accountId)
    const admitted = admittedHere()
    const isProved = admitted?.accountId !== accountId || admitted.credential === person?.credential
    if (person?.suspended === false && isProved) return
    // Of a new password, whoever knows it may have signed in meanwhile.
    await (person?.suspended === false ? endings.endSession(call, id, { withAll: true }) : endings.endAccount(call, accountId))
    // With it goes what this request would store yet.
    throw refuseAll(interactionEnded())
  }
}

const place = (uid: string): Place => ({ collection: sessionsCollection.name, id: uid })

interface Saving {
  readonly uid: string
  readonly cookie: string
  readonly expiresIn: number
  readonly device: string
  /** Of a sign-in that is in the record already. */
  readonly signedInAt: number | undefined
}

function recordOf({ vault, clock }: SessionStorageDependencies, payload: AdapterPayload, saving: Saving): SessionRecord {
  const now = clock.now()
  // When something was proved, which may be some minutes ago; the engine's time of it has whole seconds.
  const signedInAt = saving.signedInAt ?? Math.min(now, (payload.loginTs ?? 0) * 1000 + 999)
  return {
    id: saving.uid,
    cookieHash: recordId(saving.cookie),
    ...(payload.accountId === undefined ? {} : { accountId: payload.accountId }),
    device: saving.device,
    ...(payload.loginTs === undefined ? {} : { signedInAt }),
    lastUsedAt: now,
    payload: vault.seal(place(saving.uid), payload),
    expiresAt: now + saving.expiresIn * 1000,
  }
}

/** Two clients that authorise in one browser at once each save the whole session: keep what the other one has added. */
function merged(stored: AdapterPayload | undefined, payload: AdapterPayload): AdapterPayload {
  if (stored?.authorizations === undefined || stored.accountId !== payload.accountId) return payload
  return { ...payload, authorizations: { ...stored.authorizations, ...payload.authorizations } }
}
