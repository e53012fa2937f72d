// What a try with a password is counted by: the account, the address and its network, the password itself, everybody. For addresses without an account
// the same as for those with one.
import { createSecretKey } from 'node:crypto'
import { hmacSha256, type KeyRing, sha256 } from '#kernel/keyring.ts'
import { PER_ACCOUNT, PER_CLIENT, type ThrottleRule } from './throttle.ts'

const MINUTE = 60_000

/** A network is shared by many, too: a school, a train, the customers of a small provider. */
const PER_NETWORK: ThrottleRule = { free: 200, firstWaitMs: 2000, longestWaitMs: 2 * MINUTE, windowMs: 60 * MINUTE }
/** Spraying is one password at many doors. People who share one by chance are few, and whoever is known here does not meet this. */
const PER_PASSWORD: ThrottleRule = { free: 30, firstWaitMs: 5000, longestWaitMs: 5 * MINUTE, windowMs: 10 * MINUTE }
/** Never closed, or anybody could close it for everybody: what it counts makes the puzzles harder (see guard/). */
const EVERYBODY: ThrottleRule = { free: Number.POSITIVE_INFINITY, firstWaitMs: 0, longestWaitMs: 0, windowMs: 10 * MINUTE }

export interface Asker {
  /** As it was typed; absent while nothing was. */
  readonly address?: string | undefined
  readonly password?: string | undefined
  /** The day's pseudonyms of the address, and of the network that it is in. */
  readonly client: string
  readonly network?: string | undefined
}

export type DoorName = 'account' | 'client' | 'network' | 'password' | 'everybody'

export interface Door {
  readonly name: DoorName
  readonly key: string
  readonly rule: ThrottleRule
}

export interface Doors {
  /** Those of a stranger. */
  of(asker: Asker): readonly Door[]
  /** A browser that has signed in to this address before has one of its own, so that strangers cannot lock its owner out. */
  ofDevice(device: string): Door
}

export function createDoors(keyRing: KeyRing): Doors {
  const key = createSecretKey(keyRing.derive('auth:tried-password'))
  return {
    of({ address, password, client, network }) {
      const doors: (Door | undefined)[] = [
        address === undefined ? undefined : { name: 'account', key: `account:${sha256(address)}`, rule: PER_ACCOUNT },
        { name: 'client', key: `client:${client}`, rule: PER_CLIENT },
        network === undefined ? undefined : { name: 'network', key: `network:${network}`, rule: PER_NETWORK },
        // Kept for minutes, and nothing that could be searched through without the key.
        password === undefined
          ? undefined
          : { name: 'password', key: `password:${hmacSha256(key, password).toString('base64url')}`, rule: PER_PASSWORD },
        { name: 'everybody', key: 'everybody', rule: EVERYBODY },
      ]
      return doors.filter((door) => door !== undefined)
    },
    ofDevice: (device) => ({ name: 'account', key: `device:${sha256(device)}`, rule: PER_ACCOUNT }),
  }
}
