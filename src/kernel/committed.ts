// Whether a commit that may come too late was made.
import { hasCode } from './errors.ts'

/** Why nothing was stored: a record was not what a condition said of it, or a new one has a key that another has. */
export type Hindrance = 'conflict' | 'duplicate'

/** False when one of these hindered it; whatever else goes wrong is thrown. */
export async function committed(commit: Promise<unknown>, ...hindrances: readonly [Hindrance, ...Hindrance[]]): Promise<boolean> {
  try {
    await commit
    return true
  } catch (error) {
    if (hindrances.some((hindrance) => hasCode(error, `database.${hindrance}`))) return false
    throw error
  }
}
