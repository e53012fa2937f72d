// The two layers against forged requests, each alone, on every route that the platform has: a browser's word on where a request comes from, and the
// signed token. Over plain HTTP, since no browser lets a page lie about the one or read the other.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Reply } from '../support/http.ts'
import { enterConsole } from '../support/operator.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { formsOf, type Visitor } from '../support/visitor.ts'

const CONFIG = ['--config', 'examples/pixel-diary/ninefold.config.ts']

interface RouteLine {
  readonly site: string
  readonly method: string
  readonly path: string
  readonly csrf: string
}

/** What the platform says of itself, so that a new route is tried without anybody writing a test for it. */
async function inventory({ dataDir, port }: PlatformProcess): Promise<RouteLine[]> {
  const args = ['src/main.ts', 'routes', ...CONFIG, '--port', String(port), '--data-dir', dataDir]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: fileURLToPath(new URL('../..', import.meta.url)) })
  return JSON.parse(stdout) as RouteLine[]
}

const LABELS: Readonly<Record<string, string>> = {
  app: 'diary',
  'frontend:diary': 'diary',
  'frontend:gallery': 'gallery',
  accounts: 'accounts',
  console: 'console',
}

/** What a browser may say of a request that no page of ours sent. */
const FOREIGN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'cross-site': { 'sec-fetch-site': 'cross-site', origin: 'http://evil.localhost' },
  'cross-site, no origin': { 'sec-fetch-site': 'cross-site' },
  'same-site': { 'sec-fetch-site': 'same-site', origin: 'OWN' },
  'from nowhere': { 'sec-fetch-site': 'none', origin: 'OWN' },
  'an origin that contradicts': { 'sec-fetch-site': 'same-origin', origin: 'http://evil.localhost' },
  'the origin alone': { origin: 'http://evil.localhost' },
  'an origin that begins like ours': { origin: 'OWN.evil.localhost' },
  'no origin at all': { origin: 'null' },
  silence: {},
}

