// The API for operators about accounts: blocking, letting in again, signing out, ending, and help for who has lost the second step or every passkey.
// Addresses are in bodies, since those of requests are logged.
import type { Call } from '#kernel/call.ts'
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { PasskeyLink, SecondStepReset } from '../contract.ts'
import { authErrors } from '../errors.ts'
import type { Leaving } from '../leaving/service.ts'

export interface AccountHelp extends Pick<Leaving, 'suspend' | 'signOut' | 'end' | 'keep'> {
  resetSecondStep(call: Call, email: string): Promise<SecondStepReset | undefined>
  sendPasskeyLink(call: Call, email: string): Promise<PasskeyLink | undefined>
}

const email = z.string().min(3).max(320)
const whom = z.strictObject({ email })

interface Helping<Body, Outcome> {
  readonly summary: string
  readonly body: z.ZodType<Body>
  readonly answer: z.ZodType<Outcome>
  act(call: Call, body: Body): Promise<Outcome | undefined>
}

function helping<Body, Outcome>(path: string, { summary, body: schema, answer, act }: Helping<Body, Outcome>): Route {
  return route({
    site: 'console',
    allow: { who: 'operator' },
    rate: 'api',
    method: 'POST',
    path,
    summary,
    body: 'json',
    input: { body: schema },
    answers: { 200: answer },
    async handle(call, { body }) {
      const outcome = await act(call, body)
      if (outcome === undefined) throw authErrors.account_not_found({ detail: 'Nobody has this address.' })
      return ok(outcome)
    },
  })
}

export function operatorAccountRoutes({ suspend, signOut, end, keep, resetSecondStep, sendPasskeyLink }: AccountHelp): readonly Route[] {
  const withoutOwner = z.array(z.strictObject({ id: z.string(), name: z.string() })).exactOptional()
  const standing = z.strictObject({ accountId: z.string(), suspended: z.boolean(), withoutOwner })
  return [
    helping('/api/accounts/block', {
      summary: 'Block somebody: every session and token of theirs ends within a second',
      body: whom,
      answer: standing,
      act: (call, asked) => suspend(call, asked.email, true),
    }),
    helping('/api/accounts/unblock', {
      summary: 'Let somebody in again who was blocked',
      body: whom,
      answer: standing,
      act: (call, asked) => suspend(call, asked.email, false),
    }),
    helping('/api/accounts/sign-out', {
      summary: 'Sign somebody out everywhere: every session and token of theirs ends within a second, and the account stays open',
      body: whom,
      answer: z.strictObject({ accountId: z.string(), signedOut: z.literal(true) }),
      act: (call, asked) => signOut(call, asked.email),
    }),
    helping('/api/accounts/delete', {
      summary: 'Delete an account after the days of grace, though it is blocked; or at once, with the address once more as `confirm`',
      body: z.strictObject({ email, now: z.boolean().exactOptional(), confirm: z.string().max(320).exactOptional() }),
      answer: z.strictObject({
        accountId: z.string(),
        deleted: z.boolean(),
        deletionAt: z.int(),
        mailSent: z.boolean(),
        withoutOwner,
      }),
      act: end,
    }),
    helping('/api/accounts/keep', {
      summary: 'Call the end of an account off, whoever has asked for it',
      body: whom,
      answer: z.strictObject({ accountId: z.string(), kept: z.boolean() }),
      act: (call, asked) => keep(call, asked.email),
    }),
    helping('/api/accounts/reset-second-step', {
      summary: 'Take the second step away from who has lost device and codes: their sessions end, and they are told by mail',
      body: whom,
      answer: z.strictObject({ accountId: z.string(), secondStepReset: z.boolean() }),
      act: (call, asked) => resetSecondStep(call, asked.email),
    }),
    helping('/api/accounts/send-passkey-link', {
      summary: 'Mail a link for a new passkey to who has lost all of them, where there is nothing else to sign in with',
      body: whom,
      answer: z.strictObject({ accountId: z.string(), passkeyLinkSent: z.boolean() }),
      act: (call, asked) => sendPasskeyLink(call, asked.email),
    }),
  ]
}
