// The pages of the accounts origin as the platform serves them: their headers; and after many failed sign-ins a puzzle, which the script of the page
// solves under the content security policy, so that the person is in without having seen more than a line of text. And a form that is sent once more when
// its answer is there, as the gateway lets it through.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { ninefold } from '../support/command.ts'
import { mailedLink, PASSWORD, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'
import { until } from '../support/until.ts'
import { Visitor } from '../support/visitor.ts'

describe('the pages of the accounts origin', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let browser: Browser
  const problems: string[] = []

  before(async () => {
    platform = await startPlatform({ environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000' } })
    browser = await launchBrowser()
  })

  after(async () => {
    await browser?.close()
    await platform?.stop({ remove: true })
  })

  async function send(page: Page, email: string, password: string): Promise<void> {
    await page.getByLabel('Email address').fill(email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  test('requirement 19: cannot be framed or stored, run what has the nonce alone, and load nothing from elsewhere', async () => {
    const visitor = new Visitor(platform.port)
    const signIn = await visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
    const pages = [
      signIn,
      ...(await Promise.all(['/sign-up', '/forgot-password'].map((path) => visitor.visit(platform.origin('accounts') + path)))),
    ]
    const nonces = new Set<string>()
    for (const { status, headers, body, url } of pages) {
      assert.equal(status, 200, url.href)
      const policy = String(headers['content-security-policy'])
      const nonce = /script-src 'nonce-([\w-]+)' 'strict-dynamic'/.exec(policy)?.[1] ?? assert.fail(policy)
      nonces.add(nonce)
      for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"])
        assert.ok(policy.includes(part), part)
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.equal(headers['referrer-policy'], 'same-origin')
      assert.match(String(headers['cache-control']), /no-store/)
      for (const [, attributes] of body.matchAll(/<(?:script|style|link rel="stylesheet")([^>]*)>/g))
        assert.ok(attributes?.includes(`nonce="${nonce}"`), attributes)
      for (const [, address = ''] of body.matchAll(/<(?:script|link(?! rel="canonical")|img|iframe)[^>]*(?:src|href)="([^"]*)"/g))
        assert.match(address, /^\/assets\//)
      assert.doesNotMatch(body, /\son[a-z]+=|javascript:|\sstyle=/)
    }
    assert.equal(nonces.size, pages.length, 'each has a nonce of its own')
  })

  test('the page stands where it can be loaded again, and a form that is tapped twice is sent once', async () => {
    const email = 'tapping@example.com'
    await signUp(platform, email)
    const page = await (await browser.newContext()).newPage()
    page.setDefaultTimeout(30_000)
    await page.goto(`${platform.origin('diary')}/session/sign-in?return_to=/`)
    await page.waitForURL(`${platform.origin('accounts')}/interaction/*`)
    const place = page.url()
    await page.reload()
    assert.equal(page.url(), place, 'nothing has begun anew')
    await page.getByLabel('Email address').fill(email)
    await page.getByLabel('Password').fill(PASSWORD)
    const sent: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.isNavigationRequest()) sent.push(new URL(request.url()).pathname)
    })
    // On a slow network, or the answer would be there before the second tap.
    await page.route('**/sign-in', async (way) => {
      await delay(1000)
      await way.continue()
    })
    await page.getByRole('button', { name: 'Sign in', exact: true }).evaluate(async (button: { click(): void }) => {
      button.click()
      await new Promise((resolve) => setTimeout(resolve, 200))
      button.click()
    })
    await page.waitForURL(`${platform.origin('diary')}/`)
    assert.deepEqual(sent, [`${new URL(place).pathname}/sign-in`])
  })

  test('requirement 69: a browser solves what the form asks for, and its person is in', async () => {
    const email = 'puzzle@example.com'
    await signUp(platform, email)
    const page = await (await browser.newContext()).newPage()
    page.setDefaultTimeout(30_000)
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted ?Type/i.test(message.text())) problems.push(message.text())
    })
    page.on('pageerror', (error) => problems.push(String(error)))
    await page.goto(`${platform.origin('diary')}/session/sign-in?return_to=/`)
    for (let index = 0; index < 10; index += 1) {
      await send(page, `nobody-${index}@example.com`, `not a password ${index}`)
      await page.locator('[role=alert]', { hasText: 'The address or the password is not right' }).waitFor()
      // The page is told apart from the one before by what was typed into it.
      await page.locator(`input[value="nobody-${index}@example.com"]`).waitFor()
    }
    // What is solved before anybody could read of it is not told of.
    const answer = page.locator('[name=puzzle_answer]')
    await until('the answer', async () => (/^\d+$/.test(await answer.inputValue()) ? true : undefined))
    await send(page, email, PASSWORD)
    await page.waitForURL(`${platform.origin('diary')}/`)
    assert.deepEqual(problems, [])
  })
})

