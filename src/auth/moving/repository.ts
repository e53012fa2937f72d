// How people who move in are stored: all of one person or nothing.
import type { Call } from '#kernel/call.ts'
import { defineCollection, type EventDraft, insertInto, type Operation, updateIn } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import { invitationUsed } from '../admission/repository.ts'
import type { Reclaiming, Taken } from '../reclaiming.ts'
import { passkeysCollection } from '../passkeys/repository.ts'
import { codesCollection, totpCollection } from '../second-factors/repository.ts'
import type { Totp } from '../second-factors/schemas.ts'
import { identitiesCollection, identityId, MOST_IDENTITIES } from '../upstream/repository.ts'
import type { Identity } from '../upstream/schemas.ts'
import { type HashShape, hashShape } from './schemas.ts'

export const hashShapesCollection = defineCollection<HashShape>({
  name: 'auth_hash_shapes',
  schema: hashShape,
  indexes: { all: { fields: ['id'] } },
})

const MOST_SHAPES = 100
const PAGE = 500

export interface Filling {
  readonly app: Totp | undefined
  readonly password: string | undefined
  readonly name: string | undefined
  readonly identities: readonly Identity[]
  readonly events: readonly EventDraft[]
}

export interface Made {
  readonly account: Account
  readonly identities: readonly Identity[]
  /** None unless told. */
  readonly app?: Totp | undefined
  readonly events: readonly EventDraft[]
}

export interface Proved {
  readonly password: string
  readonly now: number
  readonly identities: readonly Identity[]
  readonly events: readonly EventDraft[]
}

export interface SecondSteps {
  readonly app: Totp | undefined
  /** Such as are not used yet. */
  readonly hasCodes: boolean
  readonly hasPasskeys: boolean
}

export interface MovingRepository {
  find(call: Call, id: string): Promise<Account | undefined>
  findByEmail(call: Call, email: string): Promise<Account | undefined>
  findIdentity(call: Call, key: Pick<Identity, 'issuer' | 'subject'>): Promise<Identity | undefined>
  /** False when the id, the address or an identity is somebody's. */
  insert(call: Call, made: Made): Promise<boolean>
  findApp(call: Call, accountId: string): Promise<Totp | undefined>
  /** What a later row has for somebody who is in. False when the account is not as it was read, or an identity is somebody's by now. */
  fill(call: Call, account: Account, row: Filling): Promise<boolean>
  /**
   * The first password of somebody who moved in without one. Where nobody had confirmed the address, this is the first proof of it: what was added here
   * before goes, and the events are told; what has come by the file stays. With it come the identities that the other system tells of. `undefined` when
   * the account has changed, or an identity is somebody's by now.
   */
  complete(call: Call, account: Account, proved: Proved): Promise<Account | undefined>
  list(call: Call, after: string | undefined): Promise<{ readonly items: readonly Account[]; readonly next?: string }>
  identities(call: Call, accountId: string): Promise<readonly Identity[]>
  secondSteps(call: Call, accountId: string): Promise<SecondSteps>
  shapes(call: Call): Promise<readonly HashShape[]>
  /** As often as one likes. */
  keepShape(call: Call, shape: HashShape): Promise<void>
  tell(call: Call, events: readonly EventDraft[]): Promise<void>
}

