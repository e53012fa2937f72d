// What is stored of a share: who may do what with which object of another person.
import { defineCollection } from '#kernel/collection.ts'
import { z } from '#kernel/schema.ts'

const share = z.strictObject({
  id: z.string(),
  resource: z.string(),
  objectId: z.string(),
  personId: z.string(),
  may: z.enum(['read', 'write']),
  createdAt: z.iso.datetime(),
})

export type ShareRecord = z.infer<typeof share>

// Not `resource_...`, which is where the objects of an app are.
export const sharesCollection = defineCollection<ShareRecord>({
  name: 'shared_objects',
  schema: share,
  indexes: {
    byObject: { fields: ['resource', 'objectId', 'personId'], unique: true },
    byPerson: { fields: ['personId', 'resource', 'createdAt'] },
  },
})

/** An account id as it may be given: whether there is such an account is not asked. */
export const ACCOUNT_ID = /^[0-9A-Za-z_-]{1,64}$/

/** The topic of `shares.<resource>`: told to whom follows what others share. */
export const shareEvent = z.strictObject({
  resource: z.string(),
  id: z.string(),
  accountId: z.string(),
  may: z.enum(['read', 'write', 'nothing']),
})
