// Files made to do harm. Each ends in order, costs no good row, and brings nothing down.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { PRINCIPAL } from '../support/role-host.ts'
import { anna, transferWorld } from './world.ts'

const MEGABYTE = 1024 * 1024

async function titles(world: Awaited<ReturnType<typeof transferWorld>>): Promise<unknown[]> {
  return (await world.objects()).map(({ title }) => title)
}

/** Sends a body that is made while it is sent. */
function streamed(port: number, type: string, pieces: () => Iterable<string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { port, method: 'POST', path: '/api/books/import', headers: { 'content-type': type, [PRINCIPAL]: JSON.stringify(anna) } },
      (reply) => {
        let body = ''
        reply.on('data', (chunk: Buffer) => {
          body += chunk.toString()
        })
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body }))
      },
    )
    sent.on('error', reject)
    const all = pieces()[Symbol.iterator]()
    const write = (): void => {
      for (let step = all.next(); ; step = all.next()) {
        if (step.done === true) {
          sent.end()
          return
        }
        if (!sent.write(step.value)) {
          sent.once('drain', write)
          return
        }
      }
    }
    write()
  })
}

for (const [format, type, begin, long, end] of [
  ['CSV', 'text/csv', 'title,note\nfirst,\nlong,', 'x', '\nlast,\n'],
  ['CSV in quotes', 'text/csv', 'title,note\nfirst,\nlong,"', 'x', '"\nlast,\n'],
  ['NDJSON', 'application/x-ndjson', '{"title":"first"}\n{"title":"', 'x', '"}\n{"title":"last"}'],
  ['JSON', 'application/json', '[{"title":"first"},{"title":"', 'x', '"},{"title":"last"}]'],
  ['XML', 'application/xml', '<a><b><title>first</title></b><b><title>', 'x', '</title></b><b><title>last</title></b></a>'],
  [
    'XML in CDATA',
    'application/xml',
    '<a><b><title>first</title></b><b><title><![CDATA[',
    'x',
    ']]></title></b><b><title>last</title></b></a>',
  ],
] as const) {
  test(`a row of 100 MB in ${format} is rejected, and its neighbours are stored`, async (t) => {
    const world = await transferWorld(t)
    const before = process.memoryUsage.rss()
    const reply = await streamed(world.port, type, function* () {
      yield begin
      const piece = long.repeat(MEGABYTE)
      for (let sent = 0; sent < 100; sent += 1) yield piece
      yield end
    })
    assert.equal(reply.status, 202, reply.body)
    const view = await world.ended(JSON.parse(reply.body))
    assert.deepEqual(
      [view.state, view.progress.stored, view.progress.rejected],
      ['done', 2, 1],
      `${view.problem} ${(await world.rejects(view)).slice(0, 500)}`,
    )
    assert.deepEqual(await titles(world), ['first', 'last'])
    assert.match(await world.rejects(view), /longer than/)
    const grown = (process.memoryUsage.rss() - before) / MEGABYTE
    assert.ok(grown < 100, `memory grew by ${grown} MB`)
  })
}

test('a million columns are refused in words, not in memory', async (t) => {
  const world = await transferWorld(t)
  const reply = await world.ask('POST', '/api/books/import', { type: 'text/csv', body: `title${','.repeat(1_000_000)}\nDune\n` })
  assert.equal(reply.status, 422, reply.body.slice(0, 300))
  assert.ok(reply.body.length < 2000)
  const wide = await world.imported(`title\nDune\nx${',y'.repeat(100_000)}\nCosmos\n`)
  assert.deepEqual([wide.progress.stored, wide.progress.rejected], [2, 1])
})

for (const [name, bytes] of [
  ['NUL bytes', Buffer.from('title\nfirst\nnu\0l\nlast\n')],
  ['bytes that are no UTF-8', Buffer.concat([Buffer.from('title\nfirst\nbad '), Buffer.of(0xff, 0xfe, 0xc0), Buffer.from('\nlast\n')])],
] as const) {
  test(`a row with ${name} is rejected alone`, async (t) => {
    const world = await transferWorld(t)
    const view = await world.imported(bytes)
    assert.deepEqual([view.state, view.progress.stored, view.progress.rejected], ['done', 2, 1])
    assert.deepEqual(await titles(world), ['first', 'last'])
  })
}

test('quotes that never close cost their own lines, however many there are', async (t) => {
  const world = await transferWorld(t)
  const lines = Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? `"open ${index}` : `good ${index}`))
  const view = await world.imported(['title', ...lines].join('\n'))
  assert.equal(view.state, 'done', view.problem)
  assert.deepEqual(
    await titles(world),
    lines.filter((line) => line.startsWith('good')),
    'no good line was swallowed',
  )
  assert.equal(view.progress.rejected, 100)
})

test('elements that never close cost themselves, however many there are', async (t) => {
  const world = await transferWorld(t)
  const good = (index: number): string => `<b><title>good ${index}</title></b>`
  const body = `<a>${good(1)}<b><title>open${good(2)}${good(3)}<b>${good(4)}</a>`
  const view = await world.imported(body, { type: 'application/xml' })
  assert.equal(view.state, 'done', view.problem)
  assert.deepEqual(await titles(world), ['good 1', 'good 2', 'good 3', 'good 4'])
  const many = await world.imported(`<a>${'<b>'.repeat(3000)}${good(5)}</a>`, { type: 'application/xml' })
  assert.deepEqual([many.state, many.progress.stored, many.progress.rejected], ['done', 1, 3000], many.problem)
  const nested = '<b><title>t</title><note><b>x</b></note></b>'
  const broken = await world.imported(`<a>${nested}${'<b>'.repeat(150_000)}</a>`, { type: 'application/xml' })
  assert.equal(broken.state, 'failed')
  assert.match(broken.problem ?? '', /too many/)
})

