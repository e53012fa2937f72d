// Hooks have a time limit; one that takes longer is `resource.hook_timeout`.
import type { Call } from '#kernel/call.ts'
import { limited as limitedTo } from '#kernel/limited.ts'
import { resourceErrors } from '../errors.ts'

export interface Limit {
  readonly ms: number
  /** For the error: what took so long. */
  readonly what: string
}

export function limited<T>(call: Call, { ms, what }: Limit, run: (call: Call) => T | Promise<T>): Promise<T> {
  const late = (): Error => resourceErrors.hook_timeout({ detail: `${what} took longer than ${ms} ms; nothing was stored.` })
  return limitedTo(call, { ms, late }, run)
}
