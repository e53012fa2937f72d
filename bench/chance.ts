// How far a ratio of two quantiles strays from one run to the next: with few requests, the slowest one in a hundred is one request.
import { quantile } from './load.ts'

const DRAWS = 500
const LEVEL = 0.025

/** A standard normal number, by Box and Muller. */
const normal = (): number => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())

/**
 * The quantile of another run like this one: of as many rounds, each of them one of these, since what slows requests down comes in clusters; and how many
 * requests lie below it is binomial.
 */
function drawn(rounds: readonly (readonly number[])[], share: number): number {
  const taken = rounds.flatMap(() => rounds[Math.floor(Math.random() * rounds.length)] ?? []).toSorted((a, b) => a - b)
  return quantile(taken, Math.max(0, share + normal() * Math.sqrt((share * (1 - share)) / taken.length)))
}

/**
 * What 95 of 100 ratios of such runs lie between, by the latencies of each round. Nothing where that cannot be told: when it is not unlikely that none of all
 * requests is beyond the quantile, the slowest says nothing of how slow it may be.
 */
export function ratioRange(
  less: readonly (readonly number[])[],
  more: readonly (readonly number[])[],
  share: number,
): readonly [number, number] | undefined {
  if ([less, more].some((rounds) => share ** rounds.flat().length > LEVEL)) return undefined
  const ratios = Array.from({ length: DRAWS }, () => drawn(more, share) / drawn(less, share)).toSorted((a, b) => a - b)
  return [quantile(ratios, LEVEL), quantile(ratios, 1 - LEVEL)]
}
