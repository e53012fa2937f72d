// Forged requests in a real browser: a person is signed in, and pages of others try everything that a page can. Nothing may change, nothing may be read.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { ask, asked, signInTab, type WhoIsIn } from '../support/browser-person.ts'
import { type EvilSite, startEvilSite } from '../support/evil-site.ts'
import { loaded, opened, type Outcome, scripted, submitted, type Target } from '../support/forgeries.ts'
import { enterConsole, type Operator } from '../support/operator.ts'
import { signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'

const EMAIL = 'ada@example.com'
const SAMPLE = new URL('../../examples/pixel-diary/sample/evening-sea.jpg', import.meta.url)
const STEAL = `(/__Host-csrf=([^;]+)/.exec(document.cookie) ?? [])[1]`
/** Methods that change nothing, and connections that a browser opened and never used. */
const IDLE = new Set(['GET', 'HEAD', 'OPTIONS', 'unknown'])
/** What a forged request may be answered. Anything else did something. */
const REFUSALS = new Set([400, 403, 404, 405, 411, 413, 415, 422])

/** Of the targets, those that answer a person's own forms: for them the whole tab goes there, which costs a process of the browser each time. */
const TAKES_FORMS = /diary.*sign-out|people|account\/(?:name|sign-out)|forged\/sign-in|end-session/

interface Named {
  readonly id: string
}

describe('forged requests', { skip: withoutChromium }, () => {
  let platform: PlatformProcess
  let evil: EvilSite
  let operator: Operator
  let browser: Browser
  let context: BrowserContext
  let diary: Page
  let account: Page
  let accountId: string
  let photo: { readonly id: string; readonly imageUrl: string }
  let comment: Named

  before(async () => {
    platform = await startPlatform({ environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000' } })
    evil = await startEvilSite()
    operator = await enterConsole(platform)
    await signUp(platform, EMAIL)
    browser = await launchBrowser()
    context = await browser.newContext()
    context.setDefaultTimeout(30_000)
    diary = await signInTab(context, platform, EMAIL)
    accountId = (await asked<WhoIsIn>(diary, { path: '/session' })).account?.id ?? ''
    const file = await asked<Named>(diary, { path: '/api/files/photos', bytes: await readFile(SAMPLE), fileName: 'sea.jpg' })
    photo = await asked(diary, { path: '/api/photos', json: { caption: 'Sea', image: file.id, visibility: 'private' } })
    comment = await asked(diary, { path: '/api/comments', json: { profileId: accountId, text: 'first' } })
    account = await context.newPage()
    await account.goto(`${platform.origin('accounts')}/account`)
  })

  after(async () => {
    await browser?.close()
    await evil?.stop()
    await platform?.stop({ remove: true })
  })

  /** All that forged requests could have changed, as the person and the browser see it. */
  async function state(): Promise<unknown> {
    const { csrfToken: _token, ...who } = await asked<WhoIsIn & { expiresAt: number }>(diary, { path: '/session' })
    const own = await Promise.all(
      [`/api/photos?ownerId=${accountId}`, `/api/comments?profileId=${accountId}`].map(async (path) => (await ask(diary, { path })).body),
    )
    const page = await ask(account, { path: '/account' })
    const cookies = (await context.cookies([platform.origin('diary'), `${platform.origin('diary')}/session`, platform.origin('accounts')]))
      .filter(({ name }) => !/sign-in|interaction/.test(name))
      .map(({ name, domain, value }) => `${domain} ${name}=${value}`)
    return {
      who,
      data: own.map((body) => body.replaceAll(/\?exp=[^"]*/g, '')),
      account: [page.status, ...page.body.matchAll(/action="[^"]*"|name="name"[^>]*value="[^"]*"|<option[^>]*selected/g)].map(String),
      cookies: cookies.toSorted(),
    }
  }

  const targets = (): readonly Target[] => {
    const [app, accounts, desk, gallery] = ['diary', 'accounts', 'console', 'gallery'].map((label) => platform.origin(label))
    const target = (url: string, fields: Target['fields'] = {}, method = 'POST'): Target => ({ url, fields, method })
    return [
      target(`${app}/api/comments`, { profileId: accountId, text: 'forged' }),
      target(`${app}/api/comments/${comment.id}`, { text: 'forged' }, 'PATCH'),
      target(`${app}/api/photos`, { caption: 'forged', image: '0'.repeat(26), visibility: 'public' }),
      target(`${app}/api/photos/${photo.id}`, {}, 'DELETE'),
      target(`${app}/api/files/photos`, { a: 'forged' }),
      target(`${app}/session/sign-out`),
      target(`${app}/session/refresh`),
      target(`${app}/people/${accountId}/comments`, { text: 'forged' }),
      target(`${accounts}/account/name`, { name: 'Mallory' }),
      target(`${accounts}/account/language`, { language: 'de' }),
      target(`${accounts}/account/password`, { current: 'correct horse battery staple', password: 'a password of mallory' }),
      target(`${accounts}/account/sign-out`),
      target(`${accounts}/account/apps/revoke`, { client_id: 'diary' }),
      target(`${accounts}/interaction/forged/sign-in`, { email: EMAIL, password: 'forged' }),
      target(`${accounts}/interaction/forged/consent`, { decision: 'allow' }),
      target(`${accounts}/end-session/confirm`, { logout: 'yes', xsrf: 'forged' }),
      target(`${gallery}/session/sign-out`),
      target(`${desk}/session/sign-out`),
      target(`${desk}/enter`, { code: 'forged' }),
    ]
  }

  /** What reached the platform since then and could have changed something: the request log is the judge, for browsers hide some answers. */
  async function assertAllRefused(since: number, what: string): Promise<void> {
    const changes = (await operator.requestsSince(since)).filter(({ method, route }) => !IDLE.has(method) && route !== '/csp-reports')
    assert.ok(changes.length >= targets().length * 10, `${what}: only ${changes.length} requests arrived`)
    const taken = changes.filter(({ status }) => !REFUSALS.has(status)).map(({ method, route, status }) => `${method} ${route} ${status}`)
    assert.deepEqual(taken, [], what)
  }

  async function attackWithScripts(page: Page, label: string, some: readonly Target[]): Promise<void> {
    await page.goto(evil.page(label))
    const token = await page.evaluate<string | undefined>(STEAL)
    const outcomes = await page.evaluate<Outcome[]>(scripted(some, token))
    assert.deepEqual(
      outcomes.filter((outcome) => outcome.result === 'read'),
      [],
      `${label} could read`,
    )
  }

  async function attackWithForm(page: Page, label: string, target: Target): Promise<void> {
    await page.goto(evil.page(label))
    const token = await page.evaluate<string | undefined>(STEAL)
    const arrived = page.waitForURL((url) => url.port === String(platform.port), { waitUntil: 'commit' })
    await page.evaluate(submitted(target, { method: 'post', token }))
    await arrived
  }

  // The names of a host decide which cookies the browser brings: none of them Strict, all of them, all of them and the CSRF token to read.
  const places: Readonly<Record<string, (url: URL) => string>> = {
    'from another site': () => 'evil',
    'from a host below the own one, which is the same site': (url) => `evil.${url.hostname.replace('.localhost', '')}`,
    'from the same host on another port, which can read the CSRF cookie': (url) => url.hostname.replace('.localhost', ''),
  }
  for (const [place, labelOf] of Object.entries(places)) {
    test(`change nothing ${place}`, async () => {
      const page = await context.newPage()
      const was = await state()
      const since = Date.now()
      const byLabel = Map.groupBy(targets(), (target) => labelOf(new URL(target.url)))
      for (const [label, some] of byLabel) await attackWithScripts(page, label, some)
      assert.deepEqual(await state(), was, `${place}, by script`)
      for (const target of targets().filter(({ url }) => TAKES_FORMS.test(url)))
        await attackWithForm(page, labelOf(new URL(target.url)), target)
      assert.deepEqual(await state(), was, `${place}, by forms of the whole tab`)
      await assertAllRefused(since, place)
      await page.close()
    })
  }

  test('from the same site do bring the cookies, so it is the platform that refuses them', async () => {
    const page = await context.newPage()
    await page.goto(evil.page('diary'))
    assert.match((await page.evaluate<string | undefined>(STEAL)) ?? '', /^[\w-]{43}\.[\w-]{43}$/, 'the token is there to steal')
    const sent = page.waitForRequest((request) => request.method() === 'POST')
    const target = { url: `${platform.origin('diary')}/api/comments`, method: 'POST', fields: {} }
    await page.evaluate(submitted(target, { token: undefined, method: 'post' }))
    const headers = await (await sent).allHeaders()
    assert.match(headers['cookie'] ?? '', /__Host-Http-access=/)
    assert.equal(headers['sec-fetch-site'], 'same-site')
    await page.close()
  })

  test('by opening a window end in a page that the opener cannot see', async () => {
    const page = await context.newPage()
    for (const label of ['evil', 'evil.diary', 'evil.accounts']) {
      await page.goto(evil.page(label))
      for (const url of [`${platform.origin('diary')}/`, `${platform.origin('diary')}/session`, `${platform.origin('accounts')}/account`]) {
        assert.equal(await page.evaluate(opened(url)), 'true,', `${label} opened ${url}: the window must be severed from it`)
      }
    }
    for (const other of context.pages()) if (other !== diary && other !== account) await other.close()
  })

  test('frame no page of any kind', async () => {
    const sign = `${platform.origin('diary')}/session/sign-in?return_to=/`
    const urls = [
      ...['/', `/people/${accountId}`, '/session', '/api/openapi.json', '/nothing/here', '/session/callback?state=x'].map(
        (path) => platform.origin('diary') + path,
      ),
      ...['/account', '/sign-up', '/confirm?token=x', '/check-mail', '/end-session', '/nothing', '/jwks'].map(
        (path) => platform.origin('accounts') + path,
      ),
      ...['/', '/enter?code=x', '/mailbox', '/mailbox/x', '/api/status'].map((path) => platform.origin('console') + path),
      `${platform.origin('gallery')}/`,
      photo.imageUrl,
      sign,
    ]
    const page = await context.newPage()
    for (const label of ['evil', 'evil.diary', 'diary']) {
      await page.goto(evil.page(label))
      await page.evaluate(
        `Promise.all(${JSON.stringify(urls)}.map((src) => new Promise((done) => { const frame = document.createElement('iframe'); frame.onload = done; frame.src = src; document.body.append(frame) })))`,
      )
      const frames = page.frames().filter((frame) => frame !== page.mainFrame())
      assert.equal(frames.length, urls.length)
      for (const [index, frame] of frames.entries()) {
        await until(`${urls[index]} to be refused in a frame of ${label}, not ${frame.url()}`, () =>
          frame.url().startsWith('chrome-error:'),
        )
      }
    }
    await page.close()
  })

  test('for what belongs to a person fail alike whether somebody is signed in or not', async () => {
    const paths = ['/', '/session', `/api/photos?ownerId=${accountId}`, `/api/photos/${photo.id}`, `/people/${accountId}`]
    const urls = [
      ...paths.map((path) => platform.origin('diary') + path),
      `${platform.origin('accounts')}/account`,
      `${platform.origin('console')}/api/status`,
    ]
    const stranger = await browser.newContext()
    const seen: string[][] = []
    for (const who of [context, stranger]) {
      const page = await who.newPage()
      await page.goto(evil.page('evil'))
      seen.push(await page.evaluate<string[]>(loaded(urls)))
      await page.close()
    }
    assert.deepEqual(seen[0], seen[1])
    assert.deepEqual(
      seen[0]?.filter((line) => /READ|loaded/.test(line)),
      [],
    )
    await stranger.close()
  })

  test('leave the password as it was', async () => {
    const visitor = await signUp(platform, 'bob@example.com')
    const reply = await signIn(platform, { visitor: visitor.visitor, email: EMAIL })
    assert.equal(reply.url.origin, platform.origin('diary'), reply.body)
  })
})
