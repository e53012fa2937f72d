// The story of the README in a real browser: a person, a third party, a page of another origin, an operator.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { mailedLink, PASSWORD, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { type PrintShop, startPrintShop } from '../support/print-shop.ts'
import { until } from '../support/until.ts'

const EMAIL = 'ada@example.com'
const sample = (name: string): string => fileURLToPath(new URL(`../../examples/pixel-diary/sample/${name}`, import.meta.url))

// Code for the page is text: these tests are checked without the types of a browser.
const COOKIES = 'document.cookie'
const STORED = `(async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length].join())()`
const allShown = (selector: string): string =>
  `(() => { const all = [...document.querySelectorAll('${selector}')]; return all.length > 0 && all.every((image) => image.complete && image.naturalWidth > 0) })()`

/** Web storage and IndexedDB of the page: nothing may ever be in there. */
async function assertNothingStored(page: Page): Promise<void> {
  assert.equal(await page.evaluate<string>(STORED), '0,0,0')
}

/** A private photo of another person. */
async function photoOfBob(platform: PlatformProcess): Promise<string> {
  const bob = await signUp(platform, 'bob@example.com')
  await signIn(platform, bob)
  const { csrfToken } = await session(platform, bob.visitor)
  const headers = { 'x-csrf-token': csrfToken, 'sec-fetch-site': 'same-origin', origin: platform.origin('diary') }
  const post = async (path: string, type: string, body: string | Uint8Array): Promise<{ id: string }> => {
    const url = new URL(platform.origin('diary') + path)
    const reply = await bob.visitor.request(url, { method: 'POST', headers: { ...headers, 'content-type': type }, body })
    assert.equal(reply.status, 201, reply.body)
    return JSON.parse(reply.body) as { id: string }
  }
  const file = await post('/api/files/photos', 'image/jpeg', await readFile(sample('rain-and-tea.jpg')))
  return (await post('/api/photos', 'application/json', JSON.stringify({ caption: 'mine', image: file.id, visibility: 'private' }))).id
}

