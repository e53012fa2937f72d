// Rows of another API: pages, limits, and the machines that nobody may reach through us.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import type { ImportView } from '../../src/resource/transfer/contract.ts'
import { isPublic, pinAddresses } from '#kernel/http/public-address.ts'
import { type TransferWorld, transferWorld } from './world.ts'

interface OtherApi {
  readonly origin: string
  readonly asked: string[]
  readonly authorizations: (string | undefined)[]
}

async function otherApi(
  t: TestContext,
  answer: (path: URL, request: IncomingMessage, response: ServerResponse) => void,
): Promise<OtherApi> {
  const asked: string[] = []
  const authorizations: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    authorizations.push(request.headers.authorization)
    answer(new URL(request.url ?? '', 'http://x'), request, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, authorizations }
}

function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(value))
}

async function from(world: TransferWorld, source: Record<string, unknown>): Promise<ImportView> {
  const reply = await world.ask('POST', '/api/books/import', { json: source })
  assert.equal(reply.status, 202, reply.body)
  return world.ended(JSON.parse(reply.body))
}

const local = { transfer: { allowLoopback: true } }

test('follows the pages of an API: a cursor in "next", an address in "next", a Link header', async (t) => {
  const world = await transferWorld(t, local)
  const api = await otherApi(t, (url, _request, response) => {
    const page = Number(url.searchParams.get('after') ?? url.searchParams.get('page') ?? 1)
    const items = [{ title: `${url.pathname} ${page}`, pages: page }]
    if (url.pathname === '/cursor') json(response, page < 3 ? { items, next: String(page + 1) } : { items })
    else if (url.pathname === '/address') json(response, { data: items, links: page < 3 ? { next: `/address?page=${page + 1}` } : {} })
    else json(response, items, page < 3 ? { link: `</?page=1>; rel="first", </link?page=${page + 1}>; rel="next"` } : {})
  })
  for (const path of ['/cursor', '/address', '/link']) {
    const view = await from(world, { url: `${api.origin}${path}` })
    assert.deepEqual([view.state, view.progress.stored, view.progress.rejected], ['done', 3, 0], view.problem)
  }
  assert.deepEqual(
    (await world.objects()).map(({ title }) => title),
    ['/cursor', '/address', '/link'].flatMap((path) => [1, 2, 3].map((page) => `${path} ${page}`)),
  )
  assert.deepEqual(await world.kept(), [])
})

test('fetches files too, maps them, and sends a key to the origin it is for only', async (t) => {
  const world = await transferWorld(t, local)
  const elsewhere = await otherApi(t, (_url, _request, response) => {
    response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8' })
    response.end('Titel\nDune\n')
  })
  const api = await otherApi(t, (_url, _request, response) => {
    response.writeHead(302, { location: `${elsewhere.origin}/file.csv` })
    response.end()
  })
  const view = await from(world, { url: `${api.origin}/file`, authorization: 'Bearer secret', map: { Titel: 'title' } })
  assert.deepEqual([view.state, view.format, view.progress.stored], ['done', 'csv', 1], view.problem)
  assert.deepEqual([api.authorizations, elsewhere.authorizations], [['Bearer secret'], [undefined]])
})

