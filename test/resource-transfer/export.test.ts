// Exports: what a list would show, in every format, and back again.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { XMLParser } from 'fast-xml-parser'
import { systemCall } from '#kernel/call.ts'
import { PRINCIPAL } from '../support/role-host.ts'
import { anna, ben, reader, scopes, transferWorld } from './world.ts'

const TYPES = { csv: 'text/csv', ndjson: 'application/x-ndjson', json: 'application/json', xml: 'application/xml' } as const

/** What files tend to lose. */
const HARD: readonly Record<string, unknown>[] = [
  { title: 'plain', pages: 1, price: -0.5, lent: false, bought: '2020-02-29', readAt: '2021-01-02T03:04:05.678Z', shelf: 'science' },
  { title: '=1+1', note: '@SUM(A1)' },
  { title: "'=1+1", note: "''" },
  { title: '-5', note: '+49 30' },
  { title: ' spaces ', note: '' },
  { title: 'quotes " and, commas; and\ttabs', note: 'two\r\nlines\nand \r one' },
  { title: '<b>&amp;</b> ]]> <![CDATA[', note: 'control \u0001 \u001f \ufffe characters' },
  { title: '\u00e4 \u4e16\u754c \ud83d\ude00 \u2028', tags: ['a;b', '', 'x"y'], size: { width: 1.5, height: 1e-7 } },
  { title: '[1]', tags: [], note: 'null' },
  { title: '{"a":1}', tags: ['=x'], note: 'true' },
  { title: '007', tags: ['1'], note: '  ' },
]

for (const [format, type] of Object.entries(TYPES)) {
  test(`${format} brings every object back as it was`, async (t) => {
    const world = await transferWorld(t)
    const call = { ...systemCall('test'), principal: anna }
    for (const book of HARD) await world.server.create(call, 'books', book)
    const exported = await world.ask('GET', `/api/books/export?format=${format}`)
    assert.equal(exported.status, 200, exported.body)
    assert.match(String(exported.headers['content-type']), new RegExp(`^${type}`))
    assert.equal(exported.headers['content-disposition'], `attachment; filename="books.${format}"`)
    const view = await world.imported(exported.bytes, { as: ben, type })
    assert.deepEqual(
      [view.state, view.progress.stored, view.progress.rejected],
      ['done', HARD.length, 0],
      await world.rejects(view, 'ndjson', ben),
    )
    assert.deepEqual(await world.objects(ben), await world.objects(anna))
    // Those of one millisecond are in no order.
    const sorted = (books: readonly Record<string, unknown>[]): unknown[] =>
      books.toSorted((a, b) => (String(a['title']) < String(b['title']) ? -1 : 1))
    assert.deepEqual(sorted(await world.objects(anna)), sorted(HARD))
  })
}

test('CSV guards what a spreadsheet would run, unless it is to be kept as it is', async (t) => {
  const world = await transferWorld(t)
  const call = { ...systemCall('test'), principal: anna }
  for (const title of ['=cmd', '+1', '-1', '@x', '\tx', '\rx']) await world.server.create(call, 'books', { title, price: -1 })
  const guarded = await world.ask('GET', '/api/books/export?format=csv&fields=title')
  const cells = guarded.body
    .trim()
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(',').slice(4).join(','))
  for (const cell of cells) assert.match(cell, /^"?'/, cell)
  const kept = await world.ask('GET', '/api/books/export?format=csv&formulas=keep')
  assert.match(kept.body, /,=cmd,/)
  assert.match(kept.body, /,-1,/, 'numbers are numbers')
})

test('other programs can read the XML and the JSON', async (t) => {
  const world = await transferWorld(t)
  await world.imported('title,tags\nA & B,x;y\nC,\n')
  const xml = new XMLParser().parse((await world.ask('GET', '/api/books/export?format=xml')).body)
  assert.deepEqual(
    xml.export.object.map(({ title, tags }: { title: string; tags?: string[] }) => [title, tags]),
    [
      ['A & B', ['x', 'y']],
      ['C', undefined],
    ],
  )
  const json = JSON.parse((await world.ask('GET', '/api/books/export?format=json')).body)
  assert.deepEqual(
    json.map(({ title, ownerId }: { title: string; ownerId: string }) => [title, ownerId]),
    [
      ['A & B', 'anna'],
      ['C', 'anna'],
    ],
  )
  assert.deepEqual(JSON.parse((await world.ask('GET', '/api/books/export?format=json', { as: ben })).body), [])
})

