// From the name of a host to its addresses: by the name servers alone, or as this machine does it (docs/decisions/0035).
import { lookup, Resolver } from 'node:dns/promises'
import { hasCode } from '../errors.ts'

export interface HostAddress {
  readonly address: string
  readonly family: 4 | 6
}

/** `unknown`: there is no such host. `unanswered`: nobody could say so. */
export type HostFound = readonly HostAddress[] | 'unknown' | 'unanswered'

export interface HostLookup {
  readonly signal: AbortSignal
  /** Those of this machine unless told. */
  readonly nameServers?: readonly string[] | undefined
}

/** The second try waits twice as long. */
const TRY_MS = 1000
const TRIES = 2
/** With several name servers, of which the first are away. */
const LOOKUP_MS = 4000
const NO_SUCH_HOST = ['ENOTFOUND', 'ENODATA', 'EBADNAME']

/**
 * For names that strangers choose. Takes no thread, however many are never answered, and ends with its signal. The name is absolute: no search domain, no
 * hosts file.
 */
export async function askNameServers(host: string, { signal, nameServers }: HostLookup): Promise<HostFound> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOKUP_MS)])
  if (limit.aborted) return 'unanswered'
  // One for each lookup: cancelling ends all that a resolver has under way.
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES })
  if (nameServers !== undefined) resolver.setServers(nameServers)
  const cancel = (): void => resolver.cancel()
  limit.addEventListener('abort', cancel)
  const [four, six] = await Promise.all([outcome(resolver.resolve4(host), 4), outcome(resolver.resolve6(host), 6)])
  limit.removeEventListener('abort', cancel)
  if (typeof four !== 'string') return typeof six === 'string' ? four : [...four, ...six]
  // That it has none of one kind is no answer about the other.
  return six === 'unknown' ? four : six
}

/** By host, until they really end: nobody waiting any more gives no thread back. */
const underWay = new Map<string, Promise<HostFound>>()

/**
 * For names that the operator chooses: hosts file, search domains and whatever else this machine asks. Each host takes one of few threads until it is
 * answered, which the signal does not hasten.
 */
export async function askSystem(host: string, { signal }: Pick<HostLookup, 'signal'>): Promise<HostFound> {
  if (signal.aborted) return 'unanswered'
  const ended = Promise.withResolvers<HostFound>()
  const end = (): void => ended.resolve('unanswered')
  signal.addEventListener('abort', end)
  const answer = underWay.get(host) ?? outcome(lookup(host, { all: true })).finally(() => underWay.delete(host))
  underWay.set(host, answer)
  const found = await Promise.race([answer, ended.promise])
  signal.removeEventListener('abort', end)
  return found
}

type Answer = readonly (string | { readonly address: string; readonly family: number })[]

async function outcome(answer: Promise<Answer>, family: 4 | 6 = 4): Promise<HostFound> {
  try {
    return (await answer).map((each) =>
      typeof each === 'string' ? { address: each, family } : { address: each.address, family: each.family === 6 ? 6 : 4 },
    )
  } catch (error) {
    return NO_SUCH_HOST.some((code) => hasCode(error, code)) ? 'unknown' : 'unanswered'
  }
}
