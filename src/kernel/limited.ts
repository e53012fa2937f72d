// Code of the app that runs within the platform's: with a time limit that it is told of, and that holds when it does not listen.
import type { Call } from './call.ts'

export interface Limit {
  readonly ms: number
  /** What is thrown when the time is over. */
  late(): Error
}

/** A loop that never waits cannot be stopped by anybody in this process. */
export async function limited<T>(call: Call, { ms, late }: Limit, run: (call: Call) => T | Promise<T>): Promise<T> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      controller.abort()
      reject(late())
    }, ms)
  })
  const signal = AbortSignal.any([call.signal, controller.signal])
  const { principal, requestId, deadline, language } = call
  const own: Call = { principal, requestId, deadline, signal, ...(language === undefined ? {} : { language }) }
  try {
    return await Promise.race([Promise.resolve(own).then(run), over])
  } finally {
    clearTimeout(timer)
  }
}
