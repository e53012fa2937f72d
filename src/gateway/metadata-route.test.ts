import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { metadataRoute } from './metadata-route.ts'

test('an API without scopes lists none: who finds an empty list asks for nothing', async () => {
  const origin = 'https://diary.example'
  const sites = { accounts: 'https://accounts.example', app: origin, files: origin, console: origin, frontends: {} }
  for (const [scopes, listed] of [
    [['notes:read'], ['notes:read']],
    [[], undefined],
  ] as const) {
    const route = metadataRoute({ sites, name: undefined, scopes, path: '/api', takesCertificates: false })
    assert.ok(route.kind !== 'raw')
    const { body } = await route.handle(systemCall('test'), { params: {}, query: {}, body: undefined }, Object(undefined))
    const document: unknown = body !== undefined && 'json' in body ? body.json : undefined
    assert.deepEqual([Object(document).resource, Object(document).scopes_supported], [`${origin}/api`, listed])
  }
})
