// The endpoint of docs/mcp.md, as it is written there, with the client of the official library.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { agreeTo, localFetch, type Memory, remembering } from '../support/mcp-client.ts'
import { claimsOf } from '../support/oauth-values.ts'
import { type Person, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'

const CONFIG = 'test/fixtures/mcp-endpoint/ninefold.config.ts'
const PATH = '/api/notes/tools/mcp'

let platform: PlatformProcess
let ada: Person

before(async () => {
  platform = await startPlatform({ config: CONFIG })
  ada = await signUp(platform, 'ada@example.org')
})
after(() => platform.stop({ remove: true }))

const urlOfEndpoint = (): string => `${platform.origin('api')}${PATH}`
const textsOf = (answer: object): unknown[] => Object(answer).content.map(({ text }: { text: unknown }) => text)

test('the page has the app that is tried here, whole', () => {
  const page = readFileSync(new URL('../../docs/mcp.md', import.meta.url), 'utf8')
  const [, code] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  assert.equal(code, readFileSync(new URL(`../../${CONFIG}`, import.meta.url), 'utf8'))
})

const connectionOf = (authProvider: OAuthClientProvider): StreamableHTTPClientTransport =>
  new StreamableHTTPClientTransport(new URL(urlOfEndpoint()), { authProvider, fetch: localFetch })

test('the endpoint names the issuer, and both documents of the issuer name the endpoint and the API (RFC 9728 section 4)', async () => {
  const read = async (label: string, path: string) => JSON.parse((await platform.send(label, { path })).body)
  const [api, endpoint] = await Promise.all(['/api', PATH].map((path) => read('api', `/.well-known/oauth-protected-resource${path}`)))
  assert.deepEqual(endpoint.authorization_servers, [platform.origin('accounts')])
  for (const name of ['oauth-authorization-server', 'openid-configuration'])
    assert.deepEqual((await read('accounts', `/.well-known/${name}`)).protected_resources, [api.resource, endpoint.resource], name)
})

interface Signing {
  readonly scope: string
  readonly sees: readonly RegExp[]
}

async function letIn({ seen }: Memory, through: StreamableHTTPClientTransport, { scope, sees }: Signing): Promise<void> {
  const { asked } = seen
  assert.ok(asked)
  assert.deepEqual([asked.searchParams.get('resource'), asked.searchParams.get('scope')], [urlOfEndpoint(), scope])
  await through.finishAuth((await agreeTo(asked, ada, sees)).code)
}

async function connected({ provider }: Memory): Promise<{ client: Client; errors: Error[] }> {
  const errors: Error[] = []
  const client = new Client({ name: 'helper', version: '1' })
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the library's client is no event target
  client.onerror = (error) => errors.push(error)
  await client.connect(connectionOf(provider))
  return { client, errors }
}

const ADD = { name: 'add_note', arguments: { text: 'Milk' } }

test('a client finds out what to ask for, signs in for this address and uses both tools', async () => {
  const memory = remembering()
  const first = connectionOf(memory.provider)
  await assert.rejects(new Client({ name: 'helper', version: '1' }).connect(first), UnauthorizedError)
  await letIn(memory, first, { scope: 'notes:read notes:write', sees: [/see your notes/, /write notes/] })
  const { access_token: token = '' } = memory.seen.tokens ?? {}
  assert.equal(claimsOf(token)['aud'], urlOfEndpoint())

  const { client, errors } = await connected(memory)
  const { tools } = await client.listTools()
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['list_notes', 'add_note'],
  )
  assert.deepEqual(textsOf(await client.callTool({ name: 'list_notes', arguments: {} })), [])
  assert.deepEqual(textsOf(await client.callTool(ADD)), ['Written.'])
  assert.deepEqual(textsOf(await client.callTool({ name: 'list_notes', arguments: {} })), ['Milk'])
  assert.equal((await client.callTool({ name: 'add_note', arguments: { text: '' } })).isError, true)
  assert.deepEqual(errors, [], 'also not of the stream that is not offered')
  await client.close()
  const notes = await platform.send('api', { path: '/api/notes', headers: { authorization: `Bearer ${token}` } })
  assert.equal(notes.status, 401, 'the same notes by another address')
})

test('a client that asked for less is asked to sign in again by the tool that needs more', async () => {
  const memory = remembering()
  const first = connectionOf(memory.provider)
  await assert.rejects(new Client({ name: 'helper', version: '1' }).connect(first), UnauthorizedError)
  // As one does that asks for what it needs at first; it has registered for all that it was told.
  const asked = memory.seen.asked
  asked?.searchParams.set('scope', 'notes:read')
  await letIn(memory, first, { scope: 'notes:read', sees: [/see your notes/] })
  assert.equal(memory.seen.tokens?.scope, 'notes:read')
  const { client: reading } = await connected(memory)
  assert.equal(textsOf(await reading.callTool({ name: 'list_notes', arguments: {} })).length, 1)
  await assert.rejects(reading.callTool(ADD), UnauthorizedError)
  const second = connectionOf(memory.provider)
  await letIn(memory, second, { scope: 'notes:read notes:write', sees: [/write notes/] })
  const { client: writing } = await connected(memory)
  assert.deepEqual(textsOf(await writing.callTool(ADD)), ['Written.'])
  await Promise.all([reading.close(), writing.close()])
})

test('what the page says of the address holds', async () => {
  const json = { 'content-type': 'application/json' }
  const refused = await platform.send('api', {
    method: 'POST',
    path: PATH,
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    headers: json,
  })
  const metadata = `resource_metadata="${platform.origin('api')}/.well-known/oauth-protected-resource${PATH}"`
  assert.equal(refused.headers['www-authenticate'], `Bearer scope="notes:read notes:write", ${metadata}, DPoP algs="ES256 Ed25519 EdDSA"`)
  const document = JSON.parse((await platform.send('api', { path: `/.well-known/oauth-protected-resource${PATH}` })).body)
  assert.deepEqual(
    [document.resource, document.resource_name, document.scopes_supported],
    [urlOfEndpoint(), 'Notes', ['notes:read', 'notes:write']],
  )
  const streamed = await platform.send('api', { path: PATH, headers: { accept: 'text/event-stream' } })
  assert.deepEqual([streamed.status, streamed.headers.allow], [405, 'POST'])
})
