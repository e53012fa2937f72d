// What a person does whose device has no keyboard: types its code at the page for that, signs in, allows.
import assert from 'node:assert/strict'
import { Browser, type OauthWorld, type Reply } from './oauth.ts'

export const xsrfIn = (page: Reply): string => /name="xsrf" value="([0-9a-f]*)"/.exec(page.body)?.[1] ?? ''

export async function typeCode(browser: Browser, code: string, more: Readonly<Record<string, string>> = {}): Promise<Reply> {
  const page = await browser.visit({ path: '/device' })
  return await browser.visit({ path: '/device', form: { xsrf: xsrfIn(page), user_code: code, ...more } })
}

export interface Connecting {
  readonly code: string
  readonly account: string
  readonly clientId: string
  /** What the page says of the device. */
  readonly shows: RegExp
}

/** Types the code, says yes, signs in, allows; ends with the page that says so. */
export async function connectDevice(world: Pick<OauthWorld, 'port' | 'sites'>, device: Connecting): Promise<Reply> {
  const { code, account, clientId, shows } = device
  const browser = new Browser(world)
  let reply = await typeCode(browser, code)
  assert.match(reply.body, shows)
  reply = await browser.visit({ path: '/device', form: { xsrf: xsrfIn(reply), user_code: code, confirm: 'yes' } })
  for (let hop = 0; hop < 10 && typeof reply.headers['location'] === 'string'; hop += 1) {
    const { pathname, search } = new URL(reply.headers['location'], world.sites.accounts)
    if (!pathname.startsWith('/interaction/')) reply = await browser.visit({ path: pathname + search })
    else {
      const { prompt, client } = JSON.parse((await browser.visit({ path: pathname })).body)
      assert.equal(client.host, clientId)
      const answer = prompt === 'login' ? `sign-in?account=${account}` : 'consent?approved=yes'
      reply = await browser.visit({ method: 'POST', path: `${pathname}/${answer}` })
    }
  }
  assert.match(reply.body, /connected/)
  return reply
}
