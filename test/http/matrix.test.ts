// The authorisation matrix: every asker, every operation, every object, every field, over HTTP through the gateway; expectations from an oracle of its own.
// Then the same with rules that are a little too wide, to know that it would notice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comments, photoBucket, photos } from '../../examples/pixel-diary/data.ts'
import type { AccessGrant, ResourceDefinition } from '../../src/resource/contract.ts'
import { jpeg } from '../support/data-world.ts'
import { Matrix, type Subject } from '../support/matrix.ts'
import { docs, docsWith, folders } from '../support/matrix-app.ts'
import { commentsOracle, docsOracle, foldersOracle, photosOracle, turnedAway } from '../support/matrix-oracle.ts'
import { scenarioUrl } from '../support/scenario-database.ts'
import { ASKERS, type MatrixWorld, openMatrixWorld, OWNER } from '../support/matrix-world.ts'

const shares = { reader: 'read', writer: 'write' } as const
const states = [
  { status: 'draft' },
  { status: 'public' },
  { status: 'draft', teamId: 'team-1' },
  { status: 'public', teamId: 'team-1' },
  { status: 'public', teamId: 'team-2' },
]

const docsSubject: Subject = {
  oracle: docsOracle,
  objects: states.flatMap((state) =>
    [{}, shares].map((shared) => ({
      shares: shared,
      fields: { title: 'told-title', body: 'told-body', secret: 'told-secret', score: 7, ...state },
    })),
  ),
  change: {
    title: () => 'new title',
    body: () => 'new body',
    secret: () => 'new secret',
    score: () => 99,
    status: (before) => (before === 'public' ? 'draft' : 'public'),
    teamId: (before) => (before === 'team-1' ? 'team-2' : 'team-1'),
  },
  create: async () => ({ title: 'told-new' }),
  lists: [
    {},
    { ownerId: 'owner' },
    { status: 'public' },
    { status: 'draft' },
    { teamId: 'team-1' },
    { teamId: 'team-2' },
    { teamId: 'team-1', status: 'draft' },
    { ownerId: 'owner', status: 'draft' },
    { ownerId: 'owner', teamId: 'team-2' },
  ],
  probes: [
    { query: 'secret=told-secret', open: ({ account, roles, kind }) => kind === 'person' && (roles.includes('admin') || account !== '') },
    { query: 'status=public&sort=score', open: ({ roles }) => roles.includes('admin') || roles.includes('editor') },
    { query: 'status=public&score.from=1', open: ({ roles }) => roles.includes('admin') || roles.includes('editor') },
  ],
}

const foldersSubject: Subject = {
  oracle: foldersOracle,
  objects: [{ shares: {}, fields: { name: 'told-name' } }],
  change: { name: () => 'new name' },
  create: async () => ({ name: 'told-new' }),
  lists: [{}, { ownerId: 'owner' }, { ownerId: 'other' }],
}

const upload = async (world: MatrixWorld, asker: (typeof ASKERS)[number]): Promise<Record<string, unknown>> => {
  const reply = await world.ask(asker, { method: 'POST', path: '/api/files/photos', body: jpeg() })
  return { caption: 'told-new', visibility: 'private', image: reply.status === 201 ? reply.json['id'] : '0'.repeat(26) }
}

const photosSubject: Subject = {
  oracle: photosOracle,
  objects: ['private', 'public'].map((visibility) => ({
    shares: {},
    fields: { caption: 'told-caption', visibility, takenOn: '2026-01-01' },
  })),
  change: {
    caption: () => 'new caption',
    visibility: (before) => (before === 'public' ? 'private' : 'public'),
    takenOn: () => '2026-02-02',
    image: () => '1'.repeat(26),
  },
  fixed: ['image'],
  create: upload,
  lists: [{}, { ownerId: 'owner' }, { ownerId: 'owner', visibility: 'public' }, { ownerId: 'owner', visibility: 'private' }],
}

const commentsSubject: Subject = {
  oracle: commentsOracle,
  objects: [{ shares: {}, fields: { profileId: 'told-profile', text: 'told-text' } }],
  change: { text: () => 'new text', profileId: () => 'elsewhere' },
  fixed: ['profileId'],
  create: async () => ({ profileId: 'ada', text: 'told-new' }),
  lists: [{ profileId: 'told-profile' }],
}

/** Routes that read and write by the same service: their own tests put them to the rules, and here is asked whom they turn away. */
const ELSEWHERE = /\/(events|export|import|imports|realtime)(\/|$)|openapi|GET \/api$/

test('nobody is allowed what they may not, and everybody what they may', { timeout: 600_000 }, async (t) => {
  const definitions = [docs, folders, photos, comments]
  const world = await openMatrixWorld(definitions, [photoBucket])
  t.after(() => world.stop())
  let cells = 0
  const asked = new Set<string>()
  for (const subject of [docsSubject, foldersSubject, photosSubject, commentsSubject]) {
    const matrix = await new Matrix(world, subject).run()
    t.diagnostic(`${subject.oracle.resource}: ${matrix.cells} cells, ${matrix.wrong.length} wrong`)
    assert.deepEqual(matrix.wrong.slice(0, 40), [])
    cells += matrix.cells
    for (const route of matrix.asked) asked.add(route)
  }
  cells += await theGate(world)
  t.diagnostic(`${cells} cells in all`)
  assert.ok(cells > 5000, String(cells))
  const left = world.routes.map(({ method, path }) => `${method} ${path}`).filter((route) => !asked.has(route) && !ELSEWHERE.test(route))
  assert.deepEqual(left, [], 'routes that nobody asked')
})

