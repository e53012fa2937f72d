// Programs that people have, with what they say of themselves as it was published in 2026: VS Code, ChatGPT and Claude Code, whose users come by MCP.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { signInTo } from '../support/client-sign-in.ts'
import { Browser, call, errorOf, type OauthWorld, openOauth, pkce, type Reply, send } from '../support/oauth.ts'
import { toldBy } from '../support/told.ts'
import { until } from '../support/until.ts'

const VS_CODE = {
  client_name: 'Visual Studio Code',
  client_uri: 'https://code.visualstudio.com',
  response_types: ['code'],
  redirect_uris: ['https://insiders.vscode.dev/redirect', 'https://vscode.dev/redirect', 'http://127.0.0.1/', 'http://127.0.0.1:33418/'],
  token_endpoint_auth_method: 'none',
  application_type: 'native',
}
/** It registers for those of them that the metadata offers. */
const VS_CODE_GRANTS = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']
const DOCUMENTS: Readonly<Record<string, (origin: string) => Record<string, unknown>>> = {
  '/vscode.json': () => ({
    ...VS_CODE,
    client_uri: 'https://vscode.dev/product',
    logo_uri: 'https://code.visualstudio.com/assets/branding/code-stable.png',
    grant_types: VS_CODE_GRANTS,
  }),
  '/chatgpt.json': (origin) => ({
    client_name: 'ChatGPT',
    client_uri: 'https://chatgpt.com/',
    redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
    token_endpoint_auth_signing_alg: 'RS256',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    jwks_uri: `${origin}/jwks.json`,
  }),
  '/claude.json': () => ({
    client_name: 'Claude Code',
    client_uri: 'https://claude.ai',
    redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }),
  '/elsewhere.json': () => ({
    client_name: 'Elsewhere',
    redirect_uris: ['https://elsewhere.example/callback'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: 'http://10.0.0.1/jwks.json',
  }),
  '/ahead.json': (origin) => ({
    client_name: 'Ahead',
    redirect_uris: ['https://ahead.example/callback'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: `${origin}/ahead-keys.json`,
  }),
  '/ahead-itself.json': () => ({
    client_name: 'Ahead itself',
    redirect_uris: ['https://ahead.example/callback'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: published,
  }),
  '/signing.json': (origin) => ({
    client_name: 'Signing',
    redirect_uris: ['https://signing.example/callback'],
    require_signed_request_object: true,
    jwks_uri: `${origin}/ahead-keys.json`,
  }),
  '/may-sign.json': (origin) => ({
    client_name: 'May sign',
    redirect_uris: ['https://signing.example/callback'],
    token_endpoint_auth_method: 'none',
    jwks_uri: `${origin}/may-keys.json`,
  }),
  ...Object.fromEntries(
    ['http://10.0.0.1/jwks.json', 'http://127.0.0.1:1/keys.json', '/none.json', '/huge-keys.json'].map((address, index) => [
      `/may-not-${index}.json`,
      (origin: string) => ({
        client_name: 'May not',
        redirect_uris: ['https://signing.example/callback'],
        jwks_uri: address.startsWith('/') ? origin + address : address,
      }),
    ]),
  ),
  '/signing-nothing.json': () => ({
    client_name: 'Signing nothing',
    redirect_uris: ['https://signing.example/callback'],
    require_signed_request_object: true,
  }),
  '/foreign-keys.json': () => ({
    client_name: 'Foreign',
    redirect_uris: ['https://foreign.example/callback'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: FOREIGN },
  }),
  '/careless.json': () => ({
    client_name: 'Careless',
    redirect_uris: ['https://careless.example/callback'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [...published.keys, { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA', priv: 'AAAA' }] },
  }),
  '/cursor.json': () => ({
    client_name: 'Cursor',
    redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback', 'http://127.0.0.1/callback'],
    token_endpoint_auth_method: 'none',
    // Which it does not use here.
    jwks: { keys: FOREIGN },
  }),
  '/only-cursor.json': () => ({
    client_name: 'Only Cursor',
    redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'],
    token_endpoint_auth_method: 'none',
  }),
  '/half.json': () => ({
    client_name: 'Half',
    redirect_uris: ['https://half.example/callback'],
    policy_uri: 'https://half.example/\ud800',
  }),
  '/keyless.json': (origin) => ({
    client_name: 'Keyless',
    redirect_uris: ['https://keyless.example/callback'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: `${origin}/none.json`,
  }),
}

/** Of kinds that we do not know, or not all there. */
const FOREIGN = [
  { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA', kid: 'of tomorrow' },
  { kty: 'EC', crv: 'P-256', x: 'AAAA' },
  { kid: 'of nothing' },
  'no key',
]
const own = await generateKeyPair('ES256')
const published = {
  keys: [
    ...FOREIGN,
    { ...(await exportJWK(own.publicKey)), kid: 'own' },
    // More than we keep of a client.
    ...(await Promise.all(Array.from({ length: 12 }, async () => await exportJWK((await generateKeyPair('ES256')).publicKey)))),
  ],
}

let world: OauthWorld
let origin: string
let keys = await generateKeyPair('RS256')
const asked: string[] = []
const KEY_SETS: Readonly<Record<string, () => Promise<unknown>>> = {
  '/jwks.json': async () => ({ keys: [{ ...(await exportJWK(keys.publicKey)), use: 'sig', kid: 'now', x5c: ['AAAA'] }] }),
  '/ahead-keys.json': async () => published,
  '/may-keys.json': async () => published,
  '/huge-keys.json': async () => ({ ...published, more: 'x'.repeat(16_384) }),
}
const away = new Set<string>()
const host = createServer((request, response) => {
  const path = request.url ?? ''
  asked.push(path)
  const answer = async (): Promise<unknown> =>
    KEY_SETS[path]?.() ?? (DOCUMENTS[path] && { client_id: `${origin}${path}`, ...DOCUMENTS[path](origin) })
  void answer().then((body) =>
    response
      .writeHead(away.has(path) ? 503 : body === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(body)),
  )
})

before(async () => {
  world = await openOauth({ definition: { registration: { dynamic: 'anyone', documents: true } } })
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
})
after(async () => {
  host.closeAllConnections()
  host.close()
  await world.stop()
})

const register = (body: unknown): Promise<Reply> =>
  send(world, { method: 'POST', path: '/register', headers: { 'content-type': 'application/json' }, text: JSON.stringify(body) })

test('requirement 52: VS Code registers with every grant that we offer, is told which ones it has, and signs somebody in', async () => {
  const { grant_types_supported: offered } = JSON.parse((await send(world, { path: '/.well-known/oauth-authorization-server' })).body)
  const grants = VS_CODE_GRANTS.filter((grant) => offered.includes(grant))
  assert.deepEqual(grants, VS_CODE_GRANTS)
  const reply = await register({ ...VS_CODE, grant_types: grants })
  assert.equal(reply.status, 201, reply.body)
  const made = JSON.parse(reply.body)
  assert.deepEqual(made.grant_types, ['authorization_code', 'refresh_token'])
  const { form } = await signInTo(world, made.client_id, { account: 'person-code', redirectUri: 'http://127.0.0.1:50123/' })
  const tokens = await send(world, { path: '/token', form: { ...form, redirect_uri: 'http://127.0.0.1:50123/' } })
  assert.equal(tokens.status, 200, tokens.body)
  const device = await send(world, { path: '/device-authorization', form: { client_id: made.client_id, scope: 'openid' } })
  assert.equal(errorOf(device), 'unauthorized_client', 'what was left out is left out')
})

for (const [path, redirectUri] of [
  ['/vscode.json', 'http://127.0.0.1:33418/'],
  ['/claude.json', 'http://localhost:50123/callback'],
] as const)
  test(`requirement 53: the document ${path} signs somebody in`, async () => {
    const { form } = await signInTo(world, origin + path, { account: 'person-document', redirectUri })
    const tokens = await send(world, { path: '/token', form })
    assert.equal(tokens.status, 200, tokens.body)
  })

test('requirement 29: the mail about a token that came twice shows the name of a stranger so that nothing in it is a link', async () => {
  const { mails, events } = toldBy(world.database)
  const redirectUri = 'https://linked.example/callback'
  const name = 'Sign in at https://evil.example'
  const reply = await register({ redirect_uris: [redirectUri], client_name: name, token_endpoint_auth_method: 'none' })
  const { client_id: clientId } = JSON.parse(reply.body)
  const { form } = await signInTo(world, clientId, { account: 'person-linked', redirectUri })
  const tokens = JSON.parse((await send(world, { path: '/token', form: { ...form, redirect_uri: redirectUri } })).body)
  const again = { grant_type: 'refresh_token', client_id: clientId, refresh_token: tokens.refresh_token }
  assert.equal((await send(world, { path: '/token', form: again })).status, 200)
  world.advance(120_000)
  assert.equal(errorOf(await send(world, { path: '/token', form: again })), 'invalid_grant')
  const mail = await until('the mail', () => mails.find(({ to }) => to === 'person-linked@example.org'))
  assert.deepEqual([mail.template, mail.data['app']], ['token-reused', 'Sign in at https: //evil .example'])
  const told = await until('the event', () =>
    events.find(({ type, accountId }) => type === 'refresh.reuse_detected' && accountId === 'person-linked'),
  )
  assert.equal(told.about, name)
})

const assertionOf = (path: string, key: CryptoKey, header: { alg: string; kid: string }): Promise<string> =>
  new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader(header)
    .setIssuer(origin + path)
    .setSubject(origin + path)
    .setAudience(world.sites.accounts)
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(key)
const assertion = (key = keys.privateKey): Promise<string> => assertionOf('/chatgpt.json', key, { alg: 'RS256', kid: 'now' })

for (const path of ['/ahead.json', '/ahead-itself.json'])
  test(`requirement 53: of the keys of ${path} those count that we know, and the others are left out`, async () => {
    const { form } = await signInTo(world, origin + path, { account: 'person-ahead', redirectUri: 'https://ahead.example/callback' })
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const proof = await assertionOf(path, own.privateKey, { alg: 'ES256', kid: 'own' })
    const tokens = await send(world, { path: '/token', form: { ...form, client_assertion_type: type, client_assertion: proof } })
    assert.equal(tokens.status, 200, tokens.body)
    const definition = (await world.clients.find(call, origin + path))?.definition
    assert.equal(definition?.authentication?.method === 'private_key_jwt' && definition.authentication.keys.length, 10)
  })

async function signedRequest(path: string): Promise<{ query: URLSearchParams; params: Record<string, string> }> {
  const clientId = origin + path
  const { challenge } = pkce()
  const params = { client_id: clientId, redirect_uri: 'https://signing.example/callback', response_type: 'code', scope: 'openid' }
  const request = await new SignJWT({ ...params, code_challenge: challenge, code_challenge_method: 'S256' })
    .setProtectedHeader({ alg: 'ES256', kid: 'own', typ: 'oauth-authz-req+jwt' })
    .setIssuer(clientId)
    .setAudience(world.sites.accounts)
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(own.privateKey)
  return {
    query: new URLSearchParams({ ...params, request }),
    params: { ...params, code_challenge: challenge, code_challenge_method: 'S256' },
  }
}

test('requirement 53: a document without a secret names the keys of its requests by their address', async () => {
  const { query } = await signedRequest('/signing.json')
  const { location, last } = await new Browser(world).authorize(`/authorize?${query.toString()}`, { account: 'person-signing' })
  assert.ok(location.searchParams.get('code'), `${location.href} ${last.body}`)
})

test('requirement 53: so does one that need not sign; it signs while its keys are away, and comes without a signature wherever they are', async () => {
  const visit = async (path: string, signed: boolean): Promise<Reply> => {
    const { query, params } = await signedRequest(path)
    return await new Browser(world).visit({ path: `/authorize?${(signed ? query : new URLSearchParams(params)).toString()}` })
  }
  assert.deepEqual([(await visit('/may-sign.json', true)).status, (await visit('/may-sign.json', false)).status], [303, 303])
  away.add('/may-keys.json')
  world.advance(3_601_000)
  assert.deepEqual([(await visit('/may-sign.json', true)).status, (await visit('/may-sign.json', false)).status], [303, 303])
  assert.equal(asked.filter((path) => path === '/may-keys.json').length, 2)
  for (const index of [0, 1, 2, 3]) {
    const path = `/may-not-${index}.json`
    assert.equal((await visit(path, false)).status, 303, path)
    assert.equal((await visit(path, true)).status, 400, path)
    world.advance(300_001)
    assert.equal((await visit(path, false)).status, 303, path)
    assert.equal(asked.filter((one) => one === path).length, index === 0 ? 1 : 2, 'what may be mended is looked at again soon')
  }
  assert.equal(asked.filter((path) => path === '/huge-keys.json').length, 2)
})

test('requirement 53: an address that we take is not lost with one that an editor names beside it', async () => {
  const { form } = await signInTo(world, `${origin}/cursor.json`, {
    account: 'person-cursor',
    redirectUri: 'http://127.0.0.1:50123/callback',
  })
  assert.equal((await send(world, { path: '/token', form })).status, 200)
  const both = [VS_CODE.redirect_uris[3], 'cursor://anysphere.cursor-mcp/oauth/callback']
  const reply = await register({ ...VS_CODE, redirect_uris: both })
  assert.equal(reply.status, 201, reply.body)
  assert.deepEqual(JSON.parse(reply.body).redirect_uris, [both[0]], 'and the client is told')
  const alone = await register({ ...VS_CODE, redirect_uris: [both[1]] })
  assert.equal(errorOf(alone), 'invalid_redirect_uri')
  assert.match(alone.body, /RFC 8252 section 7\.1/)
})

test('requirement 53: ChatGPT proves itself with keys that its document names, and new ones count when they are looked at again', async () => {
  const signIn = () =>
    signInTo(world, `${origin}/chatgpt.json`, {
      account: 'person-chat',
      redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
    })
  const redeem = async (form: Record<string, string>, key?: CryptoKey): Promise<Reply> =>
    send(world, {
      path: '/token',
      form: {
        ...form,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await assertion(key),
      },
    })
  const first = await signIn()
  const stranger = await generateKeyPair('RS256')
  assert.equal((await send(world, { path: '/token', form: first.form })).status, 401, 'without a proof')
  assert.equal((await redeem(first.form, stranger.privateKey)).status, 401)
  const tokens = await redeem(first.form)
  assert.equal(tokens.status, 200, tokens.body)
  await signIn()
  assert.equal(asked.filter((path) => path === '/jwks.json').length, 1, 'not fetched again while they are fresh')
  const stored = (await world.clients.list(call)).items.find(({ definition }) => definition.clientId === `${origin}/chatgpt.json`)
  assert.equal(JSON.stringify(stored).includes('x5c'), false)
  keys = stranger
  world.advance(3_601_000)
  const second = await signIn()
  const renewed = await redeem(second.form)
  assert.equal(renewed.status, 200, renewed.body)
})

for (const [path, why] of [
  ['/elsewhere.json', /jwks_uri/],
  ['/keyless.json', /key set of the client was answered with status 404/],
  ['/foreign-keys.json', /jwks: has no key that can be used here/],
  ['/careless.json', /jwks: has a private key/],
  ['/half.json', /policy_uri: has text that no database can store/],
  ['/signing-nothing.json', /jwks or jwks_uri: is needed/],
  ['/only-cursor.json', /cursor-mcp.* needs a dot, such as .* \(RFC 8252 section 7\.1\)/],
] as const)
  test(`requirement 53: the document ${path} is refused, and says why`, async () => {
    const { challenge } = pkce()
    const query = new URLSearchParams({
      client_id: origin + path,
      redirect_uri: String(DOCUMENTS[path]?.(origin)['redirect_uris']),
      response_type: 'code',
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const reply = await new Browser(world).visit({ path: `/authorize?${query.toString()}` })
    assert.equal(reply.status, 400)
    assert.match(reply.body, why)
  })

test('requirement 52: what tightens is kept: proofs and signed requests that a client asks to be held to, and the algorithm of its ID tokens', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const body = {
    redirect_uris: ['https://tight.example/callback'],
    client_name: 'Tight',
    token_endpoint_auth_method: 'none',
    dpop_bound_access_tokens: true,
    id_token_signed_response_alg: 'ES256',
  }
  const reply = await register(body)
  assert.equal(reply.status, 201, reply.body)
  const made = JSON.parse(reply.body)
  assert.deepEqual([made.dpop_bound_access_tokens, made.id_token_signed_response_alg], [true, 'ES256'])
  const signedIn = await signInTo(world, made.client_id, { account: 'person-tight', redirectUri: 'https://tight.example/callback' })
  const bare = await send(world, { path: '/token', form: signedIn.form })
  assert.equal(errorOf(bare), 'invalid_grant', 'without a proof')
  const proof = await new SignJWT({ jti: crypto.randomUUID(), htm: 'POST', htu: `${world.sites.accounts}/token` })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .sign(privateKey)
  const proved = await send(world, { path: '/token', form: signedIn.form, headers: { dpop: proof } })
  assert.equal(JSON.parse(proved.body).token_type, 'DPoP', proved.body)
  assert.equal(JSON.parse(Buffer.from(JSON.parse(proved.body).id_token.split('.')[0], 'base64url').toString()).alg, 'ES256')
  const signing = await register({ ...body, client_name: 'Signing', require_signed_request_object: true })
  assert.match(signing.body, /jwks: is needed for signed requests/)
  const jwks = { keys: [await exportJWK(publicKey)] }
  const signed = await register({ ...body, client_name: 'Signing', require_signed_request_object: true, jwks })
  assert.equal(signed.status, 201, signed.body)
  assert.deepEqual(JSON.parse(signed.body).require_signed_request_object, true)
  assert.deepEqual(JSON.parse(signed.body).jwks, jwks)
  const plain = await signInTo(world, JSON.parse(signed.body).client_id, {
    account: 'person-tight',
    redirectUri: 'https://tight.example/callback',
  })
  assert.match(plain.last.body + plain.location.href, /invalid_request|Request Object must be used/)
  const unknown = await register({ ...body, id_token_signed_response_alg: 'none' })
  assert.equal(errorOf(unknown), 'invalid_client_metadata')
})

for (const method of ['none', 'client_secret_basic'])
  test(`requirement 52: a client (${method}) that registers keys may sign its requests without being held to it`, async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const jwks = { keys: [await exportJWK(publicKey)] }
    const redirectUri = 'https://signs.example/callback'
    const body = { redirect_uris: [redirectUri], client_name: 'Signs', scope: 'openid', token_endpoint_auth_method: method }
    const made = JSON.parse((await register({ ...body, request_object_signing_alg: 'ES256', jwks })).body)
    assert.deepEqual(made.jwks, jwks)
    const asks = async (key: CryptoKey): Promise<Reply> => {
      const request = await new SignJWT({
        client_id: made.client_id,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: 'openid',
        code_challenge: pkce().challenge,
        code_challenge_method: 'S256',
      })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(made.client_id)
        .setAudience(world.sites.accounts)
        .setExpirationTime('1m')
        .sign(key)
      return await new Browser(world).visit({ path: `/authorize?client_id=${made.client_id}&request=${request}` })
    }
    assert.equal((await asks((await generateKeyPair('ES256')).privateKey)).status, 400, 'of somebody else')
    const reply = await asks(privateKey)
    assert.equal(reply.status, 303, reply.body)
    const encrypting = await register({ ...body, jwks: { keys: [{ ...(await exportJWK(publicKey)), use: 'enc' }] } })
    assert.deepEqual([encrypting.status, JSON.parse(encrypting.body).jwks], [201, undefined], 'for what there is not here')
  })

test('requirement 52: whoever wants tokens bound to a certificate is told that there are none, and what there is', async () => {
  const body = { redirect_uris: ['https://bound.example/callback'], client_name: 'Bound', scope: 'openid' }
  const bound = await register({ ...body, tls_client_certificate_bound_access_tokens: true })
  assert.deepEqual([bound.status, errorOf(bound)], [400, 'invalid_client_metadata'])
  assert.match(bound.body, /tls_client_certificate_bound_access_tokens.*dpop_bound_access_tokens/)
  assert.equal((await register({ ...body, tls_client_certificate_bound_access_tokens: false })).status, 201)
  const others = await register({ ...body, default_max_age: 60, token_endpoint_auth_signing_alg: 'ES256' })
  assert.equal(others.status, 201, others.body)
  assert.deepEqual(
    Object.keys(JSON.parse(others.body)).filter((member) => /max_age|signing_alg/.test(member)),
    [],
    'as the answer says',
  )
})

for (const [what, change, error] of [
  ['half a character in a redirect URI', { redirect_uris: ['https://odd.example/\ud800'] }, 'invalid_redirect_uri'],
  ['half a character in the address of its policy', { policy_uri: 'https://odd.example/\ud800' }, 'invalid_client_metadata'],
  ['white space that would be left out', { redirect_uris: ['https://odd.example/a\n\tb c'] }, 'invalid_redirect_uri'],
  ['a backslash before another host', { redirect_uris: ['https://odd.example\\@other.example/'] }, 'invalid_redirect_uri'],
] as const)
  test(`requirement 52: a registration with ${what} is refused`, async () => {
    const reply = await register({ redirect_uris: ['https://odd.example/callback'], client_name: 'Odd', scope: 'openid', ...change })
    assert.deepEqual([reply.status, errorOf(reply)], [400, error], reply.body)
  })
