// The API for operators: clients registered, changed and removed.
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { Clients } from './contract.ts'
import { authErrors } from '../errors.ts'
import { clientChange, clientDefinition, clientView } from './schemas.ts'

const common = { site: 'console', allow: { who: 'operator' }, rate: 'api' } as const
/** An id that is an address cannot be in a path: it is written as "~" and its base64url, which is nobody's id. */
const WRITTEN = /^~([\w-]+)$/
const writtenId = z
  .string()
  .min(1)
  .max(1024)
  .transform((given) => {
    const encoded = WRITTEN.exec(given)?.[1]
    return encoded === undefined ? given : Buffer.from(encoded, 'base64url').toString('utf8')
  })
  // No id has a control character, and what was no UTF-8 would be another id.
  .refine((id) => !/^$|[\p{Cc}\ufffd]/u.test(id), 'is not the id of a client')
const params = z.strictObject({ clientId: writtenId })
const MAX_BODY_BYTES = 65_536
const withSecret = z.strictObject({ client: clientView, secret: z.string().exactOptional() })
const NO_STORE = { 'cache-control': 'no-store' } as const

export function clientRoutes(clients: Clients): readonly Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/api/clients',
      summary: 'The clients of the authorization server',
      input: { query: z.strictObject({ after: z.string().max(2000).exactOptional() }) },
      answers: { 200: z.strictObject({ items: z.array(clientView), next: z.string().exactOptional() }) },
      handle: async (call, { query }) => ok(await clients.list(call, query.after)),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/api/clients',
      summary: 'Register a client; the answer has its secret, which is not shown again',
      body: 'json',
      maxBodyBytes: MAX_BODY_BYTES,
      input: { body: z.strictObject({ definition: clientDefinition, withSecret: z.boolean().exactOptional() }) },
      answers: { 201: withSecret },
      handle: async (call, { body }) => {
        const added = await clients.add(call, body.definition, { withSecret: body.withSecret === true })
        return { status: 201, headers: NO_STORE, body: { json: added } }
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/api/client-invitations',
      summary: 'A token for one registration by a client itself, good for a day',
      body: 'json',
      input: { body: z.strictObject({}) },
      answers: { 201: z.strictObject({ token: z.string() }) },
      handle: async (call) => ({ status: 201, headers: NO_STORE, body: { json: { token: await clients.invite(call) } } }),
    }),
    ...oneClientRoutes(clients),
  ]
}

function oneClientRoutes(clients: Clients): readonly Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/api/clients/:clientId',
      summary: 'One client',
      input: { params },
      answers: { 200: clientView },
      handle: async (call, { params: { clientId } }) => {
        const found = await clients.find(call, clientId)
        if (found === undefined) throw authErrors.client_not_found()
        return ok(found)
      },
    }),
    route({
      ...common,
      method: 'PATCH',
      path: '/api/clients/:clientId',
      summary: 'Change a client',
      body: 'json',
      maxBodyBytes: MAX_BODY_BYTES,
      input: { params, body: clientChange },
      answers: { 200: clientView },
      handle: async (call, { params: { clientId }, body }) => ok(await clients.change(call, clientId, body)),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/api/clients/:clientId/rotate-secret',
      summary:
        'A new secret; the earlier one is taken for a while. With "replacing", the "credential" of the client, only in place of that one',
      body: 'json',
      input: {
        params,
        body: z.strictObject({
          keepSeconds: z.int().nonnegative().exactOptional(),
          unseen: z.boolean().exactOptional(),
          replacing: z.string().max(100).exactOptional(),
        }),
      },
      answers: { 200: withSecret },
      handle: async (call, { params: { clientId }, body }) => ok(await clients.rotateSecret(call, clientId, body), NO_STORE),
    }),
    ...blockingRoutes(clients),
    route({
      ...common,
      method: 'DELETE',
      path: '/api/clients/:clientId',
      summary: 'Remove a client; its tokens end',
      input: { params },
      answers: { 204: 'empty' },
      handle: async (call, { params: { clientId } }) => {
        if (!(await clients.remove(call, clientId))) throw authErrors.client_not_found()
        return { status: 204 }
      },
    }),
  ]
}

function blockingRoutes(clients: Clients): readonly Route[] {
  return [
    route({
      ...common,
      method: 'POST',
      path: '/api/clients/:clientId/block',
      summary: 'Refuse a client from now on; its tokens end',
      body: 'json',
      input: { params, body: z.strictObject({}) },
      answers: { 200: clientView },
      handle: async (call, { params: { clientId } }) => ok(await clients.block(call, clientId)),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/api/clients/:clientId/unblock',
      summary: 'Let a client in again',
      body: 'json',
      input: { params, body: z.strictObject({}) },
      answers: { 200: clientView },
      handle: async (call, { params: { clientId } }) => ok(await clients.unblock(call, clientId)),
    }),
  ]
}
