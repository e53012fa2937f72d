import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Browser, UploadRequest } from './browser.ts'
import { createClient, ProblemError } from './index.ts'

type Handler = (request: Request) => Response | Promise<Response>

interface Page extends Browser {
  readonly log: string[]
  clock: number
  cookies: Record<string, string>
  went: string | undefined
}

/** Pages of one origin: they share locks, messages and a server. Only the browser is made up; the SDK is whole. */
function createOrigin(handler: Handler): () => Page {
  const listeners: { page: Page; listener: (message: unknown) => void }[] = []
  let turn: Promise<unknown> = Promise.resolve()
  return () => {
    const send = async (url: string, init: RequestInit): Promise<Response> => {
      const request = new Request(new URL(url, 'http://app.test'), init)
      page.log.push(`${request.method} ${new URL(request.url).pathname}`)
      return handler(request)
    }
    const page: Page = {
      log: [],
      clock: 1_000_000,
      cookies: {},
      went: undefined,
      origin: 'http://app.test',
      addresses: { mode: 'cookie', api: 'http://api.test/api', accounts: 'http://accounts.test', files: 'http://files.test' },
      fetch: send,
      upload: async ({ url, headers, body, onProgress }: UploadRequest) => {
        onProgress?.(1)
        return send(url, { method: 'POST', headers, body })
      },
      openSocket: () => {
        throw new Error('These pages follow nothing')
      },
      cookie: (name) => page.cookies[name],
      path: () => '/here?x=1',
      go: (path) => {
        page.went = path
      },
      now: () => page.clock,
      exclusively: (_name, task) => {
        const mine = turn.then(task)
        turn = mine.catch(() => undefined)
        return mine
      },
      tell: (message) => {
        for (const other of listeners) if (other.page !== page) other.listener(structuredClone(message))
      },
      onTold: (listener) => listeners.push({ page, listener }),
    }
    return page
  }
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response => Response.json(body, { status, headers })
const problem = (status: number, code: string, more: object = {}): Response =>
  json({ type: 'urn:x', title: 'No', status, code, requestId: 'r1', ...more }, status)

/** A server with one signed-in person whose tokens end when it says so. */
function createServer(start: { now: number; lifeMs?: number }) {
  const state = {
    signedIn: true,
    refreshes: 0,
    csrf: 'csrf-1',
    token: 'token-0',
    validUntil: start.now + (start.lifeMs ?? 300_000),
    clock: () => start.now,
  }
  const seen: { path: string; method: string; headers: Headers; body: string }[] = []
  const session = (): Response => {
    const account = { id: 'p1', name: 'Ada', locale: 'de-AT' }
    const known = state.signedIn ? { signedIn: true, account, expiresAt: state.validUntil } : { signedIn: false }
    return json({ ...known, csrfToken: state.csrf })
  }
  const refresh = (request: Request): Response => {
    if (request.headers.get('x-csrf-token') !== state.csrf) return problem(403, 'http.csrf')
    if (!state.signedIn) return problem(401, 'http.unauthenticated')
    state.refreshes += 1
    state.token = `token-${state.refreshes}`
    state.validUntil = state.clock() + 300_000
    return json({ expiresAt: state.validUntil, accessToken: state.token })
  }
  const handler: Handler = async (request) => {
    const { pathname } = new URL(request.url)
    seen.push({ path: pathname, method: request.method, headers: request.headers, body: await request.clone().text() })
    if (pathname === '/session') return session()
    if (pathname === '/session/refresh') return refresh(request)
    if (pathname === '/session/sign-out') {
      state.signedIn = false
      return json({})
    }
    const bearer = request.headers.get('authorization')
    const good = bearer === null ? state.clock() < state.validUntil : bearer === `Bearer ${state.token}`
    if (!state.signedIn || !good) return problem(401, bearer === null ? 'http.unauthenticated' : 'http.invalid_token')
    if (bearer === null && request.method !== 'GET' && request.headers.get('x-csrf-token') !== state.csrf) return problem(403, 'http.csrf')
    if (pathname === '/api/photos' && request.method === 'GET') return json({ items: [] })
    return json({ id: 'o1', caption: 'A' }, 200, { etag: '"v3"' })
  }
  return { state, seen, handler }
}

test('reads the session and goes to sign in and back', async () => {
  const { handler } = createServer({ now: 1_000_000 })
  const page = createOrigin(handler)()
  const client = createClient({}, page)
  assert.deepEqual(await client.session(), { signedIn: true, account: { id: 'p1', name: 'Ada', locale: 'de-AT' } })
  assert.deepEqual(client.addresses, { accounts: 'http://accounts.test', files: 'http://files.test' })
  client.signIn()
  assert.equal(page.went, '/session/sign-in?return_to=%2Fhere%3Fx%3D1')
  client.signIn('/other', { uiLocales: ['de', 'en'] })
  assert.equal(page.went, '/session/sign-in?return_to=%2Fother&ui_locales=de+en')
})

test('a sign-in that is too old or too weak is told as such, without a refresh, and asked for again', async () => {
  for (const mode of ['cookie', 'memory'] as const) {
    const { handler, state } = createServer({ now: 1_000_000 })
    const challenge =
      'Bearer error="insufficient_user_authentication", acr_values="urn:a urn:b", max_age="60", resource_metadata="https://x"'
    const strict: Handler = async (request) => {
      if (new URL(request.url).pathname !== '/api/vault') return await handler(request)
      return json({ title: 'No', status: 401, code: 'http.insufficient_authentication' }, 401, { 'www-authenticate': challenge })
    }
    const page = createOrigin(strict)()
    const client = createClient({ mode }, page)
    await client.session()
    const refreshes = state.refreshes
    const refused = await client
      .resource('vault')
      .list()
      .catch((error: unknown) => error)
    assert.ok(refused instanceof ProblemError)
    assert.deepEqual(
      [refused.code, refused.stepUp],
      ['http.insufficient_authentication', { acrValues: ['urn:a', 'urn:b'], maxAgeSeconds: 60 }],
    )
    assert.ok(state.refreshes - refreshes <= (mode === 'memory' ? 1 : 0), 'no refresh beyond the first token of a page')
    client.signIn('/vault', refused.stepUp)
    assert.equal(page.went, '/session/sign-in?return_to=%2Fvault&acr_values=urn%3Aa+urn%3Ab&max_age=60')
  }
})

test('asks the API of its own origin in cookie mode, with a CSRF token on changes only', async () => {
  const { handler, seen } = createServer({ now: 1_000_000 })
  const client = createClient({}, createOrigin(handler)())
  await client.fetch('photos/o1')
  await client.fetch('photos/o1', { method: 'DELETE' })
  const [get, remove] = seen.filter(({ path }) => path === '/api/photos/o1')
  assert.equal(get?.headers.get('x-csrf-token'), null)
  assert.equal(get?.headers.get('authorization'), null)
  assert.equal(remove?.headers.get('x-csrf-token'), 'csrf-1')
})

test('prefers the CSRF cookie, which another tab may have renewed', async () => {
  const { handler, seen, state } = createServer({ now: 1_000_000 })
  const page = createOrigin(handler)()
  const client = createClient({}, page)
  await client.session()
  state.csrf = 'csrf-2'
  page.cookies['__Host-csrf'] = 'csrf-2'
  assert.equal((await client.fetch('photos', { method: 'POST', body: '{}' })).status, 200)
  assert.equal(seen.at(-1)?.headers.get('x-csrf-token'), 'csrf-2')
  assert.equal(page.log.filter((line) => line === 'POST /api/photos').length, 1)
})

test('gets a new CSRF token and tries once more when the old one was renewed', async () => {
  const { handler, state } = createServer({ now: 1_000_000 })
  const page = createOrigin(handler)()
  const client = createClient({}, page)
  await client.session()
  state.csrf = 'csrf-2'
  assert.equal((await client.fetch('photos', { method: 'POST', body: '{}' })).status, 200)
  state.csrf = 'csrf-3'
  await client.signOut()
  assert.equal(state.signedIn, false)
})

test('refreshes before a request when the token is about to end, and once for all that wait', async () => {
  const { handler, state } = createServer({ now: 1_000_000, lifeMs: 5_000 })
  const page = createOrigin(handler)()
  const client = createClient({}, page)
  await client.session()
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.fetch('photos/o1')))
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]))
  assert.equal(state.refreshes, 1)
})

