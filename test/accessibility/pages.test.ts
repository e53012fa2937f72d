// What axe, the accessibility checker, finds on the pages of the accounts origin in a real browser: nothing, in either language, light and dark, on a phone
// and on a desktop. On each page the Tab key leads to everything, in order and in sight. The list of pages is that of the routes, so a new page without a
// state in states.ts fails.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { ACTS } from './acts.ts'
import { type Keys, keysOn } from './keys.ts'
import { type Shown, showStage } from './shown.ts'
import { SHOWN_BY_OTHERS } from './shown-by-others.ts'
import { openStage, type Stage } from './states.ts'

const PHONE = { width: 320, height: 640 }
const DESKTOP = { width: 1280, height: 900 }
/** Everything with everything. */
/** Each of some hundred is opened, looked at by axe and gone through by keys: minutes, beside other tests. */
const MANY_PAGES_MS = 400_000
const WHOLE = process.env['NINEFOLD_TEST_WHOLE_LOOK'] === '1'
const PICTURES = process.env['NINEFOLD_TEST_PICTURES']

interface Finding {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

const AXE = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)"
/** Labels lead to the first that has the id. */
const SAME_IDS = "[...document.querySelectorAll('[id]')].map(({ id }) => id).filter((id, at, all) => all.indexOf(id) < at)"
const UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true })"
const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

describe('the pages of the accounts origin', { skip: withoutChromium }, () => {
  let stage: Stage
  let browser: Browser
  let shown: Shown
  let page: Page
  let keys: Keys
  let looked = 0
  const walked = new Set<string>()

  before(async () => {
    stage = await openStage()
    browser = await launchBrowser()
    shown = await showStage(stage, browser)
    page = shown.page
    keys = keysOn(page)
    await shown.context.addInitScript({ content: axe.source })
  })

  after(async () => {
    await browser?.close()
    await stage?.stop()
  })

  /** Everything that axe finds, and whether anything stands out at the side. */
  async function findings(withAxe: boolean): Promise<string[]> {
    const found = withAxe ? await page.evaluate<readonly Finding[]>(AXE) : []
    const said = found.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)} ${node.failureSummary ?? ''}`),
    )
    said.push(...(await page.evaluate<string[]>(SAME_IDS)).map((id) => `two elements have the id ${id}`))
    const sideways = await page.evaluate<number>(SIDEWAYS)
    return sideways > 0 ? [...said, `${sideways} pixels stand out at the side`] : said
  }

  /**
   * On a phone and on a desktop, in one of the schemes each. axe, which is slow, looks at one of the two: at the other one in the other language, so that each
   * page is seen in both sizes and both schemes.
   */
  async function look(name: string, language: string): Promise<string[]> {
    const isEven = (looked += 1) % 2 === 0
    const [large, small] = language === 'en' ? (['light', 'dark'] as const) : (['dark', 'light'] as const)
    const found: string[] = []
    for (const [size, colorScheme] of [
      [DESKTOP, large],
      [PHONE, small],
    ] as const) {
      await page.setViewportSize(size)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const where = `${name} [${language}, ${colorScheme}, ${size.width} px]`
      if (PICTURES !== undefined)
        await page.screenshot({ path: `${PICTURES}/${where.replaceAll(/[^a-z0-9]+/gi, '-')}.png`, fullPage: true })
      const isTurn = WHOLE || (size === DESKTOP) === ((language === 'en') === isEven)
      found.push(...(await findings(isTurn)).map((words) => `${where}: ${words}`))
    }
    return found
  }

  /** What the Tab key does not do as it should, on a phone, with everything unfolded. A page that has what one before it had is as that one. */
  async function astray(name: string): Promise<string[]> {
    await page.evaluate(UNFOLD)
    const controls = (await keys.controls()).join('\n')
    if (walked.has(controls)) return []
    walked.add(controls)
    return keys.walk().then(
      () => [],
      (error: unknown) => [`${name}: ${String(error)}`],
    )
  }

  test('each have a state here, by the inventory of routes', () => {
    const pages = stage.world.routes.flatMap((route) =>
      route.kind === 'handled' && Object.values(route.answers).includes('html') ? [`${route.method} ${route.path}`] : [],
    )
    const seen = new Set(stage.states.map(({ name }) => name.split(',')[0]))
    assert.ok(pages.length > 30)
    assert.deepEqual(
      pages.filter((route) => !seen.has(route) && SHOWN_BY_OTHERS[route] === undefined),
      [],
    )
    assert.deepEqual(
      [...seen, ...Object.keys(SHOWN_BY_OTHERS)].filter((route) => route === undefined || !pages.includes(route)),
      [],
      'states of routes that are no more',
    )
  })

  for (const language of ['en', 'de']) {
    const withKeys = language === 'en'
    test(`have nothing that axe finds, in ${language}${withKeys ? ', and nothing that the Tab key does not reach' : ''}`, {
      timeout: MANY_PAGES_MS,
    }, async () => {
      const found: string[] = []
      looked = 0
      for (const { name, ask } of stage.states) {
        await shown.open(await ask(), language)
        const status = shown.status()
        if (status === 303 || status === 500) found.push(`${name} shows no page: ${status} ${await page.innerText('body')}`)
        else {
          assert.equal(await page.getAttribute('html', 'lang'), language, name)
          found.push(...(await look(name, language)), ...(withKeys ? await astray(name) : []))
        }
      }
      for (const { name, page: made } of stage.enginePages) {
        await shown.open(made(language), language)
        found.push(...(await look(name, language)), ...(withKeys ? await astray(name) : []))
      }
      assert.deepEqual(found, [])
    })
  }

  for (const { on, by, ...then } of ACTS) {
    const ways = by.map(([words, key]) => `${key} at ${words}`)
    test(`do by keys what they are for: ${on}: ${ways.join(', ')}`, async () => {
      const state = stage.states.find(({ name }) => name === on)
      const made = stage.enginePages.find(({ name }) => name === on)
      await shown.open((await state?.ask()) ?? made?.page('en') ?? assert.fail(`there is no ${on}`), 'en')
      const act = async (): Promise<void> => {
        for (const [words, key] of by) await (key === 'Enter' || key === 'Space' ? keys.press(words, key) : keys.type(words, key))
      }
      if ('says' in then) {
        await act()
        await page.getByRole('alert').filter({ hasText: then.says }).waitFor()
        return
      }
      const { to, form } = await shown.left(act)
      const named = Object.keys(then.form ?? {})
      assert.equal(to, then.to)
      assert.deepEqual(Object.fromEntries(named.map((name) => [name, form[name]])), then.form ?? {})
    })
  }

  test('are begun at their content by who skips what comes before it', async () => {
    const state = stage.states.find(({ name }) => name === 'GET /account')
    await shown.open((await state?.ask()) ?? '', 'en')
    await keys.press('Skip to the content')
    await page.keyboard.press('Tab')
    assert.equal(await keys.at(), 'You')
  })
})
