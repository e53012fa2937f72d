// What operators have changed of a client that says the rest of itself stays whatever it says. What they have vouched for is its name and where it
// sends people: when it changes either, it is trusted no more until they have looked at it again.
import type { EventDraft } from '#kernel/collection.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import type { ClientChange, ClientDefinition } from './contract.ts'
import type { StoredClient } from './schemas.ts'

export interface Overridden {
  readonly definition: ClientDefinition
  /** Beside the definition, for the write. */
  readonly set: { readonly overrides: StoredClient['overrides'] | undefined; readonly lapsed: StoredClient['lapsed'] | undefined }
  readonly events: readonly EventDraft[]
}

type Known = Pick<StoredClient, 'definition' | 'overrides' | 'lapsed'>

export function overridden(known: Known | undefined, described: ClientDefinition, now: number): Overridden {
  const { overrides, lapsed } = known ?? {}
  const definition = { ...described, ...overrides }
  if (known === undefined || !isTrusting(overrides) || isSame(known.definition, definition))
    return { definition, set: { overrides, lapsed }, events: [] }
  const { name, redirectUris } = known.definition
  const kept = withoutTrust(overrides)
  return {
    definition: { ...described, ...kept },
    set: { overrides: kept, lapsed: { at: now, name, redirectUris } },
    events: [securityEventOf({ type: 'client.changed', about: name })],
  }
}

/** Of a change by operators: whoever says anew how far a client is trusted has looked at it as it is now. */
export function lapsedAfter({ lapsed }: Known, change: ClientChange): StoredClient['lapsed'] | undefined {
  return 'verified' in change || 'consent' in change ? undefined : lapsed
}

function isTrusting({ verified, consent }: ClientChange = {}): boolean {
  return verified === true || consent === 'never'
}

function withoutTrust({ verified, consent, ...others }: ClientChange = {}): ClientChange {
  return {
    ...others,
    ...(verified === false ? { verified } : {}),
    ...(consent === undefined || consent === 'never' ? {} : { consent }),
  }
}

function isSame(before: ClientDefinition, after: ClientDefinition): boolean {
  return before.name === after.name && new Set(before.redirectUris).symmetricDifference(new Set(after.redirectUris)).size === 0
}
