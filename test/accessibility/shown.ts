// The pages of the stage in a real browser, without a network: what the browser navigates to is what a state asks for.
import type { Browser, BrowserContext, Page, Request } from 'playwright-core'
import { ORIGIN, type Visit, type Visited } from '../support/accounts.ts'
import type { Stage } from './states.ts'

export interface Shown {
  readonly context: BrowserContext
  readonly page: Page
  /** Of the page that is shown. */
  readonly status: () => number
  open(visit: Visit | string, language: string): Promise<void>
  /** Where the browser would go by this, and with what in the form. It stays. */
  left(by: () => Promise<void>): Promise<Left>
}

export interface Left {
  /** `POST /sign-up`, with `:id` for those that are made here. */
  readonly to: string
  readonly form: Readonly<Record<string, string>>
}

const isVisited = (answer: unknown): answer is Visited => typeof answer === 'object' && answer !== null && 'answer' in answer

function placeOf(request: Request): string {
  return `${request.method()} ${new URL(request.url()).pathname.replaceAll(/(?<=\/)[0-9a-z]{26}(?=\/)/g, ':id')}`
}

export async function showStage({ world }: Pick<Stage, 'world'>, browser: Browser): Promise<Shown> {
  let asked: Visit | string = ''
  let status = 0
  let leave: ((left: Left) => void) | undefined
  const context = await browser.newContext()
  context.setDefaultTimeout(30_000)
  await context.route(`${ORIGIN}/**`, async (route) => {
    const request = route.request()
    if (request.isNavigationRequest() && leave !== undefined) {
      // RFC 9110 section 15.3.5: the page stays as it is.
      await route.fulfill({ status: 204 })
      leave({ to: placeOf(request), form: Object.fromEntries(new URLSearchParams(request.postData() ?? '')) })
      return
    }
    if (request.isNavigationRequest() && typeof asked === 'string')
      return route.fulfill({ contentType: 'text/html; charset=utf-8', body: asked })
    const wanted = request.isNavigationRequest() && typeof asked === 'object' ? asked : { path: new URL(request.url()).pathname }
    const answer = await world.visit(wanted).catch((error: unknown) => error)
    if (answer instanceof Error || !isVisited(answer)) {
      status = 500
      return route.fulfill({ status: 500, contentType: 'text/plain', body: String(answer) })
    }
    if (request.isNavigationRequest()) status = answer.status
    const { body } = answer.answer
    if (body !== undefined && 'bytes' in body) return route.fulfill({ status: answer.status, contentType: body.type, body: answer.text })
    // With the challenges of passkeys, which the visitor leaves out: without one the script shows no form.
    const html = body !== undefined && 'html' in body ? body.html.toString() : answer.text
    return route.fulfill({ status: answer.status, contentType: 'text/html; charset=utf-8', body: html })
  })
  const page = await context.newPage()
  return {
    context,
    page,
    status: () => status,
    async open(visit, language) {
      const cookies = { ...(typeof visit === 'string' ? {} : visit.cookies), '__Host-Http-language': language }
      asked = typeof visit === 'string' ? visit : { ...visit, cookies }
      await page.goto(`${ORIGIN}/page`, { waitUntil: 'load' })
    },
    async left(by) {
      const { promise, resolve } = Promise.withResolvers<Left>()
      leave = resolve
      try {
        await Promise.all([page.waitForRequest((one) => one.isNavigationRequest()), by()])
        return await promise
      } finally {
        leave = undefined
      }
    },
  }
}
