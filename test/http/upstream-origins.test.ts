// Providers that could be taken for each other do not start.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import { openAccounts } from '../support/accounts.ts'

test('two providers that would share the subjects of people do not start', async () => {
  const userinfo = { subject: 'id' }
  const at = (host: string, path: string) => ({
    authorizationEndpoint: `https://${host}${path}/authorize`,
    tokenEndpoint: 'https://token.example/token',
    userinfoEndpoint: 'https://token.example/me',
  })
  const first = { kind: 'oauth2', id: 'first', name: 'First', clientId: 'c', userinfo, ...at('login.example', '/a') } as const
  const second = { ...first, id: 'second', name: 'Second', ...at('login.example', '/b') }
  const upstreamSecrets = { first: 's', second: 's' }
  const opened = (definition: AuthDefinition) => openAccounts({ definition, upstreamSecrets, development: false })
  await assert.rejects(opened({ upstreams: [first, second] }), (error: Error) => {
    assert.match(error.message, /"first" and "second" are both at https:\/\/login\.example, .* a host name of its own\.$/)
    assert.equal(error.message.split('are both at').length, 2, 'it says so once')
    return true
  })
  const apart = await opened({ upstreams: [first, { ...second, ...at('second.example', '') }] })
  await apart.stop()
})

test('a provider of OAuth 2 alone at the origin of any other kind does not start', async () => {
  const own = (host: string) => ({
    kind: 'oauth2' as const,
    id: 'plain',
    name: 'Plain',
    clientId: 'c',
    userinfo: { subject: 'id' },
    authorizationEndpoint: `https://${host}/authorize`,
    tokenEndpoint: 'https://token.example/token',
    userinfoEndpoint: 'https://token.example/me',
  })
  const opened = (definition: AuthDefinition) =>
    openAccounts({ definition, upstreamSecrets: { plain: 's', other: 's' }, development: false })
  const others = {
    'login.example': { kind: 'openid', id: 'other', name: 'Other', clientId: 'c', issuer: 'https://login.example/tenant' },
    'github.com': { kind: 'github', id: 'other', clientId: 'c' },
    'accounts.google.com': { kind: 'google', id: 'other', clientId: 'c' },
  } as const
  for (const [host, its] of Object.entries(others))
    for (const upstreams of [
      [own(host), its],
      [its, own(host)],
    ])
      await assert.rejects(opened({ upstreams }), (error: Error) => {
        assert.equal(error.message.split(`"plain" and "other" are both at https://${host}, so`).length, 2, error.message)
        return true
      })
  const apart = await opened({ upstreams: [own('plain.example'), others['login.example']] })
  await apart.stop()
})
