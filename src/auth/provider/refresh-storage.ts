// Refresh tokens as the engine stores and finds them. What happens when one is used is in rotation.ts, how they are kept in refresh-families.ts.
import type { Adapter, AdapterPayload } from 'oidc-provider'
import Provider from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { insertInto } from '#kernel/collection.ts'
import type { Logger } from '#kernel/log.ts'
import type { Collection } from '../../database/contract.ts'
import { type RefreshTokenRecord, refreshTokensCollection } from './collections.ts'
import type { Endings } from './endings.ts'
import { createFormerRefreshTokens } from './former-refresh-tokens.ts'
import { recordId, sidOf } from './ids.ts'
import type { RefreshTokenIds } from './model-changes.ts'
import { noStorage } from './no-storage.ts'
import type { Pending } from './pending.ts'
import { createRefreshFamilies } from './refresh-families.ts'
import type { RefreshValues } from './refresh-values.ts'
import type { Reuse } from './reuse.ts'
import { createRotation, type HeldToken } from './rotation.ts'
import { currentCall, soughtHere } from './scope.ts'
import { type Vault, withoutId } from './vault.ts'

/** A token that nobody uses for this long is gone, however long it could have lived (RFC 10017 section 6.3.2.3). */
const IDLE_MS = 14 * 86_400_000

export interface RefreshStorageDependencies {
  readonly tokens: Collection<RefreshTokenRecord>
  readonly values: RefreshValues
  readonly pending: Pick<Pending, 'commit' | 'defer'>
  readonly vault: Vault
  readonly clock: Clock
  readonly reuse: Pick<Reuse, 'inGrace' | 'alarm'>
  readonly endings: Pick<Endings, 'endGrant'>
  readonly logger: Logger
}

export interface RefreshStorage extends Adapter {
  readonly ids: RefreshTokenIds
  /** Uses up the token that the request under way shows, if it refreshes; once, however often it is asked. Gives what counts by now, when somebody was faster. */
  useUp(): Promise<string | undefined>
}

/** A refresh under way. */
interface Rotating {
  readonly begin: () => Promise<string | undefined>
  outcome?: Promise<string | undefined>
}

export function createRefreshStorage(dependencies: RefreshStorageDependencies): RefreshStorage {
  const { tokens, values, pending, vault, clock } = dependencies
  const place = (id: string): { collection: string; id: string } => ({ collection: refreshTokensCollection.name, id })
  const families = createRefreshFamilies(dependencies)
  const former = createFormerRefreshTokens(dependencies)
  const keepingOf = (value: string) => (values.isFormer(value) ? former : families)
  const rotation = createRotation({ ...dependencies, keepingOf })
  /** By the engine's context of a request: the token that it shows, and how it is used up. */
  const shown = new WeakMap<object, HeldToken>()
  const rotations = new WeakMap<object, Rotating>()

  async function begin(record: RefreshTokenRecord): Promise<void> {
    const call = currentCall()
    await pending.defer({ operations: [insertInto(refreshTokensCollection, record)], alone: () => tokens.insert(call, record) })
  }

  /** What the engine is told of a used token. */
  const judged = ({ leadsTo }: HeldToken, usedAt: number, payload: AdapterPayload): AdapterPayload =>
    // To the engine, 0 would be one that nobody has used.
    leadsTo === undefined ? { ...payload, consumed: Math.max(1, Math.floor(usedAt / 1000)) } : payload

  return {
    ...noStorage,
    ids: { first: values.first, successorOf: values.successorOf },

    async useUp() {
      const rotating = Provider.ctx === undefined ? undefined : rotations.get(Provider.ctx)
      if (rotating === undefined) return undefined
      rotating.outcome ??= rotating.begin()
      return await rotating.outcome
    },

    async upsert(token, payload, expiresIn = 0) {
      const { grantId } = payload
      if (grantId === undefined) throw new TypeError('A refresh token needs a grant.')
      const { family = recordId(token), generation } = values.read(token) ?? {}
      const record: RefreshTokenRecord = {
        id: family,
        grant: sidOf(grantId),
        generation,
        payload: vault.seal(place(family), withoutId(payload)),
        expiresAt: clock.now() + Math.min(expiresIn * 1000, IDLE_MS),
      }
      const context = Provider.ctx
      const rotated = context?.oidc.entities.RotatedRefreshToken
      if (context === undefined || rotated === undefined) return begin(record)
      const held = shown.get(context)
      if (held === undefined) throw new TypeError('A refresh token is used that nobody has looked for.')
      // The engine has yet to look at the resource, and a refusal must not use the token up.
      rotations.set(context, { begin: () => rotation.replace(currentCall(), { token: rotated, held }, record) })
    },

    async find(token): Promise<AdapterPayload | undefined> {
      // A value is of one kind, and access tokens look as refresh tokens of before do.
      if (values.isFormer(token) && (await soughtHere(token)) !== undefined) return undefined
      const call = currentCall()
      const held = await keepingOf(token).find(call, token)
      const opened = held === undefined ? undefined : vault.open(place(held.record.id), held.record.payload)
      if (held === undefined || opened === undefined) return undefined
      if (Provider.ctx !== undefined) shown.set(Provider.ctx, held)
      const payload = { ...opened, jti: token }
      return held.usedAt === undefined ? payload : judged(held, held.usedAt, payload)
    },

    // Using it up and storing its successor is one commit, in `useUp`: a crash in between would leave neither half.
    async consume() {},

    // Nothing is removed by itself (`destroy`, `revokeByGrantId`): the engine ends the grant with each of its tokens that it ends, which sweeps the family
    // up afterwards. Were the record gone first, a crash in between would keep the alarm from being told.
  }
}