describe('each layer against forged requests alone', () => {
  let platform: PlatformProcess
  let routes: RouteLine[]
  let exempt: string[]
  let ada: Person
  let bob: Person
  const visitors = new Map<string, { visitor: Visitor; token: string; foreign: string }>()

  before(async () => {
    platform = await startPlatform({ environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000' }, logLevel: 'info' })
    const all = await inventory(platform)
    routes = all.filter(({ csrf }) => csrf === 'required')
    exempt = all.filter(({ csrf }) => csrf.startsWith('exempt')).map(({ site, method, path }) => `${method} ${site}${path}`)
    assert.deepEqual(
      all.filter(({ method, csrf }) => method !== 'GET' && csrf !== 'required' && !csrf.startsWith('exempt')),
      [],
    )
    ada = await signUp(platform, 'ada@example.com')
    bob = await signUp(platform, 'bob@example.com')
    for (const person of [ada, bob]) await signIn(platform, person)
    const operator = await enterConsole(platform)
    const tokenOf = async (visitor: Visitor, label: string): Promise<string> => {
      if (label !== 'accounts') return (await session(platform, visitor, label)).csrfToken
      const page = await visitor.visit(`${platform.origin('accounts')}/account`)
      return formsOf(page.body).find(({ hidden }) => 'csrf_token' in hidden)?.hidden['csrf_token'] ?? ''
    }
    for (const label of ['diary', 'gallery', 'accounts', 'console']) {
      const visitor = label === 'console' ? operator.visitor : ada.visitor
      visitors.set(label, { visitor, token: await tokenOf(visitor, label), foreign: await tokenOf(bob.visitor, label) })
    }
  })

  after(async () => {
    await platform?.stop({ remove: true })
  })

  async function forge({ site, method, path }: RouteLine, headers: Readonly<Record<string, string>>): Promise<Reply> {
    const label = LABELS[site] ?? ''
    const known = visitors.get(label)
    assert.ok(known, site)
    const values: Record<string, string> = {
      OWN: platform.origin(label),
      'OWN.evil.localhost': `${platform.origin(label)}.evil.localhost`,
      TOKEN: known.token,
      FOREIGN: known.foreign,
    }
    const filled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, values[value] ?? value]))
    return known.visitor.request(new URL(path.replaceAll(/:\w+/g, 'x'), platform.origin(label)), { method, headers: filled })
  }

  async function assertForged(line: RouteLine, headers: Readonly<Record<string, string>>, name: string): Promise<void> {
    const reply = await forge(line, headers)
    const what = `${line.method} ${line.site}${line.path}, ${name}: ${reply.status} ${reply.body.slice(0, 200)}`
    assert.equal(reply.status, 403, what)
    assert.match(reply.body, /"http\.csrf"/, what)
  }

  test('requirement 59: is tried on every route that needs them', () => {
    assert.ok(routes.length >= 20, String(routes.length))
    assert.deepEqual(
      routes.filter(({ site }) => LABELS[site] === undefined),
      [],
    )
  })

  test('requirement 58: whatever changes something or gives tokens is among them, but where no cookie counts', () => {
    for (const route of [
      'POST frontend:diary/session/refresh',
      'POST frontend:gallery/session/refresh',
      'POST frontend:diary/session/sign-out',
    ])
      assert.ok(
        routes.some(({ site, method, path }) => `${method} ${site}${path}` === route),
        route,
      )
    // Clients that authenticate, tokens in the request itself, secrets in the form, and requests that only come back as a GET: each says so where it is declared.
    assert.deepEqual(exempt.toSorted(), [
      'POST */csp-reports',
      'POST accounts/authorize',
      'POST accounts/device',
      'POST accounts/device-authorization',
      'POST accounts/end-session',
      'POST accounts/end-session/confirm',
      'POST accounts/introspect',
      'POST accounts/par',
      'POST accounts/revoke',
      'POST accounts/token',
      'POST accounts/upstream/:id/callback',
      'POST accounts/userinfo',
    ])
  })

  for (const [name, headers] of Object.entries(FOREIGN)) {
    test(`requirement 59: the origin is enough to refuse: the right token, but ${name}`, async () => {
      for (const line of routes) await assertForged(line, { ...headers, 'x-csrf-token': 'TOKEN' }, name)
    })
  }

  const tokens: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'no token': {},
    'an empty one': { 'x-csrf-token': '' },
    'that of another person': { 'x-csrf-token': 'FOREIGN' },
    'one made up': { 'x-csrf-token': `${'a'.repeat(43)}.${'b'.repeat(43)}` },
  }
  for (const [name, headers] of Object.entries(tokens)) {
    test(`requirement 59: the token is enough to refuse: the right origin, but ${name}`, async () => {
      for (const line of routes) {
        if (line.site === 'console' && name === 'that of another person') continue
        await assertForged(line, { ...headers, origin: 'OWN', 'sec-fetch-site': 'same-origin' }, name)
      }
    })
  }

  test('requirement 60: of all that, no cookie of a session is in the log of the platform', () => {
    const output = platform.output()
    assert.match(output, /session\/refresh/, 'requests are in the log')
    const values = [...visitors].flatMap(([label, { visitor }]) => {
      const cookies = visitor.jar(new URL(platform.origin(label)).host).header()
      return cookies.split('; ').map((pair) => pair.slice(pair.indexOf('=') + 1))
    })
    assert.ok(values.length >= 8, String(values.length))
    for (const value of values.filter(({ length }) => length > 20)) assert.equal(output.includes(value), false)
  })

  test('both together let a request through', async () => {
    // But for those that end the session or change the token, which the ones after them need.
    for (const line of routes.filter(({ path }) => !/sign-out|refresh|enter/.test(path))) {
      const reply = await forge(line, { 'x-csrf-token': 'TOKEN', origin: 'OWN', 'sec-fetch-site': 'same-origin' })
      assert.doesNotMatch(reply.body, /"http\.csrf"/, `${line.method} ${line.site}${line.path}: ${reply.body}`)
    }
  })
})

test('a page of somebody else cannot use up what a person needs to sign in and to stay in', async () => {
  const platform = await startPlatform()
  try {
    const ada = await signUp(platform, 'ada@example.com')
    const stranger = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'no-cors',
      'sec-fetch-dest': 'empty',
      origin: 'http://evil.localhost',
    }
    const forged = [
      ['accounts', '/interaction/x/sign-in', 60],
      ['diary', '/session/refresh', 200],
    ] as const
    for (const [label, path, times] of forged) {
      const statuses = new Set<number>()
      for (let count = 0; count < times; count += 1)
        statuses.add((await platform.send(label, { method: 'POST', path, headers: stranger })).status)
      assert.ok(statuses.has(429), `${path}: ${[...statuses].join()}`)
    }
    assert.equal((await signIn(platform, ada)).url.origin, platform.origin('diary'))
    const { csrfToken } = await session(platform, ada.visitor)
    const headers = { 'x-csrf-token': csrfToken, origin: platform.origin('diary'), 'sec-fetch-site': 'same-origin' }
    const renewed = await ada.visitor.request(new URL(`${platform.origin('diary')}/session/refresh`), { method: 'POST', headers })
    assert.equal(renewed.status, 200, renewed.body)
  } finally {
    await platform.stop({ remove: true })
  }
})
