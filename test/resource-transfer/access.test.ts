// Who may import and export, and who sees what comes of it.
import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'
import { resource } from '../../src/resource/definition.ts'
import { anna, ben, books, reader, scopes, transferWorld } from './world.ts'

const CSV = { type: 'text/csv', body: 'title\nDune\n' }
const nobody = { kind: 'anonymous' } as never

test('refuses an import without a sign-in, and with a token that may not write, and stores nothing', async (t) => {
  const world = await transferWorld(t)
  assert.equal((await world.ask('POST', '/api/books/import', { ...CSV, as: nobody })).status, 401)
  const reading = reader('anna', { scopes: [scopes.read] })
  assert.equal((await world.ask('POST', '/api/books/import', { ...CSV, as: reading })).status, 403)
  assert.deepEqual([await world.objects(), await world.kept()], [[], []])
})

test('an import is visible to its owner only, and of a third party only its own', async (t) => {
  const world = await transferWorld(t)
  const view = await world.imported('title,pages\nDune,many\n')
  const shop = reader('anna', { clientId: 'shop', firstParty: false })
  for (const as of [ben, shop]) {
    for (const [method, path] of [
      ['GET', view.links.self],
      ['GET', view.links.rejects],
      ['DELETE', view.links.self],
    ] as const)
      assert.equal((await world.ask(method, path, { as })).status, 404, `${method} ${path}`)
    assert.deepEqual(JSON.parse((await world.ask('GET', '/api/books/imports', { as })).body), { items: [] })
  }
  assert.equal((await world.ask('GET', view.links.self, { as: nobody })).status, 401)
  const own = await world.imported('title\nCosmos\n', { as: shop })
  assert.equal((await world.ask('GET', own.links.self, { as: anna })).status, 200, 'the person sees what their third parties do')
  assert.equal(JSON.parse((await world.ask('GET', '/api/books/imports')).body).items.length, 2)
})

test('what was imported belongs to whoever imported it, whatever the file says', async (t) => {
  const world = await transferWorld(t)
  await world.imported('title,ownerId,id,createdAt\nDune,ben,00000000000000000000000000,2000-01-01T00:00:00Z\n')
  assert.deepEqual(await world.objects(ben), [])
  const { items } = await world.server.list({ ...systemCall('test'), principal: anna }, 'books', {})
  assert.equal(items[0]?.ownerId, 'anna')
  assert.notEqual(items[0]?.id, '0'.repeat(26))
  assert.ok(Date.parse(items[0]?.createdAt ?? '') > Date.UTC(2026, 0))
})

test('a row goes through every decision of a create: access rules, hooks, read-only and computed fields, after hooks', async (t) => {
  const after: string[] = []
  const notes = resource('notes', {
    schema: z.strictObject({ text: z.string().max(50), kind: z.enum(['open', 'secret']).default('open'), stamp: z.string().optional() }),
    indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
    access: [
      { who: 'user', may: ['create'], where: { kind: 'open' } },
      { who: 'owner', may: ['list', 'get'] },
    ],
    readOnly: ['stamp'],
    computed: { length: { schema: z.int(), of: ({ text }) => text.length } },
    hooks: {
      beforeCreate(_context, draft) {
        if (draft.text === 'spam') return { problems: [{ field: 'text', message: 'No spam' }] }
        return { set: { stamp: `by ${draft.ownerId}` } }
      },
      async afterCreate(_context, { object }) {
        after.push(String(object?.['text']))
      },
    },
    scopes: { read: 'notes:read', write: 'notes:write' },
  })
  const writer = reader('anna', { scopes: ['notes:read', 'notes:write'] })
  const world = await transferWorld(t, { resources: [notes] })
  const view = await world.imported('text,kind,stamp,length\na,open,mine,9\nb,secret,,\nspam,open,,\nc,,,\n', { as: writer, into: 'notes' })
  assert.deepEqual([view.state, view.progress.stored, view.progress.rejected], ['done', 2, 2], await world.rejects(view, 'csv', writer))
  assert.deepEqual(await world.objects(writer, 'notes'), [
    { text: 'a', kind: 'open', stamp: 'by anna', length: 1 },
    { text: 'c', kind: 'open', stamp: 'by anna', length: 1 },
  ])
  const report = await world.rejects(view, 'csv', writer)
  assert.match(report, /3,.*You may not create an object with these values/)
  assert.match(report, /4,text,spam,text: No spam/)
  for (let round = 0; round < 200 && after.length < 2; round += 1) await new Promise((done) => setTimeout(done, 20))
  assert.deepEqual(after, ['a', 'c'])
})

