// The keys that tokens are signed with, as all processes on one database agree on them: made at the first start, replaced on a schedule, on demand, and
// at once when one was stolen. What each of them is at a moment is decided in generations.ts.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Database } from '../../database/contract.ts'
import type { SigningKeyInfo } from '../contract.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { type Arranged, arrange, KNOWN_HERE_MS, nextDue, PUBLISHED_BEFORE_USE_MS, publishedAfterUseMs } from './generations.ts'
import { makeKey, type PrivateJwk, type PublicJwk, publicPart, type SigningAlgorithm } from './jwk.ts'
import { createSigningKeysRepository, type NewSigningKey, type SigningKeyRecord, type SigningKeysRepository } from './repository.ts'
import { requireOperator } from '../operators-only.ts'
import { settled } from '../settled.ts'

const DAY_MS = 86_400_000

export interface LoadedKeys {
  /** For each algorithm the key that signs now comes first. */
  readonly signing: readonly PrivateJwk[]
  readonly published: readonly PublicJwk[]
  /** Which key signs access tokens. */
  readonly accessTokenKid: string
  /** Another text whenever something of this has changed. */
  readonly version: string
}

export interface SigningKeys {
  /** Reads the keys, and makes what is missing or due. Of two processes that do so at once one wins, and both use its keys. */
  load(call: Call): Promise<LoadedKeys>
  /** The same; `undefined` when nothing has changed since `version`. */
  changed(call: Call, version: string): Promise<LoadedKeys | undefined>
  list(call: Call): Promise<readonly SigningKeyInfo[]>
  /** A next key of every algorithm, unless there is one; with `now`, it signs as soon as every process has it. */
  rotate(call: Call, options: { readonly now: boolean }): Promise<readonly SigningKeyInfo[]>
  /** Ends the key and everything that it has signed. False when there is no such key, or it was revoked before. */
  revoke(call: Call, kid: string): Promise<boolean>
}

export interface SigningKeysDependencies {
  readonly database: Database
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly revocations: Pick<Revocations, 'operation' | 'announce'>
  readonly settings: {
    readonly rotationDays: number
    readonly algorithms: readonly SigningAlgorithm[]
    /** How long somebody stays signed in at most. */
    readonly longestSessionMs: number
  }
}

type Keys = Arranged<SigningKeyRecord>

interface Shelf {
  readonly repository: SigningKeysRepository
  readonly clock: Clock
  read(call: Call, alg: SigningAlgorithm): Promise<{ readonly keys: Keys; readonly newest: number }>
  /** Throws when the keys that sign do not open: who has another master key must not add what those who have the right one could not open. */
  requireOurs(call: Call): Promise<void>
}

export function createSigningKeys(dependencies: SigningKeysDependencies): SigningKeys {
  const { database, keyRing, clock, settings } = dependencies
  const repository = createSigningKeysRepository(database, keyRing)
  const afterUseMs = publishedAfterUseMs(settings.longestSessionMs)
  const shelf: Shelf = {
    repository,
    clock,
    async read(call, alg) {
      const found = await repository.generations(call, alg)
      return { keys: arrange(found, { now: clock.now(), afterUseMs }), newest: found[0]?.generation ?? 0 }
    },
    async requireOurs(call) {
      for (const alg of settings.algorithms) {
        const { current } = (await shelf.read(call, alg)).keys
        if (current !== undefined) repository.opened(current)
      }
    },
  }
  const all = async (call: Call): Promise<readonly Keys[]> => {
    const found: Keys[] = []
    for (const alg of settings.algorithms) found.push(await upToDate(shelf, call, { alg, periodMs: settings.rotationDays * DAY_MS }))
    return found
  }
  const list: SigningKeys['list'] = async (call) => {
    const found: SigningKeyInfo[] = []
    for (const alg of settings.algorithms) found.push(...infoOf((await shelf.read(call, alg)).keys))
    return found
  }
  return {
    async load(call) {
      const found = await all(call)
      return loadedFrom(repository, found)
    },
    async changed(call, version) {
      const found = await all(call)
      return versionOf(found) === version ? undefined : loadedFrom(repository, found)
    },
    async list(call) {
      requireOperator(call)
      return list(call)
    },
    async rotate(call, { now }) {
      requireOperator(call)
      for (const alg of settings.algorithms) {
        await ensureNext(shelf, call, { alg, activeFrom: clock.now() + (now ? KNOWN_HERE_MS : PUBLISHED_BEFORE_USE_MS) })
      }
      return list(call)
    },
    revoke: (call, kid) => revoke(shelf, call, { kid, revocations: dependencies.revocations }),
  }
}