for (const [name, answer, expected] of [
  ['answers with an error', (response: ServerResponse) => response.writeHead(500).end(), /status 500/],
  ['sends no list', (response: ServerResponse) => json(response, { hello: 'world' }), /no list of objects/],
  [
    'sends no JSON',
    (response: ServerResponse) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
    /not JSON/,
  ],
  ['says not what it sends', (response: ServerResponse) => response.writeHead(200).end('title'), /does not say what it sends/],
  ['redirects for ever', (response: ServerResponse) => response.writeHead(302, { location: '/again' }).end(), /redirected too often/],
  [
    'compresses',
    (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/csv', 'content-encoding': 'gzip' }).end(),
    /compresses/,
  ],
  [
    'names a page as its own next',
    (response: ServerResponse) => json(response, { items: [{ title: 'x' }], next: '/start' }),
    /names itself/,
  ],
  ['sends a page that is too long', (response: ServerResponse) => json(response, { items: ['x'.repeat(5_000_000)] }), /shorter pages/],
  [
    'redirects to a machine of its network',
    (response: ServerResponse) => response.writeHead(302, { location: 'http://10.0.0.1/' }).end(),
    /only public addresses/,
  ],
  [
    'redirects to the data of a cloud',
    (response: ServerResponse) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
    /only public addresses/,
  ],
  [
    'redirects to a file',
    (response: ServerResponse) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    /begin with https/,
  ],
  [
    'breaks off',
    (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/csv', 'content-length': '1000' })
      response.write('title\nDune\n')
      setTimeout(() => response.destroy(), 50)
    },
    /broke off/,
  ],
  [
    'breaks off without having said how long it is',
    ({ socket }: ServerResponse) => {
      socket?.write('HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\n\r\ntitle\nDune\n')
      setTimeout(() => socket?.resetAndDestroy(), 50)
    },
    /broke off/,
  ],
  [
    'changes to another protocol',
    ({ socket }: ServerResponse) => socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
    /another protocol/,
  ],
] as const) {
  test(`an import from an address that ${name} fails in words and stores nothing`, async (t) => {
    const world = await transferWorld(t, local)
    const api = await otherApi(t, (_url, _request, response) => void answer(response))
    const view = await from(world, { url: `${api.origin}/start` })
    assert.deepEqual([view.state, view.progress.stored], ['failed', 0])
    assert.match(view.problem ?? '', expected)
    assert.deepEqual([await world.objects(), await world.kept()], [[], []])
  })
}

for (const [name, url] of [
  ['this machine', 'https://127.0.0.1/'],
  ['this machine by name', 'https://localhost/'],
  ['a name below that of this machine', 'https://db.localhost/'],
  ['this machine in IPv6', 'https://[::1]/'],
  ['this machine as a number', 'https://2130706433/'],
  ['this machine in octal', 'https://0177.0.0.1/'],
  ['this machine, mapped into IPv6', 'https://[::ffff:127.0.0.1]/'],
  ['a private network', 'https://192.168.1.1/'],
  ['the data of a cloud', 'https://169.254.169.254/'],
  ['a private network of IPv6', 'https://[fd00::1]/'],
  ['a link of IPv6', 'https://[fe80::1]/'],
  ['IPv4 behind IPv6', 'https://[64:ff9b::7f00:1]/'],
  ['any address', 'https://0.0.0.0/'],
  ['a public machine without encryption', 'http://93.184.216.34/'],
] as const) {
  test(`does not fetch from ${name}`, async (t) => {
    const world = await transferWorld(t)
    const view = await from(world, { url })
    assert.equal(view.state, 'failed')
    assert.match(view.problem ?? '', /cannot be fetched: only public addresses by https/)
  })
}

for (const [name, source, field] of [
  ['is no address', { url: 'hello' }, /url/],
  ['is of another kind', { url: 'file:///etc/passwd' }, /https/],
  ['carries a password', { url: 'https://a:b@example.org/' }, /authorization/],
  ['has a key that no header can carry', { url: 'https://example.org/', authorization: 'Bearer a\r\nhost: b' }, /authorization/],
  ['has members that nobody knows', { url: 'https://example.org/', follow: true }, /follow/],
] as const) {
  test(`refuses an address that ${name} at once`, async (t) => {
    const world = await transferWorld(t)
    const reply = await world.ask('POST', '/api/books/import', { json: source })
    assert.ok(reply.status === 422 || reply.status === 400, `${reply.status}`)
    assert.match(reply.body, field)
    assert.deepEqual(JSON.parse((await world.ask('GET', '/api/books/imports')).body).items, [])
  })
}

test('the key of the other API is not stored as it is', async (t) => {
  const world = await transferWorld(t, { jobs: false })
  const { id } = JSON.parse(
    (await world.ask('POST', '/api/books/import', { json: { url: 'https://example.org/', authorization: 'Bearer top-secret' } })).body,
  )
  assert.doesNotMatch((await world.ask('GET', `/api/books/imports/${id}`)).body, /secret/)
})

test('knows public addresses from others', () => {
  for (const address of ['93.184.216.34', '8.8.8.8', '2606:2800:220:1:248:1893:25c8:1946']) assert.equal(isPublic(address), true, address)
  for (const address of [
    '10.1.2.3',
    '172.31.0.1',
    '100.64.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    'fc00::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2001::1',
    'ff02::1',
    'x',
  ])
    assert.equal(isPublic(address), false, address)
})

test('the address that was checked is the one that is connected to', async () => {
  const pinned = await pinAddresses(new URL('http://127.0.0.1:1/'), { loopback: true }, AbortSignal.timeout(1000))
  assert.deepEqual(pinned, [{ address: '127.0.0.1', family: 4 }])
})

test('rows that come after their authority has ended are not stored, however long the other side took', async (t) => {
  let suspended = false
  const auth = {
    profile: async (_call: unknown, accountId: string) => (suspended ? undefined : { accountId, name: accountId }),
    revocations: async () => ({ items: [], next: '' }),
  }
  const world = await transferWorld(t, { transfer: { allowLoopback: true, auth } })
  const api = await otherApi(t, (_url, _request, response) => {
    suspended = true
    setTimeout(() => json(response, [{ title: 'Dune' }]), 50)
  })
  const view = await from(world, { url: `${api.origin}/` })
  assert.equal(view.state, 'failed')
  assert.match(view.problem ?? '', /has ended/)
  assert.deepEqual([await world.objects(), await world.kept()], [[], []])
})

test('a process that stops while the other side has not answered yet leaves the import to the next one', async (t) => {
  const world = await transferWorld(t, { ...local, jobs: false })
  const stopping = new AbortController()
  let isFirst = true
  const api = await otherApi(t, (_url, _request, response) => {
    if (isFirst) stopping.abort(new Error('The worker stops'))
    else json(response, [{ title: 'Dune' }])
  })
  const view: ImportView = JSON.parse((await world.ask('POST', '/api/books/import', { json: { url: `${api.origin}/` } })).body)
  const [job] = world.jobs
  assert.ok(job)
  const work = (signal: AbortSignal) => job.handle({ call: { ...systemCall('jobs'), signal }, jobId: 'job', attempt: 1 }, { id: view.id })
  await assert.rejects(work(stopping.signal), /The worker stops/)
  isFirst = false
  await work(AbortSignal.timeout(30_000))
  const ended = await world.ended(view)
  assert.deepEqual([ended.state, ended.progress.stored], ['done', 1], ended.problem)
})
