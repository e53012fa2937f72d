// Bad rows: each is reported with its line, field and reason, and costs no good one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TransferWorld, transferWorld } from './world.ts'

interface Reject {
  readonly ninefold_line: number
  readonly ninefold_problems: readonly { readonly field: string; readonly reason: string; readonly value?: unknown }[]
  readonly [column: string]: unknown
}

async function rejects(world: TransferWorld, view: Parameters<TransferWorld['rejects']>[0]): Promise<Reject[]> {
  const text = await world.rejects(view, 'ndjson')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

const MIXED = [
  'title,pages,price,bought,lent',
  'Good one,1,,,',
  ',7,,,',
  'Bad pages,many,,,',
  'Bad everything,0,9..5,31.02.2020,perhaps',
  '"Good, two",2,,,',
  'Too few,1',
  '"never closed,3,,,',
  'Good three,3,,,',
].join('\n')

test('reports every bad row with line, field, value and reason, and stores every good one', async (t) => {
  const world = await transferWorld(t)
  const view = await world.imported(MIXED)
  assert.deepEqual([view.state, view.progress.rows, view.progress.stored, view.progress.rejected], ['done', 8, 3, 5])
  assert.deepEqual(
    (await world.objects()).map(({ title }) => title),
    ['Good one', 'Good, two', 'Good three'],
  )
  const found = await rejects(world, view)
  assert.deepEqual(
    found.map((reject) => [reject.ninefold_line, reject.ninefold_problems.map(({ field }) => field)]),
    [
      [3, ['title']],
      [4, ['pages']],
      [5, ['price', 'bought', 'lent']],
      [7, ['']],
      [8, ['']],
    ],
  )
  assert.deepEqual(found[1]?.ninefold_problems, [{ field: 'pages', reason: 'Not a number', value: 'many' }])
  assert.deepEqual([found[1]?.['title'], found[1]?.['price']], ['Bad pages', ''], 'the whole row is there')
  assert.match(found[3]?.ninefold_problems[0]?.reason ?? '', /2 columns/)
  assert.equal(found[4]?.['ninefold_raw'], '"never closed,3,,,')
})

test('the report as CSV can be corrected and sent again as it is', async (t) => {
  const world = await transferWorld(t)
  const report = await world.rejects(await world.imported(MIXED), 'csv')
  const [header, ...lines] = report.trimEnd().split('\r\n')
  assert.equal(header, 'ninefold_line,ninefold_field,ninefold_value,ninefold_reason,ninefold_raw,title,pages,price,bought,lent')
  assert.equal(lines[1], '4,pages,many,pages: Not a number,,Bad pages,many,,,')
  const again = await world.imported(report.replace(',Bad pages,many,', ',Bad pages,12,'))
  assert.deepEqual([again.progress.rows, again.progress.stored, again.progress.rejected], [5, 1, 4])
  assert.deepEqual(
    (await world.objects()).map(({ title }) => title),
    ['Good one', 'Good, two', 'Good three', 'Bad pages'],
  )
  const still = await rejects(world, again)
  assert.ok(
    still.some(({ ninefold_problems: problems }) => problems.some(({ field }) => field === 'ninefold_raw')),
    'a row that could not be read is not taken for an empty one',
  )
})

test('the report of NDJSON can be corrected and sent again too', async (t) => {
  const world = await transferWorld(t)
  const view = await world.imported('{"title":"Dune","pages":"many"}\n{"title":1}\n{broken\n[]\n{"title":"Cosmos"}', {
    type: 'application/x-ndjson',
  })
  assert.deepEqual([view.progress.stored, view.progress.rejected], [1, 4])
  const report = await world.rejects(view, 'ndjson')
  const again = await world.imported(report.replace('"pages":"many"', '"pages":412'), { type: 'application/x-ndjson' })
  assert.deepEqual([again.progress.stored, again.progress.rejected], [1, 3])
})

test('text in the report that a spreadsheet would run is guarded', async (t) => {
  const world = await transferWorld(t)
  const view = await world.imported('title,pages\n"=HYPERLINK(""x"")",-1\n', {})
  const report = await world.rejects(view, 'csv')
  assert.doesNotMatch(report, /(?:^|,)"?=/m)
  assert.match(report, /'=HYPERLINK/)
})

test('a value that must be unique and is taken rejects its row alone, in the file and in what is stored', async (t) => {
  const world = await transferWorld(t)
  const rows = Array.from({ length: 250 }, (_, index) => `Book ${index},isbn-${index % 200}`)
  const view = await world.imported(['title,isbn', ...rows].join('\n'))
  assert.deepEqual([view.progress.rows, view.progress.stored, view.progress.rejected], [250, 200, 50])
  const found = await rejects(world, view)
  assert.deepEqual(
    found.map((reject) => reject.ninefold_line),
    Array.from({ length: 50 }, (_, index) => 202 + index),
  )
  assert.deepEqual(found[0]?.ninefold_problems, [{ field: 'isbn', reason: 'Taken by another object', value: 'isbn-0' }])
  assert.equal((await world.objects()).length, 200)
})

test('a dry run says what would happen, and stores nothing', async (t) => {
  const world = await transferWorld(t)
  await world.imported('title,isbn\nOld,1\n')
  const view = await world.imported('title,isbn,pages\nNew,1,\nNew,2,\nNew,2,\nNew,3,many\nNew,4,4\n', { query: '?dryRun=true' })
  assert.deepEqual([view.dryRun, view.state, view.progress.rows, view.progress.stored, view.progress.rejected], [true, 'done', 5, 2, 3])
  assert.deepEqual(
    (await rejects(world, view)).map((reject) => [reject.ninefold_line, reject.ninefold_problems[0]?.field]),
    [
      [2, 'isbn'],
      [4, 'isbn'],
      [5, 'pages'],
    ],
  )
  assert.deepEqual(
    (await world.objects()).map(({ title }) => title),
    ['Old'],
  )
})

test('what the file itself makes impossible ends the import, keeps what came before and says where', async (t) => {
  const world = await transferWorld(t)
  const view = await world.imported('[{"title":"Dune"},\n{"title":"Cosmos"}\n{"title":"lost"}]', { type: 'application/json' })
  assert.deepEqual([view.state, view.progress.stored], ['failed', 2])
  assert.match(view.problem ?? '', /^Line 3: A comma is missing/)
  assert.equal((await world.objects()).length, 2)
})