for (const [name, body] of [
  [
    'a billion laughs',
    `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x0 "ha">${Array.from({ length: 9 }, (_, index) => `<!ENTITY x${index + 1} "${`&x${index};`.repeat(10)}">`).join('')}]><a><b><title>&x9;</title></b></a>`,
  ],
  ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b><title>&x;</title></b></a>'],
  ['an external subset', '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a><b><title>x</title></b></a>'],
] as const) {
  test(`XML with ${name} is refused`, async (t) => {
    const world = await transferWorld(t)
    const view = await world.imported(body, { type: 'application/xml' })
    assert.deepEqual([view.state, view.progress.stored], ['failed', 0])
    assert.match(view.problem ?? '', /type declarations are not accepted/)
    assert.deepEqual(await titles(world), [])
  })
}

test('an entity that nothing declares, and names that JavaScript gives a meaning to, reject their rows', async (t) => {
  const world = await transferWorld(t)
  const view = await world.imported(
    '<a><b><title>&passwd;</title></b><b><title>&#0;</title></b><b><__proto__><polluted>1</polluted></__proto__></b><b><title>ok</title></b></a>',
    { type: 'application/xml' },
  )
  assert.deepEqual([view.state, view.progress.stored, view.progress.rejected], ['done', 1, 3])
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
})

for (const [name, row] of [
  ['is nested too deep', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
  ['reaches for the prototype', '{"title":"x","__proto__":{"polluted":1}}'],
  ['reaches for the constructor', '{"title":"x","constructor":{"prototype":{"polluted":1}}}'],
  ['names an owner', '{"title":"x","ownerId":"eve"}'],
  ['names what is not in the schema', '{"title":"x","admin":true}'],
  ['holds an operator', '{"title":{"$ne":""}}'],
] as const) {
  test(`a row of JSON that ${name} harms nobody`, async (t) => {
    const world = await transferWorld(t)
    const view = await world.imported(`{"title":"first"}\n${row}\n{"title":"last"}`, { type: 'application/x-ndjson' })
    assert.equal(view.state, 'done', view.problem)
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
    // An export has `ownerId` in it, and is imported as the importer's own.
    const stored = name === 'names an owner' ? ['first', 'x', 'last'] : ['first', 'last']
    assert.deepEqual(await titles(world), stored)
  })
}

test('columns of CSV with the names of object members are columns like any other', async (t) => {
  const world = await transferWorld(t)
  const view = await world.imported('title,__proto__,constructor,toString\nDune,a,b,c\n', { query: '?ignoreUnknown=true' })
  assert.equal(view.progress.stored, 1)
  assert.deepEqual(await world.objects(), [{ title: 'Dune' }])
})

test('a body that breaks off leaves nothing behind', async (t) => {
  const world = await transferWorld(t)
  await new Promise<void>((done) => {
    const headers = { 'content-type': 'text/csv', 'content-length': '1000000', [PRINCIPAL]: JSON.stringify(anna) }
    const sent = request({ port: world.port, method: 'POST', path: '/api/books/import', headers })
    sent.on('error', () => done())
    sent.write('title\nDune\n')
    setTimeout(() => sent.destroy(), 100)
  })
  assert.deepEqual(await world.kept(), [])
  const list = JSON.parse((await world.ask('GET', '/api/books/imports')).body)
  assert.deepEqual(list.items, [])
  assert.deepEqual(await titles(world), [])
})

test('a file that is too large is refused and leaves nothing behind', async (t) => {
  const world = await transferWorld(t, { transfer: { limits: { maxBytes: 1000 } } })
  const reply = await world.ask('POST', '/api/books/import', { type: 'text/csv', body: `title\n${'x'.repeat(2000)}\n` })
  assert.equal(reply.status, 413)
  assert.deepEqual(await world.kept(), [])
})

test('a cell that is no date, however long, is told quickly', async (t) => {
  const world = await transferWorld(t)
  const began = performance.now()
  const cell = `${'T'.repeat(120_000)}!`
  const view = await world.imported(`title,readAt,bought\nDune,${cell},\nCosmos,,${cell}\nEmma,,\n`)
  assert.deepEqual([view.state, view.progress.stored, view.progress.rejected], ['done', 1, 2], view.problem)
  // The time that it took was quadratic once: half a minute, with everybody else waiting.
  assert.ok(performance.now() - began < 8000)
})

for (const [name, type, row] of [
  ['CSV', 'text/csv', (cell: string) => `title,tags,size\nDune,${cell},\nCosmos,,${cell}\nEmma,,\n`],
  [
    'XML',
    'application/xml',
    (cell: string) =>
      `<a><b><title>Dune</title><tags type="json">${cell}</tags></b><b><title>C</title><size type="json">${cell}</size></b>` +
      '<b><title>Emma</title></b></a>',
  ],
] as const) {
  test(`JSON that is nested without end, in ${name}, costs its own row`, async (t) => {
    const world = await transferWorld(t)
    const cell = '['.repeat(60_000) + ']'.repeat(60_000)
    const view = await world.imported(row(cell), { type })
    assert.deepEqual([view.state, view.progress.stored, view.progress.rejected], ['done', 1, 2], view.problem)
    assert.deepEqual(await titles(world), ['Emma'])
  })
}
