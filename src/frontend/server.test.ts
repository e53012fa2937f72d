import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Call, Principal } from '#kernel/call.ts'
import { html } from '#kernel/html.ts'
import type { Answer, Exchange, HandledRoute } from '#kernel/http/route.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Auth } from '../auth/contract.ts'
import type { Resources } from '../resource/contract.ts'
import { view } from './definition.ts'
import { frontendServer } from './server.ts'

const sites = {
  accounts: 'http://accounts.test',
  app: 'http://app.test',
  files: 'http://files.test',
  console: 'http://console.test',
  frontends: { app: 'http://app.test' },
}
const unused = new Proxy({}, { get: () => () => assert.fail('not expected') })
const person: Principal = { kind: 'user', accountId: 'p1', sessionId: 's1', clientId: 'app', scopes: [], firstParty: true }

let folder = ''
let running: Running<unknown>
const rendered: unknown[] = []

const render = async (): Promise<{ redirect: string }> => ({ redirect: '/' })

const views = [
  view({
    method: 'GET',
    path: '/people/:accountId',
    who: 'anyone',
    render: async ({ params, query, csrfField, signInPath }) => ({
      html: html`<p>${params['accountId']}|${query['after']}|${csrfField()}|${signInPath}</p>`,
    }),
  }),
  view({
    method: 'POST',
    path: '/people/:accountId/notes',
    who: 'user',
    form: z.strictObject({ text: z.string().min(1, 'Write something first') }),
    render: async ({ form, params }) => {
      rendered.push(form.text)
      return { redirect: `/people/${params['accountId']}` }
    },
  }),
  view({
    method: 'POST',
    path: '/away',
    who: 'anyone',
    form: z.object({ to: z.string() }),
    render: async ({ form }) => ({ redirect: form.to }),
    invalid: async ({ form }) => ({ status: 422, html: html`<p>${form.problems[0]?.field}</p>` }),
  }),
  view({ method: 'GET', path: '/mine', who: 'user', render }),
]

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontend-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(
    join(folder, 'index.html'),
    '<!doctype html><html><head></head><body><script src="/assets/index-12345678.js"></script></body></html>',
  )
  await writeFile(join(folder, 'assets', 'index-12345678.js'), 'export {}')
  await writeFile(join(folder, 'assets', 'plain.txt'), 'plain')
  await writeFile(join(folder, 'robots.txt'), 'User-agent: *')
  await writeFile(join(folder, '.env'), 'SECRET=1')
  await symlink('/etc/hostname', join(folder, 'link.txt'))
  running = createServer(folder)
  await running.start()
})

after(async () => {
  await running.stop()
  await rm(folder, { recursive: true })
})

function createServer(from: string): Running<unknown> {
  return frontendServer.create({
    resources: unused as Resources,
    auth: unused as Auth,
    logger: createLogger({ level: 'silent' }),
    settings: {
      frontends: [{ name: 'app', title: 'App', mode: 'cookie', scopes: [], folder: from, views }],
      console: { folder: from },
      sites,
    },
  })
}

interface Asked {
  readonly headers?: Record<string, string>
  readonly principal?: Principal
  readonly params?: Record<string, string>
  readonly query?: Record<string, string>
  readonly body?: Record<string, string>
  readonly site?: string
}

/** Calls the handler of a declared route as the gateway does. */
async function ask(declared: string, path: string, asked: Asked = {}): Promise<Answer> {
  const [method = '', pattern = ''] = declared.split(' ')
  const found = running.routes.find(
    (each) => each.method === method && each.path === pattern && each.site === (asked.site ?? 'frontend:app'),
  )
  assert.ok(found?.kind === 'handled', declared)
  const request = new IncomingMessage(new Socket())
  request.headers = asked.headers ?? {}
  const exchange: Exchange = {
    request,
    response: new ServerResponse(request),
    method,
    origin: 'http://app.test',
    path,
    search: new URLSearchParams(asked.query).toString(),
    requestId: 'r1',
    network: () => '',
    client: 'c1',
    cookies: new Map(),
    nonce: () => 'fresh-nonce',
    csrfToken: () => 'csrf-value',
    renewCsrf: () => assert.fail('not expected'),
    allowSources: () => assert.fail('not expected'),
    addCookie: () => assert.fail('not expected'),
  }
  const call: Call = {
    principal: asked.principal ?? { kind: 'anonymous' },
    requestId: 'r1',
    signal: new AbortController().signal,
    deadline: 0,
  }
  const answer = await found.handle(call, inputOf(found, asked), exchange)
  assert.ok(answer.status in found.answers, `${declared} did not declare ${answer.status}`)
  return answer
}

