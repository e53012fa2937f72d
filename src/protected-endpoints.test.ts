import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '#kernel/schema.ts'
import { protectedEndpoints } from './protected-endpoints.ts'
import type { ResourceDefinition, ResourceRoute } from './resource/contract.ts'

const route = (parts: Partial<ResourceRoute>): ResourceRoute => ({
  method: 'POST',
  path: '/api/notes/mcp',
  summary: 'x',
  allow: { who: 'user', scope: 'notes:read' },
  answers: { 200: z.unknown() },
  handle: async () => ({ status: 200 }),
  ...parts,
})
const notes = (routes?: readonly ResourceRoute[]): ResourceDefinition => ({
  name: 'notes',
  schema: z.strictObject({}),
  indexes: {},
  access: [],
  scopes: { read: 'notes:read', write: 'notes:write' },
  ...(routes === undefined ? {} : { routes }),
})

test('an endpoint is an address: one for all methods of a path, and none where no route says so', () => {
  assert.deepEqual(protectedEndpoints([notes(), notes([route({})])]), [])
  const found = protectedEndpoints([
    notes([
      route({ protectedResource: true }),
      route({ method: 'DELETE', allow: { who: 'user', scope: 'notes:end' } }),
      route({ method: 'GET', protectedResource: { scopes: ['notes:write', 'notes:read'], name: 'Notes' } }),
      route({ path: '/api/notes/other', protectedResource: true }),
      route({ path: '/api/notes/plain' }),
    ]),
  ])
  assert.deepEqual(found, [
    { path: '/api/notes/mcp', scopes: ['notes:read', 'notes:end', 'notes:write'], name: 'Notes' },
    { path: '/api/notes/other', scopes: ['notes:read'], name: undefined },
  ])
})
