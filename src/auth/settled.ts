// Decisions that others may overtake.
const MAX_ROUNDS = 10

/** Decides on what is stored now, again when somebody was faster. */
export async function settled<Result>(decide: () => Promise<Result | 'moved'>): Promise<Result> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const result = await decide()
    if (result !== 'moved') return result
  }
  throw new Error('The account changes too often to be changed.')
}
