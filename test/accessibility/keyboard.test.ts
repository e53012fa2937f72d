// The whole way without a mouse: sign up, confirm, sign in, allow a third party, look after the account.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { mailedLink, PASSWORD } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { type PrintShop, startPrintShop } from '../support/print-shop.ts'
import { type Keys, keysOn } from './keys.ts'

const EMAIL = 'keys@example.com'

describe('without a mouse', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let shop: PrintShop
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let keys: Keys

  before(async () => {
    platform = await startPlatform()
    shop = await startPrintShop(platform)
    browser = await launchBrowser()
    context = await browser.newContext({ viewport: { width: 390, height: 844 } })
    context.setDefaultTimeout(30_000)
    page = await context.newPage()
    keys = keysOn(page)
  })

  after(async () => {
    await browser?.close()
    await shop?.stop()
    await platform?.stop({ remove: true })
  })

  test('a person signs up, confirms and signs in', async () => {
    await page.goto(`${platform.origin('diary')}/session/sign-in?return_to=/`)
    const stops = await keys.walk()
    assert.equal(stops.indexOf('Email address') + 1, stops.indexOf('Password'))
    assert.ok(stops.includes('Skip to the content'))
    await keys.press('Create an account')
    await page.getByRole('heading', { name: 'Create an account' }).waitFor()
    await keys.walk()
    await keys.type('Your name', 'Keys')
    await keys.type('Email address', EMAIL)
    await keys.type('Password', 'short')
    await page.keyboard.press('Enter')
    await page.getByText('Use at least 8 characters.').waitFor()
    assert.equal(await keys.at(), 'Password', 'the field that is to be mended has the focus')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
    await page.goto(await mailedLink(platform, EMAIL, /https?:\/\/\S+\/confirm\?token=[\w-]+/))
    await keys.press('Yes, confirm my address')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await keys.type('Email address', EMAIL)
    await keys.type('Password', PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /diary$/ }).waitFor()
  })

  test('a person lets a third party in', async () => {
    await page.goto(shop.origin)
    await keys.press(/sign in/i)
    await page.getByRole('heading', { name: 'Allow Print Shop?' }).waitFor()
    const stops = await keys.walk()
    assert.ok(stops.indexOf('Allow') < stops.indexOf('Do not allow'))
    await keys.press('Allow')
    await page.waitForURL(`${shop.origin}/**`)
  })

  test('a person looks after the account, in German', async () => {
    await page.goto(`${platform.origin('accounts')}/account`)
    await keys.press('Deutsch')
    await page.getByRole('heading', { name: 'Hallo, Keys' }).waitFor()
    const stops = await keys.walk()
    assert.ok(stops.indexOf('Zum Inhalt springen') < stops.indexOf('Abmelden'))
    await keys.press('Zugriff beenden f\u00fcr Print Shop')
    await page.getByText('Die App hat keinen Zugriff mehr.').waitFor()
    await keys.press('Abmelden')
    await page.getByRole('heading', { name: 'Sie sind abgemeldet' }).waitFor()
    await keys.walk()
  })
})
