// Files that want to be more than pictures: refused, or served so that a browser runs nothing of them, however it is led there.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { ask, asked, signInTab } from '../support/browser-person.ts'
import { type EvilSite, startEvilSite } from '../support/evil-site.ts'
import { signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'

const EMAIL = 'ada@example.com'
const SAMPLE = new URL('../../examples/pixel-diary/sample/evening-sea.jpg', import.meta.url)
const SCRIPT = `<script>alert('ran')</script>`
const HTML = `<!doctype html><html><body>${SCRIPT}</body></html>`
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert('ran')">${SCRIPT}</svg>`

/** Never pictures, whatever they are called. */
const REFUSED: Readonly<Record<string, Uint8Array>> = {
  'page.html': Buffer.from(HTML),
  'page.jpg': Buffer.from(HTML),
  'spaces.png': Buffer.from(`\n\t   ${HTML}`),
  'mark.jpg': Buffer.from(`\ufeff${HTML}`),
  'wide.jpg': Buffer.from(`\ufeff${HTML}`, 'utf16le'),
  'comment.gif': Buffer.from(`<!-- GIF89a -->${HTML}`),
  'picture.svg': Buffer.from(SVG),
  'picture.jpg': Buffer.from(`<?xml version="1.0"?>${SVG}`),
  'doctype.png': Buffer.from(`<!DOCTYPE svg>${SVG}`),
  'page.xhtml': Buffer.from(`<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">${SCRIPT}</html>`),
  'style.xsl': Buffer.from(`<?xml-stylesheet href="data:text/xsl,x"?><x/>`),
  'script.js': Buffer.from(`alert('ran')`),
  'paper.pdf': Buffer.from(`%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj`),
  'mail.mht': Buffer.from(
    `MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n${HTML}`,
  ),
  'archive.zip': Buffer.from('504b0304140000000800', 'hex'),
  'program.exe': Buffer.from('4d5a90000300000004000000ffff0000', 'hex'),
  'bytes.png': Buffer.from('00010203040506070809', 'hex'),
  'words.png': Buffer.from('just words'),
}

describe('uploads that are no pictures, or more than that', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let evil: EvilSite
  let browser: Browser
  let context: BrowserContext
  let diary: Page
  const ran: string[] = []

  before(async () => {
    platform = await startPlatform({ environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '100' } })
    evil = await startEvilSite()
    await signUp(platform, EMAIL)
    browser = await launchBrowser()
    context = await browser.newContext()
    context.setDefaultTimeout(30_000)
    context.on('dialog', (dialog) => {
      ran.push(dialog.message())
      void dialog.dismiss()
    })
    context.on('console', (message) => {
      if (message.text().startsWith('ran:')) ran.push(message.text())
    })
    await context.addInitScript(`globalThis.alert = (words) => console.info('ran: ' + words)`)
    diary = await signInTab(context, platform, EMAIL)
  })

  after(async () => {
    await browser?.close()
    await evil?.stop()
    await platform?.stop({ remove: true })
  })

  for (const [fileName, bytes] of Object.entries(REFUSED)) {
    test(`refuses ${fileName} by what is in it`, async () => {
      const reply = await ask(diary, { path: '/api/files/photos', bytes, fileName })
      assert.equal(reply.status, 415, reply.body)
      assert.match(reply.body, /"files\.unsupported_type"/)
    })
  }

  test('refuses what is empty, and what is too large before it has come', async () => {
    assert.equal((await ask(diary, { path: '/api/files/photos', method: 'POST', fileName: 'nothing.jpg' })).status, 422)
    const large = await platform
      .send('diary', { method: 'POST', path: '/api/files/photos', headers: { 'content-length': '99999999' } })
      .catch(String)
    assert.ok(typeof large === 'string' || large.status >= 400)
  })

  /** Real pictures, as far as their first bytes tell, that carry a page or a script along. */
  async function polyglots(): Promise<Readonly<Record<string, Uint8Array>>> {
    const picture = await readFile(SAMPLE)
    const comment = Buffer.from(HTML)
    const segment = Buffer.concat([Buffer.from([0xff, 0xfe, (comment.length + 2) >> 8, (comment.length + 2) & 255]), comment])
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
    return {
      'a page after a picture.html': Buffer.concat([picture, comment]),
      'a page in the comment of a picture.html': Buffer.concat([picture.subarray(0, 2), segment, picture.subarray(2)]),
      'a script that begins as a picture.js': Buffer.from(
        `GIF89a/*\u0001\u0000\u0001\u0000\u0000\u0000\u0000*/=1;alert('ran')//`,
        'latin1',
      ),
      'a picture and a page.svg': Buffer.concat([png, Buffer.from(SVG)]),
      'an archive after a picture.zip': Buffer.concat([png, Buffer.from('504b0304140000000800', 'hex')]),
    }
  }

  test('keeps pictures that carry more, and serves nothing but the picture', async () => {
    let kept = 0
    for (const [fileName, bytes] of Object.entries(await polyglots())) {
      const uploaded = await ask(diary, { path: '/api/files/photos', bytes, fileName })
      if (uploaded.status === 415) continue
      assert.equal(uploaded.status, 201, `${fileName}: ${uploaded.body}`)
      kept += 1
      const { id } = JSON.parse(uploaded.body) as { id: string }
      const photo = await asked<{ imageUrl: string }>(diary, {
        path: '/api/photos',
        json: { caption: '', image: id, visibility: 'private' },
      })
      await assertInert(photo.imageUrl, fileName)
    }
    assert.ok(kept > 0)
    assert.deepEqual(ran, [])
  })

  async function assertInert(address: string, fileName: string): Promise<void> {
    const page = await context.newPage()
    const response = await page.goto(address)
    const headers = (await response?.allHeaders()) ?? {}
    assert.match(headers['content-type'] ?? '', /^image\/(?:jpeg|png|gif|webp)$/, fileName)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'; sandbox;/)
    assert.equal(await page.evaluate<string>('document.contentType'), headers['content-type'])
    assert.equal(await page.evaluate<string>('self.origin'), 'null', 'a sandbox has no origin')
    // The platform sets no cookie on this host, so there is nothing to take either.
    assert.deepEqual(await context.cookies(platform.origin('files')), [])
    await page.goto(evil.page('evil'))
    const outcome = await page.evaluate<string>(`new Promise((done) => {
      const script = Object.assign(document.createElement('script'), { src: ${JSON.stringify(address)} })
      script.onload = () => done('loaded')
      script.onerror = () => done('failed')
      document.body.append(script)
    })`)
    assert.equal(outcome, 'failed', `${fileName} as a script`)
    await page.close()
  }

  test('serves a picture to nobody without its link, and to nobody with a link that was changed', async () => {
    const file = await asked<{ id: string }>(diary, { path: '/api/files/photos', bytes: await readFile(SAMPLE), fileName: 'sea.jpg' })
    const { imageUrl } = await asked<{ imageUrl: string }>(diary, {
      path: '/api/photos',
      json: { caption: '', image: file.id, visibility: 'private' },
    })
    const url = new URL(imageUrl)
    const other = await asked<{ id: string }>(diary, { path: '/api/files/photos', bytes: await readFile(SAMPLE), fileName: 'sea.jpg' })
    const exp = url.searchParams.get('exp') ?? ''
    const tries = [
      url.pathname,
      `${url.pathname}?exp=${exp}`,
      `${url.pathname}?sig=${url.searchParams.get('sig')}`,
      `${url.pathname}?exp=${exp.slice(0, -1)}${exp.endsWith('9') ? '8' : '9'}&sig=${url.searchParams.get('sig')}`,
      `${url.pathname.replace(file.id, other.id)}${url.search}`,
      `${url.pathname}${url.search.slice(0, -2)}`,
    ]
    for (const path of tries) {
      const reply = await platform.send('files', { path })
      assert.ok([401, 403, 404].includes(reply.status), `${path}: ${reply.status}`)
      assert.match(String(reply.headers['content-security-policy']), /sandbox/)
    }
    assert.equal((await platform.send('files', { path: url.pathname + url.search })).status, 200)
  })
})
