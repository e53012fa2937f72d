// The operators' side over HTTP, on the whole platform: who may see what, what is in it, and what must not be.
import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import { SECURITY_EVENT, type SecurityEvent, securityEvent } from '../../src/auth/security-events/security-event.ts'
import { newJob } from '../../src/jobs/record.ts'
import { createJobsRepository } from '../../src/jobs/repository.ts'
import { systemCall } from '../../src/kernel/call.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { createLogger } from '../../src/kernel/log.ts'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'
import { Visitor } from '../support/visitor.ts'
import { newConsoleLink } from '../support/operator.ts'
import { databaseOf } from '../support/scenario-database.ts'

const VIOLATIONS =
  "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))"

interface Overview {
  readonly failures: readonly {
    readonly id: string
    readonly name: string
    readonly failedAt: string
    readonly lastError: string
    readonly attempts: number
  }[]
  readonly names: readonly { readonly name: string; readonly done: number }[]
}
interface Requests {
  readonly items: readonly { readonly requestId: string; readonly client: string; readonly route: string; readonly status: number }[]
  readonly next?: string
}

/** As another process would ask for it: in the database, while the platform runs. */
async function plantJob(dataDir: string, id: string): Promise<void> {
  const database = await databaseOf(dataDir, { clock: systemClock, logger: createLogger({ level: 'silent' }) })
  const repository = createJobsRepository(database.contract)
  await database.start()
  const input = { to: 'nobody', template: 'confirm-address', data: { link: 'http://x.test/s3cret', minutes: '1' } }
  await repository.insert(systemCall('test'), newJob(id, { name: 'mail.send', input }, Date.now()))
  await database.stop()
}

