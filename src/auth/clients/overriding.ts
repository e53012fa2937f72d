// What operators have changed of a client that says the rest of itself stays whatever it says. What they have vouched for is its name and where it
// sends people, and where nobody is asked, what it may do: when it changes one of these, it is trusted no more until they have looked at it again.
import type { EventDraft } from '#kernel/collection.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import type { ClientChange, ClientDefinition } from './contract.ts'
import type { StoredClient } from './schemas.ts'

export interface Overridden {
  readonly definition: ClientDefinition
  /** Beside the definition, for the write. */
  readonly set: Pick<Partial<StoredClient>, 'goodFrom'> & {
    readonly overrides: StoredClient['overrides'] | undefined
    readonly lapsed: StoredClient['lapsed'] | undefined
  }
  readonly events: readonly EventDraft[]
}

type Known = Pick<StoredClient, 'definition' | 'overrides' | 'lapsed'>

export function overridden(known: Known | undefined, described: ClientDefinition, now: number): Overridden {
  const { overrides, lapsed } = known ?? {}
  const definition = { ...described, ...overrides }
  const asksNobody = overrides?.consent === 'never'
  if (known === undefined || !isTrusting(overrides) || (isSame(known.definition, definition) && !(asksNobody && isWider(known, described))))
    return { definition, set: { overrides, lapsed }, events: [] }
  const { name, redirectUris, scopes } = known.definition
  const kept = withoutTrust(overrides)
  return {
    definition: { ...described, ...kept },
    // Nobody has agreed to what it got without a question: it ends as with a block.
    set: { overrides: kept, lapsed: { at: now, name, redirectUris, scopes }, ...(asksNobody ? { goodFrom: now } : {}) },
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

/** Where operators have said which scopes it may have, they have looked at those. */
function isWider({ definition, overrides }: Known, { scopes }: ClientDefinition): boolean {
  return overrides?.scopes === undefined && !new Set(scopes).isSubsetOf(new Set(definition.scopes))
}
