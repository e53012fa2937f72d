// What happened to an account that its owner, an operator or a webhook should know of. Given to the write that it tells of, so that there is never one
// without the other. Never a secret, never a clear address of a client.
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { z } from '#kernel/schema.ts'

const MAX_WORDS = 200

export const SECURITY_EVENT = 'auth.security'

/** `subject.verb`, in the past tense. docs/webhooks.md lists them, and test/http/security-event-types.test.ts makes each happen: add yours to all three. */
export const securityEventType = z.enum([
  'account.created',
  'account.invited',
  'account.invitation_withdrawn',
  'account.renamed',
  'account.suspended',
  'account.reinstated',
  'account.signed_out',
  'account.ways_removed',
  'account.deletion_requested',
  'account.deletion_cancelled',
  'account.deleted',
  'account.data_downloaded',
  'account.imported',
  'accounts.exported',
  'email.changed',
  'email.offered',
  'password.changed',
  'password.reset',
  'sign_in.succeeded',
  'sign_in.failed',
  'session.ended',
  'sessions.ended',
  'passkey.added',
  'passkey.removed',
  'passkey.reset',
  'passkey.link_sent',
  'passkey.copy_suspected',
  'totp.enabled',
  'totp.disabled',
  'totp.lost',
  'recovery_codes.created',
  'recovery_codes.used',
  'second_step.reset',
  'identity.linked',
  'identity.unlinked',
  'app.allowed',
  'app.revoked',
  'refresh.reuse_in_grace',
  'refresh.reuse_detected',
  'roles.changed',
  'organisation.created',
  'organisation.renamed',
  'organisation.invited',
  'organisation.joined',
  'organisation.left',
  'organisation.roles_changed',
  'organisation.ended',
  'organisation.ownerless',
  'service.created',
  'service.roles_changed',
  'service.scopes_changed',
  'service.secret_renewed',
  'service.key_changed',
  'service.proof_changed',
  'service.earlier_ended',
  'service.removed',
  'operator.link_created',
  'operator.signed_in',
  'client.added',
  'client.changed',
  'client.secret_rotated',
  'client.removed',
  'client.blocked',
  'client.unblocked',
  'webhook.secret_rotated',
  'signing_key.made',
  'signing_key.revoked',
  'keys.begun_anew',
])

export type SecurityEventType = z.infer<typeof securityEventType>

export const securityEvent = z.strictObject({
  type: securityEventType,
  /** Whose account; absent for what concerns no one person. */
  accountId: z.string().optional(),
  /** The pseudonym of the client's address for the day, as the request log has it. */
  client: z.string().optional(),
  /** Words for the account page, from the user agent. */
  device: z.string().optional(),
  /** What a person can make sense of: the name of a passkey, of an app, of a provider. */
  about: z.string().max(MAX_WORDS).optional(),
  /** Which of those who run this did it, for them to ask each other: `operator <session>`, or the command and whose it is. Not for the account page. */
  actor: z.string().max(MAX_WORDS).optional(),
})

export type SecurityEvent = z.infer<typeof securityEvent>

/** Whose doing it was, as far as that is kept: see `whence` in ../browser.ts. */
export type Whence = Pick<SecurityEvent, 'client' | 'device'>

/** `account, by ada`. */
export function commandOf({ principal }: Pick<Call, 'principal'>): string | undefined {
  return principal.kind === 'system' && principal.by !== undefined ? `${principal.name}, by ${principal.by}`.slice(0, MAX_WORDS) : undefined
}

/** For what is done by those who run this, and not by the platform itself. The id of an operator's session opens nothing: the cookie that does is sealed. */
export function actorOf({ principal }: Pick<Call, 'principal'>): Pick<SecurityEvent, 'actor'> {
  if (principal.kind === 'operator') return { actor: `operator ${principal.sessionId}`.slice(0, MAX_WORDS) }
  const command = commandOf({ principal })
  return command === undefined ? {} : { actor: command }
}

export function securityEventOf(event: SecurityEvent): EventDraft {
  return { topic: SECURITY_EVENT, key: event.accountId ?? event.type, data: { ...event } }
}
