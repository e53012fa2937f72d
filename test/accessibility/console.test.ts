// What axe finds on the pages of operators: nothing, light and dark, on a phone and on a desktop.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'

const PICTURES = process.env['NINEFOLD_TEST_PICTURES']
const AXE =
  "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`)))"

describe('the console', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let browser: Browser
  let page: Page

  before(async () => {
    platform = await startPlatform()
    browser = await launchBrowser()
    const context = await browser.newContext({ reducedMotion: 'reduce' })
    await context.addInitScript({ content: axe.source })
    page = await context.newPage()
  })
  after(async () => {
    await browser?.close()
    await platform?.stop({ remove: true })
  })

  async function look(name: string): Promise<void> {
    const found: string[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 900 })
        const where = `${name} [${colorScheme}, ${width} px]`
        if (PICTURES !== undefined)
          await page.screenshot({ path: `${PICTURES}/console-${where.replaceAll(/[^a-z0-9]+/g, '-')}.png`, fullPage: true })
        found.push(...(await page.evaluate<string[]>(AXE)).map((words) => `${where}: ${words}`))
      }
    }
    assert.deepEqual(found, [])
  }

  test('has nothing that axe finds: signed out, at its door, and with figures, an answer of each kind and a question', async () => {
    await page.goto(platform.origin('console'))
    await page.getByText('ninefold admin link').waitFor()
    await look('signed out')
    await page.goto(platform.consoleLink)
    await look('the door')
    await page.getByRole('button').click()
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
    await page.getByRole('rowheader', { name: 'monitoring.purge' }).waitFor()
    for (const path of ['/nothing', '/api/nothing', '/account']) await platform.send('accounts', { path })
    const log = page.getByRole('region', { name: 'Requests' })
    for (const mood of ['good', 'warn', 'soft']) await log.locator(`.status.${mood}`).first().waitFor()
    const people = page.getByRole('region', { name: 'People' })
    await people.getByLabel('Email address').fill('nobody-at-all@example.test')
    await people.getByRole('button', { name: 'Let in again' }).click()
    await people.getByRole('status').filter({ hasText: 'Nobody has this address' }).waitFor()
    await look('answered')
    await people.getByLabel('Email address').fill('nobody-at-all@example.test')
    await people.getByRole('button', { name: 'Block', exact: true }).click()
    await people.getByRole('button', { name: 'Cancel' }).waitFor()
    await look('asking')
  })
})
