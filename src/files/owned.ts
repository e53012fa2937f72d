// All files of one person: to show them to their owner, and to remove them when the account is gone.
import type { Call } from '#kernel/call.ts'
import { ACCOUNT_DELETED, accountDeleted } from '#kernel/account-events.ts'
import type { Subscription } from '../database/contract.ts'
import type { BlobStore } from './ports.ts'
import type { FilesRepository } from './repository.ts'

const PAGE = 100

interface OwnedParts {
  readonly repository: FilesRepository
  readonly blobs: BlobStore
}

export function accountSubscription(parts: OwnedParts): Subscription {
  return {
    consumer: 'files.accounts',
    topics: [ACCOUNT_DELETED],
    async handle(events, call) {
      for (const { data } of events) await eraseOwned(parts, call, accountDeleted.parse(data).accountId)
    },
  }
}

async function eraseOwned({ repository, blobs }: OwnedParts, call: Call, ownerId: string): Promise<void> {
  for (;;) {
    const { items } = await repository.listByOwner(call, ownerId, { limit: PAGE })
    if (items.length === 0) return
    for (const { value, version } of items) {
      call.signal.throwIfAborted()
      // The row first: bytes without a row are swept, a row without bytes would be a lie.
      if (await repository.delete(call, value.id, version)) await blobs.delete(value.storageKey)
    }
  }
}
