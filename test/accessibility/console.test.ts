// What axe finds on the pages of operators: nothing, light and dark, on a phone and on a desktop.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { ninefold } from '../support/command.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'

/** One with organisations, so that there is somebody who alone owns one. */
const CONFIG = 'test/fixtures/organisations/ninefold.config.ts'
const PICTURES = process.env['NINEFOLD_TEST_PICTURES']
const AXE =
  "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`)))"

describe('the console', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let browser: Browser
  let page: Page

  before(async () => {
    platform = await startPlatform({ config: CONFIG })
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

  async function command(...words: readonly string[]): Promise<string> {
    const place = ['--data-dir', platform.dataDir, '--port', String(platform.port), '--log-level', 'error']
    const { code, out, err } = await ninefold([...words, ...place], {
      config: CONFIG,
      environment: scenarioEnvironment(platform.dataDir),
    })
    assert.equal(code, 0, err)
    return out
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

  test('finds people by keys, a page after the other, and tells everybody what was found', async () => {
    const numbers = Array.from({ length: 45 }, (_, index) => String(index + 1).padStart(2, '0'))
    const file = join(platform.dataDir, 'people.ndjson')
    await writeFile(
      file,
      numbers.map((number) => `${JSON.stringify({ email: `person-${number}@example.test`, emailVerified: true })}\n`).join(''),
    )
    await command('users', 'import', file)

    const people = page.getByRole('region', { name: 'People' })
    const field = people.getByLabel('Email address')
    const says = (text: string): Promise<void> => people.getByRole('status').filter({ hasText: text }).waitFor()
    const press = async (name: string): Promise<void> => {
      await people.getByRole('button', { name, exact: true }).focus()
      await page.keyboard.press('Enter')
    }
    const at = (): Promise<string> => page.evaluate<string>("document.activeElement?.textContent ?? ''")
    const rows = people.getByRole('table', { name: 'Found' }).getByRole('rowheader')

    await page.reload()
    await field.fill('nobody-at-all@example.test')
    await press('Let in again')
    await says('Nobody has this address')
    await field.fill('nobody')
    await press('Find')
    await says('Nobody has an address that begins so.')
    await field.fill('person-')
    await press('Find')
    await says('20 found, there are more')
    await look('found')
    await field.fill('bob')
    await press('More')
    await says('40 found, there are more')
    assert.equal(await at(), 'person-21@example.test', 'whoever reads on is where the new ones begin')
    await press('More')
    await says('45 found')
    assert.equal(await people.getByRole('button', { name: 'More', exact: true }).count(), 0)
    assert.equal(await at(), 'person-41@example.test')
    assert.deepEqual(
      await rows.allTextContents(),
      numbers.map((number) => `person-${number}@example.test`),
    )
    await press('person-41@example.test')
    await says('person-41@example.test is shown below.')
    await people.getByRole('heading', { name: 'person-41@example.test' }).waitFor()
    await look('one person')
    for (const told of ['A mail tells of it.', 'no other mail tells of it.']) {
      await field.fill('person-41@example.test')
      await press('Delete')
      await press('Yes, delete after the days of grace person-41@example.test')
      await says(told)
    }
  })

  test('names the organisations that an act leaves without an owner, and those of somebody who is looked at', async () => {
    const chess = (await command('organisations', 'create', 'Chess of the long winters', 'person-01@example.test')).trim()
    await command('organisations', 'set', chess, 'person-02@example.test')
    const people = page.getByRole('region', { name: 'People' })
    const field = people.getByLabel('Email address')
    const says = (text: string): Promise<void> => people.getByRole('status').filter({ hasText: text }).waitFor()
    const press = (name: string): Promise<void> => people.getByRole('button', { name, exact: true }).click()
    const fact = people.locator('dt', { hasText: 'Only owner of' })
    const left = `No owner is left for Chess of the long winters (${chess}):`

    await page.reload()
    await field.fill('person-0')
    await press('Find')
    await press('person-02@example.test')
    await says('person-02@example.test is shown below.')
    assert.equal(await fact.count(), 0)
    await field.fill('person-0')
    await press('Find')
    await press('person-01@example.test')
    await says('person-01@example.test is shown below.')
    assert.equal(await fact.locator('xpath=../dd').textContent(), `Chess of the long winters (${chess})`)
    await field.fill('person-01@example.test')
    await press('Block')
    await press('Yes, block person-01@example.test')
    await says(`${left} members are not told`)
    await look('somebody blocked who alone owned an organisation')
    await field.fill('person-01@example.test')
    await press('Delete')
    await press('Yes, delete after the days of grace person-01@example.test')
    await says(`${left} members are told then`)
    await field.fill('person-01@example.test')
    await press('Delete at once')
    await people.getByLabel('The address once more').fill('person-01@example.test')
    await press('Yes, delete for good person-01@example.test')
    await says(`${left} members are told, and`)
  })
})
