// What people write and upload is shown to others, and never runs: a corpus of payloads in every field, rendered in a real browser on every page that
// shows them. The pages must be right by themselves: the content security policy, the second line, has nothing to report.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { ask, asked, signInTab, type WhoIsIn } from '../support/browser-person.ts'
import { enterConsole, newConsoleLink, type Operator } from '../support/operator.ts'
import { PAYLOADS, PLANTED, SHORT_PAYLOADS } from '../support/payloads.ts'
import { PASSWORD, type Person, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { startPrintShop } from '../support/print-shop.ts'
import { until } from '../support/until.ts'

const EMAIL = 'ada@example.com'
const SAMPLE = new URL('../../examples/pixel-diary/sample/evening-sea.jpg', import.meta.url)

interface Photo {
  readonly id: string
  readonly imageUrl: string
}

describe('what people write', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let operator: Operator
  let browser: Browser
  let context: BrowserContext
  let diary: Page
  let accountId: string
  let photos: readonly Photo[]
  /** Scripts that ran, and policies that had to stop one. */
  const events: string[] = []

  before(async () => {
    platform = await startPlatform({ environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '100' } })
    operator = await enterConsole(platform)
    await signUp(platform, EMAIL)
    browser = await launchBrowser()
    context = await openContext()
    diary = await signInTab(context, platform, EMAIL)
    accountId = (await asked<WhoIsIn>(diary, { path: '/session' })).account?.id ?? ''
    const bytes = await readFile(SAMPLE)
    photos = await Promise.all(PAYLOADS.map((payload) => post(bytes, payload)))
    for (const text of PAYLOADS) await asked(diary, { path: '/api/comments', json: { profileId: accountId, text } })
    for (const [index, name] of SHORT_PAYLOADS.entries()) await commentAs(`mallory-${index}@example.com`, name)
  })

  after(async () => {
    await browser?.close()
    await platform?.stop({ remove: true })
  })

  async function openContext(): Promise<BrowserContext> {
    const made = await browser.newContext()
    made.setDefaultTimeout(30_000)
    made.on('dialog', (dialog) => {
      events.push(`ran at ${dialog.page()?.url() ?? 'a page'}: ${dialog.message()}`)
      void dialog.dismiss()
    })
    made.on('console', (message) => {
      if (/ran:|Content Security Policy|Trusted(?:HTML|Script| Type)/i.test(message.text()))
        events.push(`${message.page()?.url() ?? ''}: ${message.text()}`)
    })
    // Also where dialogs are forbidden.
    await made.addInitScript(`globalThis.alert = (words) => console.info('ran: ' + words)`)
    return made
  }

  async function post(bytes: Uint8Array, payload: string): Promise<Photo> {
    const file = await asked<{ id: string }>(diary, { path: '/api/files/photos', bytes, fileName: `${payload}.jpg` })
    return asked(diary, { path: '/api/photos', json: { caption: payload, image: file.id, visibility: 'public' } })
  }

  /** Somebody with this name, who says so on Ada's page. */
  async function commentAs(email: string, name: string): Promise<void> {
    const person = await signUp(platform, email)
    await signIn(platform, person)
    await rename(person, name)
    const { csrfToken } = await session(platform, person.visitor)
    const headers = {
      'content-type': 'application/json',
      'x-csrf-token': csrfToken,
      origin: platform.origin('diary'),
      'sec-fetch-site': 'same-origin',
    }
    const body = JSON.stringify({ profileId: accountId, text: 'What a view' })
    const made = await person.visitor.request(new URL(`${platform.origin('diary')}/api/comments`), { method: 'POST', headers, body })
    assert.equal(made.status, 201, made.body)
  }

  async function rename({ visitor }: Person, name: string): Promise<void> {
    const page = await visitor.visit(`${platform.origin('accounts')}/account`)
    const done = await visitor.submit(page, { name })
    assert.equal(done.status, 200, done.body)
  }

  /** The page shows the text as text: nothing of it became an element, and nothing ran. */
  async function assertInert(page: Page, shown: readonly string[]): Promise<void> {
    const text = await page.evaluate<string>(
      `document.documentElement.innerText + [...document.querySelectorAll('input, textarea')].map((field) => field.value).join(' ')`,
    )
    for (const payload of shown) assert.ok(text.includes(payload), `${page.url()} does not show ${payload}:\n${text.slice(0, 2000)}`)
    assert.equal(
      await page.evaluate<number>(`document.querySelectorAll('[${PLANTED}]').length`),
      0,
      `${page.url()} has an element of a payload`,
    )
    assert.equal(
      await page.evaluate<number>(`document.querySelectorAll('a[href^="javascript:" i], [onerror], [onload], [onfocus]').length`),
      0,
      page.url(),
    )
    assert.deepEqual(events, [])
  }

  test('is text in the diary', async () => {
    await diary.reload()
    await diary.getByText(`${PAYLOADS.length} photos`).waitFor()
    await assertInert(diary, PAYLOADS)
  })

  test('is text on the public page, with the names of those who commented', async () => {
    const page = await context.newPage()
    await page.goto(`${platform.origin('diary')}/people/${accountId}`)
    await assertInert(page, [...PAYLOADS, ...SHORT_PAYLOADS])
    const drafts = PAYLOADS.slice(0, 4)
    for (const draft of drafts) {
      await page.goto(`${platform.origin('diary')}/people/${accountId}?draft=${encodeURIComponent(draft)}`)
      await assertInert(page, [draft])
    }
    await page.close()
  })

  test('is text on the account page, and in the mail that greets by name', async () => {
    const page = await context.newPage()
    for (const name of SHORT_PAYLOADS) {
      await page.goto(`${platform.origin('accounts')}/account`)
      await page.getByLabel('Name that others see').fill(name)
      await page.getByRole('button', { name: 'Save name' }).click()
      await page.waitForURL('**/account?done=name')
      await assertInert(page, [name])
    }
    const name = SHORT_PAYLOADS.at(-1) ?? ''
    await page.goto(`${platform.origin('accounts')}/sign-up`)
    await page.getByLabel('Your name').fill(name)
    await page.getByLabel('Email address').fill(EMAIL)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.waitForURL('**/check-mail')
    await until('the mail that greets by name', async () => (await platform.mails(EMAIL)).some((mail) => mail.text.includes(name)))
    await page.goto(`${platform.origin('console')}/mailbox`)
    await assertInert(page, [])
    await page.getByText('You already have an account').first().click()
    await assertInert(page, [name])
    await page.getByRole('link', { name: 'See the HTML version' }).click()
    await page.getByText('Welcome back').first().waitFor()
    await assertInert(page, [name])
    await page.close()
  })

  test('is text where addresses and forms are shown again', async () => {
    const page = await (await openContext()).newPage()
    for (const payload of SHORT_PAYLOADS) {
      const word = encodeURIComponent(payload)
      await page.goto(`${platform.origin('accounts')}/confirm?token=${word}`)
      await assertInert(page, [])
      await page.goto(`${platform.origin('accounts')}/authorize?client_id=${word}&scope=${word}&redirect_uri=${word}&state=${word}`)
      await assertInert(page, [])
      await page.goto(`${platform.origin('console')}/enter?code=${word}`)
      await assertInert(page, [])
      await page.goto(`${platform.origin('diary')}/session/callback?state=${word}&error=${word}&error_description=${word}`)
      await assertInert(page, [])
      await page.goto(`${platform.origin('accounts')}/${word}?${word}`)
      await assertInert(page, [])
    }
    await page.goto(`${platform.origin('diary')}/session/sign-in?return_to=${encodeURIComponent('javascript:alert(1)')}`)
    await page.getByLabel('Email address').fill('"><img/src/onerror=alert(1)>@example.com')
    await page.evaluate('for (const form of document.forms) form.noValidate = true')
    await page.getByLabel('Password').fill('"><script>alert(1)</script>')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('That did not work. The address').waitFor()
    await assertInert(page, ['"><img/src/onerror=alert(1)>@example.com'])
    await page.context().close()
  })

  test('is text in the console, whose log and reports strangers can write to', async () => {
    for (const payload of PAYLOADS) {
      const report = { 'document-uri': payload, 'effective-directive': payload, 'violated-directive': payload, 'blocked-uri': payload }
      const sent = await platform.send('diary', {
        method: 'POST',
        path: '/csp-reports',
        headers: { 'content-type': 'application/csp-report' },
        body: JSON.stringify({ 'csp-report': report }),
      })
      assert.equal(sent.status, 204, sent.body)
    }
    await platform.send('diary', { path: '/<img src=x onerror=alert(1)>', method: 'GET' }).catch(() => {})
    await until('the reports to be written', async () => (await operator.policyReports()).length >= PAYLOADS.length)
    const page = await (await openContext()).newPage()
    await page.goto(await newConsoleLink(platform))
    await page.getByRole('button', { name: 'Open the console' }).click()
    await page.getByText('/api/photos').first().waitFor()
    await page.getByText('onerror').first().waitFor()
    await assertInert(page, PAYLOADS.slice(0, 1))
    await page.context().close()
  })

  test('is text in the third party that a person lets in', async () => {
    const shop = await startPrintShop(platform)
    const page = await context.newPage()
    await shop.signIn(page)
    await page
      .getByText(PAYLOADS[0] ?? '')
      .first()
      .waitFor()
    await assertInert(page, [PAYLOADS[0] ?? ''])
    await page.close()
    await shop.stop()
  })

  test('as the name of a file is a harmless header of a harmless answer', async () => {
    for (const [index, photo] of photos.entries()) {
      const { pathname, search } = new URL(photo.imageUrl)
      const reply = await platform.send('files', { path: pathname + search })
      assert.equal(reply.status, 200)
      assert.match(
        String(reply.headers['content-disposition']),
        /^inline; filename="[ !#-$&-[\]-~_]*"(?:; filename\*=UTF-8''[\w%!#$&+\-.^`|~]*)?$/,
        PAYLOADS[index],
      )
    }
  })

  test('never made the policy report anything', async () => {
    const own = (await operator.policyReports()).filter(({ documentUri }) => documentUri.startsWith('http'))
    assert.deepEqual(own, [])
    assert.deepEqual(events, [])
  })

  test('but a script that is planted in a page all the same is stopped, and reported exactly once', async () => {
    const path = '/people/nobody'
    const page = await (await openContext()).newPage()
    // As if the page itself had a hole: its own headers, and a script too many.
    await page.route(`**${path}`, async (route) => {
      const reply = await platform.send('diary', { path, headers: { accept: 'text/html' } })
      const headers = Object.fromEntries(Object.entries(reply.headers).filter(([name]) => name !== 'content-length'))
      await route.fulfill({
        status: 200,
        headers: headers as Record<string, string>,
        body: reply.body.replace('</main>', `<script>alert('planted')</script></main>`),
      })
    })
    await page.goto(platform.origin('diary') + path)
    const reports = await until('the report', async () => {
      const own = (await operator.policyReports()).filter(({ documentUri }) => documentUri === platform.origin('diary') + path)
      return own.length > 0 && own
    })
    assert.equal(reports.length, 1)
    assert.deepEqual([reports[0]?.directive, reports[0]?.blockedUri, reports[0]?.count], ['script-src-elem', 'inline', 1])
    assert.equal(events.filter((line) => line.includes('ran:')).length, 0, events.join('\n'))
    await page.context().close()
    assert.equal((await ask(diary, { path: '/session' })).status, 200)
  })
})
