// What is done in one tab is seen in the others, on the page of another origin too, and after the server was away.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { startEvilSite } from '../support/evil-site.ts'
import { PASSWORD, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'

const EMAIL = 'ada@example.com'
const sample = (name: string): string => fileURLToPath(new URL(`../../examples/pixel-diary/sample/${name}`, import.meta.url))

/** Opens a socket to the diary from wherever the page is, and says how that ended. */
const socketTo = (url: string): string =>
  `new Promise((done) => { const socket = new WebSocket('${url}'); socket.onopen = () => done('open'); socket.onerror = () => done('failed'); setTimeout(() => done('nothing'), 5000) })`

describe('realtime', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let browser: Browser
  let context: BrowserContext
  let one: Page
  let two: Page
  const problems: string[] = []

  before(async () => {
    platform = await startPlatform()
    await signUp(platform, EMAIL)
    browser = await launchBrowser()
    context = await browser.newContext()
    context.setDefaultTimeout(30_000)
    context.on('weberror', (error) => problems.push(String(error.error())))
    context.on('console', (message) => {
      if (/Content Security Policy|Trusted ?Type/i.test(message.text())) problems.push(message.text())
    })
    one = await context.newPage()
    await one.goto(platform.origin('diary'))
    await one.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
    await one.getByLabel('Email address').fill(EMAIL)
    await one.getByLabel('Password').fill(PASSWORD)
    await one.getByRole('button', { name: 'Sign in' }).click()
    await one.getByRole('heading', { name: /diary$/ }).waitFor()
    two = await context.newPage()
    await two.goto(platform.origin('diary'))
    await two.getByText('No photos yet').waitFor()
  })

  after(async () => {
    await browser?.close()
    await platform?.stop({ remove: true })
  })

  test('a photo that is added in one tab appears in the other, and so do its changes', async () => {
    await one.locator('input[type=file]').setInputFiles(sample('evening-sea.jpg'))
    await two.getByText('1 photo', { exact: true }).waitFor()
    await two.locator('.card img').first().waitFor()
    const card = two.locator('.card').first()
    await card.getByRole('button', { name: /Edit caption/ }).click()
    await card.getByLabel('Caption', { exact: true }).fill('Last light')
    await card.getByRole('button', { name: 'Save' }).click()
    await one.getByText('Last light').first().waitFor()
    assert.equal(await one.locator('.card').count(), 1, 'the page that added it shows it once')
  })

  test('the gallery on another origin hangs it up as well, with its token in memory', async () => {
    const gallery = await context.newPage()
    const handshakes: string[] = []
    gallery.on('websocket', (socket) => handshakes.push(socket.url()))
    await gallery.goto(platform.origin('gallery'))
    await gallery
      .getByRole('button', { name: /Sign in/ })
      .first()
      .click()
    await gallery.getByText('1 on show tonight.').waitFor()
    await one.locator('input[type=file]').setInputFiles(sample('apple-meadow.jpg'))
    await gallery.getByText('2 on show tonight.').waitFor()
    assert.ok(
      handshakes.length > 0 && handshakes.every((url) => url === `ws://diary.localhost:${platform.port}/api/realtime`),
      String(handshakes),
    )
    await gallery.close()
  })

  test('a deletion in one tab is seen in the other', async () => {
    await two.getByText('2 photos').waitFor()
    await one
      .locator('.card')
      .first()
      .getByRole('button', { name: /^Delete/ })
      .click()
    await one.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await two.getByText('1 photo', { exact: true }).waitFor()
  })

  test('the tabs come back by themselves after the server was away', async () => {
    const { dataDir, port } = platform
    await platform.stop()
    platform = await startPlatform({ dataDir, port })
    await one.locator('input[type=file]').setInputFiles(sample('rain-and-tea.jpg'))
    await one.getByText('2 photos').waitFor()
    await two.getByText('2 photos').waitFor({ timeout: 40_000 })
  })

  test('a page of another site cannot open a socket in the name of its visitor', async () => {
    const evil = await startEvilSite()
    try {
      const page = await context.newPage()
      const url = `ws://diary.localhost:${platform.port}/api/realtime`
      await page.goto(evil.page('evil'))
      assert.equal(await page.evaluate(socketTo(url)), 'failed')
      assert.equal(await one.evaluate(socketTo(url)), 'open')
      // Not even to another address of the platform: the policy names one.
      assert.match(
        await one.evaluate<string>(`${socketTo(`ws://accounts.localhost:${platform.port}/`)}.catch(String)`),
        /failed|SecurityError/,
      )
      problems.splice(0, problems.length, ...problems.filter((problem) => !problem.includes('ws://accounts.localhost')))
      await page.close()
    } finally {
      await evil.stop()
    }
  })

  test('signing out in one tab ends what the other one follows', async () => {
    await one.getByRole('button', { name: 'Sign out' }).click()
    await two.getByRole('link', { name: 'Create account' }).waitFor()
  })

  test('no page broke its content security policy or threw', () => {
    assert.deepEqual(problems, [])
  })
})
