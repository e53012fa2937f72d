// Providers that answer as they should not, or refuse us as they should: nobody comes in, the other ways stay open, and the log says why.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type AccountsWorld, openAccounts } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { CLIENT_ID, startUpstream, type Upstream } from '../support/upstream.ts'
import { TravellingBrowser } from '../support/upstream-browser.ts'

let provider: Upstream
let plain: Upstream
let hub: Upstream
let world: AccountsWorld

before(async () => {
  provider = await startUpstream()
  plain = await startUpstream()
  hub = await startUpstream()
  const at = (path: string): string => `${plain.issuer}${path}`
  const endpoints = { authorizationEndpoint: at('/authorize'), tokenEndpoint: at('/token'), userinfoEndpoint: at('/userinfo') }
  world = await openAccounts({
    definition: {
      upstreams: [
        { kind: 'openid', id: 'club', name: 'The Club', issuer: provider.issuer, clientId: CLIENT_ID },
        { kind: 'github', server: hub.issuer, clientId: CLIENT_ID },
        { kind: 'oauth2', id: 'plain', name: 'Plain', clientId: CLIENT_ID, userinfo: { subject: 'person.id' }, ...endpoints },
      ],
    },
    upstreamSecrets: { club: provider.secret, plain: plain.secret, github: hub.secret },
  })
})

after(async () => {
  await world.stop()
  await provider.stop()
  await plain.stop()
  await hub.stop()
})

beforeEach(() => {
  world.engine.current = SIGN_IN
  world.engine.signedInAs = undefined
  for (const one of [provider, plain, hub]) one.lie = {}
})

const BEARER = { 'www-authenticate': 'Bearer error="invalid_token"' }
const UNUSABLE: readonly (readonly [string, Upstream['lie'], status: number | undefined])[] = [
  ['does not know us, and says so as RFC 6749 demands', { stranger: true }, 401],
  ['gives a token that its userinfo endpoint does not take (RFC 6750)', { resource: { status: 401, headers: BEARER, json: {} } }, 401],
  ['tells of the person in something else than JSON', { resource: { status: 200, text: '<html>' } }, undefined],
  ['tells of the person in a page', { resource: { status: 404, headers: { 'content-type': 'text/html' }, text: '<html>' } }, 404],
  ['gives a token that no header can carry', { accessToken: 'secret-token\n' }, undefined],
]

for (const [what, lie, status] of UNUSABLE) {
  test(`a provider that ${what} lets nobody in, leaves the other ways open, and is in the log`, async () => {
    for (const [id, at] of [
      ['club', provider],
      ['plain', plain],
    ] as const) {
      // Without an address in the ID token, the userinfo endpoint is asked.
      at.claims = { sub: 'somebody', person: { id: 1 } }
      at.lie = lie
      const logged = world.log.length
      const { back } = await new TravellingBrowser(world).travelTo(id, at)
      assert.equal(back.status, 422, back.text)
      assert.match(back.text, /The answer of (?:The Club|Plain) cannot be used/)
      assert.match(back.text, /name="password"/)
      const line = world.log.slice(logged).find((one) => one.includes('auth.upstream_refused')) ?? assert.fail('nothing is logged')
      const { level, upstream, refused, status: said } = JSON.parse(line) as Record<string, unknown>
      assert.deepEqual([upstream, refused, said, level], [id, 'unusable', status, 'warn'])
      assert.doesNotMatch(line, /secret-token/)
    }
    assert.equal(world.engine.signedInAs, undefined)
  })
}

for (const status of [403, 404]) {
  test(`a GitHub App that may not read addresses (${status}) lets nobody in, and the log says which permission it needs`, async () => {
    hub.claims = { user: { id: 1, login: 'ada', name: null } }
    hub.lie = { emailsStatus: status }
    const logged = world.log.length
    const { back } = await new TravellingBrowser(world).travelTo('github', hub)
    assert.equal(back.status, 422, back.text)
    assert.match(back.text, /The answer of GitHub cannot be used\. Please try again, or sign in another way\./)
    assert.match(back.text, /name="password"/)
    assert.doesNotMatch(back.text, /permission|accessible/, 'what is for the operator is in the log alone')
    const line = world.log.slice(logged).find((one) => one.includes('auth.upstream_refused')) ?? assert.fail('nothing is logged')
    const said = JSON.parse(line) as Record<string, unknown>
    assert.deepEqual([said['upstream'], said['refused'], said['status'], said['level']], ['github', 'unusable', status, 'warn'])
    assert.match(
      String(said['reason']),
      /answered with status 40[34]: a GitHub App needs the account permission "Email addresses: read-only"/,
    )
    assert.equal(world.engine.signedInAs, undefined)
  })
}

test('a machine of a provider that has failed is one that is down', async () => {
  for (const lie of [
    { tokenStatus: 503 },
    { resource: { status: 502, headers: { 'content-type': 'text/html' }, text: '<html>' } },
    { resource: { status: 503, headers: BEARER, text: 'busy' } },
  ] satisfies Upstream['lie'][]) {
    plain.lie = lie
    assert.equal((await new TravellingBrowser(world).travelTo('plain', plain)).back.status, 503, JSON.stringify(lie))
  }
})

test('a document that does not say where to send people is none', async () => {
  const club = { kind: 'openid', id: 'club', name: 'The Club', issuer: provider.issuer, clientId: CLIENT_ID } as const
  const fresh = await openAccounts({ definition: { upstreams: [club] }, upstreamSecrets: { club: provider.secret } })
  try {
    fresh.engine.current = SIGN_IN
    for (const authorization_endpoint of [undefined, 'no address']) {
      provider.lie.metadata = { authorization_endpoint }
      const down = await new TravellingBrowser(fresh).visit('/interaction/u1/upstream/club')
      assert.equal(down.status, 503, down.text)
      assert.match(down.text, /The Club cannot be reached just now/)
      fresh.clock.advance(60_000)
    }
    provider.lie = {}
    assert.equal((await new TravellingBrowser(fresh).visit('/interaction/u1/upstream/club')).status, 303)
  } finally {
    await fresh.stop()
  }
})
