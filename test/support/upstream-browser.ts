// A browser that signs in with another provider on the way to the app: keeps cookies, and goes where it is sent.
import assert from 'node:assert/strict'
import type { AccountsWorld, Visited } from './accounts.ts'
import type { Upstream } from './upstream.ts'

export const locationOf = ({ headers }: Visited): string => String(headers?.['location'])

export interface Travelled {
  /** What the answer of the provider leads to. */
  readonly back: Visited
  readonly callback: string
  readonly asked: URLSearchParams
}

export class TravellingBrowser {
  readonly jar = new Map<string, string>()
  readonly #world: Pick<AccountsWorld, 'visit'>

  constructor(world: Pick<AccountsWorld, 'visit'>) {
    this.#world = world
  }

  async visit(path: string, form?: Readonly<Record<string, string>>): Promise<Visited> {
    const visited = await this.#world.visit({ path, cookies: Object.fromEntries(this.jar), ...(form === undefined ? {} : { form }) })
    for (const cookie of visited.cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/Max-Age=0/.test(cookie)) this.jar.delete(name)
      else this.jar.set(name, value)
    }
    return visited
  }

  /** From the sign-in page `u1` to the provider and back to our callback. */
  async travelTo(id: string, at: Upstream): Promise<Travelled> {
    const away = await this.visit(`/interaction/u1/upstream/${id}`)
    assert.equal(away.status, 303, away.text)
    const { location, asked } = at.visit(locationOf(away))
    const callback = `${location.pathname}${location.search}`
    const on = await this.visit(callback)
    return { back: on.status === 303 ? await this.visit(locationOf(on)) : on, callback, asked }
  }
}
