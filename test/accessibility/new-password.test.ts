// The hint at a new password in a real browser: said in words, to who listens too, in the language of the page; asked of nobody; and not in the way without
// scripts.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { PASSWORD, signIn, signUp } from '../support/person.ts'

const VIOLATIONS = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id }) => id))"
const PICTURES = process.env['NINEFOLD_TEST_PICTURES']

describe('a new password', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let browser: Browser

  before(async () => {
    platform = await startPlatform()
    browser = await launchBrowser()
  })
  after(async () => {
    await browser?.close()
    await platform?.stop({ remove: true })
  })

  async function opened(options: { locale?: string; javaScriptEnabled?: boolean } = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en', ...options })
    await context.addInitScript({ content: axe.source })
    const page = await context.newPage()
    await page.goto(`${platform.origin('accounts')}/sign-up`)
    return page
  }

  test('is judged in words while it is typed, by what stands in the form, and nothing leaves the browser', async () => {
    const page = await opened()
    const complaints: string[] = []
    page.on('console', (message) => void complaints.push(message.text()))
    page.on('pageerror', (error) => void complaints.push(error.message))
    await page.waitForLoadState('networkidle')
    const asked: string[] = []
    page.on('request', (request) => void asked.push(request.url()))
    const said = page.getByRole('status')
    const password = page.getByLabel('Password')
    const after = async (typed: string, words: string): Promise<void> => {
      await password.fill('')
      await password.pressSequentially(typed)
      await said.filter({ hasText: words }).waitFor()
      if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/strength-${typed.length}.png`, fullPage: true })
    }
    await page.getByLabel('Name').fill('Ada Lovelace')
    assert.equal(await said.isVisible(), false)
    await after('kT7%', 'Easily guessed. It is too short.')
    await after('Sommer2026!', 'It has a word in it that many people take.')
    await after('Lovelace77', 'It has your name, your address or ours in it.')
    await after('kuchen treppe', 'Hard to guess.')
    await after(PASSWORD, 'Very hard to guess.')
    assert.equal(await page.locator('.strength').getAttribute('data-level'), '4')
    assert.deepEqual(await page.evaluate<string[]>(VIOLATIONS), [])
    await password.fill('')
    assert.equal(await said.isVisible(), false)
    assert.deepEqual(asked, [])
    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('is judged in the language of the page, and a weak one is no obstacle', async () => {
    const page = await opened({ locale: 'de' })
    await page.getByLabel('Name').fill('Ada')
    await page.getByLabel('E-Mail').fill('weak@example.test')
    await page.getByLabel('Passwort').pressSequentially('kartoffel')
    await page.getByRole('status').filter({ hasText: 'rraten' }).waitFor()
    await page.getByRole('button', { name: 'Konto anlegen' }).click()
    await page.waitForURL(/check-mail/)
    await page.context().close()
  })

  test('that was refused is not said to be so any more once another is typed', async () => {
    const page = await opened()
    await page.getByLabel('Name').fill('Ada')
    await page.getByLabel('Email').fill('refused@example.test')
    const password = page.getByLabel('Password')
    await password.fill('password123')
    await page.getByRole('button', { name: 'Create account' }).click()
    const refusal = page.getByText('This is one of the passwords that everybody tries first.')
    await refusal.waitFor()
    assert.deepEqual(
      [await password.getAttribute('aria-invalid'), await password.getAttribute('aria-describedby')],
      ['true', 'password-hint password-problem'],
    )
    await password.pressSequentially('kuchen treppe nebel')
    await page.getByRole('status').filter({ hasText: 'Very hard to guess.' }).waitFor()
    assert.equal(await refusal.count(), 0)
    assert.deepEqual(
      [await password.getAttribute('aria-invalid'), await password.getAttribute('aria-describedby')],
      [null, 'password-hint'],
    )
    assert.deepEqual(await page.evaluate<string[]>(VIOLATIONS), [])
    await page.context().close()
  })

  test('has its hint in words without scripts, and no empty meter', async () => {
    const page = await opened({ javaScriptEnabled: false })
    assert.equal(await page.locator('.bars').isVisible(), false)
    assert.ok(await page.getByText('At least 8 characters.').isVisible())
    await page.context().close()
  })

  test('is judged where it is changed, too, by the address of the account', async () => {
    const ada = await signUp(platform, 'grace.hopper@example.test')
    await signIn(platform, ada)
    const page = await opened()
    await page.goto(`${platform.origin('accounts')}/account`)
    await page.getByLabel('Email').fill(ada.email)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByLabel('New password').pressSequentially('grace.hopper1')
    await page.getByRole('status').filter({ hasText: 'It has your name, your address or ours in it.' }).waitFor()
    assert.deepEqual(await page.evaluate<string[]>(VIOLATIONS), [])
    await page.context().close()
  })
})