export function createMovingRepository(database: Database, reclaiming: Pick<Reclaiming, 'firstProof'>): MovingRepository {
  const accounts = database.collection(accountsCollection)
  const identities = database.collection(identitiesCollection)
  const shapes = database.collection(hashShapesCollection)
  const apps = database.collection(totpCollection)
  const codes = database.collection(codesCollection)
  const passkeys = database.collection(passkeysCollection)
  return {
    find: async (call, id) => (await accounts.get(call, id))?.value,
    findByEmail: async (call, email) => (await accounts.getByKey(call, 'email', { email }))?.value,
    findIdentity: async (call, key) => (await identities.get(call, identityId(key)))?.value,
    findApp: async (call, accountId) => (await apps.get(call, accountId))?.value,
    async insert(call, { account, identities: theirs, app, events }) {
      const operations = [
        insertInto(accountsCollection, account),
        ...theirs.map((identity) => insertInto(identitiesCollection, identity)),
        ...appIn(app),
        // Invited or not, this is how they have come.
        invitationUsed(account.email, { isNeeded: false }),
      ]
      return await committed(database.commit(call, operations, events), 'duplicate')
    },
    fill: (call, account, row) => filled(database, call, { account, row }),
    async complete(call, account, proved) {
      const { operations, events, account: after } = await completing(reclaiming, call, { account, proved })
      const linked = proved.identities.map((identity) => insertInto(identitiesCollection, identity))
      return (await committed(database.commit(call, [...operations, ...linked], events), 'conflict', 'duplicate')) ? after : undefined
    },
    async list(call, after) {
      const page = await accounts.list(call, { index: 'email', limit: PAGE, ...(after === undefined ? {} : { after }) })
      return { items: page.items.map(({ value }) => value), ...(page.next === undefined ? {} : { next: page.next }) }
    },
    async identities(call, accountId) {
      const page = await identities.list(call, { index: 'account', where: { accountId }, limit: MOST_IDENTITIES })
      return page.items.map(({ value }) => value)
    },
    async secondSteps(call, accountId) {
      const [app, unused, keys] = await Promise.all([
        apps.get(call, accountId),
        codes.get(call, accountId),
        passkeys.list(call, { index: 'account', where: { accountId }, limit: 1 }),
      ])
      return { app: app?.value, hasCodes: (unused?.value.unused.length ?? 0) > 0, hasPasskeys: keys.items.length > 0 }
    },
    async shapes(call) {
      return (await shapes.list(call, { index: 'all', limit: MOST_SHAPES })).items.map(({ value }) => value)
    },
    async keepShape(call, shape) {
      try {
        await shapes.insert(call, shape)
      } catch (error) {
        if (!hasCode(error, 'database.duplicate')) throw error
      }
    },
    tell: (call, events) => database.commit(call, [], events),
  }
}

const appIn = (app: Totp | undefined): readonly Operation[] => (app === undefined ? [] : [insertInto(totpCollection, app)])

async function completing(
  reclaiming: Pick<Reclaiming, 'firstProof'>,
  call: Call,
  { account, proved: { password, now, events } }: { readonly account: Account; readonly proved: Proved },
): Promise<Taken> {
  if (account.emailVerifiedAt !== undefined) {
    const set = { password, awaitsLegacyPassword: undefined }
    const { id, email, waysVersion } = account
    const where = { email, waysVersion, password: undefined, awaitsLegacyPassword: true, suspendedAt: undefined } as const
    return { account: { ...account, ...set }, operations: [updateIn(accountsCollection, id, { set, where })], events: [] }
  }
  // Identities of the file are dated as the account is.
  const taken = await reclaiming.firstProof(call, account, { now, password, since: account.createdAt + 1 })
  return { ...taken, events: [...taken.events, ...events] }
}

async function filled(
  database: Database,
  call: Call,
  { account, row }: { readonly account: Account; readonly row: Filling },
): Promise<boolean> {
  const { password, name, app, identities, events } = row
  const set = { ...(password === undefined ? {} : { password, awaitsLegacyPassword: undefined }), ...(name === undefined ? {} : { name }) }
  const { email, password: before, emailVerifiedAt, suspendedAt, waysVersion, deletionAt } = account
  const where = { email, password: before, emailVerifiedAt, suspendedAt, waysVersion, deletionAt, name: account.name }
  const operations = [...identities.map((identity) => insertInto(identitiesCollection, identity)), ...appIn(app)]
  return await committed(
    database.commit(call, [updateIn(accountsCollection, account.id, { set, where }), ...operations], events),
    'conflict',
    'duplicate',
  )
}