function inputOf(declared: HandledRoute, asked: Asked): { params: unknown; query: unknown; body: unknown } {
  return {
    params: declared.input.params?.parse(asked.params ?? { '*': '' }),
    query: declared.input.query?.parse(asked.query ?? {}),
    body: declared.input.body?.parse(asked.body),
  }
}

const textOf = (answer: Answer): string => (answer.body !== undefined && 'html' in answer.body ? answer.body.html.toString() : '')
const navigation = { accept: 'text/html,application/xhtml+xml' }
const notFound = { code: 'http.not_found' }

test('gives the shell with its nonce and the addresses to navigations of unknown paths', async () => {
  for (const path of ['/', '/albums/2026', '/index.html', '/apish', '/../../etc/passwd']) {
    const answer = await ask('GET /*', path, { headers: navigation })
    assert.equal(answer.status, 200, path)
    assert.equal(answer.headers?.['cache-control'], 'no-store')
    assert.match(textOf(answer), /<script nonce="fresh-nonce" src=/)
    assert.match(
      textOf(answer),
      /<meta name="ninefold" data-mode="cookie" data-api="http:\/\/app.test\/api" data-accounts="http:\/\/accounts.test"/,
    )
  }
})

test('gives 404 to scripts that ask for what is not there, and under the paths of other servers', async () => {
  await assert.rejects(ask('GET /*', '/missing.js', { headers: { accept: '*/*' } }), notFound)
  await assert.rejects(ask('GET /*', '/missing', { headers: { ...navigation, 'sec-fetch-mode': 'cors' } }), notFound)
  for (const path of ['/api', '/api/photos', '/session', '/session/none', '/assets/none-12345678.js']) {
    await assert.rejects(ask('GET /*', path, { headers: navigation }), notFound, path)
  }
  await assert.rejects(ask('GET /assets/*', '/assets/none-12345678.js', { headers: navigation }), notFound)
})

test('serves built files from memory: immutable when named by content, revalidated when not', async () => {
  const hashed = await ask('GET /assets/*', '/assets/index-12345678.js')
  assert.equal(hashed.headers?.['cache-control'], 'public, max-age=31536000, immutable')
  assert.deepEqual(hashed.body, { bytes: Buffer.from('export {}'), type: 'text/javascript; charset=utf-8' })
  const plain = await ask('GET /assets/*', '/assets/plain.txt')
  assert.equal(plain.headers?.['cache-control'], 'public, max-age=0, must-revalidate')
  const robots = await ask('GET /*', '/robots.txt')
  assert.deepEqual(robots.body, { bytes: Buffer.from('User-agent: *'), type: 'text/plain; charset=utf-8' })
})

test('serves no hidden file, no link and nothing outside of the folder', async () => {
  for (const path of ['/.env', '/link.txt', '/assets/../.env', '/assets/%2e%2e/.env', '//etc/hostname']) {
    await assert.rejects(ask('GET /*', path), notFound, path)
  }
})

test('serves the console on its own site, without the addresses of the apps', async () => {
  const answer = await ask('GET /*', '/', { headers: navigation, site: 'console' })
  assert.match(textOf(answer), /nonce="fresh-nonce"/)
  assert.doesNotMatch(textOf(answer), /name="ninefold"/)
})

test('renders a view with its parameters, its CSRF field and the way to sign in and back', async () => {
  const answer = await ask('GET /people/:accountId', '/people/p2', { params: { accountId: '<p2>' }, query: { after: 'x y' } })
  assert.equal(
    textOf(answer),
    '<p>&lt;p2&gt;|x y|<input type="hidden" name="csrf_token" value="csrf-value">|/session/sign-in?return_to=%2Fpeople%2Fp2%3Fafter%3Dx%2By</p>',
  )
})