/** The first key, the one that is due, and the end of those whose time is over. */
async function upToDate(
  shelf: Shelf,
  call: Call,
  { alg, periodMs }: { readonly alg: SigningAlgorithm; readonly periodMs: number },
): Promise<Keys> {
  const { repository, clock } = shelf
  const { keys, newest } = await shelf.read(call, alg)
  for (const { id } of keys.gone) await repository.remove(call, id)
  const activeFrom = keys.current === undefined ? clock.now() : nextDue(keys, clock.now(), periodMs)
  if (activeFrom === undefined) return keys
  await shelf.requireOurs(call)
  // Whoever is second with this generation uses that of the first.
  await repository.add(call, { jwk: await makeKey(alg), generation: newest + 1, activeFrom })
  return (await shelf.read(call, alg)).keys
}

async function ensureNext(
  { repository, read }: Shelf,
  call: Call,
  { alg, activeFrom }: { readonly alg: SigningAlgorithm; readonly activeFrom: number },
): Promise<void> {
  await settled(async () => {
    const { keys, newest } = await read(call, alg)
    const next = keys.next.at(-1)
    if (next === undefined) {
      if (await repository.add(call, { jwk: await makeKey(alg), generation: newest + 1, activeFrom })) return undefined
    } else if (next.activeFrom <= activeFrom || (await repository.bringForward(call, next, activeFrom))) return undefined
    return 'moved'
  }, call)
}

async function revoke(
  { repository, read, clock }: Shelf,
  call: Call,
  { kid, revocations }: { readonly kid: string; readonly revocations: SigningKeysDependencies['revocations'] },
): Promise<boolean> {
  requireOperator(call)
  return await settled(async () => {
    const key = await repository.find(call, kid)
    if (key === undefined || key.revokedAt !== undefined) return false
    const { keys, newest } = await read(call, key.alg)
    const at = clock.now()
    const next = keys.next.at(-1)
    const also = [revocations.operation('key', kid, DAY_MS)]
    // There is always one that signs. This one has not been published before, and that is what a theft costs.
    if (keys.current?.id === kid) {
      const made = async (): Promise<NewSigningKey> => ({ jwk: await makeKey(key.alg), generation: newest + 1, activeFrom: at })
      also.push(next === undefined ? repository.insertion(await made()) : repository.forwarding(next, at))
    }
    if (!(await repository.revoke(call, key, { at, also }))) return 'moved'
    await revocations.announce(call, 'key', [kid])
    return true
  }, call)
}

function versionOf(all: readonly Keys[]): string {
  return all.map(({ current, next, previous }) => [current, ...next, ...previous].map((key) => key?.id).join(' ')).join(', ')
}

function loadedFrom(repository: SigningKeysRepository, all: readonly Keys[]): LoadedKeys {
  const inOrder = all.flatMap(({ current, next, previous }) => [...(current === undefined ? [] : [current]), ...next, ...previous])
  const signing = inOrder.map((record) => repository.opened(record))
  const accessTokenKid = signing.find(({ alg }) => alg === 'ES256')?.kid
  if (accessTokenKid === undefined) throw new Error('There is no ES256 signing key.')
  return { signing, published: signing.map(publicPart), accessTokenKid, version: versionOf(all) }
}

function infoOf({ current, next, previous, revoked }: Keys): SigningKeyInfo[] {
  const told =
    (state: SigningKeyInfo['state']) =>
    ({ id, alg, activeFrom, revokedAt }: SigningKeyRecord): SigningKeyInfo => ({
      kid: id,
      alg,
      state,
      activeFrom,
      ...(revokedAt === undefined ? {} : { revokedAt }),
    })
  return [
    ...next.map(told('next')),
    ...(current === undefined ? [] : [told('current')(current)]),
    ...previous.map(told('previous')),
    ...revoked.map(told('revoked')),
  ]
}