describe('The console', () => {
  let platform: PlatformProcess
  let operator: Visitor

  const read = async <T>(path: string): Promise<T> => {
    const reply = await operator.request(new URL(`${platform.origin('console')}${path}`), { headers: { 'sec-fetch-site': 'same-origin' } })
    assert.equal(reply.status, 200, reply.body)
    const body: T = JSON.parse(reply.body)
    return body
  }
  const retry = async (id: string, headers: Record<string, string>) =>
    await operator.request(new URL(`${platform.origin('console')}/api/jobs/${id}/retry`), {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin', ...headers },
    })

  before(async () => {
    platform = await startPlatform()
    operator = new Visitor(platform.port)
    const page = await operator.visit(platform.consoleLink)
    await operator.submit(page, {})
  })
  after(() => platform.stop({ remove: true }))

  test('lets in one of those who follow a link of "admin link", once, and both are written down', async (t) => {
    const link = await newConsoleLink(platform)
    assert.match(link, /^http:\/\/console\.localhost:\d+\/enter\?code=[\w-]{43}$/)
    const [first, second] = [new Visitor(platform.port), new Visitor(platform.port)]
    const ask = (visitor: Visitor, path: string) =>
      visitor.request(new URL(`${platform.origin('console')}${path}`), { headers: { 'sec-fetch-site': 'same-origin' } })
    const standing = async (visitor: Visitor): Promise<unknown[]> => {
      const { signedIn }: { signedIn: boolean } = JSON.parse((await ask(visitor, '/session')).body)
      return [signedIn, (await ask(visitor, '/api/status')).status]
    }
    const forms = [await first.visit(link), await second.visit(link)] as const
    for (const visitor of [first, second]) assert.deepEqual(await standing(visitor), [false, 401], 'looking lets nobody in')
    const entered = await first.submit(forms[0], {})
    assert.deepEqual([entered.status, entered.url.href], [200, `${platform.origin('console')}/`])
    assert.deepEqual(await standing(first), [true, 200])
    for (const form of [forms[1], await second.visit(link)]) {
      const late = await second.submit(form, {})
      assert.equal(late.status, 403, late.body)
      assert.match(late.body, /ninefold admin link/, 'how to get another')
    }
    assert.deepEqual(await standing(second), [false, 401])
    const database = await databaseOf(platform.dataDir, { clock: systemClock, logger: createLogger({ level: 'silent' }) })
    const events: SecurityEvent[] = []
    database.contract.subscribe({
      consumer: 'test-operators',
      topics: [SECURITY_EVENT],
      handle: async (stored) => void events.push(...stored.map(({ data }) => securityEvent.parse(data))),
    })
    await database.start()
    t.after(() => database.stop())
    // Of the start, whose link the operator of these tests has used, and of this one.
    const about = await until('what was written down', () => {
      const kinds = events.filter(({ type }) => type.startsWith('operator.'))
      return kinds.length >= 4 ? kinds : undefined
    })
    assert.deepEqual(
      about.map(({ type, about: by = '' }) => [type, by]),
      [
        ['operator.link_created', 'start'],
        ['operator.signed_in', ''],
        ['operator.link_created', `admin link, by ${userInfo().username}`],
        ['operator.signed_in', ''],
      ],
    )
    const [, before, , now] = about.map(({ actor }) => actor)
    assert.match(now ?? '', /^operator [0-9a-z]{26}$/)
    assert.notEqual(now, before)
    assert.ok(!JSON.stringify(events).includes(new URL(link).searchParams.get('code') ?? link))
  })

  test('shows nothing to anybody but operators', async () => {
    for (const path of ['/api/status', '/api/requests', '/api/jobs', '/api/policy-reports', '/metrics']) {
      const reply = await platform.send('console', { path })
      assert.equal(reply.status, 401, path)
      assert.ok(!/uptime|items|counts|# HELP/.test(reply.body), path)
    }
    assert.equal((await platform.send('console', { path: '/api/jobs/x/retry', method: 'POST' })).status >= 400, true)
    for (const label of ['diary', 'accounts', 'files'])
      assert.notEqual((await platform.send(label, { path: '/metrics' })).status, 200, label)
  })

  test('answers probes on every host, with names only', async () => {
    for (const label of ['diary', 'accounts', 'files', 'console', 'gallery']) {
      const alive = await platform.send(label, { path: '/healthz' })
      assert.deepEqual([alive.status, alive.body], [200, '{"status":"ok"}'], label)
      const ready = await platform.send(label, { path: '/readyz' })
      assert.deepEqual([ready.status, ready.body], [200, '{"status":"ok","failing":[]}'], label)
    }
  })

  test('counts what happened, by route and second', async () => {
    for (let index = 0; index < 5; index += 1) await platform.send('accounts', { path: '/sign-up' })
    const status = await until('five requests', async () => {
      const seen = await read<{
        routes: { byTime: { route: string; requests: number }[] }
        series: { requests: number[] }
        process: { rssBytes: number }
      }>('/api/status')
      return (seen.routes.byTime.find((row) => row.route === '/sign-up')?.requests ?? 0) >= 5 && seen
    })
    assert.ok(status.process.rssBytes > 1e7)
    await until('the second to be over', async () => {
      const { series } = await read<{ series: { requests: number[] } }>('/api/status')
      return series.requests.reduce((sum, count) => sum + count, 0) >= 5
    })
    const metrics = await operator.request(new URL(`${platform.origin('console')}/metrics`), {
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    assert.match(metrics.body, /^ninefold_http_requests_total\{method="GET",site="accounts",route="\/sign-up",class="ok"\} [5-9]/m)
    assert.match(String(metrics.headers['content-type']), /^text\/plain; version=0\.0\.4/)
  })

  test('finds a request by the id of its answer, with a pseudonym and no address', async () => {
    const missing = await platform.send('diary', { path: '/api/photos/01j0000000000000000000000?token=s3cret' })
    const id: unknown = JSON.parse(missing.body).requestId
    assert.ok(typeof id === 'string')
    const found = await until('the row', async () => {
      const page = await read<Requests>(`/api/requests?requestId=${id}`)
      return page.items[0]
    })
    assert.match(found.client, /^[A-Za-z0-9_-]{16}$/)
    const page = await read<Requests>('/api/requests?limit=200')
    assert.doesNotMatch(JSON.stringify(page), /127\.0\.0\.1|::1|s3cret/)
    const refused = await read<Requests>('/api/requests?status=4xx&limit=1')
    assert.deepEqual([refused.items.length, typeof refused.next], [1, 'string'])
    const bad = await operator.request(new URL(`${platform.origin('console')}/api/requests?status=9xx`), {
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    assert.ok([400, 422].includes(bad.status), bad.body)
  })

  test('shows a failed job without what it carries, and tries it again for an operator with the CSRF token only', async () => {
    await plantJob(platform.dataDir, 'planted')
    const failure = await until('the failure', async () => (await read<Overview>('/api/jobs')).failures.find((one) => one.id === 'planted'))
    assert.match(failure.lastError, /must be one plain address/)
    const overview = await read<Overview>('/api/jobs')
    assert.ok(!JSON.stringify(overview).includes('s3cret'))
    assert.ok(
      overview.names.some((row) => row.name === 'monitoring.purge' && row.done === 1),
      'the purge has run',
    )

    assert.equal((await retry('planted', {})).status, 403)
    assert.equal((await read<Overview>('/api/jobs')).failures[0]?.attempts, 1, 'nothing changed')
    const { csrfToken } = await read<{ csrfToken: string }>('/session')
    assert.equal((await retry('absent', { 'x-csrf-token': csrfToken })).status, 404)
    assert.equal((await retry('planted', { 'x-csrf-token': csrfToken })).status, 204)
    await until('the second failure', async () => {
      const again = (await read<Overview>('/api/jobs')).failures.find((one) => one.id === 'planted')
      return again !== undefined && again.failedAt > failure.failedAt
    })
  })

  test('keeps the mails of development, as text with links and as HTML that can do nothing', async () => {
    await signUp(platform, 'ada@example.test')
    const list = await platform.send('console', { path: '/mailbox' })
    assert.equal(list.status, 200)
    assert.match(list.body, /ada@example\.test/)
    const path = /href="(\/mailbox\/[^"]+)"/.exec(list.body)?.[1] ?? ''
    const mail = await platform.send('console', { path })
    assert.match(mail.body, /<a href="http:\/\/accounts\.localhost:\d+\/confirm\?token=[\w-]+">/)
    const asHtml = await platform.send('console', { path: `${path}/html` })
    assert.equal(asHtml.status, 200)
    assert.match(String(asHtml.headers['content-security-policy']), /default-src 'none'.*sandbox/)
    assert.doesNotMatch(String(asHtml.headers['content-security-policy']), /script-src|allow-scripts/)
    assert.equal((await platform.send('console', { path: '/mailbox/absent' })).status, 404)
  })

  test('blocks somebody and lets them in again, for operators alone, and the account keeps that it happened', async () => {
    const bob = await signUp(platform, 'blocked-here@example.test')
    await signIn(platform, bob)
    const standing = async (
      what: 'block' | 'unblock' | 'reset-second-step' | 'send-passkey-link',
      email: string,
      headers: Record<string, string> = {},
    ) => {
      const state = await operator.request(new URL(`${platform.origin('console')}/session`))
      const { csrfToken } = JSON.parse(state.body) as { csrfToken: string }
      return operator.request(new URL(`${platform.origin('console')}/api/accounts/${what}`), {
        method: 'POST',
        headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', 'x-csrf-token': csrfToken, ...headers },
        body: JSON.stringify({ email }),
      })
    }
    const stranger = await platform.send('console', {
      path: '/api/accounts/block',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: bob.email }),
    })
    assert.equal(stranger.status, 401)
    assert.equal((await standing('block', bob.email, { 'x-csrf-token': 'none' })).status, 403)
    assert.equal((await session(platform, bob.visitor)).signedIn, true, 'nothing has changed')
    assert.equal((await standing('block', 'nobody-at-all@example.test')).status, 404)
    assert.equal((await standing('block', '')).status, 422)
    assert.equal((await standing('reset-second-step', bob.email, { 'x-csrf-token': 'none' })).status, 403)
    const none = await standing('reset-second-step', bob.email)
    assert.equal((JSON.parse(none.body) as { secondStepReset: boolean }).secondStepReset, false)
    assert.equal((await session(platform, bob.visitor)).signedIn, true, 'there was no second step, so nothing has ended')
    assert.equal((await standing('send-passkey-link', bob.email, { 'x-csrf-token': 'none' })).status, 403)
    assert.equal((await standing('send-passkey-link', 'nobody-at-all@example.test')).status, 404)
    const elsewhere = await standing('send-passkey-link', bob.email)
    assert.equal((JSON.parse(elsewhere.body) as { passkeyLinkSent: boolean }).passkeyLinkSent, false, 'there are passwords')
    const blocked = await standing('block', bob.email)
    assert.equal(blocked.status, 200, blocked.body)
    assert.equal((JSON.parse(blocked.body) as { suspended: boolean }).suspended, true)
    await until('the session to be over', async () => !(await session(platform, bob.visitor)).signedIn)
    const over = Date.now()
    assert.match((await signIn(platform, bob)).body, /That did not work/)
    assert.equal((await standing('unblock', bob.email)).status, 200)
    // What begins in the second after the block is taken for what was under way then, and tokens of the second in which everything ended are refused.
    await until('that to be over', () => Date.now() > over + 2000)
    await signIn(platform, bob)
    assert.equal((await session(platform, bob.visitor)).signedIn, true)
  })

  test('is a page that says how to get in, then shows live figures, and breaks no policy', { skip: withoutChromium }, async (t) => {
    const browser = await launchBrowser()
    t.after(() => browser.close())
    const context = await browser.newContext()
    await context.addInitScript({ content: axe.source })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted/.test(message.text())) complaints.push(message.text())
    })
    await page.goto(platform.origin('console'))
    await page.getByText('ninefold admin link').waitFor()

    await page.goto(await newConsoleLink(platform))
    await page.getByRole('button').click()
    await page.locator('canvas').nth(1).waitFor()
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
    await page.getByRole('rowheader', { name: 'monitoring.purge' }).waitFor()
    const log = page.getByRole('region', { name: 'Requests' })
    await log.getByRole('row').nth(1).waitFor()
    await log.getByRole('button', { name: '4xx' }).click()
    await log.locator('.status.warn').first().waitFor()
    assert.equal(await log.locator('.status.good').count(), 0)
    const carol = await signUp(platform, 'carol@example.test')
    const people = page.getByRole('region', { name: 'People' })
    await people.getByLabel('Email address').fill(carol.email)
    const focused = (): Promise<string | undefined> => page.evaluate('document.activeElement?.textContent || document.activeElement?.type')
    await people.getByRole('button', { name: 'Block', exact: true }).dblclick()
    assert.equal(await focused(), 'email', 'the second click takes the first one back')
    await people.getByRole('button', { name: 'Lost second step' }).click()
    assert.equal(await focused(), 'Cancel')
    await page.keyboard.press('Enter')
    assert.equal(await focused(), 'email')
    await page.keyboard.press('Enter')
    assert.equal(await focused(), 'Cancel')
    await people.getByRole('button', { name: `Yes, block ${carol.email}` }).click()
    await people
      .getByRole('status')
      .filter({ hasText: `${carol.email} is blocked` })
      .waitFor()
    assert.match((await signIn(platform, carol)).body, /That did not work/)
    await people.getByLabel('Email address').fill(carol.email)
    await people.getByRole('button', { name: 'Let in again' }).click()
    await people.getByRole('status').filter({ hasText: 'can sign in again' }).waitFor()
    await signIn(platform, carol)
    await people.getByLabel('Email address').fill(carol.email)
    await people.getByRole('button', { name: 'Lost second step' }).click()
    await people.getByRole('button', { name: `Yes, take the second step from ${carol.email}` }).click()
    await people.getByRole('status').filter({ hasText: 'has no second step' }).waitFor()
    await people.getByLabel('Email address').fill('carol@')
    await people.getByRole('button', { name: 'Find' }).click()
    await people.getByRole('button', { name: carol.email }).click()
    await people.getByRole('heading', { name: carol.email }).waitFor()
    await people.getByText('account.reinstated').waitFor()
    await people.getByRole('button', { name: 'Sign out everywhere' }).click()
    await people.getByRole('button', { name: `Yes, sign out everywhere ${carol.email}` }).click()
    await people.getByRole('status').filter({ hasText: 'is signed out everywhere' }).waitFor()
    assert.equal((await session(platform, carol.visitor)).signedIn, false)
    await people.getByLabel('Email address').fill(carol.email)
    await people.getByRole('button', { name: 'Delete', exact: true }).click()
    await people.getByRole('button', { name: `Yes, delete after the days of grace ${carol.email}` }).click()
    await people.getByText('to be deleted').first().waitFor()
    assert.deepEqual(await page.evaluate(VIOLATIONS), [])
    await people.getByLabel('Email address').fill(carol.email)
    await people.getByRole('button', { name: 'Do not delete' }).click()
    await people
      .getByRole('status')
      .filter({ hasText: `${carol.email} stays` })
      .waitFor()
    await people.getByLabel('Email address').fill(carol.email)
    await people.getByRole('button', { name: 'Delete at once' }).click()
    const forGood = people.getByRole('button', { name: `Yes, delete for good ${carol.email}` })
    await people.getByLabel('The address once more').fill('carol@example')
    assert.equal(await forGood.isDisabled(), true)
    await people.getByLabel('The address once more').fill(carol.email)
    await forGood.click()
    await people.getByRole('status').filter({ hasText: 'is deleted' }).waitFor()
    await people.getByLabel('Email address').fill('nobody-at-all@example.test')
    await people.getByRole('button', { name: 'Let in again' }).click()
    await people.getByRole('status').filter({ hasText: 'Nobody has this address' }).waitFor()
    assert.equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0)
    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await page.getByText('ninefold admin link').waitFor()
    assert.deepEqual(complaints, [])
  })
})
