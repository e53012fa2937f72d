// What operators are told of accounts. The types come from here.
import { z } from '#kernel/schema.ts'
import { securityEventType } from '../security-events/security-event.ts'

const MOST_AT_ONCE = 100

/** The address, the beginning of one, or nothing for everybody. */
export const accountQuery = z.strictObject({
  email: z.string().max(320).exactOptional(),
  after: z.string().max(2000).exactOptional(),
  limit: z.int().min(1).max(MOST_AT_ONCE).exactOptional(),
})

export type AccountQuery = z.infer<typeof accountQuery>

/** Moments are epoch milliseconds. */
const facts = {
  accountId: z.string(),
  email: z.string(),
  name: z.string(),
  createdAt: z.int(),
  confirmedAt: z.int().exactOptional(),
  blockedAt: z.int().exactOptional(),
  deletion: z
    .strictObject({
      at: z.int(),
      requestedAt: z.int(),
      byOperator: z.boolean(),
      /** Nothing calls it off any more. */
      begun: z.boolean(),
    })
    .exactOptional(),
  roles: z.array(z.string()),
  groups: z.array(z.string()),
}

export const accountFacts = z.strictObject(facts)

export type AccountFacts = z.infer<typeof accountFacts>

export const accountList = z.strictObject({ items: z.array(accountFacts), next: z.string().exactOptional() })

export type AccountList = z.infer<typeof accountList>

export const accountView = z.strictObject({
  ...facts,
  language: z.string().exactOptional(),
  hasPassword: z.boolean(),
  passkeys: z.int(),
  authenticatorApp: z.boolean(),
  /** Left of them. */
  recoveryCodes: z.int(),
  identities: z.array(z.strictObject({ issuer: z.string(), label: z.string().exactOptional(), linkedAt: z.int() })),
  sessions: z.array(z.strictObject({ device: z.string(), signedInAt: z.int(), lastUsedAt: z.int() })),
  /** Organisations that others are in, and that would have no owner who stays without this person. */
  onlyOwnerOf: z.array(z.strictObject({ id: z.string(), name: z.string() })),
  apps: z.array(z.strictObject({ clientId: z.string(), name: z.string(), scopes: z.array(z.string()), since: z.int() })),
  /** The newest ones first. */
  events: z.array(
    z.strictObject({
      id: z.string(),
      type: securityEventType,
      at: z.int(),
      about: z.string().exactOptional(),
      device: z.string().exactOptional(),
      client: z.string().exactOptional(),
      actor: z.string().exactOptional(),
    }),
  ),
})

export type AccountView = z.infer<typeof accountView>
