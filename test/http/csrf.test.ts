// Forged requests: the whole matrix is refused, nothing changes, and each of the two layers does it alone.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createMac } from '#kernel/keyring.ts'
import { provenanceOf } from '../../src/gateway/csrf/origin.ts'
import { createCsrfToken, isCsrfToken } from '../../src/gateway/csrf/token.ts'
import { type Answered, ask, browse, csrfOf, openWorld, signIn, sites, token, type World } from './gateway-support.ts'
import { Jar } from './jar.ts'

const JSON_BODY = JSON.stringify({ caption: 'x' })
const TYPES = ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']
const FOREIGN: Record<string, string>[] = [
  { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
  { 'sec-fetch-site': 'cross-site', origin: 'null' },
  { 'sec-fetch-site': 'same-site', origin: sites.files },
  { 'sec-fetch-site': 'none' },
  { origin: 'https://evil.example' },
  { origin: 'null' },
  {},
]
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin', origin: sites.app }

interface Victim {
  readonly cookies: Record<string, string>
  readonly csrf: string
}

async function victimOf(world: World): Promise<Victim> {
  const jar = new Jar()
  await signIn(world, jar)
  const csrf = await csrfOf(world, jar)
  return { cookies: jar.header('/api/photos'), csrf }
}

function post(world: World, headers: Record<string, string>, path = '/api/photos'): Promise<Answered> {
  return ask(world, {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', 'content-length': String(JSON_BODY.length), ...headers },
    body: JSON_BODY,
  })
}

/** Tokens that an attacker may have or make, none of which belongs to the victim's session. */
async function forgedTokens(world: World, victim: Victim): Promise<Record<string, { cookie?: string; header?: string }>> {
  const other = new Jar()
  await signIn(world, other, { sub: 'eve' })
  const otherSession = new Jar()
  await signIn(world, otherSession, { sub: 'ada' })
  const others = await csrfOf(world, other)
  const ownOther = await csrfOf(world, otherSession)
  const before = await csrfOf(world, new Jar())
  const [random = '', proof = ''] = victim.csrf.split('.')
  const badProof = `${random}.${proof.startsWith('A') ? 'B' : 'A'}${proof.slice(1)}`
  return {
    'no token': {},
    'cookie only': { cookie: victim.csrf },
    'header only': { header: victim.csrf },
    mismatched: { cookie: victim.csrf, header: others },
    "another person's": { cookie: others, header: others },
    'of another session of the same person': { cookie: ownOther, header: ownOther },
    'from before sign-in': { cookie: before, header: before },
    'with a bad signature': { cookie: badProof, header: badProof },
    truncated: { cookie: victim.csrf.slice(0, -1), header: victim.csrf.slice(0, -1) },
    'made under another key': forge(createCsrfToken(createMac([Buffer.alloc(32)]), 'sid')),
    empty: { cookie: '', header: '' },
  }
}

const forge = (value: string) => ({ cookie: value, header: value })

function withToken(cookies: Record<string, string>, sent: { cookie?: string; header?: string }): Record<string, string> {
  const kept = (cookies['cookie'] ?? '').split('; ').filter((pair) => !pair.startsWith('__Host-csrf='))
  if (sent.cookie !== undefined) kept.push(`__Host-csrf=${sent.cookie}`)
  return { cookie: kept.join('; '), ...(sent.header === undefined ? {} : { 'x-csrf-token': sent.header }) }
}

describe('with both layers', () => {
  let world: World
  let victim: Victim
  before(async () => {
    world = await openWorld({ settings: { rateLimits: { api: 'off', token: 'off' } } })
    victim = await victimOf(world)
  })
  after(() => world.stop())

  test('the honest request passes', async () => {
    const answer = await post(world, { ...victim.cookies, ...SAME_ORIGIN, 'x-csrf-token': victim.csrf })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(world.writes.count, 1)
  })
  test('requirement 58: every forged request is refused and changes nothing', async () => {
    const before = world.writes.count
    const forged = await forgedTokens(world, victim)
    for (const [name, sent] of Object.entries(forged)) {
      for (const from of [SAME_ORIGIN, ...FOREIGN]) {
        for (const type of TYPES) {
          const answer = await post(world, { ...withToken(victim.cookies, sent), ...from, 'content-type': type })
          const wanted = type === 'application/json' || from !== SAME_ORIGIN ? [403] : [403, 415]
          assert.ok(wanted.includes(answer.status), `${name} ${JSON.stringify(from)} ${type}: ${answer.status}`)
        }
      }
    }
    for (const from of FOREIGN) {
      const answer = await post(world, { ...victim.cookies, ...from, 'x-csrf-token': victim.csrf })
      assert.equal(answer.json['code'], 'http.csrf', JSON.stringify(from))
    }
    assert.equal(world.writes.count, before)
  })
  test('a token that came twice is refused', async () => {
    const before = world.writes.count
    const cookie = `${victim.cookies['cookie']}; __Host-csrf=${victim.csrf}`
    assert.equal((await post(world, { ...SAME_ORIGIN, cookie, 'x-csrf-token': victim.csrf })).status, 400)
    assert.equal(world.writes.count, before)
  })
  test('requirement 58: a form proves itself by its hidden field', async () => {
    const jar = new Jar()
    const page = await browse(world, jar, { path: '/form', headers: { 'sec-fetch-mode': 'navigate' } })
    const csrf = page.text.split(' ')[1] ?? ''
    const submit = (body: string) =>
      browse(world, jar, {
        method: 'POST',
        path: '/comment',
        headers: { origin: sites.app, 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) },
        body,
      })
    const before = world.writes.count
    assert.equal((await submit('text=hi')).status, 403)
    assert.equal((await submit(`text=hi&csrf_token=${csrf.slice(0, -2)}xx`)).status, 403)
    assert.equal(world.writes.count, before)
    assert.equal((await submit(`text=hi&csrf_token=${csrf}`)).status, 200)
    assert.equal(world.writes.count, before + 1)
  })
  test('a form for somebody whose Strict cookies stayed at home is asked for again from the own origin', async () => {
    const led = await ask(world, { path: '/form', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } })
    assert.match(led.text, /http-equiv="refresh" content="0;url=\/form"/)
    assert.deepEqual(led.cookies, [])
  })
  test('requirement 58: sign-in needs both layers even without a cookie', async () => {
    const body = 'email=a%40b.c'
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) }
    const before = world.writes.count
    const submit = (headers: Record<string, string>, text = body) =>
      ask(world, {
        method: 'POST',
        origin: sites.accounts,
        path: '/sign-in',
        headers: { ...form, 'content-length': String(text.length), ...headers },
        body: text,
      })
    assert.equal((await submit({})).status, 403)
    assert.equal((await submit({ 'sec-fetch-site': 'same-origin' })).status, 403)
    assert.equal((await submit({ origin: sites.accounts })).status, 403)
    const jar = new Jar()
    const csrf = String((await browse(world, jar, { origin: sites.accounts, path: '/form' })).json['token'])
    const cookies = jar.header('/sign-in')
    const whole = `${body}&csrf_token=${csrf}`
    assert.equal((await submit({ ...cookies, 'sec-fetch-site': 'cross-site' }, whole)).status, 403)
    assert.equal((await submit(cookies, whole)).status, 403)
    assert.equal(world.writes.count, before)
    assert.equal((await submit({ ...cookies, 'sec-fetch-site': 'same-origin' }, whole)).status, 200)
    assert.equal(world.writes.count, before + 1)
  })
  test('the pre-session of the accounts site survives a redirect from elsewhere', async () => {
    const jar = new Jar()
    const first = await browse(world, jar, {
      origin: sites.accounts,
      path: '/form',
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    })
    assert.ok(
      first.cookies.every((cookie) => cookie.endsWith('SameSite=Lax')),
      first.cookies.join(),
    )
    const second = await browse(world, jar, { origin: sites.accounts, path: '/form' })
    assert.equal(second.json['token'], first.json['token'])
    assert.deepEqual(second.cookies, [])
  })
  test('a bearer token needs no proof, and cookies beside it mean nothing', async () => {
    const before = world.writes.count
    const authorization = `Bearer ${await token({ scope: 'photos:write' })}`
    const answer = await post(world, {
      authorization,
      origin: 'http://printshop.localhost:5000',
      'sec-fetch-site': 'cross-site',
      cookie: 'x=1; y=2',
    })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(world.writes.count, before + 1)
    // A bad token is not saved by good cookies.
    assert.equal(
      (await post(world, { ...victim.cookies, ...SAME_ORIGIN, 'x-csrf-token': victim.csrf, authorization: 'Bearer x' })).status,
      401,
    )
  })
  test('programs without cookies need no proof, pages of other sites do', async () => {
    const before = world.writes.count
    assert.equal((await post(world, {}, '/api/open')).status, 200)
    assert.equal(world.writes.count, before + 1)
    for (const from of FOREIGN.slice(0, -1)) assert.equal((await post(world, from, '/api/open')).status, 403)
    assert.equal(world.writes.count, before + 1)
  })
})

