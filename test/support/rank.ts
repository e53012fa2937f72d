// A rank test: how often a time of the one kind is longer than a time of the other. 0.5 means that nobody can tell them apart.

import assert from 'node:assert/strict'

/** The area under the ROC curve (Mann-Whitney U over the number of pairs), ties counted half, as a distance from chance: 0.5 to 1. */
function distinguishability(left: readonly number[], right: readonly number[]): number {
  let wins = 0
  for (const a of left) for (const b of right) wins += a > b ? 1 : a === b ? 0.5 : 0
  const area = wins / (left.length * right.length)
  return Math.max(area, 1 - area)
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}

/**
 * Runs both as often, each time one at random: what drifts drifts for both, and what a run leaves to be done after it meets both alike. (In pairs, whatever
 * follows the one kind is three times out of four the other kind.)
 */
export async function interleaved(
  pairs: number,
  runs: { readonly left: (round: number) => Promise<unknown>; readonly right: (round: number) => Promise<unknown> },
): Promise<{ left: number[]; right: number[] }> {
  const times: { left: number[]; right: number[] } = { left: [], right: [] }
  for (let done = 0; done < 2 * pairs; done += 1) {
    const isLeft = Math.random() * (2 * pairs - done) < pairs - times.left.length
    const side = isLeft ? 'left' : 'right'
    const start = performance.now()
    await runs[side](times[side].length)
    times[side].push(performance.now() - start)
  }
  return times
}

const MOST_ROUNDS = 3

/**
 * Fails when the one kind can be told from the other. Past the limit it measures again and judges all that was measured together: chance strays past
 * once in a while (of 200 pairs, 0.05 is less than two standard deviations) and averages out, a difference stays.
 */
export async function assertAlike(
  t: { diagnostic(words: string): void },
  most: number,
  measure: () => Promise<{ left: number[]; right: number[] }>,
): Promise<void> {
  const left: number[] = []
  const right: number[] = []
  let area = 1
  for (let round = 0; round < MOST_ROUNDS && area > most; round += 1) {
    const more = await measure()
    left.push(...more.left)
    right.push(...more.right)
    area = distinguishability(left, right)
    t.diagnostic(`AUC ${area.toFixed(3)}; medians ${median(left).toFixed(3)} and ${median(right).toFixed(3)} ms; ${left.length} pairs`)
  }
  assert.ok(area <= most, `AUC ${area}`)
}