test('a person has two imports at once and no more, and another person is not held up', async (t) => {
  const world = await transferWorld(t, { jobs: false })
  const first = await world.ask('POST', '/api/books/import', CSV)
  assert.equal((await world.ask('POST', '/api/books/import', CSV)).status, 202)
  const third = await world.ask('POST', '/api/books/import', CSV)
  assert.equal(third.status, 429)
  assert.equal(third.headers['retry-after'], '30')
  assert.equal((await world.ask('POST', '/api/books/import', { ...CSV, as: ben })).status, 202)
  assert.equal((await world.ask('DELETE', JSON.parse(first.body).links.self)).status, 204)
  assert.equal((await world.ask('POST', '/api/books/import', CSV)).status, 202)
})

test('an import can be cancelled, keeps what it has stored, and is forgotten by a second deletion', async (t) => {
  const world = await transferWorld(t, { jobs: false })
  const { links, id } = JSON.parse((await world.ask('POST', '/api/books/import', CSV)).body)
  assert.equal((await world.ask('DELETE', links.self)).status, 204)
  const view = JSON.parse((await world.ask('GET', links.self)).body)
  assert.deepEqual([view.state, view.progress.stored], ['cancelled', 0])
  assert.deepEqual(await world.kept(), [], 'its file is gone')
  await world.server.transfers?.run(systemCall('test'), id, () => {})
  assert.deepEqual(await world.objects(), [], 'a job that comes late does nothing')
  assert.equal((await world.ask('DELETE', links.self)).status, 204)
  assert.equal((await world.ask('GET', links.self)).status, 404)
})

test('an import ends when what it was begun on has ended', async (t) => {
  let suspended = false
  const auth = {
    profile: async (_call: unknown, accountId: string) => (suspended ? undefined : { accountId, name: accountId }),
    revocations: async () => ({ items: [], next: '' }),
  }
  const world = await transferWorld(t, { jobs: false, transfer: { auth } })
  const { id } = JSON.parse((await world.ask('POST', '/api/books/import', CSV)).body)
  suspended = true
  const view = await world.server.transfers?.run(systemCall('test'), id, () => {})
  assert.equal(view?.state, 'failed')
  assert.deepEqual(await world.objects(), [])
})

test('a resource that nobody may create in, or list, has no such routes', async (t) => {
  const shut = resource('shut', {
    schema: z.strictObject({ text: z.string() }),
    indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
    access: [{ who: 'owner', may: ['get'] }],
    scopes,
  })
  const world = await transferWorld(t, { resources: [books, shut] })
  assert.ok([404, 405].includes((await world.ask('POST', '/api/shut/import', CSV)).status))
  assert.ok([404, 405].includes((await world.ask('GET', '/api/shut/export')).status))
})

test('the download of a person has each import with its rejected rows, by whichever app, and not the key of another API', async (t) => {
  const world = await transferWorld(t, { jobs: false })
  const call = systemCall('test')
  const owned = world.server.ownedImports ?? assert.fail()
  const shop = reader('anna', { clientId: 'shop', firstParty: false })
  const query = `?map=${encodeURIComponent(JSON.stringify({ Titel: 'title' }))}`
  const { id } = JSON.parse(
    (await world.ask('POST', `/api/books/import${query}`, { type: 'text/csv', body: 'Titel,pages\nDune,many\n', as: shop })).body,
  )
  await world.server.transfers?.run(call, id, () => {})
  const from = { url: 'https://books.example.org/all', authorization: 'Bearer canary-key', format: 'csv' }
  assert.equal((await world.ask('POST', '/api/books/import', { json: from })).status, 202)
  await world.ask('POST', '/api/books/import', { ...CSV, as: ben })
  const { items } = await owned.page(call, 'anna')
  const [first, second] = items.toSorted((one) => (one.id === id ? -1 : 1))
  assert.equal(items.length, 2)
  assert.deepEqual(
    [first?.shown.clientId, first?.shown.options.map, first?.shown.columns],
    ['shop', { Titel: 'title' }, ['Titel', 'pages']],
  )
  assert.deepEqual([first?.hasRejects, second?.hasRejects, second?.shown.state], [true, false, 'waiting'])
  assert.doesNotMatch(JSON.stringify(items), /canary-key|sid-anna/)
  const rows = String(await buffer((await owned.rejects(call, id)) ?? assert.fail()))
  assert.match(rows, /^\{"ninefold_line":2,.*"Titel":"Dune","pages":"many"\}\n$/)
  assert.equal(await owned.rejects(call, second?.id ?? ''), undefined)
  const person = { ...call, principal: anna }
  assert.deepEqual([(await owned.page(person, 'anna')).items, await owned.rejects(person, id)], [[], undefined])
})
