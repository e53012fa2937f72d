// Fails when an upgrade of the engine moves what model-changes.ts, code-grant.ts and all-or-nothing.ts reach into.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import Provider, { type Adapter, type KoaContextWithOIDC } from 'oidc-provider'
import * as codeGrant from 'oidc-provider/lib/actions/grants/authorization_code.js'
import * as grantHelpers from 'oidc-provider/lib/helpers/grants.js'
import introspectionStack from 'oidc-provider/lib/actions/introspection.js'
import revocationStack from 'oidc-provider/lib/actions/revocation.js'
import revoke from 'oidc-provider/lib/helpers/revoke.js'
import internals from 'oidc-provider/lib/helpers/weak_cache.js'
import {
  checkClientSecretsBy,
  dropFormPost,
  giveContextsOneShape,
  methodsAt,
  nameAcrAsAsked,
  nameRefreshTokensBy,
  keepCookiesAtConsent,
  nameSessionsByGrant,
  renewCookiesInPlace,
  takeStructuredTokens,
} from './model-changes.ts'
import { storeWhatIsGiven } from './all-or-nothing.ts'
import { forgetFormerCookie, isNewSession, isUnsavedSession, leaveSessionUnsaved } from './engine-internals.ts'
import { noStorage } from './no-storage.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const provider = new Provider('https://accounts.example', {
  adapter: () => noStorage,
  jwks: { keys: [privateKey.export({ format: 'jwk' })] },
  features: { devInteractions: { enabled: false } },
  cookies: { keys: ['key'] },
})

function method(model: { readonly prototype: object }, name: string): unknown {
  return Reflect.get(model.prototype, name)
}

test('the engine has the methods that are replaced, and they are replaced', () => {
  const replaced: readonly (readonly [{ readonly prototype: object }, string, () => void])[] = [
    [provider.Client, 'compareClientSecret', () => checkClientSecretsBy(provider, async () => false)],
    [
      provider.RefreshToken,
      'generateTokenId',
      () => nameRefreshTokensBy(provider, { first: () => 'first', successorOf: (value) => `${value}+` }),
    ],
    [provider.Session, 'sidFor', () => nameSessionsByGrant(provider)],
    [provider.Session, 'save', () => renewCookiesInPlace(provider)],
    [provider.Session, 'resetIdentifier', () => keepCookiesAtConsent(provider)],
  ]
  for (const [model, name, replace] of replaced) {
    const original = method(model, name)
    assert.equal(typeof original, 'function', name)
    replace()
    assert.notEqual(method(model, name), original)
  }
  assert.equal(typeof method(provider.Client, 'includeSid'), 'function')
})

test('a session that gets a new cookie says so in the field that is cleared', () => {
  const session = new provider.Session()
  session.resetIdentifier()
  assert.equal(typeof Reflect.get(session, 'oldId'), 'string')
  forgetFormerCookie(session)
  assert.equal(Reflect.get(session, 'oldId'), undefined)
})

test('a session that is new, or is to be stored, says so', () => {
  const session = new provider.Session()
  assert.deepEqual([isNewSession(session), isUnsavedSession(session)], [true, false])
  session.resetIdentifier()
  assert.equal(isUnsavedSession(session), true)
  leaveSessionUnsaved(session)
  assert.equal(isUnsavedSession(session), false)
})

test('the engine offers form_post until it is dropped', () => {
  assert.ok(internals(provider).responseModes.has('form_post'))
  dropFormPost(provider)
  assert.equal(internals(provider).responseModes.has('form_post'), false)
})

test('the code grant and its helpers are where they were', () => {
  assert.equal(codeGrant.grantType, 'authorization_code')
  assert.deepEqual([...codeGrant.parameters].toSorted(), ['code', 'code_verifier', 'redirect_uri'])
  assert.equal(codeGrant.handler.length, 3)
  for (const name of [
    'checkDpopRequired',
    'checkDpopReplay',
    'checkMtlsCert',
    'resolveRequestedResources',
    'validateDpop',
    'findGrantSource',
    'consumeGrantSource',
    'validateGrant',
    'buildTokenResponse',
  ])
    assert.ok(name in grantHelpers, name)
})

test('each grant has a handler that can be put into another one', () => {
  const { grantTypeHandlers } = internals(provider)
  assert.deepEqual([...grantTypeHandlers.keys()].toSorted(), ['authorization_code', 'refresh_token'])
  const before = new Set(grantTypeHandlers.values())
  storeWhatIsGiven(provider, { store: async () => undefined, forget: () => {} })
  for (const handler of grantTypeHandlers.values()) assert.equal(before.has(handler), false)
})

