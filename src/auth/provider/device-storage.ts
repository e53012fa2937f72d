// Device codes (RFC 8628). The device shows them by their hash; a person types a short code, which is found by a keyed hash: it has too few characters for
// a plain one. A code goes from new to being decided to decided, each step once and in one session.
import type { Adapter, AdapterPayload } from 'oidc-provider'
import Provider, { errors } from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { updateIn } from '#kernel/collection.ts'
import { hmacSha256, type KeyRing } from '#kernel/keyring.ts'
import type { Collection, Stored } from '../../database/contract.ts'
import type { Counts } from '../accounts/counts.ts'
import type { CodeGuard } from '../guard/codes.ts'
import { ConnectedHere, tryCode } from './device-flow.ts'
import { type DeviceCodeRecord, deviceCodesCollection } from './collections.ts'
import { isPolledBy, keepPace } from './device-pace.ts'
import type { Endings } from './endings.ts'
import { recordId, sidOf } from './ids.ts'
import { noStorage } from './no-storage.ts'
import type { Pending } from './pending.ts'
import { currentCall } from './scope.ts'
import { sweepTokens } from './sweep.ts'
import type { Vault } from './vault.ts'

export interface DeviceStorageDependencies {
  readonly codes: Collection<DeviceCodeRecord>
  readonly pending: Pick<Pending, 'defer'>
  readonly vault: Vault
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly endings: Pick<Endings, 'endGrant'>
  readonly counts: Counts
  readonly guard: CodeGuard
}

/** So long its device hears that the code has expired and it should begin anew (RFC 8628 section 3.5), and not that it was never one. */
const TOLD_MS = 10 * 60_000

type Step = DeviceCodeRecord['step']

/** The step that comes before. Whoever writes the next one finds this, or somebody else was faster. */
const BEFORE: Readonly<Record<Exclude<Step, 'new'>, Step>> = { deciding: 'new', decided: 'deciding' }

export function createDeviceStorage(dependencies: DeviceStorageDependencies): Adapter {
  const { codes, pending, vault, keyRing, clock, counts } = dependencies
  const key = keyRing.derive('auth.user-code')
  const hashOf = (userCode: string): string => hmacSha256(key, userCode).toString('base64url')
  const place = (id: string): { collection: string; id: string } => ({ collection: deviceCodesCollection.name, id })
  const opened = (stored: Stored<DeviceCodeRecord> | undefined): AdapterPayload | undefined => {
    if (stored === undefined) return undefined
    const { id, consumedAt, payload } = stored.value
    const found = vault.open(place(id), payload)
    return found === undefined || consumedAt === undefined ? found : { ...found, consumed: Math.floor(consumedAt / 1000) }
  }
  const liveOf = (stored: Stored<DeviceCodeRecord> | undefined): Stored<DeviceCodeRecord> | undefined =>
    isOver(stored) ? undefined : stored
  const isOver = (stored: Stored<DeviceCodeRecord> | undefined): boolean =>
    stored !== undefined && stored.value.expiresAt <= clock.now() + TOLD_MS

  return {
    ...noStorage,
    async upsert(code, payload, expiresIn = 0) {
      const call = currentCall()
      const id = recordId(code)
      const { userCode = '', grantId } = payload
      const step = stepOf(payload)
      // With its own value: whoever finds it by the short code must be able to save it again. Sealed, it opens in this row alone.
      const sealed = vault.seal(place(id), step === 'deciding' ? { ...payload, sessionUid: sessionHere() } : payload)
      if (step === 'new') {
        const expiresAt = clock.now() + expiresIn * 1000 + TOLD_MS
        await codes.insert(call, { id, userCode: hashOf(userCode), step, payload: sealed, expiresAt })
        return
      }
      const set = { step, payload: sealed, ...(grantId === undefined ? {} : { grant: sidOf(grantId) }) }
      // Who says no does so without having begun, unless they have said yes here before.
      const from = payload.error !== undefined && payload.inFlight !== true && payload.sessionUid === undefined ? 'new' : BEFORE[step]
      const change = { set, where: { step: from } }
      const alone = async (): Promise<void> => {
        if ((await codes.update(call, id, change)) !== undefined) return
        mayGoOn(step, opened(await codes.get(call, id)))
      }
      // The device may ask at any moment: together with the grant, and with the session, which may have ended meanwhile.
      if (grantId === undefined) await alone()
      else await pending.defer({ operations: [updateIn(deviceCodesCollection, id, change)], alone })
    },
    async find(code) {
      const call = currentCall()
      const stored = await codes.get(call, recordId(code))
      const found = opened(stored)
      if (stored === undefined || !isPolledBy(found?.clientId)) return isOver(stored) ? undefined : found
      if (isOver(stored)) throw new errors.ExpiredToken('device code is expired')
      if (stored.value.step !== 'decided') await keepPace({ codes, counts }, call, stored.value)
      return found
    },
    async findByUserCode(userCode) {
      const byCode = () => codes.getByKey(currentCall(), 'userCode', { userCode: hashOf(userCode) })
      return goingOn(opened(await tryCode(dependencies, async () => liveOf(await byCode()))))
    },
    consume: (code) => useUp(dependencies, recordId(code)),
    async destroy(code) {
      await codes.delete(currentCall(), recordId(code))
    },
    async revokeByGrantId(grantId) {
      await sweepTokens(codes, currentCall(), sidOf(grantId))
    },
  }
}

/**
 * One commit with the tokens that it is used up for, as with a code: were it used up before them, whoever comes second could end the grant that the first
 * one is just being given tokens of, and nobody would get any.
 */
async function useUp({ codes, pending, clock, endings }: DeviceStorageDependencies, id: string): Promise<void> {
  const call = currentCall()
  const change = { set: { consumedAt: clock.now() }, where: { consumedAt: undefined } }
  await pending.defer({
    operations: [updateIn(deviceCodesCollection, id, change)],
    async alone() {
      if ((await codes.update(call, id, change)) !== undefined) return
      const stored = await codes.get(call, id)
      if (stored?.value.grant !== undefined) await endings.endGrant(call, stored.value.grant)
      throw new errors.InvalidGrant('device code already consumed')
    },
  })
}

const sessionHere = (): string | undefined => Provider.ctx?.oidc.session?.uid

const isHere = (found: AdapterPayload | undefined): found is AdapterPayload =>
  found?.sessionUid !== undefined && found.sessionUid === sessionHere()

const isConnectedHere = (found: AdapterPayload | undefined): boolean => isHere(found) && found.accountId !== undefined

/** Not decided yet. */
const isBegunHere = (found: AdapterPayload | undefined): found is AdapterPayload => isHere(found) && stepOf(found) === 'deciding'

/** Who has begun here may come once more: their first answer may never have been seen. */
function goingOn(found: AdapterPayload | undefined): AdapterPayload | undefined {
  if (isConnectedHere(found)) throw new ConnectedHere()
  return isBegunHere(found) ? { ...found, inFlight: undefined } : found
}

/** For whoever was not the first: whoever has pressed twice goes on by whichever answer they see. */
function mayGoOn(step: Step, present: AdapterPayload | undefined): void {
  if (isConnectedHere(present)) throw new ConnectedHere()
  if (step !== 'deciding' || !isBegunHere(present)) throw new errors.InvalidRequest('this code has been used in another browser')
}

function stepOf({ accountId, error, inFlight }: AdapterPayload): Step {
  if (accountId !== undefined || error !== undefined) return 'decided'
  return inFlight === true ? 'deciding' : 'new'
}
