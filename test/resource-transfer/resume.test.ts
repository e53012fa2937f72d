// An import that breaks off goes on where it was: no row twice, none left out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Call, systemCall } from '#kernel/call.ts'
import { scenarioUrl } from '../support/scenario-database.ts'
import { type TransferWorld, transferWorld } from './world.ts'

const system = systemCall('test')

function callThatEnds(): { call: Call; end: () => void } {
  const controller = new AbortController()
  return { call: { ...system, signal: controller.signal }, end: () => controller.abort(new Error('the process ends here')) }
}

async function begun(world: TransferWorld, body: string, type: string): Promise<string> {
  const reply = await world.ask('POST', '/api/books/import', { type, body })
  assert.equal(reply.status, 202, reply.body)
  return JSON.parse(reply.body).id
}

const ROWS = 1000
const numbers = Array.from({ length: ROWS }, (_, index) => index)
const isBad = (index: number): boolean => index % 10 === 7
const row = (index: number) => ({ title: `Book ${index}`, pages: isBad(index) ? 'many' : index + 1 })

const FILES = {
  'text/csv': ['title,pages', ...numbers.map((index) => `"Book ${index}",${row(index).pages}`)].join('\r\n'),
  'application/x-ndjson': numbers.map((index) => JSON.stringify(row(index))).join('\n'),
  'application/json': JSON.stringify(numbers.map(row), undefined, 1),
  'application/xml': `<r>\n${numbers.map((index) => `<b><title>Book ${index}</title>\n<pages>${row(index).pages}</pages></b>`).join('\n')}</r>`,
} as const

for (const [type, file] of Object.entries(FILES)) {
  test(`an import of ${type} that is broken off after every batch ends as if it were not`, async (t) => {
    const world = await transferWorld(t, { jobs: false })
    const whole = await world.server.transfers?.run(system, await begun(world, file, type), () => {})
    const [report, objects] = [await world.rejects(whole ?? assert.fail()), await world.objects()]
    assert.deepEqual([whole?.progress.rows, whole?.progress.stored, whole?.progress.rejected], [ROWS, 900, 100])

    const other = await transferWorld(t, { jobs: false })
    const id = await begun(other, file, type)
    let breaks = 0
    for (;;) {
      const { call, end } = callThatEnds()
      const view = await other.server.transfers?.run(call, id, end).catch(() => undefined)
      if (view !== undefined) {
        assert.deepEqual(view.progress, whole?.progress)
        assert.equal(await other.rejects(view), report, 'lines and reasons are the same')
        break
      }
      breaks += 1
      assert.ok(breaks < 100)
    }
    assert.ok(breaks > 5, `it was broken off ${breaks} times`)
    assert.deepEqual(await other.objects(), objects)
  })
}

test('two workers on one import store every row once', async (t) => {
  const world = await transferWorld(t, { jobs: false })
  const id = await begun(world, FILES['text/csv'], 'text/csv')
  const run = (): Promise<unknown> => world.server.transfers?.run(system, id, () => {}).catch(() => undefined) ?? assert.fail()
  await Promise.all([run(), run(), run()])
  // Whoever lost left it to the others; the last of them may have left, too.
  const view = await world.server.transfers?.run(system, id, () => {})
  assert.deepEqual([view?.state, view?.progress.stored, view?.progress.rejected], ['done', 900, 100])
  const titles = (await world.objects()).map(({ title }) => String(title))
  assert.equal(titles.length, 900)
  assert.equal(new Set(titles).size, 900)
})

test('an import that nobody goes on with is taken up again by the sweep, and given up in the end', async (t) => {
  let now = Date.now()
  const clock = { now: () => now }
  const world = await transferWorld(t, { jobs: false, clock })
  const id = await begun(world, 'title\nDune\n', 'text/csv')
  const sweep = world.jobs.find(({ name }) => name === 'resource.import-sweep') ?? assert.fail()
  const requests: string[] = []
  world.database.subscribe({
    consumer: 'test',
    topics: ['jobs.requested'],
    handle: async (events) => void requests.push(...events.map(({ data }) => JSON.stringify(data))),
  })
  const states: string[] = []
  for (let round = 0; round < 5; round += 1) {
    now += 20 * 60 * 1000
    await sweep.handle({ call: system, jobId: 'sweep', attempt: 1 }, {})
    states.push(JSON.parse((await world.ask('GET', `/api/books/imports/${id}`)).body).state)
  }
  assert.deepEqual(states, ['waiting', 'waiting', 'waiting', 'failed', 'failed'])
  for (let round = 0; round < 100 && requests.length < 4; round += 1) await new Promise((done) => setTimeout(done, 20))
  assert.equal(new Set(requests).size, 4, 'the first request, and one for each time it was taken up')
  now += 2 * 60 * 60 * 1000
  await sweep.handle({ call: system, jobId: 'sweep', attempt: 1 }, {})
  assert.deepEqual(await world.kept(), [], 'what it kept on disk is gone')
})

/** FerretDB takes milliseconds for each. */
const MANY = scenarioUrl('')?.startsWith('mongodb') === true ? 600 : 20_000

test(`${MANY.toLocaleString('en')} rows are imported while other requests are answered`, async (t) => {
  const world = await transferWorld(t)
  const rows = Array.from({ length: MANY }, (_, index) => `Book ${index},isbn-${index},${(index % 900) + 1},yes,a;b`)
  const reply = await world.ask('POST', '/api/books/import', { type: 'text/csv', body: ['title,isbn,pages,lent,tags', ...rows].join('\n') })
  const { links } = JSON.parse(reply.body)
  const waits: number[] = []
  let view = JSON.parse(reply.body)
  const begunAt = Date.now()
  while (view.endedAt === undefined) {
    const askedAt = performance.now()
    view = JSON.parse((await world.ask('GET', links.self)).body)
    waits.push(performance.now() - askedAt)
    assert.ok(Date.now() - begunAt < 120_000)
    await new Promise((done) => setTimeout(done, 20))
  }
  assert.deepEqual([view.state, view.progress.stored, view.progress.rejected], ['done', MANY, 0])
  const sorted = waits.toSorted((a, b) => a - b)
  const [median = 0, worst = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
  t.diagnostic(
    `${Math.round(MANY / ((Date.now() - begunAt) / 1000))} rows/s; other requests: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`,
  )
  assert.ok(median < 250, `others waited ${median} ms`)
})