/** Every route of the inventory, whatever it does: who has no token, an ended one or one without the scope, comes no further than its rule says. */
async function theGate(world: MatrixWorld): Promise<number> {
  let cells = 0
  const outside = ASKERS.filter(({ name }) =>
    ['nobody', 'owner whose token was revoked', 'owner by an app with other scopes'].includes(name),
  )
  for (const route of world.routes) {
    const path = route.path.replace(':id', '0'.repeat(26)).replace(':accountId', 'friend').replaceAll(/:\w+/g, 'x').replace('*', 'x')
    for (const asker of outside) {
      const isOpen = route.allow.who === 'anyone' || route.allow.who === 'handler'
      const needsScope = route.allow.who === 'user' && route.allow.scope !== undefined
      const expected =
        asker.kind === 'ended' || (asker.kind === 'nobody' && !isOpen) ? 401 : asker.kind === 'person' && needsScope ? 403 : undefined
      if (expected === undefined) continue
      const { status } = await world.ask(asker, {
        method: route.method,
        path,
        ...(route.method === 'GET' || route.method === 'DELETE' ? {} : { json: {} }),
      })
      cells += 1
      assert.equal(status, expected, `${asker.name} at ${route.method} ${route.path}`)
    }
  }
  return cells
}

type Change = (grants: readonly AccessGrant[]) => readonly AccessGrant[]
const alter =
  (index: number, parts: Partial<AccessGrant>, without: readonly (keyof AccessGrant)[] = []): Change =>
  (grants) =>
    grants.map((grant, at) =>
      at === index
        ? (Object.fromEntries(
            Object.entries({ ...grant, ...parts }).filter(([key]) => !without.includes(key as keyof AccessGrant)),
          ) as unknown as AccessGrant)
        : grant,
    )

const mutants: readonly [string, ResourceDefinition][] = [
  ['what is public need not be public', docsWith(alter(2, {}, ['where']))],
  ['what is public shows all fields', docsWith(alter(2, {}, ['fields']))],
  ['what is public shows one field more', docsWith(alter(2, { fields: ['title', 'status', 'body'] }))],
  ['everybody is in the team', docsWith(alter(3, { who: 'user' }))],
  ['the team writes one field more', docsWith(alter(3, { fields: ['title', 'body', 'status', 'teamId', 'secret'] }))],
  ['editors see drafts', docsWith(alter(4, {}, ['when', 'lists']))],
  ['editors delete', docsWith(alter(4, { may: ['list', 'get', 'update', 'delete'] }))],
  ['everybody is an admin', docsWith(alter(5, { who: 'user' }))],
  ['owners score themselves', docsWith(alter(1, {}, ['fields']))],
  ['people create with scores', docsWith(alter(0, {}, ['fields']))],
  ['what is shared is deleted', docsWith(alter(6, { may: ['list', 'get', 'update', 'delete'] }))],
  ['owners cannot delete', docsWith(alter(1, { may: ['list', 'get', 'update'] }))],
  ['the team cannot list', docsWith(alter(3, { may: ['get', 'update'] }))],
  ['what is shared cannot be seen', docsWith(alter(6, { may: ['list'] }))],
  ['deleting needs no scope of its own', docsWith((grants) => grants, { scopes: { read: 'docs:read', write: 'docs:write' } })],
  [
    'reading needs another scope',
    docsWith((grants) => grants, { scopes: { read: 'docs:write', write: 'docs:write', delete: 'docs:delete' } }),
  ],
]

// Whether the matrix notices is the same on every database, so it is asked once.
for (const [what, definition] of scenarioUrl('') === undefined ? mutants : []) {
  test(`the matrix notices when ${what}`, { timeout: 120_000 }, async (t) => {
    const world = await openMatrixWorld([definition, folders])
    t.after(() => world.stop())
    const few = docsSubject.objects.filter((_object, index) => [0, 3, 4, 7].includes(index))
    const some = ASKERS.filter(({ name }) =>
      [
        'nobody',
        'owner',
        'other',
        'reader',
        'writer',
        'member',
        'editor',
        'owner by an app that cannot delete',
        'owner by an app that reads',
      ].includes(name),
    )
    const matrix = await new Matrix(world, { ...docsSubject, objects: few }, some).run()
    assert.ok(matrix.wrong.length > 0)
    t.diagnostic(`${matrix.wrong.length} of ${matrix.cells} cells, the first: ${matrix.wrong[0] ?? ''}`)
  })
}

test('the oracle itself says what the words say', () => {
  assert.equal(turnedAway(docsOracle, 'delete', OWNER), undefined)
  assert.deepEqual(
    ASKERS.filter((asker) => turnedAway(docsOracle, 'delete', asker) === 403).map(({ name }) => name),
    ['owner by an app that reads', 'owner by an app that cannot delete', 'owner by an app with other scopes', 'admin by an app that reads'],
  )
})
