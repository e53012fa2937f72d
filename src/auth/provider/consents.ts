// What a person has allowed a third party, once and for every browser. Grants are made from it; revoking the app removes it.
import { isDeepStrictEqual } from 'node:util'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { type Change, type EventDraft, insertInto } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Collection, Query } from '../../database/contract.ts'
import { isOpenidScope } from './client-rules.ts'
import type { RegisteredClient } from './clients.ts'
import { type ConsentRecord, consentsCollection } from './collections.ts'
import type { Pending } from './pending.ts'
import { waitingInsertion } from './scope.ts'
import { isGivenTo } from './token-clients.ts'

export interface Consent {
  readonly accountId: string
  readonly client: Pick<RegisteredClient, 'clientId' | 'goodFrom'>
  readonly scopes: readonly string[]
  /** What it was given for, where that matters (see appearance.ts). */
  readonly appearance?: string | undefined
  /** What the write tells of. */
  readonly events: readonly EventDraft[]
}

export interface Addition {
  /** As it was before, as far as nothing has changed since; else nothing is allowed any more. Only then the events are told. */
  takeBack(call: Call, events: readonly EventDraft[]): Promise<void>
}

export interface Consents {
  /** What is allowed to a client of this appearance. */
  find(call: Call, of: Pick<Consent, 'accountId' | 'client' | 'appearance'>): Promise<ReadonlySet<string>>
  /** Adds to what the same client was allowed before. */
  add(call: Call, consent: Consent): Promise<Addition>
  list(call: Call, accountId: string): Promise<readonly ConsentRecord[]>
  /** False when there was none; then nothing is told. */
  remove(call: Call, of: Pick<ConsentRecord, 'accountId' | 'clientId'> & Pick<Consent, 'events'>): Promise<boolean>
  removeAll(call: Call, accountId: string): Promise<void>
  /** What anybody has allowed this client. */
  removeClient(call: Call, clientId: string, until?: number): Promise<void>
}

export interface ConsentsDependencies {
  readonly consents: Collection<ConsentRecord>
  readonly pending: Pick<Pending, 'defer'>
  readonly clock: Clock
  /** Whether there are other resources than the API. */
  readonly hasOtherResources: boolean
}

const MAX_ROUNDS = 20
const AT_ONCE = 200
/** No client that came by itself has more redirect URIs. */
const MOST_APPEARANCES = 20

export function createConsents({ consents, pending, clock, hasOtherResources }: ConsentsDependencies): Consents {
  const counting = countingOf(hasOtherResources)
  /** Those that were given by then, page by page. */
  const sweep = async (
    call: Call,
    which: Pick<Query<ConsentRecord>, 'index' | 'where'>,
    until = Number.POSITIVE_INFINITY,
  ): Promise<void> => {
    let after: string | undefined
    do {
      const page = await consents.list(call, { ...which, limit: AT_ONCE, ...(after === undefined ? {} : { after }) })
      for (const { value } of page.items) if (value.since <= until) await consents.delete(call, value.id)
      after = page.next
    } while (after !== undefined)
  }
  return {
    async find(call, { accountId, client, appearance }) {
      const id = idOf(accountId, client.clientId)
      const stored = waitingConsent(id) ?? (await consents.get(call, id))?.value
      if (stored === undefined || !isTo(client, stored)) return new Set()
      const { named, appearances } = counting(stored)
      // One of before appearances were kept does not say what it was given for.
      return new Set(appearance === undefined ? named : appearances?.find(({ hash }) => hash === appearance)?.scopes)
    },

    add: adding({ consents, pending, clock }, counting),
    async list(call, accountId) {
      const page = await consents.list(call, { index: 'account', where: { accountId }, limit: 1000 })
      return page.items.map(({ value }) => value)
    },

    remove: (call, { accountId, clientId, events }) => consents.delete(call, idOf(accountId, clientId), { events }),

    removeAll: (call, accountId) => sweep(call, { index: 'account', where: { accountId } }),
    removeClient: (call, clientId, until) => sweep(call, { index: 'client', where: { clientId } }, until),
  }
}

