// Password hashes that other systems made, as strings that say how (PHC string format, or the modular crypt format for bcrypt). They are only ever checked:
// after the first sign-in the account has a hash of ours. No schema library here, since the hashing process loads this file.
import { createCipheriv, type KeyObject, pbkdf2, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { MOST_COST } from './cost.ts'

interface Digest {
  readonly salt: Buffer
  readonly hash: Buffer
}

export type StoredHash =
  | {
      readonly kind: 'argon2'
      readonly memoryKiB: number
      readonly passes: number
      readonly lanes: number
      /** In base64. */
      readonly salt: string
      readonly hash: string
    }
  | { readonly kind: 'bcrypt'; readonly cost: number }
  | ({ readonly kind: 'scrypt'; readonly log2N: number; readonly r: number; readonly p: number } & Digest)
  | ({ readonly kind: 'pbkdf2'; readonly digest: string; readonly iterations: number } & Digest)
  | ({
      readonly kind: 'firebase'
      readonly log2N: number
      readonly r: number
      readonly separator: Buffer
      readonly signerKey: Buffer
    } & Digest)

const ARGON2 = /^\$argon2(?:id|i|d)\$v=(?:16|19)\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,172})$/
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const SCRYPT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{0,172})\$([A-Za-z0-9+/]{22,172})$/
const PBKDF2 = /^\$pbkdf2-(sha1|sha256|sha384|sha512)\$i=(\d{1,8})(?:,l=\d{1,4})?\$([A-Za-z0-9+/]{0,344})\$([A-Za-z0-9+/]{22,172})$/
const FIREBASE =
  /^\$fbscrypt\$v=1,n=(\d{1,2}),r=(\d{1,3}),p=1,ss=([A-Za-z0-9+/]{0,24}={0,2}),sk=([A-Za-z0-9+/]{40,172}={0,2})\$([A-Za-z0-9+/]{0,172}={0,2})\$([A-Za-z0-9+/]{40,172}={0,2})$/

const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64')

/** `undefined` for what is none of the known forms. */
export function parseHash(text: string): StoredHash | undefined {
  const argon2 = ARGON2.exec(text)
  if (argon2 !== null) {
    const [, memoryKiB, passes, lanes, salt = '', hash = ''] = argon2
    return { kind: 'argon2', memoryKiB: Number(memoryKiB), passes: Number(passes), lanes: Number(lanes), salt, hash }
  }
  const bcrypt = BCRYPT.exec(text)
  if (bcrypt !== null) return { kind: 'bcrypt', cost: Number(bcrypt[1]) }
  const ours = SCRYPT.exec(text)
  if (ours !== null) {
    const [, log2N, r, p, salt, hash] = ours
    return { kind: 'scrypt', log2N: Number(log2N), r: Number(r), p: Number(p), salt: bytes(salt), hash: bytes(hash) }
  }
  const derived = PBKDF2.exec(text)
  if (derived !== null) {
    const [, digest = '', iterations, salt, hash] = derived
    return { kind: 'pbkdf2', digest, iterations: Number(iterations), salt: bytes(salt), hash: bytes(hash) }
  }
  const firebase = FIREBASE.exec(text)
  if (firebase === null) return undefined
  const [, log2N, r, separator, signerKey, salt, hash] = firebase
  const keys = { separator: bytes(separator), signerKey: bytes(signerKey) }
  return { kind: 'firebase', log2N: Number(log2N), r: Number(r), ...keys, salt: bytes(salt), hash: bytes(hash) }
}

const MAX_LANES = 16
const MAX_ITERATIONS = 5_000_000
const BCRYPT_COSTS = { least: 4, most: 15 } as const

function scryptKiB(log2N: number, r: number): number {
  return (128 * 2 ** log2N * r) / 1024
}

const isCount = (value: number, most: number): boolean => value >= 1 && value <= most

/** What is wrong with it, in a line that quotes nothing of it; `undefined` for one that can be checked. */
export function hashProblem(text: string): string | undefined {
  const found = parseHash(text)
  if (found === undefined)
    return 'the password hash has no known form: bcrypt, Argon2, scrypt, PBKDF2 and Firebase scrypt are known (docs/moving-in.md)'
  return isBounded(found) ? unusableBy(found, text) : `the ${found.kind} hash costs more than a sign-in may, or nothing`
}

/** Of each lane (RFC 9106 section 3.1). */
const LEAST_LANE_KIB = 8

