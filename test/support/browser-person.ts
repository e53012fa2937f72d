// A person at a real browser: signs in through the pages, and asks the platform from its own page, as its scripts would.
import assert from 'node:assert/strict'
import type { BrowserContext, Page } from 'playwright-core'
import { PASSWORD } from './person.ts'
import type { PlatformProcess } from './platform.ts'

/** A tab that is signed in to the diary. */
export async function signInTab(context: BrowserContext, platform: PlatformProcess, email: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${platform.origin('diary')}/session/sign-in?return_to=/`)
  await page.getByLabel('Email address').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(`${platform.origin('diary')}/`)
  return page
}

export interface Asked {
  readonly status: number
  readonly body: string
}

export interface Asking {
  readonly path: string
  readonly method?: string
  readonly json?: unknown
  readonly bytes?: Uint8Array
  readonly fileName?: string
}

// Code for the page is text: these tests are checked without the types of a browser.
const ASK = `async ({ path, method, body, headers }) => {
  const change = method !== 'GET'
  const { csrfToken } = change ? await (await fetch('/session')).json() : {}
  const bytes = body?.base64 === undefined ? body?.text : Uint8Array.from(atob(body.base64), (letter) => letter.charCodeAt(0))
  const reply = await fetch(path, { method, body: bytes, headers: { ...headers, ...(change ? { 'x-csrf-token': csrfToken } : {}) } })
  return { status: reply.status, body: await reply.text() }
}`

/** A request of the page's own origin, with its cookies and, for changes, its CSRF token. */
export async function ask(page: Page, { path, method, json, bytes, fileName }: Asking): Promise<Asked> {
  const body =
    bytes === undefined
      ? json === undefined
        ? undefined
        : { text: JSON.stringify(json) }
      : { base64: Buffer.from(bytes).toString('base64') }
  const headers = {
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(fileName === undefined ? {} : { 'x-file-name': encodeURIComponent(fileName) }),
  }
  const request = { path, method: method ?? (body === undefined ? 'GET' : 'POST'), body, headers }
  return page.evaluate<Asked>(`(${ASK})(${JSON.stringify(request)})`)
}

/** The same, read as JSON; fails when it is refused. */
export async function asked<T>(page: Page, asking: Asking): Promise<T> {
  const reply = await ask(page, asking)
  assert.ok(reply.status >= 200 && reply.status < 300, `${asking.path}: ${reply.status} ${reply.body}`)
  return JSON.parse(reply.body) as T
}

export interface WhoIsIn {
  readonly signedIn: boolean
  readonly account?: { readonly id: string; readonly name: string }
  readonly csrfToken: string
}