test('sends people without a session to sign in, and runs nothing', async () => {
  const headers = { referer: 'http://app.test/people/p2?tab=1' }
  const answer = await ask('POST /people/:accountId/notes', '/people/p2/notes', {
    headers,
    params: { accountId: 'p2' },
    body: { text: 'Hello' },
  })
  assert.equal(answer.status, 303)
  assert.equal(answer.headers?.['location'], '/session/sign-in?return_to=%2Fpeople%2Fp2%3Ftab%3D1')
  const foreign = await ask('POST /people/:accountId/notes', '/people/p2/notes', {
    headers: { referer: 'http://evil.test/x' },
    params: { accountId: 'p2' },
    body: { text: 'Hello' },
  })
  assert.equal(foreign.headers?.['location'], '/session/sign-in?return_to=%2F')
  assert.deepEqual(rendered, [])
})

test('refuses the token of a third party on a page for people', async () => {
  const principal = { ...person, firstParty: false }
  const asked = { principal, params: { accountId: 'p2' }, body: { text: 'Hello' } }
  await assert.rejects(ask('POST /people/:accountId/notes', '/people/p2/notes', asked), { code: 'http.forbidden' })
  assert.deepEqual(rendered, [])
})

test('parses a form by its schema and redirects with 303', async () => {
  const body = { text: 'Hello' }
  const answer = await ask('POST /people/:accountId/notes', '/people/p2/notes', { principal: person, params: { accountId: 'p2' }, body })
  assert.deepEqual([answer.status, answer.headers?.['location']], [303, '/people/p2'])
  assert.deepEqual(rendered.splice(0), ['Hello'])
})

test('shows what is wrong with a form: its own page, or a plain one', async () => {
  const plain = await ask('POST /people/:accountId/notes', '/people/p2/notes', {
    principal: person,
    params: { accountId: 'p2' },
    body: { text: '', extra: '1' },
  })
  assert.equal(plain.status, 422)
  assert.match(textOf(plain), /<strong>text<\/strong>: Write something first.*<strong>extra<\/strong>: Unknown field/)
  assert.deepEqual(rendered, [])
  const own = await ask('POST /away', '/away', { params: {}, body: {} })
  assert.equal(textOf(own), '<p>to</p>')
})

test('redirects within the frontend only', async () => {
  assert.equal(
    (await ask('POST /away', '/away', { params: {}, body: { to: '/people/p2?x=1#y' } })).headers?.['location'],
    '/people/p2?x=1#y',
  )
  for (const to of ['//evil.test', '/\\evil.test', 'https://evil.test', 'people', '/a\r\nx: y', '', '/\t/evil.test', '/a b']) {
    await assert.rejects(ask('POST /away', '/away', { params: {}, body: { to } }), /its own frontend/, JSON.stringify(to))
  }
})

test('names every frontend that cannot be served when it starts', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'frontend-empty-'))
  await assert.rejects(createServer(empty).start(), (error: Error) => {
    assert.match(error.message, /App: there is no .*index\.html; build the frontend first\nConsole: there is no/)
    return true
  })
  await assert.rejects(createServer(join(empty, 'missing')).start(), /App: there is no .*index\.html/)
  await rm(empty, { recursive: true })
})

test('lets the gateway lead people to the session that a page needs', () => {
  const rules = views.map((each) => running.routes.find((found) => found.method === each.method && found.path === each.path)?.allow.who)
  assert.deepEqual(rules, ['anyone', 'handler', 'anyone', 'user'])
})

test('refuses a view that cannot work', () => {
  assert.throws(() => view({ method: 'POST', path: '/x', who: 'anyone', render }), /form schema/)
  assert.throws(() => view({ method: 'GET', path: 'x', who: 'anyone', render }), /slash/)
  assert.throws(() => view({ method: 'GET', path: '/x', who: 'anyone', form: z.object({}), render }), /changes nothing/)
})
