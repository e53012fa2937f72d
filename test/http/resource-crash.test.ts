// The process is killed while it writes: whoever sends again with the same key finds each write done once, with the answer it had or would have had.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { person } from '../support/data-world.ts'
import { type Reply, send } from '../support/http.ts'
import { PRINCIPAL } from '../support/role-host.ts'

const script = fileURLToPath(new URL('../fixtures/resource-child.ts', import.meta.url))
const ada = JSON.stringify(person('ada'))
const ROUNDS = 2
const KEYS = 40

interface Child {
  readonly process: ChildProcess
  readonly port: number
}

async function start(file: string): Promise<Child> {
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line]: Buffer[] = await once(child.stdout, 'data')
  return { process: child, port: Number(String(line)) }
}

async function kill({ process: child }: Child): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** The answer, or nothing when the process was gone before it came. */
async function ask({ port }: Child, method: string, request: { path: string; json?: unknown; key?: string }): Promise<Reply | undefined> {
  const headers = {
    [PRINCIPAL]: ada,
    ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(request.key === undefined ? {} : { 'idempotency-key': request.key }),
  }
  const body = request.json === undefined ? {} : { body: JSON.stringify(request.json) }
  return send({ port, host: 'test', method, path: request.path, headers, ...body }).catch(() => undefined)
}

test('a write whose answer was lost is done once', { timeout: 120_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-crash-'))
  const file = join(folder, 'main.db')
  let child = await start(file)
  t.after(async () => {
    await kill(child)
    await rm(folder, { recursive: true, force: true })
  })
  let lost = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const keys = Array.from({ length: KEYS }, (_, index) => `r${round}-${index}`)
    const create = (key: string): Promise<Reply | undefined> => ask(child, 'POST', { path: '/api/notes', json: { text: key }, key })
    const half = KEYS / 2
    const steps = keys.slice(half).map((key) => ({ create: { text: key } }))
    const many = { path: '/api/notes/bulk', json: { operations: steps }, key: `bulk-${round}` }
    const sent = [...keys.slice(0, half).map(create), ask(child, 'POST', many)]
    // Some answers are there, others are on their way.
    await Promise.race(sent)
    await new Promise((done) => setTimeout(done, round * 3))
    await kill(child)
    const first = await Promise.all(sent)
    lost += first.filter((reply) => reply === undefined).length
    child = await start(file)
    for (const [index, key] of keys.slice(0, half).entries()) {
      const again = await create(key)
      assert.equal(again?.status, 201, again?.body)
      // Whoever had an answer gets the same one.
      if (first[index] !== undefined) assert.equal(again.body, first[index].body)
    }
    const bulk = await ask(child, 'POST', many)
    assert.equal(bulk?.status, 200, bulk?.body)
    const stored: { text: string }[] = []
    for (let after: string | undefined = ''; after !== undefined; ) {
      const path = `/api/notes?limit=100${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`
      const page = await ask(child, 'GET', { path })
      const { items, next }: { items: { text: string }[]; next?: string } = JSON.parse(page?.body ?? '{}')
      stored.push(...items)
      after = next
    }
    const texts = stored.map(({ text }) => text).filter((text) => text.startsWith(`r${round}-`))
    assert.deepEqual(texts.toSorted(), keys.toSorted())
  }
  assert.ok(lost > 0, 'no answer was lost, so nothing was proved')
})
