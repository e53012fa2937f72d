// What ought to be allowed, said a second time and in other words than the definitions: plain sentences over plain data, which know nothing of the code.
export type Operation = 'list' | 'get' | 'create' | 'update' | 'delete'

export interface Asker {
  readonly name: string
  readonly kind: 'person' | 'nobody' | 'operator' | 'ended'
  readonly account: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly groups: readonly string[]
}

export interface Thing {
  readonly ownerId: string
  /** With whom it is shared. */
  readonly shares: Readonly<Record<string, 'read' | 'write'>>
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Sentence {
  readonly says: string
  readonly may: readonly Operation[]
  /** Also for who is not signed in. */
  readonly everybody?: true
  /** For operations on an object that is there, or as it would be. */
  holds(asker: Asker, thing: Thing): boolean
  /** Whether everything with these values is within the sentence, for lists. */
  covers?(asker: Asker, filter: Readonly<Record<string, unknown>>): boolean
  readonly fields: readonly string[]
}

export interface Oracle {
  readonly resource: string
  readonly fields: readonly string[]
  readonly needs: Readonly<Record<Operation, readonly string[]>>
  readonly sentences: readonly Sentence[]
}

const signedIn = (asker: Asker): boolean => asker.kind === 'person'

/** The fields that somebody reaches by an operation, or nothing. */
export function reach(
  oracle: Oracle,
  operation: Operation,
  { asker, thing }: { asker: Asker; thing: Thing },
): ReadonlySet<string> | undefined {
  const said = oracle.sentences.filter(
    (sentence) => sentence.may.includes(operation) && (sentence.everybody === true || signedIn(asker)) && sentence.holds(asker, thing),
  )
  return said.length === 0 ? undefined : new Set(said.flatMap((sentence) => sentence.fields))
}

/** Turned away whatever the object. */
export function turnedAway(oracle: Oracle, operation: Operation, asker: Asker): 401 | 403 | undefined {
  if (asker.kind === 'ended') return 401
  if (!signedIn(asker))
    return oracle.sentences.some((sentence) => sentence.may.includes(operation) && sentence.everybody === true) ? undefined : 401
  return oracle.needs[operation].every((scope) => asker.scopes.includes(scope)) ? undefined : 403
}

const DOCS = ['title', 'body', 'secret', 'score', 'status', 'teamId', 'folderId'] as const
const OWN = DOCS.filter((field) => field !== 'score')

export const docsOracle: Oracle = {
  resource: 'docs',
  fields: DOCS,
  needs: {
    list: ['docs:read'],
    get: ['docs:read'],
    create: ['docs:write'],
    update: ['docs:write', 'docs:read'],
    delete: ['docs:delete'],
  },
  sentences: [
    { says: 'people make documents, and no scores', may: ['create'], holds: () => true, fields: OWN },
    {
      says: 'what I made is mine, but for its score',
      may: ['list', 'get', 'update', 'delete'],
      holds: (asker, { ownerId }) => ownerId === asker.account,
      covers: (asker, filter) => filter['ownerId'] === asker.account,
      fields: OWN,
    },
    {
      says: 'everybody sees the titles of what is public',
      may: ['list', 'get'],
      everybody: true,
      holds: (_asker, { fields }) => fields['status'] === 'public',
      covers: (_asker, filter) => filter['status'] === 'public',
      fields: ['title', 'status'],
    },
    {
      says: 'a team works on its texts',
      may: ['list', 'get', 'update'],
      holds: ({ groups }, { fields }) => groups.some((group) => group === fields['teamId']),
      covers: ({ groups }, filter) => groups.some((group) => group === filter['teamId']),
      fields: ['title', 'body', 'status', 'teamId'],
    },
    {
      says: 'editors score what is public',
      may: ['list', 'get', 'update'],
      holds: ({ roles }, { fields }) => roles.includes('editor') && fields['status'] === 'public',
      covers: ({ roles }, filter) => roles.includes('editor') && filter['status'] === 'public',
      fields: ['title', 'status', 'score'],
    },
    {
      says: 'admins do everything with what is there',
      may: ['list', 'get', 'update', 'delete'],
      holds: ({ roles }) => roles.includes('admin'),
      covers: ({ roles }) => roles.includes('admin'),
      fields: DOCS,
    },
    {
      says: 'what is shared with me I read',
      may: ['list', 'get'],
      holds: ({ account }, { shares }) => shares[account] !== undefined,
      fields: ['title', 'body', 'secret'],
    },
    {
      says: 'what is shared with me for writing I write',
      may: ['update'],
      holds: ({ account }, { shares }) => shares[account] === 'write',
      fields: ['title', 'body', 'secret'],
    },
  ],
}

const mine = (asker: Asker, { ownerId }: Thing): boolean => ownerId === asker.account

export const foldersOracle: Oracle = {
  resource: 'folders',
  fields: ['name'],
  needs: {
    list: ['folders:read'],
    get: ['folders:read'],
    create: ['folders:write'],
    update: ['folders:write', 'folders:read'],
    delete: ['folders:write'],
  },
  sentences: [
    {
      says: 'a folder is for who made it',
      may: ['list', 'get', 'create', 'update', 'delete'],
      holds: mine,
      covers: (asker, filter) => filter['ownerId'] === asker.account,
      fields: ['name'],
    },
  ],
}

/** Pixel Diary. */
const PHOTO = ['caption', 'image', 'visibility', 'takenOn']

export const photosOracle: Oracle = {
  resource: 'photos',
  fields: PHOTO,
  needs: {
    list: ['photos:read'],
    get: ['photos:read'],
    create: ['photos:write'],
    update: ['photos:write', 'photos:read'],
    delete: ['photos:write'],
  },
  sentences: [
    { says: 'people keep photos', may: ['create'], holds: () => true, fields: PHOTO },
    {
      says: 'my photos are mine',
      may: ['list', 'get', 'update', 'delete'],
      holds: mine,
      covers: (asker, filter) => filter['ownerId'] === asker.account,
      fields: PHOTO,
    },
    {
      says: 'everybody sees what is public',
      may: ['list', 'get'],
      everybody: true,
      holds: (_asker, { fields }) => fields['visibility'] === 'public',
      covers: (_asker, filter) => filter['visibility'] === 'public',
      fields: PHOTO,
    },
  ],
}

export const commentsOracle: Oracle = {
  resource: 'comments',
  fields: ['profileId', 'text'],
  needs: {
    list: ['comments:read'],
    get: ['comments:read'],
    create: ['comments:write'],
    update: ['comments:write', 'comments:read'],
    delete: ['comments:write'],
  },
  sentences: [
    {
      says: 'everybody reads comments',
      may: ['list', 'get'],
      everybody: true,
      holds: () => true,
      covers: () => true,
      fields: ['profileId', 'text'],
    },
    { says: 'people comment', may: ['create'], holds: () => true, fields: ['profileId', 'text'] },
    { says: 'I correct and remove my own', may: ['update', 'delete'], holds: mine, fields: ['profileId', 'text'] },
  ],
}
