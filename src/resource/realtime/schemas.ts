// What a client may say over a WebSocket.
import { z } from '#kernel/schema.ts'

const name = z.string().regex(/^[\w-]{1,64}$/)
const bound = z.union([z.string().max(1024), z.number()])
const value = z.union([z.string().max(1024), z.number(), z.boolean()])

export const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('subscribe'),
    /** The client's own name for it; answers carry it. */
    subscription: name,
    resource: z.string().max(64),
    /** Equal values for fields of a declared index, as in a list. */
    where: z.record(z.string().max(64), value).optional(),
    /** Of values of the field that follows those of `where` in an index. */
    range: z.strictObject({ field: z.string().max(64), from: bound.optional(), below: bound.optional() }).optional(),
    /** What others share with the caller. */
    shared: z.literal(true).optional(),
    /** The id of one document, in the place of a list. */
    document: z.string().max(64).optional(),
    /** The position of the last message that the client has seen of the same subscription. */
    after: z.string().max(256).optional(),
  }),
  z.strictObject({ type: z.literal('unsubscribe'), subscription: name }),
  z.strictObject({ type: z.literal('authenticate'), token: z.string().min(1).max(8192) }),
])

export type ClientMessage = z.output<typeof clientMessage>
export type SubscribeMessage = Extract<ClientMessage, { type: 'subscribe' }>
