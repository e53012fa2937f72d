// Somebody downloads what is theirs in a real browser, from the whole platform: the picture that they have uploaded comes out as it is stored.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { ask, signInTab } from '../support/browser-person.ts'
import { signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { entriesOf } from '../support/zip.ts'

const EMAIL = 'ada@example.com'
const SAMPLE = new URL('../../examples/pixel-diary/sample/evening-sea.jpg', import.meta.url)

interface Listed {
  readonly path: string
  readonly sha256: string
  readonly bytes: number
}

describe('the download of the data of a person', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let browser: Browser
  let context: BrowserContext
  let diary: Page

  before(async () => {
    platform = await startPlatform()
    await signUp(platform, EMAIL)
    browser = await launchBrowser()
    context = await browser.newContext({ acceptDownloads: true })
    context.setDefaultTimeout(30_000)
    diary = await signInTab(context, platform, EMAIL)
  })
  after(async () => {
    await browser?.close()
    await platform?.stop({ remove: true })
  })

  test('has the uploaded picture byte for byte, the objects and the account', async () => {
    const uploaded = await ask(diary, { path: '/api/files/photos', bytes: await readFile(SAMPLE), fileName: '../evening sea.jpg' })
    assert.equal(uploaded.status, 201, uploaded.body)
    const page = await context.newPage()
    await page.goto(`${platform.origin('accounts')}/account`)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download my data' }).click()])
    assert.equal(download.suggestedFilename(), 'my-data.zip')
    const entries = entriesOf(await readFile(await download.path()))
    const json = (path: string): unknown => JSON.parse(String(entries.get(path)))
    assert.equal((json('account.json') as { account: { email: string } }).account.email, EMAIL)
    assert.ok(entries.has('objects/photos.json'))
    assert.ok((json('security-events.json') as { type: string }[]).some(({ type }) => type === 'account.created'))
    const [listed] = json('files.json') as Listed[]
    assert.ok(listed)
    assert.match(listed.path, /^files\/photos\/[\w-]+evening sea\.jpg$/)
    const bytes = entries.get(listed.path) ?? assert.fail('the picture is missing')
    assert.equal(bytes.length, listed.bytes)
    assert.equal(createHash('sha256').update(bytes).digest('hex'), listed.sha256)
    const { parts } = json('index.json') as { parts: { path: string }[] }
    for (const { path } of parts) assert.ok(entries.has(path), path)
  })
})
