// What the typed helpers send, and the versions that they remember.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProblemError } from './problem.ts'
import { createResource, type TypedResource } from './resource.ts'
import type { Transport } from './transport.ts'
import type { LooseTypes } from './typed.ts'

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly body: unknown
}

interface Photo {
  readonly caption: string
  readonly album?: unknown
}

function open(answer: (seen: Seen) => Response): { photos: TypedResource<LooseTypes<Photo>>; seen: Seen[] } {
  const seen: Seen[] = []
  const transport: Transport = {
    async fetch(path, init = {}) {
      const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined
      const one = { method: init.method ?? 'GET', path, headers: new Headers(init.headers), body }
      seen.push(one)
      return answer(one)
    },
    upload: () => Promise.reject(new Error('not here')),
  }
  const live = { follow: () => () => {} }
  return { photos: createResource(transport, live, 'photos'), seen }
}

const about = { ownerId: 'p1', createdAt: 'x', updatedAt: 'x' }

test('an object from a list, and what came along with it, remembers the version it was read at', async () => {
  const album = { id: 'a1', ...about, title: 'A', etag: '"v7"' }
  const { photos, seen } = open(({ method }) =>
    method === 'GET'
      ? Response.json({ items: [{ id: 'o1', ...about, caption: 'A', etag: '"v3"', album }], next: 'n', count: { value: 1, exact: true } })
      : Response.json({ id: 'o1', ...about, caption: 'B' }, { headers: { etag: '"v4"' } }),
  )
  const page = await photos.list({
    where: { visibility: 'public', ownerId: 'p1' },
    range: { field: 'createdAt', from: '2026' },
    sort: '-createdAt',
    limit: 5,
    count: true,
    expand: ['album'],
  })
  assert.equal(seen[0]?.path, 'photos?visibility=public&ownerId=p1&createdAt.from=2026&expand=album&sort=-createdAt&limit=5&count=true')
  assert.deepEqual([page.next, page.count], ['n', { value: 1, exact: true }])
  const [first] = page.items
  assert.ok(first !== undefined)
  assert.deepEqual(Object.keys(first).toSorted(), ['album', 'caption', 'createdAt', 'id', 'ownerId', 'updatedAt'])
  const changed = await photos.update({ ...first }, { caption: 'B' })
  assert.equal(seen[1]?.headers.get('if-match'), '"v3"')
  await photos.delete(changed, { key: 'k1' })
  assert.deepEqual([seen[2]?.headers.get('if-match'), seen[2]?.headers.get('idempotency-key')], ['"v4"', 'k1'])
  await photos.update('o1', { caption: 'B' })
  assert.equal(seen[3]?.headers.get('if-match'), null)
  if (first.album !== undefined) await photos.delete(first.album)
  assert.equal(seen[4]?.headers.get('if-match'), '"v7"')
})

test('a bulk carries the versions of its objects, and gives each result', async () => {
  const problem = { type: 'urn:x', title: 'No', status: 412, code: 'resource.version_conflict', requestId: 'r1' }
  const { photos, seen } = open(({ path }) =>
    path === 'photos/bulk'
      ? Response.json({
          results: [{ status: 201, object: { id: 'o2', ...about, caption: 'N' }, etag: '"v1"' }, { status: 412, problem }, { status: 204 }],
        })
      : Response.json({ id: 'o1', ...about, caption: 'A' }, { headers: { etag: '"v3"' } }),
  )
  const read = await photos.get('o1')
  const [created, refused, gone] = await photos.bulk(
    [{ create: { caption: 'N' } }, { update: read, change: { caption: 'B' } }, { delete: 'o3' }],
    { atomic: false, key: 'k' },
  )
  assert.deepEqual(seen[1]?.body, {
    operations: [{ create: { caption: 'N' } }, { update: 'o1', change: { caption: 'B' }, ifVersion: '"v3"' }, { delete: 'o3' }],
    atomic: false,
  })
  assert.equal(seen[1]?.headers.get('idempotency-key'), 'k')
  assert.ok(created !== undefined && 'object' in created)
  assert.equal(created.object.caption, 'N')
  await photos.delete(created.object)
  assert.equal(seen[2]?.headers.get('if-match'), '"v1"')
  assert.ok(refused !== undefined && 'problem' in refused && refused.problem instanceof ProblemError)
  assert.equal(refused.problem.code, 'resource.version_conflict')
  assert.equal(gone?.status, 204)
})