/** What those who compute it would refuse: its owner could never sign in. */
function unusableBy(hash: StoredHash, text: string): string | undefined {
  if (hash.kind === 'scrypt' || hash.kind === 'firebase')
    // RFC 7914 section 2: N is less than 2^(128 * r / 8).
    return hash.log2N < 16 * hash.r ? undefined : `the ${hash.kind} hash has a cost that its block size (r) does not allow`
  if (hash.kind !== 'argon2') return undefined
  if (hash.memoryKiB < LEAST_LANE_KIB * hash.lanes)
    return `the argon2 hash has less memory (m) than the ${LEAST_LANE_KIB} KiB that each of its lanes (p) needs`
  if (/[=,]0/.test(text.split('$')[3] ?? '')) return 'the argon2 hash has a number with zeros before it'
  const isWhole = [hash.salt, hash.hash].every((one) => bytes(one).toString('base64').replaceAll('=', '') === one)
  return isWhole ? undefined : 'the salt or the result of the argon2 hash is no whole base64'
}

function isBounded(hash: StoredHash): boolean {
  if (hash.kind === 'bcrypt') return hash.cost >= BCRYPT_COSTS.least && hash.cost <= BCRYPT_COSTS.most
  if (hash.kind === 'pbkdf2') return isCount(hash.iterations, MAX_ITERATIONS)
  if (hash.kind === 'argon2')
    return isCount(hash.memoryKiB, MOST_COST.memoryKiB) && isCount(hash.passes, MOST_COST.passes) && isCount(hash.lanes, MAX_LANES)
  const lanes = hash.kind === 'scrypt' ? hash.p : 1
  return isCount(hash.log2N, 20) && isCount(scryptKiB(hash.log2N, hash.r), MOST_COST.memoryKiB) && isCount(lanes, MAX_LANES)
}

/** A hash of the same cost that no password has: for addresses that nobody has, so that the clock does not tell them apart. */
export function decoyOf(text: string): string {
  const parts = text.split('$')
  const found = parseHash(text)
  if (found?.kind === 'bcrypt') return `${text.slice(0, 7)}${randomBytes(40).toString('base64').replaceAll('+', '.').slice(0, 53)}`
  const [salt = '', hash = ''] = parts.slice(-2)
  return [...parts.slice(0, -2), randomLike(salt), randomLike(hash)].join('$')
}

function randomLike(base64: string): string {
  const made = randomBytes(Buffer.from(base64, 'base64').length).toString('base64')
  return base64.endsWith('=') ? made : made.replaceAll('=', '')
}

/** What hashes of one cost have in common: equal for two that cannot be told apart by the clock. */
export function shapeOf(text: string): string {
  const found = parseHash(text)
  if (found === undefined) return ''
  if (found.kind === 'bcrypt') return `bcrypt,${found.cost}`
  const [, name = ''] = text.split('$')
  if (found.kind === 'argon2') return [name, found.memoryKiB, found.passes, found.lanes].join(',')
  if (found.kind === 'pbkdf2') return [name, found.iterations, found.hash.length].join(',')
  return [name, found.log2N, found.r, found.kind === 'scrypt' ? found.p : 1].join(',')
}

const derivePbkdf2 = promisify(pbkdf2)
const deriveScrypt = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** Every kind but Argon2, which has its own library beside this. */
export async function verifyForeign(password: string, text: string): Promise<boolean> {
  const stored = parseHash(text)
  if (stored === undefined || stored.kind === 'argon2') throw new TypeError('This is no foreign hash.')
  const { kind } = stored
  if (kind === 'bcrypt') {
    // Only who moves in from elsewhere needs it.
    const { verify } = await import('@node-rs/bcrypt')
    return verify(password, text)
  }
  const { salt, hash } = stored
  if (kind === 'pbkdf2') return equal(await derivePbkdf2(password, salt, stored.iterations, hash.length, stored.digest), hash)
  if (kind === 'scrypt') return equal(await scrypted(password, stored, { salt, length: hash.length }), hash)
  // github.com/firebase/scrypt: the derived key encrypts a key of the project, and the result is what is stored.
  const derived = await scrypted(password, { ...stored, p: 1 }, { salt: Buffer.concat([salt, stored.separator]), length: 64 })
  return equal(encrypted(derived.subarray(0, 32), stored.signerKey), hash)
}

function scrypted(
  password: string,
  { log2N, r, p }: { readonly log2N: number; readonly r: number; readonly p: number },
  { salt, length }: { readonly salt: Buffer; readonly length: number },
): Promise<Buffer> {
  const N = 2 ** log2N
  // What the algorithm needs (RFC 7914 section 6), with room for the rest.
  return deriveScrypt(password, salt, length, { N, r, p, maxmem: 128 * r * (N + p + 2) + 1024 })
}

function encrypted(key: Buffer | KeyObject, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return Buffer.concat([cipher.update(plain), cipher.final()])
}

function equal(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}
