// An app adds a language that is written from right to left: its pages are, with whatever is called something in other letters in its place.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import { type Html, type HtmlValue, html } from '#kernel/html.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import type { Interaction } from '../../src/auth/engine.ts'
import { type AccountsWorld, call, openAccounts, type Visit } from '../support/accounts.ts'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { type Shown, showStage } from './shown.ts'

const PICTURES = process.env['NINEFOLD_TEST_PICTURES']
const AXE = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + nodes[0].html))"
const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
const ARABIC = JSON.parse(await readFile(new URL('../fixtures/arabic.json', import.meta.url), 'utf8'))
const NAME = '\u0639\u0645\u0631'

/** `{0}` stands for the first value of a text. */
function said(text: unknown): unknown {
  if (typeof text !== 'string') return Object.fromEntries(Object.entries(Object(text)).map(([name, member]) => [name, said(member)]))
  if (!text.includes('{0}')) return text
  const parts = text.split(/\{\d\}/)
  const order = [...text.matchAll(/\{(\d)\}/g)].map(([, at]) => Number(at))
  return (...values: HtmlValue[]): Html => html`${parts.map((part, at) => [part, values[order[at] ?? -1]])}`
}

const client: Interaction['client'] = {
  clientId: 'print-shop',
  name: 'Print Shop (beta)',
  host: 'localhost:4001',
  redirectOrigin: 'http://localhost:4001',
  firstParty: false,
}

describe('pages in a language that is written from right to left', { skip: withoutChromium }, () => {
  let world: AccountsWorld
  let browser: Browser
  let shown: Shown
  let accountId: string

  before(async () => {
    const arabic = { languageName: '\u0627\u0644\u0639\u0631\u0628\u064a\u0629', locale: 'ar', ...Object(said(ARABIC)) }
    const definition: AuthDefinition = { texts: { ar: arabic } }
    world = await openAccounts({ definition })
    accountId = (await world.person({ email: 'omar@example.org', name: NAME })).accountId
    browser = await launchBrowser()
    shown = await showStage({ world }, browser)
    await shown.context.addInitScript({ content: axe.source })
  })
  after(async () => {
    await browser?.close()
    await world?.stop()
  })

  /** On a desktop and on a phone; axe looks at the former, which has everything. */
  async function look(name: string, visit: Visit): Promise<void> {
    for (const width of [320, 1280]) {
      await shown.page.setViewportSize({ width, height: 900 })
      await shown.open(visit, 'ar')
      if (PICTURES !== undefined) await shown.page.screenshot({ path: `${PICTURES}/rtl-${name}-${width}.png`, fullPage: true })
      assert.equal(await shown.page.evaluate<number>(SIDEWAYS), 0, name)
    }
    assert.deepEqual(await shown.page.evaluate<string[]>(AXE), [], name)
    assert.equal(await shown.page.getAttribute('html', 'dir'), 'rtl')
  }
  const edges = async (selector: string): Promise<{ left: number; right: number }> => {
    const box = (await shown.page.locator(selector).first().boundingBox()) ?? assert.fail(`${selector} is not there`)
    return { left: box.x, right: box.x + box.width }
  }

  test('the sign-in page begins at the right, and addresses are typed from the left', async () => {
    world.engine.current = { uid: 'u1', prompt: 'login', client, scopes: [] }
    await look('sign-in', { path: '/interaction/u1/sign-in', form: { email: 'omar@example.org', password: 'not the one that it is' } })
    const [panel, column] = [await edges('.panel'), await edges('.column')]
    assert.ok(panel.left >= column.right, 'the panel is at the right')
    assert.equal(await shown.page.evaluate<string>("getComputedStyle(document.querySelector('#field-email')).direction"), 'ltr')
    assert.match(await shown.page.innerText('h1'), /^[\u0600-\u06ff ]+$/)
    assert.equal(await shown.page.getAttribute('.languages [lang=en]', 'dir'), 'ltr')
  })

  test('consent says the names of apps in their own direction, within sentences and beside their picture', async () => {
    world.engine.current = { uid: 'u1', prompt: 'consent', client, accountId, scopes: [{ name: 'photos:read', words: 'see your photos' }] }
    await look('consent', { path: '/interaction/u1' })
    assert.match(await shown.page.innerText('h1'), /\u2068Print Shop \(beta\)\u2069/)
    assert.equal(await shown.page.locator('.who bdi').first().innerText(), 'Print Shop (beta)')
    const [letter, name] = [await edges('.who .letter'), await edges('.who .name bdi')]
    assert.ok(letter.left >= name.right, 'the picture comes first')
    const [marker, words] = [await edges('.list'), await edges('.list li')]
    assert.equal(marker.right, words.right)
    assert.equal(await shown.page.evaluate<string>("getComputedStyle(document.querySelector('.list li')).paddingRight"), '30.4px')
  })

  test('the account page greets by name, from the right', async () => {
    const now = world.clock.now()
    world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
    world.engine.signedInAs = accountId
    await look('account', { path: '/account' })
    assert.equal((await world.accounts.find(call, accountId))?.name, NAME)
    const device = '\u2066Firefox on Linux\u2069'
    assert.equal(await shown.page.locator('#sessions strong').innerText(), device, 'what the language lacks stays as it is in English')
    const [contents, sheet] = [await edges('.contents'), await edges('.sheet')]
    assert.ok(contents.left >= sheet.right)
  })
})