function adding(
  { consents, pending, clock }: Omit<ConsentsDependencies, 'hasOtherResources'>,
  counting: (record: ConsentRecord) => Counting,
): Consents['add'] {
  const extend = async (call: Call, consent: Consent): Promise<Written> => {
    const { client, events } = consent
    const record = recordOf(consent, clock.now())
    const { id } = record
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const stored = await consents.get(call, id)
      try {
        if (stored === undefined) {
          return { after: (await consents.insert(call, record, { events })).value }
        }
        const before = stored.value
        const set = isTo(client, before) ? withMore(counting(before), consent) : insteadOf(record)
        const updated = await consents.update(call, id, { set, ifVersion: stored.version }, { events })
        if (updated !== undefined) return { before, after: updated.value }
      } catch (error) {
        if (!hasCode(error, 'database.duplicate')) throw error
      }
    }
    throw new Error('The consent changes too often to be stored.')
  }
  return async (call, consent) => {
    const record = recordOf(consent, clock.now())
    let written: Written = { after: record }
    const alone = async (): Promise<void> => {
      written = await extend(call, consent)
    }
    const { events } = consent
    if ((await consents.get(call, record.id)) !== undefined) await alone()
    else await pending.defer({ operations: [insertInto(consentsCollection, record)], events, alone })
    return { takeBack: (later, revoked) => restore(consents, later, { ...written, events: revoked }) }
  }
}

interface Written {
  readonly before?: ConsentRecord
  readonly after: ConsentRecord
}

async function restore(
  consents: Collection<ConsentRecord>,
  call: Call,
  { before, after, events }: Written & Pick<Consent, 'events'>,
): Promise<void> {
  const stored = await consents.get(call, after.id)
  if (stored === undefined) return
  const isUnchanged = before !== undefined && isDeepStrictEqual(stored.value, after)
  const set = isUnchanged ? restored(before, after) : undefined
  const done = set && (await consents.update(call, after.id, { set, ifVersion: stored.version }, { events }))
  if (done === undefined) await consents.delete(call, after.id, { events })
}

/** What was not there before is taken away. */
function restored({ id: _id, ...before }: ConsentRecord, after: ConsentRecord): Change<ConsentRecord>['set'] {
  const { id: _same, ...added } = after
  return { ...Object.fromEntries(Object.keys(added).map((name) => [name, undefined])), ...before }
}

/** Somebody has said yes in this very request: it is stored with what comes of it. */
function waitingConsent(id: string): ConsentRecord | undefined {
  const waiting = waitingInsertion(consentsCollection.name, id)
  return waiting === undefined ? undefined : consentsCollection.schema.parse(waiting)
}

type Counting = Omit<ConsentRecord, 'named'> & { readonly named: readonly string[] }

/**
 * A yes counts for what a page has named. Before that was kept, it was stored for scopes of other resources as well, which no page had named: where there are
 * any, only what is of OpenID Connect is sure to have been asked about, and the rest is asked for once more.
 */
function countingOf(hasOtherResources: boolean): (record: ConsentRecord) => Counting {
  const sure = (scopes: readonly string[]): string[] => scopes.filter((scope) => !hasOtherResources || isOpenidScope(scope))
  return (record) => {
    const { scopes, named, appearances } = record
    if (named !== undefined) return { ...record, named }
    const known = appearances?.map((one) => ({ ...one, scopes: sure(one.scopes) }))
    return { ...record, named: sure(scopes), ...(known === undefined ? {} : { appearances: known }) }
  }
}

function idOf(accountId: string, clientId: string): string {
  return sha256(`${accountId}\n${clientId}`)
}

function recordOf(consent: Consent, since: number): ConsentRecord {
  const { accountId, client, scopes } = consent
  const { clientId, goodFrom: clientFrom } = client
  const id = idOf(accountId, clientId)
  return { id, accountId, clientId, scopes: [...scopes], named: [...scopes], since, clientFrom, ...appearing(consent) }
}

function withMore({ scopes: all, named, appearances }: Counting, consent: Consent): Change<ConsentRecord>['set'] {
  const { scopes } = consent
  return { scopes: union(all, scopes), named: union(named, scopes), appearances, ...appearing(consent, appearances) }
}

function insteadOf({ id: _id, ...record }: ConsentRecord): Change<ConsentRecord>['set'] {
  return { appearances: undefined, ...record }
}

function isTo(client: Consent['client'], { clientFrom, since: at }: ConsentRecord): boolean {
  return isGivenTo(client, { clientFrom, at })
}

/** With what the same appearance was allowed before; never with what another one was. */
function appearing({ appearance: hash, scopes }: Consent, before: ConsentRecord['appearances'] = []): Pick<ConsentRecord, 'appearances'> {
  if (hash === undefined) return {}
  const same = before.find((known) => known.hash === hash)
  const others = before.filter((known) => known.hash !== hash)
  return { appearances: [...others, { hash, scopes: union(same?.scopes ?? [], scopes) }].slice(-MOST_APPEARANCES) }
}

function union(before: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...before, ...more])]
}
