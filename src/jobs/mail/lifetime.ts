// How long a mail is worth sending: as long as what it leads to works. What tells of something that has happened is read late rather than never.
import type { MailRequest } from '../contract.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** They are for their link alone, which works for days. Other mails that name days have something to tell as well. */
const INVITATIONS: ReadonlySet<string> = new Set(['invitation', 'organisation-invitation', 'address-offered'])

/** From when it was asked for; `undefined` for ever. */
export function lifetimeMs({ template, data }: Pick<MailRequest, 'template' | 'data'>): number | undefined {
  const { minutes, days } = data
  if (minutes !== undefined) return Number(minutes) * MINUTE_MS
  return INVITATIONS.has(template) && days !== undefined ? Number(days) * DAY_MS : undefined
}
