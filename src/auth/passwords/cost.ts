// What a password hash may cost: how cheap is too cheap, what is usual, and what is more than a sign-in may take. The hashing process loads this file too.

/** Of argon2id with one lane (RFC 9106): memory, and how often it is gone over. */
export interface HashCost {
  readonly memoryKiB: number
  readonly passes: number
}

/** Lanes are threads of one hash; the hashing process computes several hashes at once instead. */
export const LANES = 1

export const USUAL_COST: HashCost = { memoryKiB: 19_456, passes: 2 }

/** A hash that takes more than this would be a weapon: one sign-in after another would hold the hashing process. */
export const MOST_COST: HashCost = { memoryKiB: 256 * 1024, passes: 20 }

/** About equally expensive to guess: the least that the OWASP Password Storage Cheat Sheet advises, the most memory first. */
const LEAST_COSTS: readonly HashCost[] = [
  { memoryKiB: 47_104, passes: 1 },
  { memoryKiB: 19_456, passes: 2 },
  { memoryKiB: 12_288, passes: 3 },
  { memoryKiB: 9216, passes: 4 },
  { memoryKiB: 7168, passes: 5 },
]

const MEMORY = 'NINEFOLD_AUTH_PASSWORD_MEMORY_KIB'
const PASSES = 'NINEFOLD_AUTH_PASSWORD_PASSES'

/** What was set, what is least and what to do, for whoever has set too little; `undefined` for what is enough. */
export function costProblem({ memoryKiB, passes }: HashCost): string | undefined {
  const withMemory = LEAST_COSTS.find((least) => memoryKiB >= least.memoryKiB)
  if (withMemory !== undefined && passes >= withMemory.passes) return undefined
  const withPasses = LEAST_COSTS.findLast((least) => passes >= least.passes)
  const ways = [
    ...(withPasses === undefined ? [] : [`${MEMORY} to at least ${withPasses.memoryKiB}`]),
    ...(withMemory === undefined ? [] : [`${PASSES} to at least ${withMemory.passes}`]),
  ]
  const pairs = LEAST_COSTS.map((least) => `${least.memoryKiB}/${least.passes}`).join(', ')
  return (
    `${MEMORY}=${memoryKiB} with ${PASSES}=${passes} makes passwords too cheap to guess: the least are ${pairs} (KiB/passes, by OWASP). ` +
    `Set ${ways.join(', or ')}; or leave both out for ${USUAL_COST.memoryKiB}/${USUAL_COST.passes}`
  )
}

const KIB_PER_MIB = 1024
/** For a pass over one MiB: ten times what a slow or busy machine needs. */
const MOST_MS_PER_MIB = 10

/** A hash of this cost that takes longer will not end. */
export function longestMs({ memoryKiB, passes }: HashCost): number {
  return Math.ceil((memoryKiB / KIB_PER_MIB) * passes * MOST_MS_PER_MIB)
}
