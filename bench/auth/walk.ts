// A browser on its way through a sign-in, as cheap as a load generator must be: one request after the other, cookies by host, redirects and one form.
import { CookieJar } from '../../test/support/http.ts'
import { formsOf } from '../../test/support/visitor.ts'
import { requestBytes } from '../load.ts'
import { FORM, headersOf, statusOf } from './subject.ts'

export interface Walker {
  readonly email: string
  readonly password: string
  /** The address that it comes from. */
  readonly address: string
}

interface Step {
  readonly url: URL
  readonly body?: string
}

export class Walk {
  readonly #walker: Walker
  readonly #jars = new Map<string, CookieJar>()
  #step: Step

  constructor(walker: Walker, start: URL) {
    this.#walker = walker
    this.#step = { url: start }
  }

  request(): Buffer {
    const { url, body } = this.#step
    const headers = {
      host: url.host,
      'x-forwarded-for': this.#walker.address,
      cookie: this.#jar(url.host).header(),
      accept: 'text/html',
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'navigate',
      ...(body === undefined ? {} : { ...FORM, origin: url.origin }),
    }
    return requestBytes(`${body === undefined ? 'GET' : 'POST'} ${url.pathname}${url.search}`, headers, body)
  }

  /** True when the person is in: the frontend has set its cookies. */
  answered(answer: Buffer): boolean {
    const { url, body } = this.#step
    const cookies = headersOf(answer, 'set-cookie')
    this.#jar(url.host).take({ headers: { 'set-cookie': cookies } })
    if (url.pathname === '/session/callback') {
      if (!cookies.some((cookie) => cookie.startsWith('__Host-Http-access='))) throw this.#lost(answer)
      return true
    }
    const [location] = headersOf(answer, 'location')
    if (location !== undefined) this.#step = { url: new URL(location, url) }
    else this.#step = { url: this.#url(answer), body: this.#filled(answer) }
    // The form again is a refusal.
    if (body !== undefined && statusOf(answer) !== 303) throw this.#lost(answer)
    return false
  }

  #url(answer: Buffer): URL {
    return new URL(this.#form(answer).action, this.#step.url)
  }

  #filled(answer: Buffer): string {
    const { email, password } = this.#walker
    return new URLSearchParams({ ...this.#form(answer).hidden, email, password }).toString()
  }

  #form(answer: Buffer): ReturnType<typeof formsOf>[number] {
    const form = formsOf(answer.toString('utf8')).find(({ names }) => names.includes('password'))
    if (form === undefined) throw this.#lost(answer)
    return form
  }

  #lost(answer: Buffer): Error {
    return new Error(`the sign-in of ${this.#walker.email} ended at ${this.#step.url.href}: ${answer.toString('utf8', 0, 3000)}`)
  }

  #jar(host: string): CookieJar {
    const known = this.#jars.get(host) ?? new CookieJar()
    this.#jars.set(host, known)
    return known
  }
}
