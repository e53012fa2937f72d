// Code of the app that runs within the platform's: with a time limit that it is told of, and that holds when it does not listen.
import type { Call } from '#kernel/call.ts'
import { resourceErrors } from '../errors.ts'

export interface Limit {
  readonly ms: number
  /** For the error: what took so long. */
  readonly what: string
}

/** Throws `resource.hook_timeout`. A loop that never waits cannot be stopped by anybody in this process. */
export async function limited<T>(call: Call, { ms, what }: Limit, run: (call: Call) => T | Promise<T>): Promise<T> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      controller.abort()
      reject(resourceErrors.hook_timeout({ detail: `${what} took longer than ${ms} ms; nothing was stored.` }))
    }, ms)
  })
  const signal = AbortSignal.any([call.signal, controller.signal])
  const own: Call = { principal: call.principal, requestId: call.requestId, deadline: call.deadline, signal }
  try {
    return await Promise.race([Promise.resolve(own).then(run), late])
  } finally {
    clearTimeout(timer)
  }
}
