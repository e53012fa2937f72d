// What must not work, tried on the whole platform as an attacker would; each refusal also shows that nothing changed.
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import type { Reply } from '../support/http.ts'
import { neutral } from '../support/neutral.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { authorizationUrl, authorize, redeem, refresh, thirdPartyTokens, tokenRequest, type Tokens } from '../support/third-party.ts'
import { Visitor } from '../support/visitor.ts'

interface Problem {
  readonly code: string
  readonly requestId: string
}

const segment = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>

describe('refusals', () => {
  let platform: PlatformProcess
  let ada: Person
  let bob: Person
  let commentId: string
  let photos: Tokens

  const api = (path: string, token: string, options: { method?: string; body?: string } = {}): Promise<Reply> =>
    platform.send('diary', { path, ...options, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } })

  const diary = async (
    person: Person,
    path: string,
    options: { method?: string; body?: string; headers?: Record<string, string> } = {},
  ): Promise<Reply> => person.visitor.request(new URL(platform.origin('diary') + path), options)

  const comments = async (): Promise<string> => (await diary(ada, `/api/comments/${commentId}`)).body

  before(async () => {
    platform = await startPlatform()
    ada = await signUp(platform, 'ada@example.com')
    bob = await signUp(platform, 'bob@example.com')
    await signIn(platform, ada)
    await signIn(platform, bob)
    const { csrfToken } = await session(platform, ada.visitor)
    const made = await diary(ada, '/api/comments', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-csrf-token': csrfToken,
        'sec-fetch-site': 'same-origin',
        origin: platform.origin('diary'),
      },
      body: JSON.stringify({ profileId: 'somebody', text: 'first' }),
    })
    assert.equal(made.status, 201, made.body)
    commentId = (JSON.parse(made.body) as { id: string }).id
    photos = await thirdPartyTokens(platform, ada)
  })

  after(async () => {
    await platform?.stop({ remove: true })
  })

  describe('a forged request with the cookies of a signed-in person', () => {
    const forged: Readonly<Record<string, Record<string, string>>> = {
      'from another site, without a token': { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      'from another site, even with the right token': {
        'sec-fetch-site': 'cross-site',
        origin: 'https://evil.example',
        'x-csrf-token': 'RIGHT',
      },
      'from a sibling host, even with the right token': {
        'sec-fetch-site': 'same-site',
        origin: 'http://evil.localhost',
        'x-csrf-token': 'RIGHT',
      },
      'from this origin, without a token': { 'sec-fetch-site': 'same-origin', origin: 'OWN' },
      'from this origin, with the token of another person': { 'sec-fetch-site': 'same-origin', origin: 'OWN', 'x-csrf-token': 'BOBS' },
      'from this origin, with a token cut short': { 'sec-fetch-site': 'same-origin', origin: 'OWN', 'x-csrf-token': 'SHORT' },
      'without any word on where it comes from': { 'x-csrf-token': 'RIGHT' },
    }
    for (const [name, template] of Object.entries(forged)) {
      test(`is refused ${name}`, async () => {
        const { csrfToken: right } = await session(platform, ada.visitor)
        const { csrfToken: bobs } = await session(platform, bob.visitor)
        const values: Record<string, string> = { RIGHT: right, BOBS: bobs, SHORT: right.slice(0, -1), OWN: platform.origin('diary') }
        const headers = Object.fromEntries(Object.entries(template).map(([key, value]) => [key, values[value] ?? value]))
        const was = await comments()
        for (const [method, path] of [
          ['PATCH', `/api/comments/${commentId}`],
          ['DELETE', `/api/comments/${commentId}`],
          ['POST', '/session/sign-out'],
        ] as const) {
          const payload =
            method === 'PATCH' ? { headers: { ...headers, 'content-type': 'application/json' }, body: '{"text":"forged"}' } : { headers }
          const reply = await diary(ada, path, { method, ...payload })
          assert.equal(reply.status, 403, `${method} ${path}: ${reply.body}`)
          assert.equal((JSON.parse(reply.body) as Problem).code, 'http.csrf')
        }
        assert.equal(await comments(), was)
        assert.equal((await session(platform, ada.visitor)).signedIn, true)
      })
    }

    test('is refused when the method or the content type is a form', async () => {
      const was = await comments()
      const reply = await diary(ada, `/api/comments`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
        body: '{"profileId":"x","text":"forged"}',
      })
      assert.equal(reply.status, 403, reply.body)
      assert.equal(await comments(), was)
    })
  })

  describe('the authorization endpoint', () => {
    const local: Readonly<Record<string, string>> = {
      'an unknown redirect URI': 'https://evil.example/callback',
      'a redirect URI with a slash more': 'SLASH',
      'a redirect URI with a query': 'QUERY',
      'a redirect URI with user information': 'USER',
    }
    for (const [name, uri] of Object.entries(local)) {
      test(`shows ${name} on its own page and never goes there`, async () => {
        const own = `http://printshop.localhost:${platform.port + 1}/callback`
        const values: Record<string, string> = { SLASH: `${own}/`, QUERY: `${own}?a=b`, USER: own.replace('//', '//evil@') }
        const reply = await new Visitor(platform.port).request(
          authorizationUrl(platform, 'x'.repeat(43), { redirect_uri: values[uri] ?? uri }),
        )
        assert.equal(reply.status, 400, reply.body)
        assert.equal(reply.headers.location, undefined)
      })
    }

    test('refuses a request without PKCE, and with the plain method', async () => {
      for (const overrides of [{ code_challenge: undefined, code_challenge_method: undefined }, { code_challenge_method: 'plain' }]) {
        const reply = await new Visitor(platform.port).request(authorizationUrl(platform, 'x'.repeat(43), overrides))
        const answer = new URL(reply.headers.location ?? 'http://nowhere')
        assert.equal(answer.searchParams.get('error'), 'invalid_request', reply.body)
        assert.equal(answer.searchParams.get('code'), null)
      }
    })
  })

  describe('codes and refresh tokens', () => {
    test('a code with a wrong verifier is refused', async () => {
      const authorization = await authorize(platform, ada)
      const reply = await redeem(platform, { ...authorization, verifier: 'y'.repeat(43) })
      assert.equal(reply.status, 400)
      assert.equal((JSON.parse(reply.body) as { error: string }).error, 'invalid_grant')
    })

    test('of 50 parallel redemptions of one code exactly one succeeds, and the reuse ends its tokens', async () => {
      const authorization = await authorize(platform, ada)
      const replies = await Promise.all(Array.from({ length: 50 }, () => redeem(platform, authorization)))
      const statuses = replies.map((reply) => reply.status)
      assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join())
      assert.ok(
        statuses.every((status) => status === 200 || status === 400),
        statuses.join(),
      )
      const won = JSON.parse(replies.find((reply) => reply.status === 200)?.body ?? '{}') as Tokens
      await eventually(async () => {
        const reply = await api('/api/photos', won.access_token)
        assert.equal(reply.status, 401, reply.body)
      })
      assert.equal((await refresh(platform, won.refresh_token ?? '')).status, 400)
    })

    test('20 parallel refreshes converge on one successor; a late replay ends the family', async () => {
      const first = await thirdPartyTokens(platform, ada)
      const replies = await Promise.all(Array.from({ length: 20 }, () => refresh(platform, first.refresh_token ?? '')))
      assert.deepEqual(
        replies.map((reply) => reply.status),
        replies.map(() => 200),
      )
      const successors = new Set(replies.map((reply) => (JSON.parse(reply.body) as Tokens).refresh_token))
      assert.equal(successors.size, 1)
      const second = [...successors][0] ?? ''
      const third = JSON.parse((await refresh(platform, second)).body) as Tokens
      // Requests do not overtake each other for longer than that.
      await delay(3100)
      const replay = await refresh(platform, first.refresh_token ?? '')
      assert.equal(replay.status, 400, 'the first token, after its successor was used')
      assert.equal((await refresh(platform, third.refresh_token ?? '')).status, 400, 'the family is over')
      await eventually(async () => assert.equal((await api('/api/photos', third.access_token)).status, 401))
    })

    test('a refresh token never widens its scope and belongs to its client', async () => {
      const tokens = await thirdPartyTokens(platform, ada)
      const wider = await tokenRequest(platform, {
        grant_type: 'refresh_token',
        refresh_token: tokens.refresh_token ?? '',
        scope: 'openid photos:read photos:write',
      })
      assert.equal(wider.status, 400, wider.body)
    })
  })

  describe('access tokens', () => {
    // Reuse, tried above, ends everything that this browser gave the client.
    before(async () => {
      photos = await thirdPartyTokens(platform, ada)
    })

    test('are good for what was agreed, and for no more', async () => {
      const list = await api('/api/photos', photos.access_token)
      assert.equal(list.status, 200, list.body)
      const write = await api('/api/photos', photos.access_token, { method: 'POST', body: '{"caption":"x"}' })
      assert.equal(write.status, 403, write.body)
      assert.equal((JSON.parse(write.body) as Problem).code, 'http.insufficient_scope')
      assert.match(String(write.headers['www-authenticate']), /error="insufficient_scope"/)
    })

    test('carry the claims of RFC 9068 and nothing about the person', () => {
      const claims = claimsOf(photos.access_token)
      assert.deepEqual(Object.keys(claims).toSorted(), [
        'acr',
        'amr',
        'aud',
        'auth_time',
        'client_id',
        'exp',
        'iat',
        'iss',
        'jti',
        'openid_scope',
        'scope',
        'sid',
        'sub',
      ])
      assert.equal(claims['aud'], `${platform.origin('diary')}/api`)
      assert.equal(Number(claims['exp']) - Number(claims['iat']), 300)
      assert.ok(!JSON.stringify(claims).includes('ada'))
    })

    test('that are forged, altered or meant for something else are refused', async () => {
      const [head = '', body = '', signature = ''] = photos.access_token.split('.')
      const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>
      const claims = claimsOf(photos.access_token)
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const signed = (fields: Record<string, unknown>, values: Record<string, unknown>): string => {
        const text = `${segment({ ...header, ...fields })}.${segment({ ...claims, ...values })}`
        return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
      }
      const unsigned = `${segment({ ...header, alg: 'none' })}.${body}.`
      const keys = (await platform.send('accounts', { path: '/jwks' })).body
      const hmacText = `${segment({ ...header, alg: 'HS256' })}.${body}`
      const forgeries: Record<string, string> = {
        'alg none': unsigned,
        'HS256 with the public keys as secret': `${hmacText}.${createHmac('sha256', keys).update(hmacText).digest('base64url')}`,
        'the key of somebody else': signed({}, {}),
        'an unknown key id': signed({ kid: '../../dev/null' }, {}),
        'an embedded key': signed({ jwk: { kty: 'EC' } }, {}),
        'an altered claim': `${head}.${segment({ ...claims, scope: 'photos:read photos:write' })}.${signature}`,
        'a signature cut short': photos.access_token.slice(0, -4),
        'an ID token': photos.id_token ?? 'none',
        'a refresh token': photos.refresh_token ?? 'none',
        garbage: 'garbage',
        'ten thousand characters': 'a'.repeat(10_000),
      }
      for (const [name, token] of Object.entries(forgeries)) {
        const reply = await api('/api/photos', token)
        assert.equal(reply.status, 401, `${name}: ${reply.status} ${reply.body}`)
        assert.match(String(reply.headers['www-authenticate']), /error="invalid_token"/, name)
        assert.equal((JSON.parse(reply.body) as Problem).code, 'http.invalid_token', name)
      }
    })

    test('in the query are not looked at', async () => {
      const reply = await platform.send('diary', { path: `/api/photos?access_token=${photos.access_token}` })
      assert.ok(reply.status === 401 || reply.status === 400, String(reply.status))
    })
  })

  describe('requests', () => {
    test('for an unknown host are misdirected', async () => {
      const reply = await platform.send('evil', { path: '/' })
      assert.equal(reply.status, 421)
    })

    test('with a body that is too large, too deep or not JSON name the problem', async () => {
      const { csrfToken } = await session(platform, ada.visitor)
      const headers = {
        'content-type': 'application/json',
        'x-csrf-token': csrfToken,
        'sec-fetch-site': 'same-origin',
        origin: platform.origin('diary'),
      }
      const bodies: readonly (readonly [string, number])[] = [
        [`{"text":"${'a'.repeat(2_000_000)}"}`, 413],
        [`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, 400],
        ['{"text":', 400],
        ['{"__proto__":{"polluted":true},"profileId":"x","text":"x"}', 400],
        ['{"profileId":"x","text":"x","ownerId":"me","surprise":1}', 422],
      ]
      for (const [body, status] of bodies) {
        const reply = await diary(ada, '/api/comments', { method: 'POST', headers, body })
        assert.equal(reply.status, status, `${body.slice(0, 60)}: ${reply.body}`)
        assert.ok((JSON.parse(reply.body) as Problem).requestId)
      }
    })

    test("for another person's object answer as if it did not exist", async () => {
      const list = await diary(bob, `/api/photos?ownerId=${String(claimsOf(photos.access_token)['sub'])}`)
      assert.ok(list.status === 200 || list.status === 400, list.body)
      if (list.status === 200) assert.deepEqual((JSON.parse(list.body) as { items: unknown[] }).items, [])
      const { csrfToken } = await session(platform, bob.visitor)
      const headers = {
        'content-type': 'application/json',
        'x-csrf-token': csrfToken,
        'sec-fetch-site': 'same-origin',
        origin: platform.origin('diary'),
      }
      const was = await comments()
      const change = await diary(bob, `/api/comments/${commentId}`, { method: 'PATCH', headers, body: '{"text":"mine now"}' })
      assert.ok(change.status === 404 || change.status === 403, change.body)
      assert.equal(await comments(), was)
    })
  })

  test('a person who is unknown gets the answer of one whose password is wrong', async () => {
    const answers = []
    for (const email of ['ada@example.com', 'eve@example.com']) {
      const visitor = new Visitor(platform.port)
      const page = await visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
      const reply = await visitor.submit(page, { email, password: 'not the right one' })
      answers.push(neutral(reply, email))
    }
    assert.deepEqual(answers[0], answers[1])
  })

  test('when a person revokes the app, its tokens end within a second', async () => {
    const tokens = await thirdPartyTokens(platform, ada)
    assert.equal((await api('/api/photos', tokens.access_token)).status, 200)
    const account = await ada.visitor.visit(`${platform.origin('accounts')}/account`)
    const done = await ada.visitor.press(account, /\/apps\/revoke$/)
    assert.equal(done.url.search, '?done=app', done.body)
    const began = performance.now()
    await eventually(async () => assert.equal((await api('/api/photos', tokens.access_token)).status, 401))
    assert.ok(performance.now() - began < 1000)
    const late = await refresh(platform, tokens.refresh_token ?? '')
    assert.equal((JSON.parse(late.body) as { error: string }).error, 'invalid_grant')
  })
})

/** Tries until it holds, for at most a second: the promise for revocation. */
async function eventually(check: () => Promise<void>): Promise<void> {
  const until = performance.now() + 1000
  for (;;) {
    try {
      await check()
      return
    } catch (error) {
      if (performance.now() > until) throw error
    }
    await new Promise((done) => setTimeout(done, 20))
  }
}
