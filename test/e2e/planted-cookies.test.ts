// A host below the own one may set cookies for it (cookie tossing). Whoever holds such a host must not be able to put a person into a session of his
// own making, nor to make our own pages believe his values.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { ask, asked, type WhoIsIn } from '../support/browser-person.ts'
import { type EvilSite, startEvilSite } from '../support/evil-site.ts'
import { type Person, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'

describe('cookies planted by a host below the own one', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let evil: EvilSite
  let browser: Browser
  let mallory: Person

  before(async () => {
    platform = await startPlatform({ environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '100' } })
    evil = await startEvilSite()
    mallory = await signUp(platform, 'mallory@example.com')
    await signIn(platform, mallory)
    browser = await launchBrowser()
  })

  after(async () => {
    await browser?.close()
    await evil?.stop()
    await platform?.stop({ remove: true })
  })

  /** What a script of such a host can do; that the browser let it shows in what the platform would get. */
  async function plant(context: BrowserContext, pair: string, path: string): Promise<void> {
    const page = await context.newPage()
    await page.goto(evil.page('evil.diary'))
    await page.evaluate(`document.cookie = ${JSON.stringify(`${pair}; Domain=diary.localhost; Path=${path}; Secure; SameSite=Lax`)}`)
    await page.close()
  }

  test('sign nobody in to the account of who planted them', async () => {
    const jar = mallory.visitor.jar(new URL(platform.origin('diary')).host)
    const victim = await browser.newContext()
    for (const pair of jar.header().split('; ')) await plant(victim, pair, pair.includes('refresh') ? '/session' : '/')
    const page = await victim.newPage()
    await page.goto(`${platform.origin('diary')}/people/nobody`)
    const who = await asked<WhoIsIn>(page, { path: '/session' })
    assert.equal(who.signedIn, false, JSON.stringify(who))
    const renewed = await ask(page, { path: '/session/refresh', method: 'POST' })
    assert.equal(renewed.status, 401, renewed.body)
    await victim.close()
  })

  test('finish no sign-in that somebody else began', async () => {
    const began = await mallory.visitor.request(new URL(`${platform.origin('diary')}/session/sign-in?return_to=/`))
    const transaction = String(began.headers['set-cookie']?.find((line) => line.includes('sign-in'))).split(';')[0] ?? ''
    let address = new URL(began.headers.location ?? '')
    for (let hop = 0; hop < 5 && !address.pathname.endsWith('/callback'); hop += 1) {
      const { headers } = await mallory.visitor.request(address)
      address = new URL(headers.location ?? '', address)
    }
    assert.match(address.href, /\/session\/callback\?.*code=/)
    const victim = await browser.newContext()
    await plant(victim, transaction, '/session/callback')
    const tab = await victim.newPage()
    await tab.goto(address.href)
    await tab.goto(`${platform.origin('diary')}/people/nobody`)
    const who = await asked<WhoIsIn>(tab, { path: '/session' })
    assert.equal(who.signedIn, false, JSON.stringify(who))
    await victim.close()
  })
})
