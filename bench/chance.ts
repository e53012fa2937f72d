// How far a ratio of two quantiles strays by chance alone: with few requests, the slowest one in a hundred is one request.
import { quantile } from './load.ts'

const DRAWS = 2000

/** A standard normal number, by Box and Muller. */
const normal = (): number => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())

/** The same quantile of another sample like this one: how many requests lie below it is binomial. */
function drawn(sorted: readonly number[], share: number): number {
  return quantile(sorted, Math.max(0, share + normal() * Math.sqrt((share * (1 - share)) / sorted.length)))
}

/** Between these two lie 95 of 100 ratios of such samples. Both are sorted, shortest first. */
export function ratioByChance(less: readonly number[], more: readonly number[], share: number): readonly [number, number] {
  const ratios = Array.from({ length: DRAWS }, () => drawn(more, share) / drawn(less, share)).toSorted((a, b) => a - b)
  return [quantile(ratios, 0.025), quantile(ratios, 0.975)]
}
