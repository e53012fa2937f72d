// The whole way without a mouse: sign up, confirm, sign in, allow a third party, look after the account. Every stop of the Tab key is in the order of the
// page, can be seen, and leads on.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { mailedLink, PASSWORD } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { type PrintShop, startPrintShop } from '../support/print-shop.ts'

const EMAIL = 'keys@example.com'
const MOST_STOPS = 120

interface Stop {
  readonly words: string
  /** Place among all elements of the page; -1 when nothing of it has the focus. */
  readonly place: number
  readonly outline: number
  /** Inside of the window. */
  readonly seen: boolean
}

// Code for the page is text: these tests are checked without the types of a browser.
const STOP = `(() => {
  const at = document.activeElement
  if (at === null || at === document.body) return { words: '', place: -1, outline: 0, seen: true }
  const { outlineStyle, outlineWidth } = getComputedStyle(at)
  const box = at.getBoundingClientRect()
  const label = at.labels?.[0]?.textContent ?? at.getAttribute('aria-label') ?? at.textContent ?? ''
  return {
    words: label.trim().replace(/\\s+/g, ' '),
    place: [...document.querySelectorAll('*')].indexOf(at),
    outline: outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth),
    seen: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0,
  }
})()`

const FOCUSABLE = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
  .filter((one) => one.checkVisibility() && !one.disabled).length`

describe('without a mouse', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let shop: PrintShop
  let browser: Browser
  let context: BrowserContext
  let page: Page

  before(async () => {
    platform = await startPlatform()
    shop = await startPrintShop(platform)
    browser = await launchBrowser()
    context = await browser.newContext({ viewport: { width: 390, height: 844 } })
    context.setDefaultTimeout(30_000)
    page = await context.newPage()
  })

  after(async () => {
    await browser?.close()
    await shop?.stop()
    await platform?.stop({ remove: true })
  })

  async function tab(): Promise<Stop> {
    await page.keyboard.press('Tab')
    return page.evaluate<Stop>(STOP)
  }

  /** Goes on by Tab until the focus is where these words are. */
  async function go(words: string | RegExp): Promise<void> {
    const passed: string[] = []
    for (let count = 0; count < MOST_STOPS; count += 1) {
      const stop = count === 0 ? await page.evaluate<Stop>(STOP) : await tab()
      if (typeof words === 'string' ? stop.words === words : words.test(stop.words)) {
        assert.ok(stop.outline >= 2, `the focus on ${stop.words} can be seen`)
        assert.ok(stop.seen, `${stop.words} is on the screen`)
        return
      }
      passed.push(stop.words)
    }
    assert.fail(`Tab does not lead to ${words}, but to ${passed.join(', ')}`)
  }

  async function type(label: string, text: string): Promise<void> {
    await go(label)
    await page.keyboard.type(text)
  }

  async function press(words: string | RegExp): Promise<void> {
    await go(words)
    await page.keyboard.press('Enter')
  }

  /** Once around: each stop in the order of the page, visible, and none from which Tab does not lead on. */
  async function walk(): Promise<readonly string[]> {
    const stops: Stop[] = []
    let again: string | undefined
    for (let count = 0; count < MOST_STOPS; count += 1) {
      const stop = await tab()
      if (stop.place === -1) continue
      again = stops.find(({ place }) => place === stop.place)?.words
      if (again !== undefined) break
      stops.push(stop)
    }
    assert.equal(again, stops[0]?.words, 'Tab comes around to where it began, through everything')
    assert.deepEqual(
      stops.filter(({ outline }) => outline < 2).map(({ words }) => words),
      [],
      'every focus can be seen',
    )
    assert.deepEqual(
      stops.filter(({ seen }) => !seen).map(({ words }) => words),
      [],
      'every focus is on the screen',
    )
    const places = stops.map(({ place }) => place)
    const first = places.indexOf(Math.min(...places))
    const turned = [...places.slice(first), ...places.slice(0, first)]
    assert.deepEqual(
      turned,
      turned.toSorted((a, b) => a - b),
      'in the order of the page',
    )
    assert.equal(
      stops.length,
      await page.evaluate<number>(FOCUSABLE),
      `nothing is left out of ${stops.map(({ words }) => words).join(', ')}`,
    )
    return stops.toSorted((a, b) => a.place - b.place).map(({ words }) => words)
  }

  test('a person signs up, confirms and signs in', async () => {
    await page.goto(`${platform.origin('diary')}/session/sign-in?return_to=/`)
    const stops = await walk()
    assert.equal(stops.indexOf('Email address') + 1, stops.indexOf('Password'))
    assert.ok(stops.includes('Skip to the content'))
    await press('Create an account')
    await page.getByRole('heading', { name: 'Create an account' }).waitFor()
    await walk()
    await type('Your name', 'Keys')
    await type('Email address', EMAIL)
    await type('Password', 'short')
    await page.keyboard.press('Enter')
    await page.getByText('Use at least 8 characters.').waitFor()
    assert.equal((await page.evaluate<Stop>(STOP)).words, 'Password', 'the field that is to be mended has the focus')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
    await page.goto(await mailedLink(platform, EMAIL, /https?:\/\/\S+\/confirm\?token=[\w-]+/))
    await press('Yes, confirm my address')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await type('Email address', EMAIL)
    await type('Password', PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /diary$/ }).waitFor()
  })

  test('a person lets a third party in', async () => {
    await page.goto(shop.origin)
    await press(/sign in/i)
    await page.getByRole('heading', { name: 'Allow Print Shop?' }).waitFor()
    const stops = await walk()
    assert.ok(stops.indexOf('Allow') < stops.indexOf('Do not allow'))
    await press('Allow')
    await page.waitForURL(`${shop.origin}/**`)
  })

  test('a person looks after the account, in German', async () => {
    await page.goto(`${platform.origin('accounts')}/account`)
    await press('Deutsch')
    await page.getByRole('heading', { name: 'Hallo, Keys' }).waitFor()
    const stops = await walk()
    assert.ok(stops.indexOf('Zum Inhalt springen') < stops.indexOf('Abmelden'))
    await press('Zugriff beenden f\u00fcr Print Shop')
    await page.getByText('Die App hat keinen Zugriff mehr.').waitFor()
    await press('Abmelden')
    await page.getByRole('heading', { name: 'Sie sind abgemeldet' }).waitFor()
    await walk()
  })
})
