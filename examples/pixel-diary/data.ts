// What the diary keeps: photos, comments on public pages, and the picture files themselves.
import { type BucketDefinition, resource, z } from 'ninefold'

const fileId = z.string().regex(/^[0-9a-z]{26}$/, 'The id of an uploaded file')
const accountId = z.string().min(1).max(64)

export const photoBucket: BucketDefinition = {
  name: 'photos',
  maxBytes: 10 * 1024 * 1024,
  accept: ['image/jpeg', 'image/png', 'image/webp', 'image/gif'],
  scopes: { read: 'photos:read', write: 'photos:write' },
}

export const photos = resource('photos', {
  schema: z.strictObject({
    caption: z.string().trim().max(280, 'At most 280 characters'),
    image: fileId,
    visibility: z.enum(['private', 'public']),
    takenOn: z.iso.date().optional(),
  }),
  writeOnce: ['image'],
  files: { image: 'photos' },
  indexes: {
    byOwner: { fields: ['ownerId', 'createdAt'] },
    byVisibility: { fields: ['ownerId', 'visibility', 'createdAt'] },
  },
  access: [
    { who: 'user', may: ['create'] },
    { who: 'owner', may: ['list', 'get', 'update', 'delete'] },
    { who: 'anyone', may: ['list', 'get'], where: { visibility: 'public' } },
  ],
  scopes: { read: 'photos:read', write: 'photos:write' },
})

/** Written on somebody's public page, under the writer's name. */
export const comments = resource('comments', {
  schema: z.strictObject({
    profileId: accountId,
    text: z.string().trim().min(1, 'Write something first').max(500, 'At most 500 characters'),
  }),
  writeOnce: ['profileId'],
  indexes: { byProfile: { fields: ['profileId', 'createdAt'] } },
  access: [
    { who: 'anyone', may: ['list', 'get'] },
    { who: 'user', may: ['create'] },
    { who: 'owner', may: ['update', 'delete'] },
  ],
  scopes: { read: 'comments:read', write: 'comments:write' },
})
