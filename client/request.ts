// One request, with failures of the network told apart from answers.
import type { Browser } from './browser.ts'
import { networkProblem } from './problem.ts'

export async function request(browser: Browser, url: string, init: RequestInit): Promise<Response> {
  try {
    return await browser.fetch(url, init)
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw networkProblem(cause)
  }
}
