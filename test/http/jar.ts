// A browser's cookies: a jar that knows paths, as far as the tests of the gateway need them.

export class Jar {
  #cookies = new Map<string, { value: string; path: string }>()
  take<Answer extends { readonly cookies: readonly string[] }>(answered: Answer): Answer {
    for (const line of answered.cookies) {
      const [pair = '', ...attributes] = line.split('; ')
      const name = pair.slice(0, pair.indexOf('='))
      const path = attributes.find((attribute) => attribute.startsWith('Path='))?.slice(5) ?? '/'
      if (attributes.includes('Max-Age=0')) this.#cookies.delete(name)
      else this.#cookies.set(name, { value: pair.slice(pair.indexOf('=') + 1), path })
    }
    return answered
  }
  get(name: string): string | undefined {
    return this.#cookies.get(name)?.value
  }
  delete(name: string): void {
    this.#cookies.delete(name)
  }
  header(path: string): Record<string, string> {
    const sent = [...this.#cookies].filter(
      ([, cookie]) =>
        cookie.path === '/' || path === cookie.path || path.startsWith(`${cookie.path}/`) || path.startsWith(`${cookie.path}?`),
    )
    return sent.length === 0 ? {} : { cookie: sent.map(([name, { value }]) => `${name}=${value}`).join('; ') }
  }
  copy(): Jar {
    const other = new Jar()
    other.#cookies = new Map(this.#cookies)
    return other
  }
}
