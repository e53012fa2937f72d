// The development mailbox: mails are kept for a day and shown to whoever sits at this machine, and nothing is sent.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { defineCollection } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database } from '../../database/contract.ts'
import type { Outbox } from './outbox.ts'
import { type KeptMail, keptMail } from './schemas.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const mailbox = defineCollection<KeptMail>({
  name: 'mailbox',
  schema: keptMail,
  indexes: { newest: { fields: ['at'] } },
  expiry: 'expiresAt',
})

export interface Mailbox {
  readonly outbox: Outbox
  newest(call: Call, limit: number): Promise<readonly KeptMail[]>
  get(call: Call, id: string): Promise<KeptMail | undefined>
}

export function createMailbox(database: Database, clock: Clock, from: string): Mailbox {
  const collection = database.collection(mailbox)
  return {
    outbox: {
      async send(call, { key, to, subject, text, html }) {
        const at = clock.now()
        try {
          await collection.insert(call, { id: key, to, from, subject, text, html, at, expiresAt: at + DAY_MS })
        } catch (error) {
          // The job ran before and did not live to say so.
          if (!hasCode(error, 'database.duplicate')) throw error
        }
      },
      close() {},
    },
    async newest(call, limit) {
      const { items } = await collection.list(call, { index: 'newest', order: 'descending', limit })
      return items.map((item) => item.value)
    },
    async get(call, id) {
      return (await collection.get(call, id))?.value
    },
  }
}
