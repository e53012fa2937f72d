// A browser without script, as far as HTTP goes: cookies by host, redirects, forms. For tests and measurements that need a signed-in person quickly.
import assert from 'node:assert/strict'
import { CookieJar, type Reply, send } from './http.ts'

export interface Page extends Reply {
  readonly url: URL
}

interface Form {
  readonly action: string
  readonly names: readonly string[]
  readonly hidden: Readonly<Record<string, string>>
}

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }

function unescapeHtml(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity)
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)
  return match?.[1] === undefined ? undefined : unescapeHtml(match[1])
}

export function formsOf(html: string): Form[] {
  return [...html.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/g)].map(([whole]) => {
    const inputs = [...whole.matchAll(/<(?:input|textarea|button|select)\b[^>]*>/g)].map(([tag]) => tag)
    const hidden = inputs.filter((tag) => attribute(tag, 'type') === 'hidden')
    return {
      action: attribute(whole.slice(0, whole.indexOf('>') + 1), 'action') ?? '',
      names: inputs.flatMap((tag) => attribute(tag, 'name') ?? []),
      hidden: Object.fromEntries(hidden.map((tag) => [attribute(tag, 'name') ?? '', attribute(tag, 'value') ?? ''])),
    }
  })
}

export class Visitor {
  readonly port: number
  readonly #jars = new Map<string, CookieJar>()
  readonly #origin: Readonly<Record<string, string>>

  /** `address`: where it says that it comes from, for a platform that believes it (`trustedProxies`). */
  constructor(port: number, address?: string) {
    this.port = port
    this.#origin = address === undefined ? {} : { 'x-forwarded-for': address }
  }

  jar(host: string): CookieJar {
    const known = this.#jars.get(host)
    if (known !== undefined) return known
    const jar = new CookieJar()
    this.#jars.set(host, jar)
    return jar
  }

  /** One request, cookies included, redirects not followed. */
  async request(url: URL, options: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array } = {}): Promise<Page> {
    const jar = this.jar(url.host)
    const cookie = jar.header()
    const headers = { ...this.#origin, ...(cookie === '' ? {} : { cookie }), ...options.headers }
    // Another platform is on another port. Where nobody listens, ours answers that it does not know the host.
    const port = url.port === '' ? this.port : Number(url.port)
    const request = { ...options, host: url.host, path: url.pathname + url.search, headers }
    const reply = await send({ ...request, port }).catch(async (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return send({ ...request, port: this.port })
      throw error
    })
    jar.take(reply)
    return { ...reply, url }
  }

  /** A navigation: follows redirects, and the one bounce after signing in. */
  async visit(address: string | URL): Promise<Page> {
    return this.#follow(
      await this.request(new URL(address), { headers: { accept: 'text/html', 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' } }),
    )
  }

  /** Fills and sends the form of the page that has all of these fields. */
  async submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page> {
    const form = formsOf(page.body).find((candidate) => Object.keys(fields).every((name) => candidate.names.includes(name)))
    assert.ok(form, `no form with ${Object.keys(fields).join(', ')} at ${page.url.href} (${page.status}):\n${page.body.slice(0, 3000)}`)
    return this.#send(page, form, fields)
  }

  /** Sends the form of the page that leads there, with these fields. */
  async press(page: Page, action: RegExp, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const form = formsOf(page.body).find((candidate) => action.test(candidate.action))
    assert.ok(form, `no form to ${action} at ${page.url.href} (${page.status}):\n${page.body.slice(0, 3000)}`)
    const unknown = Object.keys(fields).filter((name) => !form.names.includes(name))
    assert.deepEqual(unknown, [], `the form to ${form.action} has none of these`)
    return this.#send(page, form, fields)
  }

  async #send(page: Page, form: Form, fields: Readonly<Record<string, string>>): Promise<Page> {
    const body = new URLSearchParams({ ...form.hidden, ...fields }).toString()
    const url = new URL(form.action, page.url)
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'text/html',
      origin: page.url.origin,
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'navigate',
    }
    return this.#follow(await this.request(url, { method: 'POST', headers, body }))
  }

  async #follow(first: Page): Promise<Page> {
    let page = first
    for (let hop = 0; hop < 20; hop += 1) {
      const target = page.headers.location ?? /<meta[^>]*http-equiv="refresh"[^>]*content="0;\s*url=([^"]+)"/i.exec(page.body)?.[1]
      if (target === undefined || (page.status !== 200 && (page.status < 300 || page.status > 399))) return page
      const headers = { accept: 'text/html', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' }
      page = await this.request(new URL(unescapeHtml(target), page.url), { headers })
    }
    return page
  }
}
