// One line of the request log: as it is stored, and as the console reads it.
import { z } from '#kernel/schema.ts'

export const statusClass = z.enum(['1xx', '2xx', '3xx', '4xx', '5xx'])
export type StatusClass = z.infer<typeof statusClass>

const shared = {
  requestId: z.string().max(100),
  method: z.string().max(20),
  site: z.string().max(100),
  route: z.string().max(300),
  status: z.int(),
  durationMs: z.number(),
  bytesOut: z.number(),
  client: z.string().max(100),
  principal: z.enum(['anonymous', 'user', 'operator', 'system']),
  accountId: z.string().max(100).exactOptional(),
  clientId: z.string().max(200).exactOptional(),
  errorCode: z.string().max(100).exactOptional(),
}

export const loggedRequest = z.object({
  id: z.string(),
  /** Epoch milliseconds. */
  at: z.number(),
  ...shared,
  statusClass,
  expiresAt: z.number(),
})
export type LoggedRequest = z.infer<typeof loggedRequest>

export const requestFilter = z.strictObject({
  status: statusClass.exactOptional(),
  route: z.string().min(1).max(300).exactOptional(),
  requestId: z.string().min(1).max(100).exactOptional(),
  client: z.string().min(1).max(100).exactOptional(),
  accountId: z.string().min(1).max(100).exactOptional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().min(1).max(2000).exactOptional(),
})
export type RequestFilter = z.infer<typeof requestFilter>

export const requestPage = z.strictObject({
  items: z.array(z.strictObject({ id: z.string(), at: z.iso.datetime(), ...shared })),
  next: z.string().exactOptional(),
})
export type RequestPage = z.infer<typeof requestPage>
