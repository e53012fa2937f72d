// The app that the authorisation matrix is about: every kind of grant, over fields that some see and others do not.
import { z } from '#kernel/schema.ts'
import type { AccessGrant, ResourceDefinition } from '../../src/resource/contract.ts'
import { resource } from '../../src/resource/definition.ts'

export const SCOPES = {
  'docs:read': 'see documents',
  'docs:write': 'change documents',
  'docs:delete': 'delete documents',
  'folders:read': 'see folders',
  'folders:write': 'change folders',
  'photos:read': 'see photos',
  'photos:write': 'change photos',
  'comments:read': 'see comments',
  'comments:write': 'write comments',
}

export const docs = resource('docs', {
  schema: z.strictObject({
    title: z.string().min(1),
    body: z.string().optional(),
    secret: z.string().optional(),
    score: z.number().int().optional(),
    status: z.enum(['draft', 'public']).default('draft'),
    teamId: z.string().optional(),
    folderId: z.string().optional(),
  }),
  indexes: {
    byTime: { fields: ['createdAt'] },
    byOwner: { fields: ['ownerId', 'createdAt'] },
    byStatus: { fields: ['status', 'createdAt'] },
    byTeam: { fields: ['teamId', 'createdAt'] },
    byOwnerStatus: { fields: ['ownerId', 'status', 'createdAt'] },
    byTeamStatus: { fields: ['teamId', 'status', 'createdAt'] },
    byOwnerTeam: { fields: ['ownerId', 'teamId', 'createdAt'] },
    byOwnerSecret: { fields: ['ownerId', 'secret', 'createdAt'] },
    bySecret: { fields: ['secret', 'createdAt'] },
    byStatusScore: { fields: ['status', 'score'] },
  },
  share: true,
  search: { fields: ['title', 'body'] },
  relations: { folder: { field: 'folderId', to: 'folders' } },
  access: [
    { who: 'user', may: ['create'], fields: ['title', 'body', 'secret', 'status', 'teamId', 'folderId'] },
    { who: 'owner', may: ['list', 'get', 'update', 'delete'], fields: ['title', 'body', 'secret', 'status', 'teamId', 'folderId'] },
    { who: 'anyone', may: ['list', 'get'], where: { status: 'public' }, fields: ['title', 'status'] },
    { who: { group: 'teamId' }, may: ['list', 'get', 'update'], fields: ['title', 'body', 'status', 'teamId'] },
    {
      who: { role: 'editor' },
      may: ['list', 'get', 'update'],
      fields: ['title', 'status', 'score'],
      when: (_principal, document) => document.status === 'public',
      lists: { status: () => 'public' as const },
    },
    { who: { role: 'admin' }, may: ['list', 'get', 'update', 'delete'] },
    { who: 'shared', may: ['list', 'get', 'update'], fields: ['title', 'body', 'secret'] },
  ],
  scopes: { read: 'docs:read', write: 'docs:write', delete: 'docs:delete' },
})

export const folders = resource('folders', {
  schema: z.strictObject({ name: z.string() }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] }],
  scopes: { read: 'folders:read', write: 'folders:write' },
})

/** The same documents under other rules: what the matrix must notice. */
export function docsWith(
  change: (grants: readonly AccessGrant[]) => readonly AccessGrant[],
  more: Partial<ResourceDefinition> = {},
): ResourceDefinition {
  const plain: ResourceDefinition = docs
  return { ...plain, access: change(plain.access), ...more }
}
