// What people and apps are told of: security events, and the mails that were asked for.
import { z } from '#kernel/schema.ts'
import { SECURITY_EVENT, type SecurityEvent, securityEvent } from '../../src/auth/security-events/security-event.ts'
import type { Database } from '../../src/database/contract.ts'

const mailRequested = z.looseObject({
  input: z.looseObject({ to: z.string(), template: z.string(), data: z.record(z.string(), z.string()) }),
})

export interface Told {
  readonly events: SecurityEvent[]
  readonly mails: z.infer<typeof mailRequested>['input'][]
}

/** Grows from now on. */
export function toldBy(database: Database): Told {
  const told: Told = { events: [], mails: [] }
  database.subscribe({
    consumer: 'test-events',
    topics: [SECURITY_EVENT, 'jobs.requested'],
    async handle(stored) {
      for (const { topic, data } of stored) {
        if (topic === SECURITY_EVENT) told.events.push(securityEvent.parse(data))
        else told.mails.push(mailRequested.parse(data).input)
      }
    },
  })
  return told
}
