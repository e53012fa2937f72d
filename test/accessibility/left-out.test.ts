// The template of an app leaves out what came after it was written: what stands around it then is found by screen readers, too.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import { templateV1 } from '../fixtures/template-v1.ts'
import { type AccountsWorld, openAccounts, type Visit } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { type Shown, showStage } from './shown.ts'

const PICTURES = process.env['NINEFOLD_TEST_PICTURES']
const AXE =
  "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`)))"
const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

describe('what the template of an app leaves out', { skip: withoutChromium }, () => {
  let world: AccountsWorld
  let browser: Browser
  let shown: Shown
  let accountId: string

  before(async () => {
    world = await openAccounts({ definition: { theme: { template: templateV1 } } })
    accountId = (await world.person({ email: 'ada@example.org' })).accountId
    browser = await launchBrowser()
    shown = await showStage({ world }, browser)
    await shown.context.addInitScript({ content: axe.source })
  })
  after(async () => {
    await browser?.close()
    await world?.stop()
  })

  async function look(name: string, visit: Visit, language = 'en'): Promise<void> {
    await shown.open(visit, language)
    for (const width of [320, 1280]) {
      await shown.page.setViewportSize({ width, height: 900 })
      if (PICTURES !== undefined)
        await shown.page.screenshot({ path: `${PICTURES}/left-out-${name}-${language}-${width}.png`, fullPage: true })
      assert.equal(await shown.page.evaluate<number>(SIDEWAYS), 0, name)
      assert.deepEqual(await shown.page.evaluate<string[]>(AXE), [], name)
    }
  }

  test('a refusal of the sign-in is announced above it, and the way to an account is a landmark of that name below it', async () => {
    world.engine.current = SIGN_IN
    const refused: Visit = { path: '/interaction/u1/sign-in', form: { email: 'ada@example.org', password: 'not the one that it is' } }
    await look('sign-in', refused, 'de')
    await shown.page.getByRole('complementary', { name: 'Konto anlegen' }).getByRole('link').waitFor()
    await look('sign-in', refused)
    await shown.page.getByRole('alert').filter({ hasText: 'That did not work' }).waitFor()
    await shown.page.getByRole('complementary', { name: 'Create an account' }).getByRole('link', { name: 'Create an account' }).waitFor()
  })

  test('a refusal on the account page is announced above it', async () => {
    world.engine.signedInAs = accountId
    const now = world.clock.now()
    world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Chromium on Linux' })
    await look('account', {
      path: '/account/password',
      form: { current: 'not it', password: 'a much better one' },
      cookies: { '__Host-Http-here': 'h'.repeat(43) },
    })
    await shown.page.getByRole('alert').waitFor()
  })
})
