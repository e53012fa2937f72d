// A browser that signs in with another provider on the way to the app: keeps cookies, and goes where it is sent.
import assert from 'node:assert/strict'
import { type AccountsWorld, type Visited, WENT_ON } from './accounts.ts'
import type { Upstream } from './upstream.ts'

/** What everybody is asked for here. */
export const locationOf = ({ headers }: Visited): string => String(headers?.['location'])
export const isIn = (visited: Visited): boolean => locationOf(visited) === WENT_ON

export interface Travelled {
  /** What the answer of the provider leads to. */
  readonly back: Visited
  readonly callback: string
  readonly asked: URLSearchParams
}

export class TravellingBrowser {
  readonly jar = new Map<string, string>()
  readonly #world: Pick<AccountsWorld, 'visit' | 'log'>

  constructor(world: Pick<AccountsWorld, 'visit' | 'log'>) {
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
    return { back: await this.comeTo(callback), callback, asked }
  }

  async comeTo(callback: string): Promise<Visited> {
    const on = await this.visit(callback)
    return on.status === 303 ? this.visit(locationOf(on)) : on
  }

  /** The same, and then an account is made. */
  async joinFrom(id: string, at: Upstream): Promise<Visited> {
    const { back } = await this.travelTo(id, at)
    const reason = this.#world.log.findLast((line) => line.includes('upstream'))
    assert.equal(locationOf(back), '/interaction/u1/welcome', reason)
    return this.visit('/interaction/u1/welcome', { name: 'Ada' })
  }
}
