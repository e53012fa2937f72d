// What a provider says of whoever comes from there, as it is kept here: of a name, what can be one.
import { z } from '#kernel/schema.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { nameProblem, tidyName } from '../accounts/name.ts'
import type { Claimed, Upstream } from './provider.ts'
import type { Arrival, Journey } from './schemas.ts'

const MAX_NAME = 80
const appleUser = z.object({ name: z.object({ firstName: z.string().default(''), lastName: z.string().default('') }) })

export function arrivalOf(
  { id, kind }: Pick<Upstream, 'id' | 'kind'>,
  claimed: Claimed,
  { journey: { uid, accountId }, search, at }: { readonly journey: Journey; readonly search: string; readonly at: number },
): Arrival {
  const email = claimed.email === undefined ? undefined : normaliseEmail(claimed.email)
  const said = claimed.name ?? (kind === 'apple' ? namedBy(search) : undefined)
  const name = said === undefined ? undefined : usableName(said)
  return {
    upstream: id,
    issuer: claimed.issuer,
    subject: claimed.subject,
    emailVerified: email !== undefined && claimed.emailVerified,
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(accountId === undefined ? {} : { accountId }),
    at,
  }
}

/** The name that Apple tells beside its answer, and only the first time. The browser brings it, so it may be anything. */
function namedBy(search: string): string | undefined {
  const user = new URLSearchParams(search).get('user')
  if (user === null) return undefined
  try {
    const { firstName, lastName } = appleUser.parse(JSON.parse(user)).name
    return `${firstName} ${lastName}`
  } catch {
    return undefined
  }
}

function usableName(name: string): string | undefined {
  const tidy = Array.from(tidyName(name)).slice(0, MAX_NAME).join('').trim()
  return nameProblem(tidy) === undefined ? tidy : undefined
}