test('refreshes once after a 401 and repeats the request with its body', async () => {
  const { handler, state, seen } = createServer({ now: 1_000_000 })
  const client = createClient({}, createOrigin(handler)())
  await client.session()
  state.validUntil = 0
  const answer = await client.fetch('photos', { method: 'POST', body: '{"caption":"B"}' })
  assert.equal(answer.status, 200)
  assert.equal(state.refreshes, 1)
  assert.deepEqual(
    seen.filter(({ path }) => path === '/api/photos').map(({ body }) => body),
    ['{"caption":"B"}', '{"caption":"B"}'],
  )
})

test('refreshes once for all tabs in cookie mode', async () => {
  const { handler, state } = createServer({ now: 1_000_000, lifeMs: 5_000 })
  const open = createOrigin(handler)
  const clients = Array.from({ length: 5 }, () => createClient({}, open()))
  for (const client of clients) await client.session()
  await Promise.all(clients.map((client) => client.fetch('photos/o1')))
  assert.equal(state.refreshes, 1)
})

test('holds its own token in memory mode and sends no cookie, no CSRF token and no token of another tab', async () => {
  const { handler, state, seen } = createServer({ now: 1_000_000 })
  const open = createOrigin(handler)
  const told: unknown[] = []
  open().onTold((message) => told.push(message))
  const client = createClient({ mode: 'memory' }, open())
  assert.equal((await client.fetch('photos/o1', { method: 'DELETE' })).status, 200)
  const call = seen.at(-1)
  assert.equal(call?.headers.get('authorization'), 'Bearer token-1')
  assert.equal(call?.headers.get('x-csrf-token'), null)
  assert.equal(state.refreshes, 1)
  assert.ok(!JSON.stringify(told).includes('token-1'))
})