for (const [layer, other] of [
  ['csrf: token', 'csrf: origin'],
  ['csrf: origin', 'csrf: token'],
] as const) {
  test(`requirement 59: the layer "${layer}" stops the attack alone`, async () => {
    const world = await openWorld({ choose: (steps) => steps.filter((step) => step.name !== other) })
    try {
      const victim = await victimOf(world)
      const forged = await forgedTokens(world, victim)
      for (const [name, sent] of Object.entries(forged)) {
        for (const from of FOREIGN) {
          // What a foreign page can send at most: the victim's own cookies, as the browser adds them.
          const answer = await post(world, { ...withToken(victim.cookies, sent), ...from })
          assert.equal(answer.status, 403, `${name} ${JSON.stringify(from)}`)
        }
      }
      assert.equal(world.writes.count, 0)
      assert.equal((await post(world, { ...victim.cookies, ...SAME_ORIGIN, 'x-csrf-token': victim.csrf })).status, 200)
    } finally {
      await world.stop()
    }
  })
}

/** What each half of the first layer sees while the other one, and the token, say nothing against the request. */
const HALVES = {
  'Sec-Fetch-Site': [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'none' }],
  Origin: [{ origin: 'https://evil.example' }, { origin: sites.files }, { origin: 'null' }, { origin: `${sites.app}.evil.example` }],
} as const
for (const [half, foreign] of Object.entries(HALVES)) {
  test(`requirement 59: ${half} alone stops a forged request, with a token that is right`, async () => {
    const world = await openWorld({ choose: (steps) => steps.filter(({ name }) => name !== 'csrf: token') })
    try {
      const victim = await victimOf(world)
      for (const headers of foreign) {
        const answer = await post(world, { ...victim.cookies, ...headers, 'x-csrf-token': victim.csrf })
        assert.deepEqual([answer.status, answer.json['code']], [403, 'http.csrf'], JSON.stringify(headers))
      }
      assert.equal(world.writes.count, 0)
      assert.equal((await post(world, { ...victim.cookies, ...SAME_ORIGIN })).status, 200)
    } finally {
      await world.stop()
    }
  })
}

test('requirement 59: a token fits its binding and no other, also not one that is cut elsewhere', () => {
  const mac = createMac([Buffer.alloc(32, 1)])
  const made = createCsrfToken(mac, 'session-1')
  assert.ok(isCsrfToken(mac, 'session-1', made))
  for (const binding of ['session-', 'session-11', '', 'session-1!']) assert.ok(!isCsrfToken(mac, binding, made))
  assert.ok(!isCsrfToken(createMac([Buffer.alloc(32, 2)]), 'session-1', made))
  assert.equal(new Set(Array.from({ length: 1000 }, () => createCsrfToken(mac, 's'))).size, 1000)
})

test('where a request comes from is same-origin only when everything that is said agrees', () => {
  const own = 'https://diary.example'
  assert.equal(provenanceOf({ 'sec-fetch-site': 'same-origin', origin: own }, own), 'same-origin')
  assert.equal(provenanceOf({ origin: own }, own), 'same-origin')
  assert.equal(provenanceOf({}, own), 'unknown')
  for (const headers of [
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site', origin: own },
    { origin: `${own}:443` },
    { origin: 'null' },
  ]) {
    assert.equal(provenanceOf(headers, own), 'foreign')
  }
})