const RESTORE = /https?:\/\/\S+\/restore-address\?token=[\w-]+/

describe('a form of the accounts origin that is sent again when its answer is there', () => {
  test('in a second tab hears that the password is set, and after a reload that the address is back', async (t) => {
    const platform = await startPlatform()
    t.after(() => platform.stop({ remove: true }))
    const { email } = await signUp(platform, 'twice@example.org')
    const accounts = platform.origin('accounts')
    const visitor = new Visitor(platform.port)
    await visitor.submit(await visitor.visit(`${accounts}/forgot-password`), { email })
    const link = await mailedLink(platform, email, /https?:\/\/\S+\/reset-password\?token=[\w-]+/)
    const tabs = [await visitor.visit(link), await visitor.visit(link)]
    const password = 'four quiet river stones'
    for (const tab of tabs) {
      const done = await visitor.press(tab, /reset-password/, { password })
      assert.equal(done.url.pathname, '/reset-password/done', done.body)
    }
    const account = await visitor.submit(await visitor.visit(`${accounts}/account`), { email, password })
    await visitor.press(account, /account\/email$/, { email: 'thief@example.org' })
    const confirm = await mailedLink(platform, 'thief@example.org', /https?:\/\/\S+\/account\/email\/confirm\?token=[\w-]+/)
    await visitor.press(await visitor.visit(confirm), /email\/confirm/)
    const owner = new Visitor(platform.port)
    const shown = await owner.visit(await mailedLink(platform, email, RESTORE))
    for (const when of ['at first', 'after a reload']) {
      const { status, body } = await owner.press(shown, /restore-address/)
      assert.equal(status, 200, when)
      assert.match(body, /The change is taken back/, when)
    }
  })

  test('leads to the new passkey as before, where passkeys are all there is and no mail has that link', async (t) => {
    const config = 'test/fixtures/passkeys/ninefold.config.ts'
    const platform = await startPlatform({ config })
    t.after(() => platform.stop({ remove: true }))
    const environment = scenarioEnvironment(platform.dataDir)
    const run = async (...words: string[]): Promise<void> => {
      const { code, err } = await ninefold([...words, '--data-dir', platform.dataDir, '--log-level', 'error'], { environment, config })
      assert.equal(code, 0, err)
    }
    const people = join(platform.dataDir, 'people.ndjson')
    await writeFile(people, `${JSON.stringify({ email: 'thief@example.org', emailVerified: true, name: 'Ada' })}\n`)
    await run('users', 'import', people, '--from', 'ninefold')
    await run('account', 'thief@example.org', '--new-address', 'owner@example.org')
    const visitor = new Visitor(platform.port)
    const shown = await visitor.visit(await mailedLink(platform, 'owner@example.org', RESTORE))
    const paths = new Set<string>()
    for (const when of ['at first', 'after a reload']) {
      const { body } = await visitor.press(shown, /restore-address/)
      paths.add(/href="(\/new-passkey\?token=[\w-]+)"/.exec(body)?.[1] ?? assert.fail(`${when}: ${body}`))
    }
    assert.equal(paths.size, 1)
    for (const path of paths) assert.equal((await visitor.visit(platform.origin('accounts') + path)).status, 200)
  })
})