test('requirement 63: keeps nothing in web storage, in either mode, through refreshes and the end of the session', async (t) => {
  const touched: string[] = []
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches']) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, { configurable: true, get: () => touched.push(name) && undefined })
    t.after(() => (before === undefined ? Reflect.deleteProperty(globalThis, name) : Object.defineProperty(globalThis, name, before)))
  }
  for (const mode of ['cookie', 'memory'] as const) {
    const { handler, state } = createServer({ now: 1_000_000, lifeMs: 5000 })
    const client = createClient({ mode }, createOrigin(handler)())
    await client.session()
    assert.equal((await client.fetch('photos/o1', { method: 'DELETE' })).status, 200)
    state.validUntil = 0
    state.token = 'another'
    assert.equal((await client.fetch('photos/o1')).status, 200)
    assert.ok(state.refreshes > 0)
    await client.signOut()
  }
  assert.deepEqual(touched, [])
})

test('sends the token of memory mode to the API and the files origin only', async () => {
  const { handler, seen } = createServer({ now: 1_000_000 })
  const client = createClient({ mode: 'memory' }, createOrigin(handler)())
  await client.fetch('http://files.test/photos/f1')
  assert.equal(seen.at(-1)?.headers.get('authorization'), 'Bearer token-1')
  const before = seen.length
  for (const path of [
    'https://evil.test/',
    '//evil.test/x',
    'http://api.test/apix',
    '../session',
    '/photos',
    'http://files.test.evil.test/',
  ]) {
    await assert.rejects(client.fetch(path), TypeError, path)
  }
  assert.equal(seen.length, before)
})

test('says that the session has ended, here and in other tabs, and stops asking for tokens', async () => {
  const { handler, state } = createServer({ now: 1_000_000 })
  const open = createOrigin(handler)
  const [one, two] = [open(), open()]
  const [first, second] = [createClient({}, one), createClient({}, two)]
  const heard: string[] = []
  first.onSession((session) => heard.push(`first ${session.signedIn}`))
  second.onSession((session) => heard.push(`second ${session.signedIn}`))
  await Promise.all([first.session(), second.session()])
  await first.signOut()
  assert.deepEqual(heard, ['first false', 'second false'])
  assert.equal((await second.fetch('photos/o1')).status, 401)
  assert.equal(state.refreshes, 0)
  assert.ok(!two.log.includes('POST /session/refresh'))
})

test('answers 401 when the session was ended elsewhere, without a loop', async () => {
  const { handler, state } = createServer({ now: 1_000_000 })
  const page = createOrigin(handler)()
  const client = createClient({ mode: 'memory' }, page)
  const heard: boolean[] = []
  client.onSession((session) => heard.push(session.signedIn))
  await client.fetch('photos/o1')
  state.signedIn = false
  assert.equal((await client.fetch('photos/o1')).status, 401)
  assert.deepEqual(heard, [false])
  assert.equal(page.log.filter((line) => line === 'GET /api/photos/o1').length, 2)
})

test('keeps the session when a refresh fails for another reason than its end', async () => {
  const { handler, state } = createServer({ now: 1_000_000, lifeMs: 5_000 })
  let broken = true
  const failing: Handler = (request) =>
    broken && request.url.endsWith('/session/refresh') ? problem(503, 'http.unavailable') : handler(request)
  const client = createClient({}, createOrigin(failing)())
  assert.equal((await client.session()).signedIn, true)
  await assert.rejects(client.fetch('photos/o1'), { code: 'http.unavailable', status: 503 })
  broken = false
  assert.equal((await client.fetch('photos/o1')).status, 200)
  assert.equal(state.refreshes, 1)
})

