// With whom an object is shared: `/api/<name>/:id/shares`, for its owner.
import { ok, type Route, route } from '#kernel/http/route.ts'
import { type Schema, z } from '#kernel/schema.ts'
import type { Resource } from '../compile.ts'
import type { Resources, Share } from '../contract.ts'

interface OneObject {
  readonly id: string
}

interface OneShare extends OneObject {
  readonly accountId: string
}

// Loose on purpose: what is not an id is an object that does not exist.
const oneObject: Schema<OneObject> = z.strictObject({ id: z.string().max(256) })
const oneShare: Schema<OneShare> = z.strictObject({ id: z.string().max(256), accountId: z.string().max(256) })
const body: Schema<{ readonly may: Share['may'] }> = z.strictObject({ may: z.enum(['read', 'write']) })
export const shownShare = z.strictObject({ accountId: z.string(), may: z.enum(['read', 'write']), createdAt: z.iso.datetime() })
export const shownShares = z.strictObject({ items: z.array(shownShare) })

const PRIVATE = { 'cache-control': 'private, no-store' }

export function shareRoutes({ shares }: Resources, resource: Resource): Route[] {
  if (resource.definition.share !== true) return []
  const { name, definition } = resource
  const one = { path: `/api/${name}/:id/shares/:accountId`, site: 'app', rate: 'api' } as const
  const reading = { who: 'user', scope: definition.scopes.read } as const
  const writing = { who: 'user', scope: definition.scopes.write } as const
  return [
    route<OneObject>({
      method: 'GET',
      path: `/api/${name}/:id/shares`,
      site: 'app',
      allow: reading,
      rate: 'api',
      summary: `Lists with whom one of ${name} is shared`,
      input: { params: oneObject },
      answers: { 200: shownShares },
      handle: async (call, { params }) => ok({ items: await shares.list(call, name, params.id) }, PRIVATE),
    }),
    route<OneShare>({
      ...one,
      method: 'GET',
      allow: reading,
      summary: `Tells what somebody may do with one of ${name}`,
      input: { params: oneShare },
      answers: { 200: shownShare },
      handle: async (call, { params }) => ok(await shares.get(call, name, params), PRIVATE),
    }),
    route<OneShare, Record<string, never>, { readonly may: Share['may'] }>({
      ...one,
      method: 'PUT',
      allow: writing,
      summary: `Shares one of ${name} with somebody, to read or to write`,
      body: 'json',
      input: { params: oneShare, body },
      answers: { 200: shownShare },
      handle: async (call, { params, body: { may } }) => ok(await shares.put(call, name, { ...params, may }), PRIVATE),
    }),
    route<OneShare>({
      ...one,
      method: 'DELETE',
      allow: writing,
      summary: `Ends the sharing of one of ${name} with somebody`,
      input: { params: oneShare },
      answers: { 204: 'empty' },
      handle: async (call, { params }) => {
        await shares.remove(call, name, params)
        return { status: 204 }
      },
    }),
  ]
}
