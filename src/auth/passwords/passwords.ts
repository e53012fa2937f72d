// Password hashes as PHC strings: argon2id at the cost that the operator has chosen (cost.ts).
import { availableParallelism } from 'node:os'
import { ownTurn } from '#kernel/breath.ts'
import type { Call } from '#kernel/call.ts'
import { systemCall } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { hmacSha256 } from '#kernel/keyring.ts'
import type { Purpose } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import { authErrors } from '../errors.ts'
import { LANES, longestMs, USUAL_COST } from './cost.ts'
import { hashProblem, shapeOf } from './foreign.ts'
import { createKnownPasswords } from './known.ts'
import { HashProcess, type HashProcessSettings, NOT_COMPUTABLE } from './process.ts'

export interface Passwords {
  hash(call: Call, password: string): Promise<string>
  /** Without a stored hash, or with one that nobody can compute, it compares with a dummy, takes as long, and answers false. */
  verify(call: Call, password: string, phc: string | undefined): Promise<boolean>
  /** False when `verify` has found out that no password will ever have this hash: only another password helps. */
  isComputable(phc: string): boolean
  /** One that is known from breaches: everybody tries it first. */
  isKnown(password: string): boolean
  /** True when the hash was made with other parameters than those of today, whether they cost more or less. */
  isOutdated(phc: string): boolean
  /** The same for whoever is known here: places are kept free for them, and they do not wait behind strangers. */
  readonly favoured: Pick<Passwords, 'verify'>
  /**
   * What to compare with for an address that has no hash: always the same for one address. While there are hashes of other systems or of an earlier cost,
   * some of these take as long as theirs, so that the clock does not tell which addresses have such a one.
   */
  decoyFor(address: string): string | undefined
}

export interface DecoyHashes {
  /** For each cost that hashes of other systems and of an earlier cost have, one that no password has. */
  readonly hashes: readonly string[]
  /** Draws one for each address. The same in all processes and for ever, or an address would be seen to change. */
  readonly key: Buffer
}

export interface RunningPasswords extends Passwords {
  /** From now on; before, everybody is compared with our own. */
  useDecoys(decoys: DecoyHashes): void
  /** One of the cost that is set now. `undefined` before the start. */
  ownDecoy(): string | undefined
  /** A command hashes nothing, as a rule: the process that does is not waited for, and begun by the first hash. */
  start(purpose?: Purpose): Promise<void>
  stop(): Promise<void>
  health(): string | undefined
}

export interface PasswordSettings extends Partial<HashProcessSettings> {
  /** The operator's own filter, beside the one that ships with us. */
  readonly filter?: string | undefined
  /** See cost.ts. Whoever takes it from an operator has asked `costProblem`. */
  readonly memoryKiB?: number | undefined
  readonly passes?: number | undefined
}

const START_TIMEOUT_MS = 10_000
/** Only those of versions that looked less closely at what moves in; each is found again where it was forgotten. */
const MOST_BROKEN = 10_000

/** Hashes at a time. One core is left for everybody else. */
export function defaultConcurrency(): number {
  return Math.max(1, Math.min(4, availableParallelism() - 1))
}

export function createPasswords(logger: Logger, settings: PasswordSettings = {}): RunningPasswords {
  const {
    memoryKiB = USUAL_COST.memoryKiB,
    passes = USUAL_COST.passes,
    concurrency = defaultConcurrency(),
    maxWaiting = 50,
    maxFavoured = 10,
    timeoutMs = 10_000,
  } = settings
  const known = createKnownPasswords(settings.filter)
  const child = new HashProcess({ concurrency, maxWaiting, maxFavoured, timeoutMs }, logger)
  const prefix = `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${LANES}$`
  let dummy: string | undefined
  let decoys: DecoyHashes | undefined

  const hash = async (call: Call, password: string): Promise<string> => {
    const phc = await child.run(call, { kind: 'hash', password, memoryCost: memoryKiB, timeCost: passes, parallelism: LANES })
    if (typeof phc !== 'string') throw authErrors.unavailable()
    return phc
  }
  const { verifier, isComputable } = createVerifying(child, {
    own: () => dummy,
    isDecoy: (phc) => decoys?.hashes.includes(phc) === true,
  })
  return {
    hash,
    isKnown: known.isKnown,
    verify: verifier(false),
    isComputable,
    favoured: { verify: verifier(true) },
    isOutdated: (phc) => !phc.startsWith(prefix),
    useDecoys({ hashes, key }) {
      // Versions of before have let some in that cannot be computed.
      decoys = { hashes: hashes.filter((one) => !one.startsWith(prefix) && hashProblem(one) === undefined), key }
    },
    ownDecoy: () => dummy,
    decoyFor(address) {
      if (dummy === undefined || decoys === undefined || decoys.hashes.length === 0) return dummy
      return drawnFor(address, { dummy, decoys })
    },
    async start(purpose) {
      known.open()
      if (purpose === 'command') return
      child.start()
      // Also the proof that the native module loads: without it nobody could sign in, so the server must not start.
      const call = { ...systemCall('auth'), signal: AbortSignal.timeout(START_TIMEOUT_MS + longestMs({ memoryKiB, passes })) }
      dummy ??= await hash(call, randomToken())
    },
    async stop() {
      await child.stop()
      known.close()
    },
    health: () => child.health(),
  }
}

interface Against {
  /** A hash of the cost that is set, which no password has. */
  own(): string | undefined
  isDecoy(phc: string): boolean
}

function createVerifying(child: HashProcess, { own, isDecoy }: Against) {
  const broken = new Set<string>()
  const note = (phc: string): void => {
    if (broken.size >= MOST_BROKEN) broken.clear()
    broken.add(phc)
  }
  /** Refused like any other, and as late: whoever has a hash that nobody can compute, and the addresses that nobody has and that were given one. */
  const isRefused = (phc: string, error: unknown): boolean => {
    if (!(error instanceof Error) || error.cause !== NOT_COMPUTABLE) return false
    // It has failed, and would again. One with nothing wrong in it has failed for want of memory, say, which is no verdict about the password.
    const isBroken = hashProblem(phc) !== undefined
    if (isBroken) note(phc)
    return isBroken || isDecoy(phc)
  }
  const verifier =
    (favoured: boolean): Passwords['verify'] =>
    async (call, password, phc) => {
      const dummy = own()
      if (dummy === undefined) throw authErrors.unavailable()
      const against = phc === undefined || broken.has(phc) ? dummy : phc
      const matches = await child.run(call, { kind: 'verify', password, phc: against }, { favoured }).catch(async (error: unknown) => {
        if (!isRefused(against, error)) throw error
        await child.run(call, { kind: 'verify', password, phc: dummy }, { favoured })
        return false
      })
      // Answers of the process come together when this thread was busy, and each has a sign-in to end.
      await ownTurn()
      return matches === true && against === phc
    }
  return { verifier, isComputable: (phc: string): boolean => !broken.has(phc) }
}

/**
 * An equal share for each cost, and by the highest number (rendezvous hashing): which of them is set now moves no address, and another one draws some to
 * itself. An address that moves where accounts stay would be known for nobody's.
 */
function drawnFor(address: string, { dummy, decoys: { hashes, key } }: { readonly dummy: string; readonly decoys: DecoyHashes }): string {
  const drawn = [dummy, ...hashes].map((phc) => ({ phc, by: hmacSha256(key, `${shapeOf(phc)} ${address}`).readUIntBE(0, 6) }))
  return drawn.reduce((most, one) => (one.by > most.by ? one : most)).phc
}
