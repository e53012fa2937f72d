// What axe, the accessibility checker, finds on the pages of the accounts origin in a real browser: nothing, in either language, light and dark, on a phone
// and on a desktop. The list of pages is that of the routes, so a new page without a state in states.ts fails.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { ORIGIN, type Visit, type Visited } from '../support/accounts.ts'
import { openStage, SHOWN_BY_OTHERS, type Stage } from './states.ts'

const PHONE = { width: 320, height: 640 }
const DESKTOP = { width: 1280, height: 900 }
/** Everything with everything. */
const WHOLE = process.env['NINEFOLD_TEST_WHOLE_LOOK'] === '1'
const PICTURES = process.env['NINEFOLD_TEST_PICTURES']

interface Finding {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

const isVisited = (answer: unknown): answer is Visited => typeof answer === 'object' && answer !== null && 'answer' in answer

const AXE = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)"
/** Labels lead to the first that has the id. */
const SAME_IDS = "[...document.querySelectorAll('[id]')].map(({ id }) => id).filter((id, at, all) => all.indexOf(id) < at)"
const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

describe('the pages of the accounts origin', { skip: withoutChromium }, () => {
  let stage: Stage
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let asked: Visit | string = ''
  let status = 0
  let looked = 0

  before(async () => {
    stage = await openStage()
    browser = await launchBrowser()
    context = await browser.newContext()
    context.setDefaultTimeout(30_000)
    await context.addInitScript({ content: axe.source })
    // The pages of the inventory, without a network: what the browser navigates to is what the state asks for.
    await context.route(`${ORIGIN}/**`, async (route) => {
      const request = route.request()
      if (request.isNavigationRequest() && typeof asked === 'string')
        return route.fulfill({ contentType: 'text/html; charset=utf-8', body: asked })
      const wanted = request.isNavigationRequest() && typeof asked === 'object' ? asked : { path: new URL(request.url()).pathname }
      const answer = await stage.world.visit(wanted).catch((error: unknown) => error)
      if (answer instanceof Error || !isVisited(answer)) {
        status = 500
        return route.fulfill({ status: 500, contentType: 'text/plain', body: String(answer) })
      }
      if (request.isNavigationRequest()) status = answer.status
      const { body } = answer.answer
      const contentType = body !== undefined && 'bytes' in body ? body.type : 'text/html; charset=utf-8'
      return route.fulfill({ status: answer.status, contentType, body: answer.text })
    })
    page = await context.newPage()
  })

  after(async () => {
    await browser?.close()
    await stage?.stop()
  })

  async function open(visit: Visit | string, language: string): Promise<void> {
    const cookies = { ...(typeof visit === 'string' ? {} : visit.cookies), '__Host-Http-language': language }
    asked = typeof visit === 'string' ? visit : { ...visit, cookies }
    await page.goto(`${ORIGIN}/page`, { waitUntil: 'load' })
  }

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

  test('each have a state here, by the inventory of routes', () => {
    const shown = stage.world.routes.flatMap((route) =>
      route.kind === 'handled' && Object.values(route.answers).includes('html') ? [`${route.method} ${route.path}`] : [],
    )
    const seen = new Set(stage.states.map(({ name }) => name.split(',')[0]))
    assert.ok(shown.length > 30)
    assert.deepEqual(
      shown.filter((route) => !seen.has(route) && SHOWN_BY_OTHERS[route] === undefined),
      [],
    )
    assert.deepEqual(
      [...seen, ...Object.keys(SHOWN_BY_OTHERS)].filter((route) => route === undefined || !shown.includes(route)),
      [],
      'states of routes that are no more',
    )
  })

  for (const language of ['en', 'de']) {
    test(`have nothing that axe finds, in ${language}`, async () => {
      const found: string[] = []
      looked = 0
      for (const { name, ask } of stage.states) {
        await open(await ask(), language)
        if (status === 303 || status === 500) found.push(`${name} shows no page: ${status} ${await page.innerText('body')}`)
        else {
          assert.equal(await page.getAttribute('html', 'lang'), language, name)
          found.push(...(await look(name, language)))
        }
      }
      for (const { name, page: made } of stage.enginePages) {
        await open(made(language), language)
        found.push(...(await look(name, language)))
      }
      assert.deepEqual(found, [])
    })
  }
})
