// What files can look like, and what becomes of their rows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TransferWorld, transferWorld } from './world.ts'

const DUNE = { title: 'Dune', pages: 412 }
const COSMOS = { title: 'Cosmos', pages: 365, lent: false }

async function both(
  world: TransferWorld,
  body: string | Uint8Array,
  options: Parameters<TransferWorld['imported']>[1] = {},
): Promise<void> {
  const view = await world.imported(body, options)
  assert.deepEqual(
    [view.state, view.problem, view.progress.stored, view.progress.rejected],
    ['done', undefined, 2, 0],
    await world.rejects(view),
  )
  assert.deepEqual(await world.objects(), [DUNE, COSMOS])
}

test('a CSV file becomes objects of whoever sends it, with values of the kinds that the schema names', async (t) => {
  const world = await transferWorld(t)
  const view = await world.imported(
    [
      'title,isbn,pages,price,lent,bought,readAt,shelf,tags,size',
      'Dune,1,412,9.5,yes,2020-02-29,2021-01-02 10:20,fiction,a;b,"{""width"":1,""height"":2.5}"',
      '"Cosmos, a ""book""",,,,0,31.12.1999,2021-01-02T10:20:30+02:00,science,"[""x;y""]",',
      '"two\nlines",,1,,,,,,,',
    ].join('\r\n'),
  )
  assert.deepEqual(view.progress, { ...view.progress, rows: 3, stored: 3, rejected: 0 })
  assert.deepEqual([view.state, view.format, view.progress.bytes], ['done', 'csv', view.progress.totalBytes])
  assert.deepEqual(await world.objects(), [
    {
      title: 'Dune',
      isbn: '1',
      pages: 412,
      price: 9.5,
      lent: true,
      bought: '2020-02-29',
      readAt: '2021-01-02T10:20:00Z',
      shelf: 'fiction',
      tags: ['a', 'b'],
      size: { width: 1, height: 2.5 },
    },
    { title: 'Cosmos, a "book"', lent: false, bought: '1999-12-31', readAt: '2021-01-02T08:20:30.000Z', shelf: 'science', tags: ['x;y'] },
    { title: 'two\nlines', pages: 1 },
  ])
  assert.deepEqual(await world.kept(), [], 'the file is removed once it is imported')
})

for (const [name, delimiter] of [
  ['semicolons', ';'],
  ['tabs', '\t'],
  ['bars', '|'],
] as const) {
  test(`CSV with ${name} is recognised by its first line`, async (t) => {
    const world = await transferWorld(t)
    const lines = [
      ['title', 'pages', 'lent'],
      ['Dune', '412', ''],
      ['Cosmos', '365', 'no'],
    ]
    await both(world, lines.map((cells) => cells.join(delimiter)).join('\n'))
  })
}

test('NDJSON is read line by line, blank lines aside', async (t) => {
  const world = await transferWorld(t)
  await both(world, `${JSON.stringify(DUNE)}\n\n  \r\n${JSON.stringify(COSMOS)}\n`, { type: 'application/x-ndjson' })
})

test('a JSON array is read element by element, however it is laid out', async (t) => {
  const world = await transferWorld(t)
  await both(world, ` [\n ${JSON.stringify(DUNE, undefined, 2)}\n,${JSON.stringify({ ...COSMOS, isbn: null })}]\n`, {
    type: 'application/json',
  })
})

test('XML is read by its elements and attributes, CDATA, entities and comments as they are meant', async (t) => {
  const world = await transferWorld(t)
  const view = await world.imported(
    `<?xml version="1.0"?>
<!-- my <book>s -->
<library>
  <book isbn="1 &quot;2&quot;"><title>War &amp; Peace &#8212; <![CDATA[<b>&amp;</b>]]></title><tags>a</tags><tags>b</tags><size><width>1</width><height>2</height></size></book>
  <book title="attribute"/><book><title>one tag</title><tags>only</tags><lent>yes</lent><note></note></book>
</library>`,
    { type: 'application/xml' },
  )
  assert.deepEqual([view.state, view.progress.stored], ['done', 3], await world.rejects(view))
  assert.deepEqual(await world.objects(), [
    { title: 'War & Peace \u2014 <b>&amp;</b>', isbn: '1 "2"', tags: ['a', 'b'], size: { width: 1, height: 2 } },
    { title: 'attribute' },
    { title: 'one tag', lent: true, tags: ['only'] },
  ])
})

