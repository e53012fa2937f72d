// Sweeping up after an ending: tokens and codes whose grant is gone are dead already, and only take room. A grant of a former release has left a thousand
// refresh tokens, so they go many at a time: the engines store together what comes together.
import type { Call } from '#kernel/call.ts'
import type { Collection } from '../../database/contract.ts'

const AT_ONCE = 50

export async function sweepTokens(
  collection: Collection<{ id: string; grant?: string | undefined }>,
  call: Call,
  sid: string,
): Promise<void> {
  let found: number
  do {
    const page = await collection.list(call, { index: 'grant', where: { grant: sid }, limit: AT_ONCE })
    found = page.items.length
    await Promise.all(page.items.map(({ value }) => collection.delete(call, value.id)))
  } while (found === AT_ONCE)
}