describe('the story', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let shop: PrintShop
  let browser: Browser
  let context: BrowserContext
  let diary: Page
  const problems: string[] = []

  before(async () => {
    platform = await startPlatform()
    shop = await startPrintShop(platform)
    browser = await launchBrowser()
    context = await browser.newContext()
    context.setDefaultTimeout(30_000)
    context.on('weberror', (error) => problems.push(String(error.error())))
    context.on('console', (message) => {
      if (/Content Security Policy|Trusted ?Type/i.test(message.text())) problems.push(message.text())
    })
    diary = await context.newPage()
  })

  after(async () => {
    await browser?.close()
    await shop?.stop()
    await platform?.stop({ remove: true })
  })

  test('a person signs up, confirms the address from the mail and signs in', async () => {
    await diary.goto(platform.origin('diary'))
    await diary.getByRole('link', { name: 'Create account' }).click()
    await diary.getByLabel('Your name').fill('Ada')
    await diary.getByLabel('Email address').fill(EMAIL)
    await diary.getByLabel('Password').fill(PASSWORD)
    await diary.getByRole('button', { name: 'Create account' }).click()
    await diary.getByRole('heading', { name: 'Check your mail' }).waitFor()
    await diary.goto(await mailedLink(platform, EMAIL, /https?:\/\/\S+\/confirm\?token=[\w-]+/))
    await diary.getByRole('button', { name: 'Yes, confirm my address' }).click()
    await diary.waitForURL('**/confirmed*')
    await diary.goto(platform.origin('diary'))
    await diary.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
    await diary.waitForURL(`${platform.origin('accounts')}/**`)
    await diary.getByLabel('Email address').fill(EMAIL)
    await diary.getByLabel('Password').fill(PASSWORD)
    await diary.getByRole('button', { name: 'Sign in' }).click()
    await diary.getByRole('heading', { name: /diary$/ }).waitFor()
  })

  test('photos are uploaded, shown, captioned and deleted', async () => {
    await diary.locator('input[type=file]').setInputFiles(['evening-sea.jpg', 'apple-meadow.jpg'].map(sample))
    await diary.getByText('2 photos').waitFor()
    const images = diary.locator('.card img')
    await images.nth(1).waitFor()
    await until('the pictures', () => diary.evaluate<boolean>(allShown('.card img')))
    assert.equal(await images.count(), 2)

    const first = diary.locator('.card').first()
    await first.getByRole('button', { name: /Edit caption/ }).click()
    await first.getByLabel('Caption', { exact: true }).fill('Last light')
    // Quicker than the answer: the second change is made on what the first one leaves.
    await diary.route('**/api/photos/*', async (route) => {
      await delay(500)
      await route.continue()
    })
    await first.getByRole('button', { name: 'Save' }).click()
    await first.getByRole('switch').click()
    await diary.getByText('Now on your public page').waitFor()
    await diary.unroute('**/api/photos/*')
    await first.getByText('Last light').waitFor()

    await diary
      .locator('.card')
      .nth(1)
      .getByRole('button', { name: /^Delete/ })
      .click()
    await diary.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await diary.getByText('1 photo', { exact: true }).waitFor()
    await diary.reload()
    await diary.getByText('Last light').first().waitFor()
    assert.equal(await diary.locator('.card').count(), 1)
    await assertNothingStored(diary)
  })

  test('requirement 63: scripts of the page never see a token', async () => {
    const seen = await diary.evaluate<string>(COOKIES)
    assert.ok(!/access|refresh|eyJ/.test(seen), seen)
    await assertNothingStored(diary)
    const cookies = await context.cookies(platform.origin('diary'))
    const access = cookies.find((cookie) => cookie.name === '__Host-Http-access')
    assert.ok(access?.httpOnly && access.secure && access.sameSite === 'Strict')
    assert.ok(!access.value.startsWith('eyJhbGciOiJFUzI1NiI'), 'the cookie is encrypted')
  })

  test('the public page works without script, and so does its comment form', async () => {
    const path = await diary.getByRole('link', { name: 'Public page' }).getAttribute('href')
    const state = await context.storageState()
    const plain = await browser.newContext({ javaScriptEnabled: false, storageState: state })
    const page = await plain.newPage()
    await page.goto(platform.origin('diary') + path)
    await page.getByText('Last light').first().waitFor()
    await page.getByLabel('Say something kind').fill('What a sea')
    await page.getByRole('button', { name: 'Send comment' }).click()
    await page.locator('.comments').getByText('What a sea').waitFor()
    await plain.close()

    const stranger = await browser.newContext({ javaScriptEnabled: false })
    const visit = await stranger.newPage()
    await visit.goto(platform.origin('diary') + path)
    await visit.getByText('Last light').first().waitFor()
    await visit.getByRole('link', { name: 'Sign in to comment' }).waitFor()
    await stranger.close()
  })

  test('Print Shop signs the person in, shows the photos, and loses access when it is revoked', async () => {
    const page = await context.newPage()
    await shop.signIn(page)
    await page.getByText('Last light').first().waitFor()
    await until('the pictures', () => page.evaluate<boolean>(allShown('main img[src^="blob:"]')))
    await assertNothingStored(page)

    await page.getByRole('button', { name: 'Try to change a caption' }).click()
    await page.getByText('403').waitFor()
    await page.getByText('http.insufficient_scope').waitFor()
    await page.getByLabel(/Id of somebody else/).fill(await photoOfBob(platform))
    await page.getByRole('button', { name: 'Try to see it' }).click()
    await page.getByText('404').waitFor()

    const account = await context.newPage()
    await account.goto(`${platform.origin('accounts')}/account`)
    await account.getByRole('button', { name: 'End access for Print Shop' }).click()
    await account.getByText('No app of anybody else has access').waitFor()
    await shop.expectRefused(page)
    await account.close()
    await page.close()
  })

  test('the gallery holds its token in memory, calls the API cross-origin and survives a reload', async () => {
    const page = await context.newPage()
    const calls: string[] = []
    page.on('request', (request) => {
      if (request.url().startsWith(`${platform.origin('diary')}/api/`) && request.headers()['authorization']?.startsWith('Bearer '))
        calls.push(request.url())
    })
    await page.goto(platform.origin('gallery'))
    await page
      .getByRole('button', { name: /Sign in/ })
      .first()
      .click()
    await page.getByText('Last light').first().waitFor()
    assert.ok(calls.length > 0, 'it called the API with a bearer token')
    await page.reload()
    await page.getByText('Last light').first().waitFor()
    await assertNothingStored(page)
    assert.ok(!(await page.evaluate<string>(COOKIES)).includes('eyJ'))
    await page.close()
  })

  test('an operator opens the console by the one-time link', async () => {
    const operator = await browser.newContext()
    operator.setDefaultTimeout(30_000)
    const page = await operator.newPage()
    await page.goto(platform.consoleLink)
    await page.getByRole('button').first().click()
    await page.waitForURL(`${platform.origin('console')}/`)
    await page
      .getByText(/requests per second/i)
      .first()
      .waitFor()
    await page.getByText('/api/photos').first().waitFor()
    await page
      .getByText(/mail\.send/)
      .first()
      .waitFor()
    assert.ok(!(await page.content()).includes('127.0.0.1'), 'no address of a client is shown')
    const again = await browser.newContext()
    const second = await again.newPage()
    await second.goto(platform.consoleLink)
    await second.getByRole('button').first().click()
    await second.waitForLoadState()
    const status = await second.evaluate<number>("fetch('/api/status').then((answer) => answer.status)")
    assert.equal(status, 401, 'the link works once')
    await again.close()
    await operator.close()
  })

  test('signing out ends the session', async () => {
    await diary.getByRole('button', { name: 'Sign out' }).click()
    await diary.getByRole('link', { name: 'Create account' }).waitFor()
    // The page hears of the end by its live connection too, which may be before the answer that takes the cookie away.
    await until('the cookie is gone', async () => {
      const cookies = await context.cookies(platform.origin('diary'))
      return !cookies.some((cookie) => cookie.name === '__Host-Http-access') || undefined
    })
  })

  test('no page broke its content security policy or threw', () => {
    assert.deepEqual(problems, [])
  })
})
