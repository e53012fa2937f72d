import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Server as SocketServer, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { startNameServer } from '../../../test/support/name-server.ts'
import { openOutward, sendOutward } from './outward.ts'
import { pinAddresses, type Reach } from './public-address.ts'

let server: Server
/** Answers with what the path says, byte by byte. */
let raw: SocketServer
let rawOrigin = ''
const sockets = new Set<Socket>()
let origin = ''
let asked = 0

before(async () => {
  server = createServer((request, response) => {
    asked += 1
    if (request.url === '/large') response.end('x'.repeat(5000))
    else if (request.url === '/silent') response.writeHead(200).flushHeaders()
    else if (request.url === '/away') response.writeHead(302, { location: `${origin}/there` }).end()
    else response.end(`${request.method} ${String(request.headers['x-own'])}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
  raw = createSocketServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (request) => {
      const path = /^\w+ \/(\S*)/.exec(request.toString())?.[1] ?? ''
      answers[path]?.(socket)
    })
  })
  raw.listen(0, '127.0.0.1')
  await once(raw, 'listening')
  rawOrigin = `http://localhost:${(raw.address() as AddressInfo).port}`
})

const WITHOUT_LENGTH = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nhalf of it'

const answers: Readonly<Record<string, (socket: Socket) => void>> = {
  upgraded: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
  switched: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
  beyond: (socket) => socket.write('HTTP/1.1 999 Beyond\r\ncontent-length: 0\r\n\r\n'),
  early: (socket) => socket.write(`${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(3)}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok`),
  earlier: (socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000)),
  nothing: (socket) => socket.end(),
  slow: (socket) => socket.write('HTTP/1.1 200 OK\r\nx-half: of a he'),
  whole: (socket) => socket.end(WITHOUT_LENGTH),
  silent: (socket) => socket.write(WITHOUT_LENGTH),
  dripping: (socket) => {
    const drip = setInterval(() => socket.write('x-more: to come\r\n'), 10)
    socket.write('HTTP/1.1 200 OK\r\n')
    socket.once('close', () => clearInterval(drip))
  },
  given: (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nall', () => setTimeout(() => socket.resetAndDestroy(), 20)),
  torn: (socket) => socket.write(WITHOUT_LENGTH, () => setTimeout(() => socket.resetAndDestroy(), 20)),
}

after(() => {
  server.closeAllConnections()
  server.close()
  raw.close()
  for (const socket of sockets) socket.destroy()
})

const reach = { loopback: true }

test('gives status, headers and body, and follows no redirect', async () => {
  const answer = await sendOutward({ url: `${origin}/`, method: 'POST', body: 'a=1', headers: { 'x-own': 'yes' }, reach })
  assert.equal(answer.status, 200)
  assert.equal(answer.body.toString(), 'POST yes')
  const earlier = asked
  const away = await sendOutward({ url: `${origin}/away`, reach })
  assert.equal(away.status, 302)
  assert.equal(asked, earlier + 1)
})

test('reaches nothing but public machines by https unless told', async () => {
  const earlier = asked
  const refused = [
    `${origin}/`,
    'https://127.0.0.1/',
    'https://169.254.169.254/latest',
    'https://[::1]/',
    'http://10.0.0.1/',
    'ftp://a.example/',
  ]
  for (const url of refused) await assert.rejects(sendOutward({ url }), { name: 'OutwardError' }, url)
  await assert.rejects(sendOutward({ url: 'http://10.0.0.1/', reach: { everywhere: true } }), /only public addresses by https/)
  await assert.rejects(sendOutward({ url: origin.replace('//', '//me:secret@'), reach }), /carries a name/)
  assert.equal(asked, earlier)
})

test('asks no port that web servers do not have, unless the operator has named the machine', async () => {
  const signal = AbortSignal.timeout(5000)
  const pinnedTo = (url: string, more: Reach = {}): Promise<unknown> => pinAddresses(new URL(url), more, signal)
  for (const port of [22, 80, 465, 993, 5432, 6379, 6443, 6667, 9200, 27017])
    assert.match(String(await pinnedTo(`https://192.88.1.1:${port}/`)), /no web server has that port/, String(port))
  const pinned = [{ address: '192.88.1.1', family: 4 }]
  for (const end of ['/', ':443/', ':8443/', ':3000/']) assert.deepEqual(await pinnedTo(`https://192.88.1.1${end}`), pinned, end)
  assert.deepEqual(await pinnedTo('https://192.88.1.1:993/', { byOperator: true }), pinned)
  assert.deepEqual(await pinnedTo('http://127.0.0.1:993/', reach), [{ address: '127.0.0.1', family: 4 }])
})

test('is bounded in size and in time', { timeout: 20_000 }, async () => {
  await assert.rejects(sendOutward({ url: `${origin}/large`, maxBytes: 1000, reach }), /more than 1000 bytes/)
  await assert.rejects(sendOutward({ url: `${origin}/silent`, timeoutMs: 50, reach }), /broke off|in time/)
})

test('what is no answer is refused at once, and one that was cut off is not taken for a whole one', { timeout: 20_000 }, async () => {
  const ask = (path: string, timeoutMs = 10_000) => sendOutward({ url: `${rawOrigin}/${path}`, timeoutMs, reach })
  const refused = [
    ['upgraded', /another protocol/],
    ['switched', /answered with 101, which is no status/],
    ['beyond', /answered with 999, which is no status/],
    ['earlier', /puts its answer off for ever/],
    ['nothing', /cannot be reached|broke off/],
    ['torn', /broke off/],
  ] as const
  for (const [path, message] of refused) await assert.rejects(ask(path), { name: 'OutwardError', message }, path)
  for (const path of ['slow', 'silent']) await assert.rejects(ask(path, 100), { name: 'OutwardError', message: /in time/ }, path)
  assert.equal((await ask('early')).body.toString(), 'ok')
  assert.equal((await ask('whole')).body.toString(), 'half of it')
})

test('an answer that is read piece by piece ends with its signal, and when nothing comes', { timeout: 20_000 }, async () => {
  const open = (path: string, signal: AbortSignal, silenceMs = 10_000) =>
    openOutward({ url: new URL(`${rawOrigin}/${path}`), signal, silenceMs, reach })
  const quiet = new AbortController().signal
  for (const path of ['slow', 'dripping']) await assert.rejects(open(path, quiet, 100), /in time/, path)
  await assert.rejects(open('slow', AbortSignal.timeout(100)), /in time/)
  await assert.rejects(open('silent', AbortSignal.abort()), { name: 'OutwardError' })
  await assert.rejects((await open('silent', quiet, 100)).toArray(), /in time/)
  const cut = new AbortController()
  const response = await open('silent', cut.signal)
  const rest = assert.rejects(response.toArray(), /in time/)
  cut.abort()
  await rest
  // All of it has come: whoever reads it late still gets it.
  const given = await open('given', quiet)
  await new Promise((done) => given.socket.once('close', done))
  assert.equal(Buffer.concat(await given.toArray()).toString(), 'all')
})

test('a connection that fails at once is an error of this request and not the end of the process', async (t) => {
  // To the broadcast address of this machine there is no route: as for one of IPv6 where there is none.
  const names = await startNameServer({
    'nowhere.test': { addresses: ['127.255.255.255'] },
    'second.test': { addresses: ['127.255.255.255', '127.0.0.1'] },
  })
  t.after(() => names.stop())
  const named = { loopback: true, nameServers: names.at }
  for (const protocol of ['https', 'http'])
    await assert.rejects(
      sendOutward({ url: `${protocol}://nowhere.test/`, reach: named }),
      { name: 'OutwardError', message: 'nowhere.test cannot be reached.' },
      protocol,
    )
  const { port } = new URL(origin)
  assert.equal((await sendOutward({ url: `http://second.test:${port}/`, reach: named })).status, 200, 'then the next address is tried')
})
