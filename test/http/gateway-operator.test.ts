// The operator's way in and out, and the reports of browsers.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { route } from '#kernel/http/route.ts'
import { ask, browse, openWorld, signIn, sites, token, type World } from './gateway-support.ts'
import { Jar } from './jar.ts'

const UNLIMITED = { api: 'off', page: 'off', probe: 'off', token: 'off', 'sign-in': 'off', files: 'off' } as const

describe('an operator', () => {
  let world: World
  before(async () => {
    world = await openWorld({
      settings: { rateLimits: UNLIMITED },
      routes: [
        route({
          method: 'GET',
          path: '/api/status',
          site: 'console',
          allow: { who: 'operator' },
          rate: 'api',
          summary: 'x',
          answers: { 200: 'text' },
          handle: async () => ({ status: 200, body: { text: 'fine' } }),
        }),
      ],
    })
  })
  after(() => world.stop())
  const origin = sites.console
  const form = (body: string) => ({ 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) })

  test('enters by the one-time link, by a button and not by looking, and leaves again', async () => {
    const jar = new Jar()
    const code = await world.auth.createOperatorLink()
    assert.equal((await browse(world, jar, { origin, path: '/api/status' })).status, 401)
    const page = await browse(world, jar, {
      origin,
      path: `/enter?code=${code}`,
      headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' },
    })
    assert.equal(page.status, 200)
    assert.ok(world.auth.operatorLinks.has(code))
    const csrf = /name="csrf_token" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const body = `code=${code}&csrf_token=${csrf}`
    const forged = await ask(world, {
      method: 'POST',
      origin,
      path: '/enter',
      headers: { ...form(`code=${code}`), 'sec-fetch-site': 'cross-site' },
      body: `code=${code}`,
    })
    assert.equal(forged.status, 403)
    const entered = await browse(world, jar, { method: 'POST', origin, path: '/enter', headers: form(body), body })
    assert.deepEqual([entered.status, entered.headers.location], [303, '/'])
    assert.match(
      entered.cookies.find((cookie) => cookie.startsWith('__Host-Http-operator=')) ?? '',
      /; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Strict$/,
    )
    assert.equal((await browse(world, jar, { origin, path: '/api/status' })).text, 'fine')
    const session = await browse(world, jar, { origin, path: '/session' })
    assert.equal(session.json['signedIn'], true)
    const again = await browse(world, new Jar(), { origin, path: `/enter?code=${code}` })
    assert.equal(again.status, 200)
    const thief = jar.copy()
    const used = `code=${code}&csrf_token=${String(session.json['csrfToken'])}`
    assert.equal((await browse(world, jar, { method: 'POST', origin, path: '/enter', headers: form(used), body: used })).status, 403)
    assert.equal((await browse(world, jar, { method: 'POST', origin, path: '/session/sign-out', headers: {} })).status, 403)
    assert.equal(
      (
        await browse(world, jar, {
          method: 'POST',
          origin,
          path: '/session/sign-out',
          headers: { 'x-csrf-token': String(session.json['csrfToken']) },
        })
      ).status,
      200,
    )
    assert.equal((await browse(world, thief, { origin, path: '/api/status' })).status, 401)
  })
  test('is nobody on any other host, and a person is nobody on the console', async () => {
    const jar = new Jar()
    await signIn(world, jar)
    assert.equal((await ask(world, { origin, path: '/api/status', headers: jar.header('/') })).status, 401)
    assert.equal((await ask(world, { origin, path: '/api/status', headers: { authorization: `Bearer ${await token()}` } })).status, 401)
  })
})

test('policy reports of both kinds are collected, without queries, and nothing else is', async () => {
  const world = await openWorld({ settings: { rateLimits: UNLIMITED } })
  try {
    const report = (body: unknown, type: string, origin = sites.app) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return ask(world, {
        method: 'POST',
        origin,
        path: '/csp-reports',
        headers: { 'content-type': type, 'content-length': String(text.length), cookie: '__Host-csrf=x', 'sec-fetch-site': 'same-origin' },
        body: text,
      })
    }
    const old = {
      'csp-report': {
        'document-uri': 'http://diary.localhost/a?token=x',
        'effective-directive': 'script-src-elem',
        'blocked-uri': 'inline',
      },
    }
    const fresh = [
      {
        type: 'csp-violation',
        body: { documentURL: 'http://files.localhost/b#x', effectiveDirective: 'img-src', blockedURL: 'https://evil.example/i?q' },
      },
      { type: 'deprecation', body: {} },
    ]
    assert.equal((await report(old, 'application/csp-report')).status, 204)
    assert.equal((await report(fresh, 'application/reports+json', sites.files)).status, 204)
    assert.deepEqual(world.reports, [
      { documentUri: 'http://diary.localhost/a', directive: 'script-src-elem', blockedUri: 'inline' },
      { documentUri: 'http://files.localhost/b', directive: 'img-src', blockedUri: 'https://evil.example/i' },
    ])
    assert.equal((await report('{"a":1}', 'application/csp-report')).status, 422)
    assert.equal((await report(old, 'text/plain')).status, 415)
    assert.equal((await report(`"${'a'.repeat(17_000)}"`, 'application/csp-report')).status, 413)
    assert.equal(world.reports.length, 2)
  } finally {
    await world.stop()
  }
})
