// What other systems let an app note of a person: claims of Firebase, `app_metadata` of Auth0 and Supabase. Some of it are roles; nobody but the operator
// knows which.
import { z } from '#kernel/schema.ts'
import { type ConverterOptions, quoted, roleLeft } from './shared.ts'

const noted = z.record(z.string(), z.unknown())

/** Also where it is text that holds JSON. */
export function claimsIn(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'string') return noted.safeParse(value).data ?? {}
  try {
    return noted.safeParse(JSON.parse(value)).data ?? {}
  } catch {
    return {}
  }
}

/** The usual ways to note a role: `{"admin":true}`, `{"role":"editor"}`, `{"roles":["editor"]}`. */
function rolesIn(name: string, value: unknown): readonly string[] {
  if (value === true) return [name]
  if (name !== 'role' && name !== 'roles') return []
  return [value].flat().filter((word): word is string => typeof word === 'string' && word !== '')
}

/** The roles that somebody has named for here, and what is to be said of all the rest. */
export function claimsOf(
  claims: Readonly<Record<string, unknown>>,
  { roles: names }: ConverterOptions,
): { readonly roles: string[] | undefined; readonly left: readonly string[] } {
  const words: string[] = []
  const others: string[] = []
  for (const [name, value] of Object.entries(claims)) {
    const found = rolesIn(name, value)
    words.push(...found)
    // What is not so says nothing of the person.
    if (found.length === 0 && value !== false && value !== null) others.push(name)
  }
  const roles = words.map((word) => names?.get(word)).filter((role): role is string => role !== undefined && role !== '')
  const unnamed = [...new Set(words)].filter((word) => names?.has(word) !== true)
  return {
    roles: roles.length === 0 ? undefined : roles,
    left: [
      ...unnamed.map((word) => roleLeft(`${quoted(word)}, noted of the person there,`, word)),
      ...(others.length === 0
        ? []
        : [`what the app has noted of the person there did not come along: ${others.map(quoted).join(', ').slice(0, 500)}`]),
    ],
  }
}