for (const [name, bytes, type] of [
  ['UTF-8 with a byte order mark', Buffer.from('\ufefftitle\nM\u00e4rz\n'), 'text/csv'],
  ['UTF-16 with a byte order mark', Buffer.from('\ufefftitle\nM\u00e4rz\n', 'utf16le'), 'text/csv'],
  ['Latin-1 that says so', Buffer.from('title\nM\u00e4rz\n', 'latin1'), 'text/csv; charset=iso-8859-1'],
  [
    'XML that names its encoding',
    Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a><b><title>M\u00e4rz</title></b></a>', 'latin1'),
    'text/xml',
  ],
] as const) {
  test(`reads ${name}`, async (t) => {
    const world = await transferWorld(t)
    const view = await world.imported(bytes, { type })
    assert.deepEqual([view.state, view.progress.stored], ['done', 1], await world.rejects(view))
    assert.deepEqual(await world.objects(), [{ title: 'M\u00e4rz' }])
  })
}

test('columns are mapped to fields, constants are added, and what is mapped to nothing is passed over', async (t) => {
  const world = await transferWorld(t)
  const map = encodeURIComponent(JSON.stringify({ Titel: 'title', Seiten: 'pages', Regal: '' }))
  const constants = encodeURIComponent(JSON.stringify({ shelf: 'fiction', tags: ['new'] }))
  const view = await world.imported('Titel;Seiten;Regal\nDune;412;7\n', { query: `?map=${map}&constants=${constants}` })
  assert.equal(view.progress.stored, 1)
  assert.deepEqual(await world.objects(), [{ ...DUNE, shelf: 'fiction', tags: ['new'] }])
})

test('dates with slashes and decimal commas are read when it was said how', async (t) => {
  const world = await transferWorld(t)
  const body = 'title;price;bought\nDune;9,50;03/04/2020\n'
  const guessed = await world.imported(body)
  assert.deepEqual([guessed.progress.stored, guessed.progress.rejected], [0, 1])
  await world.imported(body, { query: '?dates=dmy&decimalComma=true' })
  assert.deepEqual(await world.objects(), [{ title: 'Dune', price: 9.5, bought: '2020-04-03' }])
})

test('a file whose columns do not fit is refused at once, by their names, and nothing is kept', async (t) => {
  const world = await transferWorld(t)
  const reply = await world.ask('POST', '/api/books/import', { type: 'text/csv', body: 'title,colour,pages\nDune,red,1\n' })
  assert.equal(reply.status, 422)
  assert.equal(JSON.parse(reply.body).code, 'transfer.bad_file')
  assert.match(reply.body, /"colour"/)
  assert.deepEqual(await world.kept(), [])
  assert.equal((await world.imported('title,colour,pages\nDune,red,412\n', { query: '?ignoreUnknown=true' })).progress.stored, 1)
  assert.deepEqual(await world.objects(), [DUNE])
})

for (const [name, body, expected] of [
  ['no columns', '', /first line must name the columns|Send the file/],
  ['a column without a name', 'title,,pages\na,b,1\n', /Column 2 has no name/],
  ['a column twice', 'title,title\na,b\n', /twice/],
] as const) {
  test(`refuses CSV with ${name}`, async (t) => {
    const world = await transferWorld(t)
    const reply = await world.ask('POST', '/api/books/import', { type: 'text/csv', body })
    assert.ok(reply.status === 422 || reply.status === 400, reply.body)
    assert.match(reply.body, expected)
    assert.deepEqual(await world.kept(), [])
  })
}

for (const [name, query, expected] of [
  ['maps to a field that is not there', `map=${encodeURIComponent('{"a":"colour"}')}`, /map\.a/],
  ['sets a field of the platform', `constants=${encodeURIComponent('{"ownerId":"eve"}')}`, /constants\.ownerId/],
  ['names an option that is not there', 'speed=high', /speed/],
  ['has a map that is no JSON', 'map=a', /map/],
] as const) {
  test(`refuses an import that ${name}`, async (t) => {
    const world = await transferWorld(t)
    const reply = await world.ask('POST', `/api/books/import?${query}`, { type: 'text/csv', body: 'title\nDune\n' })
    assert.ok(reply.status === 422 || reply.status === 400, `${reply.status} ${reply.body}`)
    assert.match(reply.body, expected)
    assert.deepEqual(await world.objects(), [])
  })
}

test('refuses what is of no known format', async (t) => {
  const world = await transferWorld(t)
  const reply = await world.ask('POST', '/api/books/import', { type: 'application/pdf', body: '%PDF' })
  assert.equal(reply.status, 415)
  assert.equal((await world.imported('title\nDune\n', { type: 'application/octet-stream', query: '?format=csv' })).progress.stored, 1)
})
