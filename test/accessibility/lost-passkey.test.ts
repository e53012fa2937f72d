// The way back in where there are passkeys alone, in a real browser: what axe finds on its pages is nothing, and the form that the script fills makes a
// passkey. The other pages are looked at in pages.test.ts, where there are passwords and so none of these.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import { type AccountsWorld, call, justDone, openAccounts, tokenIn, type Visit } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { type Shown, showStage } from './shown.ts'

const EMAIL = 'a-person-with-a-long-address@some.department.example.org'
const FIRST = 'never-proved@example.org'
const here = { '__Host-Http-here': 'x'.repeat(43) }
const AXE =
  "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))"
const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

describe('the pages for who has lost every passkey', { skip: withoutChromium }, () => {
  let world: AccountsWorld
  let browser: Browser
  let shown: Shown
  let token: string
  /** Of somebody whose address nobody has proved before. */
  let first: string

  before(async () => {
    world = await openAccounts({ definition: { methods: { password: false } } })
    world.engine.current = SIGN_IN
    await world.running.moving.moveIn(call, [{ email: EMAIL, emailVerified: true }, { email: FIRST }], { from: 'elsewhere' })
    const asked = async (email: string): Promise<string> => {
      await world.visit({ path: '/lost-passkey', form: { email } })
      return tokenIn(await world.mailTo(email))
    }
    token = await asked(EMAIL)
    first = await asked(FIRST)
    browser = await launchBrowser()
    shown = await showStage({ world }, browser)
    await shown.context.addInitScript({ content: axe.source })
  })
  after(async () => {
    await browser?.close()
    await world?.stop()
  })

  const make = (): Visit => ({ path: `/new-passkey?token=${token}`, cookies: here })

  test('axe finds nothing, and nothing stands out at the side', async () => {
    const visits: readonly Visit[] = [
      { path: '/interaction/u1', cookies: here },
      { path: '/lost-passkey' },
      { path: '/lost-passkey', form: { email: 'x' } },
      justDone(world, { path: '/lost-passkey/sent' }),
      make(),
      { path: `/new-passkey?token=${first}`, cookies: here },
      { path: '/new-passkey', form: { token, answer: '{}' }, cookies: here },
      { path: '/new-passkey?token=none' },
      justDone(world, { path: '/new-passkey/done' }),
    ]
    await shown.page.setViewportSize({ width: 320, height: 640 })
    for (const language of ['en', 'de'])
      for (const visit of visits) {
        await shown.open(visit, language)
        assert.ok([200, 410, 422].includes(shown.status()), `${visit.path} ${shown.status()}`)
        const found = [await shown.page.evaluate<unknown>(AXE), await shown.page.evaluate<unknown>(SIDEWAYS)]
        assert.deepEqual(found, [[], 0], `${visit.path} in ${language}`)
      }
  })

  test('the device makes the passkey that the form sends', async () => {
    const { page } = shown
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('WebAuthn.enable', { enableUI: false })
    const about = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true } as const
    await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { ...about, isUserVerified: true, automaticPresenceSimulation: true } })
    await shown.open(make(), 'en')
    await page.getByLabel('Remove all my earlier passkeys').check()
    const { to, form } = await shown.left(() => page.getByRole('button', { name: 'Create passkey' }).click())
    assert.equal(to, 'POST /new-passkey')
    assert.equal(form['alone'], 'yes')
    const { csrf_token: _csrf, ...sent } = form
    const done = await world.visit({ path: '/new-passkey', form: sent, cookies: here })
    assert.equal(done.headers?.['location'], '/new-passkey/done', done.text)
  })
})