test('goes by the clock of the server', async () => {
  const { handler, state } = createServer({ now: 1_000_000 })
  const dated: Handler = async (request) => {
    const answer = await handler(request)
    answer.headers.set('date', new Date(1_000_000).toUTCString())
    return answer
  }
  const page = createOrigin(dated)()
  page.clock = 1_000_000 + 3_600_000
  const client = createClient({}, page)
  await client.session()
  await client.fetch('photos/o1')
  assert.equal(state.refreshes, 0)
})

test('lists with its query and changes only the version that was read', async () => {
  const { handler, seen } = createServer({ now: 1_000_000 })
  const urls: string[] = []
  const noting: Handler = (request) => {
    urls.push(request.url)
    return handler(request)
  }
  const photos = createClient({}, createOrigin(noting)()).resource<{ caption: string }>('photos')
  await photos.list({ where: { ownerId: 'p1', visibility: 'public' }, order: 'descending', limit: 5, after: 'a b' })
  assert.equal(urls.at(-1), 'http://app.test/api/photos?ownerId=p1&visibility=public&order=descending&limit=5&after=a+b')
  const photo = await photos.get('o1')
  await photos.update({ ...photo, caption: 'copied' }, { caption: 'B' })
  assert.deepEqual([seen.at(-1)?.method, seen.at(-1)?.headers.get('if-match'), seen.at(-1)?.body], ['PATCH', '"v3"', '{"caption":"B"}'])
  await photos.update('o1', { caption: 'C' })
  assert.equal(seen.at(-1)?.headers.get('if-match'), null)
  await photos.delete(photo)
  assert.deepEqual([seen.at(-1)?.method, seen.at(-1)?.headers.get('if-match')], ['DELETE', '"v3"'])
  assert.equal(JSON.stringify(photo), '{"id":"o1","caption":"A"}')
  await photos.get('../comments/x?y')
  assert.equal(new URL(urls.at(-1) ?? '').pathname, '/api/photos/..%2Fcomments%2Fx%3Fy')
})

test('uploads the bytes with a name that fits into a header, and tells how far it is', async () => {
  const { handler, seen } = createServer({ now: 1_000_000 })
  const client = createClient({}, createOrigin(handler)())
  const progress: number[] = []
  await client.upload('photos', new File(['bytes'], 'S\u00e3o Paulo.jpg', { type: 'image/jpeg' }), {
    onProgress: (fraction) => progress.push(fraction),
  })
  const sent = seen.at(-1)
  assert.deepEqual([sent?.path, sent?.method, sent?.body], ['/api/files/photos', 'POST', 'bytes'])
  assert.equal(sent?.headers.get('x-file-name'), 'S%C3%A3o%20Paulo.jpg')
  assert.equal(sent?.headers.get('content-type'), 'image/jpeg')
  assert.equal(sent?.headers.get('x-csrf-token'), 'csrf-1')
  assert.deepEqual(progress, [1])
})

test('throws problems with their code, fields and request id', async () => {
  const { handler } = createServer({ now: 1_000_000 })
  const refusing: Handler = (request) =>
    request.method === 'POST'
      ? problem(422, 'http.invalid', { detail: 'Look again', errors: [{ field: 'caption', message: 'Too long' }] })
      : handler(request)
  const client = createClient({}, createOrigin(refusing)())
  await assert.rejects(client.resource<{ caption: string }>('photos').create({ caption: 'x' }), (error) => {
    assert.ok(error instanceof ProblemError)
    assert.deepEqual([error.status, error.code, error.message, error.requestId], [422, 'http.invalid', 'Look again', 'r1'])
    assert.deepEqual(error.fields, [{ field: 'caption', message: 'Too long' }])
    return true
  })
})

test('tells an answer that is no problem document, and a failing network, from each other', async () => {
  const { handler } = createServer({ now: 1_000_000 })
  const proxy: Handler = (request) => (request.method === 'POST' ? new Response('<h1>Bad gateway</h1>', { status: 502 }) : handler(request))
  await assert.rejects(createClient({}, createOrigin(proxy)()).resource('photos').create({}), { code: 'http.502', status: 502 })
  const offline: Handler = (request) => (request.method === 'POST' ? Promise.reject(new TypeError('failed')) : handler(request))
  await assert.rejects(createClient({}, createOrigin(offline)()).resource('photos').create({}), { code: 'network', status: 0 })
})