test('shows what a list would show and nothing else, filtered like one', async (t) => {
  const world = await transferWorld(t)
  await world.imported('title,shelf\nDune,fiction\nCosmos,science\n')
  await world.imported('title,shelf\nSecret,fiction\n', { as: ben })
  const titles = (body: string): string[] =>
    body
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).title)
  assert.deepEqual(titles((await world.ask('GET', '/api/books/export?format=ndjson')).body), ['Dune', 'Cosmos'])
  assert.deepEqual(titles((await world.ask('GET', '/api/books/export?format=ndjson&shelf=fiction')).body), ['Dune'])
  assert.equal((await world.ask('GET', '/api/books/export', { as: { kind: 'anonymous' } as never })).status, 401)
  assert.equal((await world.ask('GET', '/api/books/export', { as: reader('anna', { scopes: [scopes.write] }) })).status, 403)
  assert.equal((await world.ask('GET', '/api/books/export?pages=1')).status, 400, 'no index serves it')
  for (const query of ['format=xls', 'colour=red', 'limit=5', 'after=x']) {
    const reply = await world.ask('GET', `/api/books/export?${query}`)
    assert.ok(reply.status === 400 || reply.status === 422, `${query}: ${reply.status}`)
  }
})

test('a reader who is slow, or goes away, holds nothing up and leaves nothing behind', async (t) => {
  const world = await transferWorld(t)
  const rows = Array.from({ length: 3000 }, (_, index) => `Book ${index},${'x'.repeat(1500)}`)
  await world.imported(['title,note', ...rows].join('\n'))
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed
  const received = await new Promise<number>((resolve, reject) => {
    const sent = request(
      { port: world.port, path: '/api/books/export?format=ndjson', headers: { [PRINCIPAL]: JSON.stringify(anna) } },
      (reply) => {
        let bytes = 0
        reply.once('data', (chunk: Buffer) => {
          bytes += chunk.length
          reply.pause()
          setTimeout(() => {
            sent.destroy()
            resolve(bytes)
          }, 300)
        })
        reply.on('error', () => {})
      },
    )
    sent.on('error', reject)
    sent.end()
  })
  assert.ok(received > 0)
  assert.ok(process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before < 64 * 1024 * 1024)
  const whole = await world.ask('GET', '/api/books/export?format=ndjson')
  assert.equal(whole.body.trim().split('\n').length, 3000)
})

test('an export that is read slowly ends with the session that began it', async (t) => {
  let revoked = false
  const auth = {
    profile: async (_call: unknown, accountId: string) => ({ accountId, name: accountId }),
    revocations: async () => ({ items: revoked ? [{ kind: 'session', subject: anna.sessionId, before: 0 }] : [], next: '' }) as never,
  }
  const clock = { now: () => Date.now() + (revoked ? 1000 : 0) }
  const world = await transferWorld(t, { clock, transfer: { auth } })
  const note = 'x'.repeat(1500)
  const rows = Array.from({ length: 1500 }, (_, index) => JSON.stringify({ title: `Book ${index}`, note })).join('\n')
  assert.equal((await world.imported(rows, { type: 'application/x-ndjson' })).progress.stored, 1500)
  const call = { ...systemCall('test'), principal: anna }
  const { content } = (await world.server.transfers?.export(call, 'books', { format: 'ndjson', formulas: 'keep', query: {} })) ?? {}
  assert.ok(content !== undefined)
  let bytes = 0
  await assert.rejects(
    (async () => {
      for await (const piece of content) {
        bytes += String(piece).length
        revoked = true
      }
    })(),
    /resource\.forbidden/,
  )
  assert.ok(bytes < 600_000, `${bytes}`)
})
