// An organisation from the first page to the answer of the API: made, invited to without an account, used, and left behind with an old token.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mailedLink, type Person, PASSWORD, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'
import { authorize, redeem } from '../support/third-party.ts'
import { until } from '../support/until.ts'
import { formsOf, type Page, Visitor } from '../support/visitor.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const CONFIG = 'test/fixtures/organisations/ninefold.config.ts'
const WITHIN_MS = 1500

const claimsOf = (token: string): Record<string, unknown> => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

describe('organisations', () => {
  let platform: PlatformProcess
  let ada: Person
  const told: { type: string; id: string }[] = []
  const receiver = createServer((request, response) => {
    // People who come back from signing in are sent here, too.
    if (request.method !== 'POST') {
      response.writeHead(404).end()
      return
    }
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      told.push({ type: JSON.parse(body).type, id: String(request.headers['webhook-id']) })
      response.writeHead(204).end()
    })
  })

  before(async () => {
    platform = await startPlatform({ config: CONFIG })
    await new Promise<void>((resolve) => receiver.listen(platform.port + 1, '127.0.0.1', resolve))
    ada = await signUp(platform, 'ada@example.org')
    await signIn(platform, ada)
  })
  after(async () => {
    receiver.closeAllConnections()
    receiver.close()
    await platform.stop({ remove: true })
  })

  async function command(...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const env = { ...process.env, ...scenarioEnvironment(platform.dataDir) }
    const place = ['--config', CONFIG, '--data-dir', platform.dataDir, '--port', String(platform.port), '--log-level', 'silent']
    const child = spawn(process.execPath, ['src/main.ts', ...words, ...place], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number]
    return { code, out, err }
  }

  const accounts = (path: string): string => `${platform.origin('accounts')}${path}`
  /** Presses the button of the form that leads there. */
  async function press(
    visitor: Visitor,
    page: Page,
    { action, fields = {} }: { readonly action: RegExp; readonly fields?: Record<string, string> },
  ): Promise<Page> {
    const form = formsOf(page.body).find((candidate) => action.test(candidate.action))
    assert.ok(form, `no form ${action} at ${page.url.href}:\n${page.body.slice(0, 2000)}`)
    // The helper finds a form by its fields; here it is given a page with this one alone.
    const only = page.body.match(/<form\b[^>]*>[\s\S]*?<\/form>/g)?.find((html) => formsOf(html)[0]?.action === form.action) ?? ''
    return visitor.submit({ ...page, body: only }, fields)
  }
  const api = ({ visitor }: Person, path: string): Promise<Page> =>
    visitor.request(new URL(`${platform.origin('diary')}${path}`), { headers: { 'sec-fetch-site': 'same-origin' } })
  async function send({ visitor }: Person, address: string, fields?: object): Promise<Page> {
    const [method = '', path = ''] = address.split(' ')
    const { csrfToken } = await session(platform, visitor)
    const headers = {
      'sec-fetch-site': 'same-origin',
      origin: platform.origin('diary'),
      'x-csrf-token': csrfToken,
      'content-type': 'application/json',
    }
    const body = fields === undefined ? {} : { body: JSON.stringify(fields) }
    return visitor.request(new URL(`${platform.origin('diary')}${path}`), { method, headers, ...body })
  }
  async function renew(person: Person): Promise<void> {
    const { csrfToken } = await session(platform, person.visitor)
    const headers = { 'sec-fetch-site': 'same-origin', origin: platform.origin('diary'), 'x-csrf-token': csrfToken }
    const page = await person.visitor.request(new URL(`${platform.origin('diary')}/session/refresh`), { method: 'POST', headers })
    assert.ok(page.status < 300, `${page.status} ${page.body}`)
  }
  async function endsWithin(person: Person, path: string): Promise<void> {
    const since = Date.now()
    for (let status = 0; status !== 401; status = (await api(person, path)).status) {
      assert.ok(Date.now() - since < WITHIN_MS, `the old token still opens ${path} with ${status}`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  test('somebody without an account is invited, signs up on the way, joins, works, and is out within a second', async () => {
    const account = await ada.visitor.visit(accounts('/account'))
    const made = await ada.visitor.submit(
      { ...account, body: account.body.slice(account.body.indexOf('id="organisations"')) },
      { organisation: 'Acme' },
    )
    assert.equal(made.status, 200, made.body)
    assert.match(made.body, /<h1 class="wrap">Acme<\/h1>/)
    const id = made.url.pathname.split('/').at(-1) ?? ''
    await endsWithin(ada, '/api/docs')
    await renew(ada)
    const doc = await send(ada, 'POST /api/docs', { title: 'Plans', organisationId: id })
    assert.equal(doc.status, 201, doc.body)
    const path = `/api/docs/${JSON.parse(doc.body).id}`

    const invited = await press(ada.visitor, made, { action: /\/invitations$/, fields: { email: 'bob@example.org', 'role-writer': 'on' } })
    assert.match(invited.body, /The invitation is on its way/)
    const link = await mailedLink(platform, 'bob@example.org', /https?:\/\/\S+\/invitation\?token=[\w-]+/)

    // A stranger who has got hold of the link, and a scanner that looks at it.
    const eve = await signUp(platform, 'eve@example.org')
    await signIn(platform, eve)
    const looked = await eve.visitor.visit(link)
    assert.match(looked.body, /you are signed in as/)
    assert.equal(
      formsOf(looked.body).some(({ action }) => action === '/invitation'),
      false,
    )
    const csrf = formsOf((await eve.visitor.visit(accounts('/account'))).body)[0]?.hidden['csrf_token'] ?? ''
    const forced = `<form method="post" action="/invitation"><input type="hidden" name="csrf_token" value="${csrf}"><input name="token"></form>`
    const stolen = await eve.visitor.submit({ ...looked, body: forced }, { token: new URL(link).searchParams.get('token') ?? '' })
    assert.equal(stolen.status, 403)
    assert.match(stolen.body, /for another address/)
    assert.equal((await eve.visitor.visit(accounts(`/account/organisations/${id}`))).status, 404)

    const visitor = new Visitor(platform.port)
    const shown = await visitor.visit(link)
    assert.match(shown.body, /Sign in or create an account/)
    const signInLink = /href="(\/authorize\?[^"]*)"/.exec(shown.body)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const signInPage = await visitor.visit(accounts(signInLink))
    const signUpPath = /href="(\/interaction\/[^"]*\/sign-up)"/.exec(signInPage.body)?.[1] ?? ''
    const sent = await visitor.submit(await visitor.visit(accounts(signUpPath)), {
      email: 'bob@example.org',
      name: 'bob',
      password: PASSWORD,
    })
    assert.equal(sent.status, 200, sent.body)
    const confirmLink = await mailedLink(platform, 'bob@example.org', /https?:\/\/\S+\/confirm\?token=[\w-]+/)
    const confirmed = await visitor.submit(await visitor.visit(confirmLink), {
      token: new URL(confirmLink).searchParams.get('token') ?? '',
    })
    const back = await visitor.submit(confirmed, { email: 'bob@example.org', password: PASSWORD })
    assert.equal(back.url.pathname, '/invitation', back.body.slice(0, 500))
    const joined = await press(visitor, back, { action: /^\/invitation$/ })
    assert.match(joined.body, /Welcome! You are a member now/)
    assert.equal((await visitor.visit(link)).status, 410)

    const bob = { visitor, email: 'bob@example.org' }
    // Signed in at the accounts origin already: the app asks for nothing more.
    await visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
    assert.equal((await api(bob, path)).status, 200)
    assert.equal((await send(bob, `PATCH ${path}`, { title: 'Better plans' })).status, 200)
    assert.equal((await api(eve, path)).status, 404)

    const members = await ada.visitor.visit(accounts(`/account/organisations/${id}`))
    const removed = await press(ada.visitor, members, { action: /\/members\/[0-9a-z]+\/remove$/ })
    assert.match(removed.body, /no member any more/)
    await endsWithin(bob, path)
    await renew(bob)
    assert.equal((await api(bob, path)).status, 404)
    assert.equal((await send(bob, `PATCH ${path}`, { title: 'Mine' })).status, 404)
    assert.equal((await bob.visitor.visit(accounts(`/account/organisations/${id}`))).status, 404)
    const leaving = await press(ada.visitor, removed, { action: /\/leave$/ })
    assert.equal(leaving.status, 409)
    assert.match(leaving.body, /needs an owner/)
    await until('the webhooks', () => told.some(({ type }) => type === 'organisation.left'))
    assert.deepEqual(told.map(({ type }) => type).toSorted(), [
      'organisation.created',
      'organisation.invited',
      'organisation.joined',
      'organisation.left',
    ])
  })

  test('the app itself lists what a person belongs to, and chooses for which one to act', async () => {
    const listed = await api(ada, '/api/me/organisations')
    assert.equal(listed.status, 200, listed.body)
    const [acme] = JSON.parse(listed.body).items
    assert.deepEqual([acme.name, acme.roles, acme.active], ['Acme', ['owner'], true])
    assert.equal((await send(ada, 'PUT /api/me/organisation', { id: null })).status, 204)
    await endsWithin(ada, '/api/docs')
    await renew(ada)
    assert.deepEqual(JSON.parse((await api(ada, '/api/docs')).body).items, [])
    assert.equal((await send(ada, 'PUT /api/me/organisation', { id: '0'.repeat(26) })).status, 404)
    assert.equal((await send(ada, 'PUT /api/me/organisation', { id: acme.id })).status, 204)
    await endsWithin(ada, '/api/docs')
    await renew(ada)
    assert.equal(JSON.parse((await api(ada, '/api/docs')).body).items.length, 1)
    const foreign = JSON.parse((await redeem(platform, await authorize(platform, ada, { scope: 'openid docs:read organizations' }))).body)
    const headers = { authorization: `Bearer ${foreign.access_token}` }
    assert.equal((await platform.send('diary', { path: '/api/me/organisations', headers })).status, 403)
    assert.equal((await platform.send('diary', { path: '/api/me/organisations' })).status, 401)
  })

  test('a machine acts for the organisation with a key of its own, and is out within a second', async () => {
    const organisation =
      /href="(\/account\/organisations\/[0-9a-z]+)"/.exec((await ada.visitor.visit(accounts('/account'))).body)?.[1] ?? ''
    const here = await ada.visitor.visit(accounts(organisation))
    const fields = { service: 'Nightly export', 'role-writer': 'on', 'scope-docs:read': 'on', 'scope-docs:write': 'on' }
    const shown = await press(ada.visitor, here, { action: /\/services$/, fields })
    const [clientId = '', secret = ''] = [...shown.body.matchAll(/<code class="wrap">([^<]*)<\/code>/g)].map((match) => match[1] ?? '')
    assert.match(clientId, /^svc-/)
    assert.equal(shown.headers['cache-control'], 'no-store')
    assert.equal((await ada.visitor.visit(accounts(organisation))).body.includes(secret), false, 'shown once')
    const basic = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'docs:read docs:write' }).toString()
    const tokenFor = () =>
      platform.send('accounts', {
        method: 'POST',
        path: '/token',
        headers: { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' },
        body: form,
      })
    const granted = await tokenFor()
    assert.equal(granted.status, 200, granted.body)
    const token = JSON.parse(granted.body).access_token
    const organisationId = organisation.split('/').at(-1) ?? ''
    assert.equal(claimsOf(token)['sub'], `client:${clientId}`)
    assert.deepEqual(claimsOf(token)['organization'], { id: organisationId, roles: ['writer'] })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const ask = () => platform.send('diary', { path: '/api/docs', headers })
    assert.equal((await ask()).status, 200)
    const body = JSON.stringify({ title: 'Exported', organisationId })
    assert.equal((await platform.send('diary', { method: 'POST', path: '/api/docs', headers, body })).status, 201)
    const elsewhere = JSON.stringify({ title: 'Exported', organisationId: '0'.repeat(26) })
    assert.equal((await platform.send('diary', { method: 'POST', path: '/api/docs', headers, body: elsewhere })).status, 403)
    const removed = await press(ada.visitor, await ada.visitor.visit(accounts(organisation)), {
      action: /\/services\/svc-[0-9a-z]+\/remove$/,
    })
    assert.match(removed.body, /The service account is removed/)
    const since = Date.now()
    while ((await ask()).status !== 401) assert.ok(Date.now() - since < WITHIN_MS)
    assert.equal((await tokenFor()).status, 401)
  })

  test('a third party is told of the organisation with the scope, and what roles allow with the other one', async () => {
    const claims = async (scope: string): Promise<Record<string, unknown>> => {
      const reply = await redeem(platform, await authorize(platform, ada, { scope }))
      assert.equal(reply.status, 200, reply.body)
      return claimsOf(JSON.parse(reply.body).access_token)
    }
    assert.equal((await claims('openid docs:read'))['organization'], undefined)
    const some = Object((await claims('openid docs:read organizations'))['organization'])
    assert.deepEqual([some.roles, some.permissions], [['owner'], undefined])
    const more = Object((await claims('openid docs:read organizations permissions'))['organization'])
    assert.deepEqual(more.permissions, [])
  })

  test('operators look after organisations and webhooks from the command line', async () => {
    const created = await command('organisations', 'create', 'Borg', 'eve@example.org')
    assert.deepEqual([created.code, created.err], [0, ''])
    const id = created.out.trim()
    assert.equal((await command('organisations', 'set', id, 'bob@example.org', '--add-role', 'writer')).code, 0)
    assert.match((await command('organisations', 'members', id)).out, /bob@example\.org\s+writer/)
    const last = await command('organisations', 'remove', id, 'eve@example.org')
    assert.deepEqual([last.code, last.out], [1, ''])
    assert.match(last.err, /needs an owner/)
    const secret = await command('webhooks', 'secret', 'alarms')
    assert.match(secret.out, /^whsec_[\w+/]{43}=\n$/)
    assert.match((await command('webhooks')).out, /alarms\s+http:\/\/127\.0\.0\.1:\d+\/in\s+0\s+0/)
    assert.equal(platform.output().includes(secret.out.trim().slice(6)), false)
  })
})