test('the token endpoints refuse signed tokens in a step of their own, until that is replaced', () => {
  const count = (wanted: string): number[] =>
    [introspectionStack, revocationStack].map((stack) => stack.filter(({ name }) => name === wanted).length)
  assert.deepEqual(count('rejectStructuredTokens'), [1, 1])
  // Twice, as when keys change: the second time changes nothing.
  for (let time = 0; time < 2; time += 1) {
    takeStructuredTokens()
    assert.deepEqual(
      [count('rejectStructuredTokens'), count('onlyConfidential')],
      [
        [0, 0],
        [1, 1],
      ],
    )
  }
})

test('a request has a getter for what was proved, until it says so in the words of the client', () => {
  const getter = (): unknown => Object.getOwnPropertyDescriptor(provider.OIDCContext.prototype, 'acr')?.get
  const original = getter()
  assert.equal(typeof original, 'function')
  nameAcrAsAsked(provider)
  assert.equal(typeof getter(), 'function')
  assert.notEqual(getter(), original)
})

/** Those that two requests had when the engine had answered. */
async function contextsOfTwo(): Promise<[KoaContextWithOIDC, KoaContextWithOIDC]> {
  const engine = new Provider('https://accounts.example', {
    adapter: () => noStorage,
    jwks: { keys: [privateKey.export({ format: 'jwk' })] },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['key'] },
  })
  const seen: KoaContextWithOIDC[] = []
  engine.use(async (context: KoaContextWithOIDC, next: () => Promise<unknown>) => {
    await next()
    context.respond = false
    seen.push(context)
  })
  const handle = engine.callback()
  for (let time = 0; time < 2; time += 1) {
    const message = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/jwks', headers: { host: 'accounts.example' } })
    message.push(null)
    await handle(message, new ServerResponse(message))
  }
  const [first, second] = seen
  assert.ok(first !== undefined && second !== undefined)
  return [first, second]
}

test('to V8 the contexts of two requests are of one kind, so that none keeps its request in old memory', async () => {
  setFlagsFromString('--allow-natives-syntax')
  const areAlike: unknown = runInThisContext('(left, right) => %HaveSameMap(left, right)')
  assert.ok(typeof areAlike === 'function')
  assert.equal(areAlike(...(await contextsOfTwo())), false, 'the engine leaves them apart')
  // Twice, as when keys change: the second time changes nothing.
  giveContextsOneShape()
  giveContextsOneShape()
  const [first, second] = await contextsOfTwo()
  assert.equal(areAlike(first, second), true)
  assert.equal(first.oidc.route, 'jwks')
  assert.notEqual(first.oidc, second.oidc)
  assert.equal(Object.getOwnPropertyDescriptor(first, 'oidc')?.writable, false)
})

test('a random token has 256 bits', () => {
  const code = new provider.AuthorizationCode({ client: Object(undefined), accountId: 'a', scope: '', grantId: 'g', gty: '' })
  const make: unknown = Reflect.get(code, 'generateTokenId')
  assert.ok(typeof make === 'function')
  assert.ok(String(make.call(code)).length >= 43)
})

test('a refresh token is stored and found by its whole value, and its grant is ended with it', async () => {
  const stored: string[] = []
  const calls: string[] = []
  const adapter: Adapter = {
    ...noStorage,
    upsert: async (id) => void stored.push(id),
    find: async (id) => ({ jti: id, kind: 'RefreshToken', clientId: 'c', grantId: 'g', exp: Math.floor(Date.now() / 1000) + 60 }),
    destroy: async (id) => void calls.push(`destroy ${id}`),
  }
  const own = new Provider('https://accounts.example', {
    adapter: () => adapter,
    jwks: { keys: [privateKey.export({ format: 'jwk' })] },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['key'] },
    revokeGrantPolicy: () => true,
  })
  nameRefreshTokensBy(own, { first: () => 'made-by-us', successorOf: (value) => value })
  const token = new own.RefreshToken({ client: Object({ clientId: 'c' }), accountId: 'a', scope: '', grantId: 'g', gty: '' })
  assert.equal(await token.save(), 'made-by-us')
  assert.deepEqual(stored, ['made-by-us'])
  const found = await own.RefreshToken.find('any value')
  assert.equal(found?.jti, 'any value')
  // Ours removes no row of a refresh token by itself, since whatever revokes one destroys its grant as well.
  await revoke({ oidc: { client: undefined, provider: own } }, 'g')
  assert.deepEqual(calls, ['destroy g'])
})

test('the engine knows by which methods its endpoints can be asked', () => {
  assert.deepEqual(methodsAt(provider, '/token'), ['POST', 'OPTIONS'])
  assert.deepEqual(methodsAt(provider, '/session/end/confirm'), ['POST'])
  assert.deepEqual(methodsAt(provider, '/nowhere'), [])
})
