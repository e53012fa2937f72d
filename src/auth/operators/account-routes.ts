// The API for operators about accounts: blocking, letting in again, and help for who has lost the second step or every passkey. Addresses are in bodies, since those of
// requests are logged.
import type { Call } from '#kernel/call.ts'
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { PasskeyLink, SecondStepReset } from '../contract.ts'
import { authErrors } from '../errors.ts'
import type { Leaving } from '../leaving/service.ts'

export interface AccountHelp extends Pick<Leaving, 'suspend'> {
  resetSecondStep(call: Call, email: string): Promise<SecondStepReset | undefined>
  sendPasskeyLink(call: Call, email: string): Promise<PasskeyLink | undefined>
}

interface Helping<Outcome> {
  readonly summary: string
  readonly answer: z.ZodType<Outcome>
  act(call: Call, email: string): Promise<Outcome | undefined>
}

function helping<Outcome>(path: string, { summary, answer, act }: Helping<Outcome>): Route {
  return route({
    site: 'console',
    allow: { who: 'operator' },
    rate: 'api',
    method: 'POST',
    path,
    summary,
    body: 'json',
    input: { body: z.strictObject({ email: z.string().min(3).max(320) }) },
    answers: { 200: answer },
    async handle(call, { body }) {
      const outcome = await act(call, body.email)
      if (outcome === undefined) throw authErrors.account_not_found({ detail: 'Nobody has this address.' })
      return ok(outcome)
    },
  })
}

export function operatorAccountRoutes({ suspend, resetSecondStep, sendPasskeyLink }: AccountHelp): readonly Route[] {
  const standing = z.strictObject({ accountId: z.string(), suspended: z.boolean() })
  return [
    helping('/api/accounts/block', {
      summary: 'Block somebody: every session and token of theirs ends within a second',
      answer: standing,
      act: (call, email) => suspend(call, email, true),
    }),
    helping('/api/accounts/unblock', {
      summary: 'Let somebody in again who was blocked',
      answer: standing,
      act: (call, email) => suspend(call, email, false),
    }),
    helping('/api/accounts/reset-second-step', {
      summary: 'Take the second step away from who has lost device and codes: their sessions end, and they are told by mail',
      answer: z.strictObject({ accountId: z.string(), secondStepReset: z.boolean() }),
      act: resetSecondStep,
    }),
    helping('/api/accounts/send-passkey-link', {
      summary: 'Mail a link for a new passkey to who has lost all of them, where there is nothing else to sign in with',
      answer: z.strictObject({ accountId: z.string(), passkeyLinkSent: z.boolean() }),
      act: sendPasskeyLink,
    }),
  ]
}
