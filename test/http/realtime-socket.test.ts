// Many subscriptions over one WebSocket: who may open it, how long it lasts, what it refuses.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { ask, browse, csrfOf, raw, signIn, sites } from './gateway-support.ts'
import { Jar } from './jar.ts'
import { quiet, type RealtimeWorld, realtimeWorld, type SocketMessage } from '../support/realtime-world.ts'
import { until } from '../support/until.ts'

const GALLERY = sites.frontends.gallery
const SUBSCRIBE = { type: 'subscribe', subscription: 'a', resource: 'notes' }
const isType = (type: string, subscription?: string) => (message: SocketMessage) =>
  message.type === type && (subscription === undefined || message['subscription'] === subscription)
const codeOf = (message: SocketMessage): unknown => (message['problem'] as { code?: unknown } | undefined)?.code

async function cookieOf(w: RealtimeWorld): Promise<{ jar: Jar; headers: Record<string, string> }> {
  const jar = new Jar()
  await signIn(w, jar)
  return { jar, headers: { ...jar.header('/api/realtime'), origin: sites.app } }
}

test('tells each subscription what it follows, after a token was shown', async (t) => {
  const w = await realtimeWorld(t)
  const socket = await w.connect()
  socket.send(SUBSCRIBE)
  // Open to anyone within limits: without a token it follows what is shared.
  await socket.next('ready', isType('ready', 'a'))
  socket.send({ type: 'authenticate', token: await w.token('ada') })
  assert.equal(typeof (await socket.next('authenticated', isType('authenticated')))['expiresAt'], 'number')
  socket.send({ type: 'subscribe', subscription: 'mine', resource: 'notes', where: { shared: false } })
  await socket.next('ready', isType('ready', 'mine'))
  const note = await w.as('ada').create({ title: 'One' })
  const created = await socket.next('created', isType('created', 'mine'))
  assert.deepEqual([created['object'], created['etag']], [note, '"v1"'])
  socket.send({ type: 'subscribe', subscription: 'doc', resource: 'notes', document: note.id })
  await socket.next('ready', isType('ready', 'doc'))
  await w.as('ada').update(note.id, { title: 'Two' })
  await socket.next('updated', isType('updated', 'doc'))
  socket.send({ type: 'unsubscribe', subscription: 'mine' })
  socket.send({ type: 'subscribe', subscription: 'after', resource: 'notes' })
  await socket.next('ready', isType('ready', 'after'))
  await w.as('ada').delete(note.id)
  assert.equal((await socket.next('removed', isType('removed', 'doc')))['id'], note.id)
  await quiet(() => socket.messages.length)
  // What the first one follows is another list since the token came, so it began anew.
  assert.equal(socket.messages.filter(isType('ready', 'a')).length, 2)
  assert.equal(socket.messages.filter((message) => message['subscription'] === 'mine' && message.type === 'removed').length, 0)
})

test('goes on from a position after the connection was lost', async (t) => {
  const w = await realtimeWorld(t)
  const headers = { authorization: `Bearer ${await w.token('ada')}` }
  const first = await w.connect(headers)
  first.send(SUBSCRIBE)
  await first.next('ready', isType('ready'))
  const note = await w.as('ada').create({ title: 'One' })
  const { position } = await first.next('created', isType('created'))
  first.close()
  await w.as('ada').update(note.id, { title: 'Two' })
  const second = await w.connect(headers)
  second.send({ ...SUBSCRIBE, after: position })
  assert.equal((await second.next('ready', isType('ready')))['resumed'], true)
  assert.equal(((await second.next('updated', isType('updated')))['object'] as { title?: unknown }).title, 'Two')
})

test('a page of another site cannot use the session of a visitor', async (t) => {
  const w = await realtimeWorld(t)
  const { headers } = await cookieOf(w)
  for (const origin of ['http://evil.example', 'null', sites.accounts, 'http://diary.localhost:4998']) {
    const socket = await w.connect({ ...headers, origin })
    assert.equal(socket.refused, 403, origin)
    assert.equal((JSON.parse(socket.refusal) as { code?: string }).code, 'http.forbidden', origin)
  }
  const { origin: _, ...withoutOrigin } = headers
  assert.equal((await w.connect(withoutOrigin)).refused, 403)
  const own = await w.connect(headers)
  assert.equal(own.refused, undefined)
})

test('the page of a registered client connects without cookies, and shows a token of its own', async (t) => {
  const w = await realtimeWorld(t)
  const { headers } = await cookieOf(w)
  const socket = await w.connect({ ...headers, origin: GALLERY })
  assert.equal(socket.refused, undefined)
  // The cookie of the diary came along, since both are one site: it means nothing.
  socket.send({ ...SUBSCRIBE, where: { ownerId: 'ada', shared: false } })
  await socket.next('ready', isType('ready'))
  await w.as('ada').create({ title: 'private' })
  await quiet(() => socket.messages.length)
  socket.send({ type: 'authenticate', token: await w.token('ada', { client_id: 'printshop' }) })
  assert.equal(codeOf(await socket.next('refusal', isType('error'))), 'http.forbidden')
  socket.send({ type: 'authenticate', token: await w.token('ada', { client_id: 'gallery' }) })
  await socket.next('authenticated', isType('authenticated'))
})

test('closes within a second when the session is revoked, signed out of, or its token runs out', async (t) => {
  const w = await realtimeWorld(t)
  const { jar, headers } = await cookieOf(w)
  const byCookie = await w.connect(headers)
  const revoked = await w.connect({ authorization: `Bearer ${await w.token('bob')}` })
  const short = await w.connect({ authorization: `Bearer ${await w.token('eve', { exp: Math.floor(Date.now() / 1000) + 1 })}` })
  const stays = await w.connect({ authorization: `Bearer ${await w.token('dan')}` })
  for (const socket of [byCookie, revoked, short, stays]) socket.send(SUBSCRIBE)
  await Promise.all([byCookie, revoked, short, stays].map(async (socket) => await socket.next('ready', isType('ready'))))
  const stream = await w.follow('/api/notes/events', { authorization: `Bearer ${await w.token('bob')}` })
  await stream.kinds(1)
  const at = Date.now()
  w.auth.revoke({ kind: 'session', subject: 'sid-bob', before: Math.floor(at / 1000) })
  const out = await browse(w, jar, { method: 'POST', path: '/session/sign-out', headers: { 'x-csrf-token': await csrfOf(w, jar) } })
  assert.equal(out.status, 200, out.text)
  assert.deepEqual([await byCookie.closed(), await revoked.closed(), await short.closed()], [4401, 4401, 4401])
  assert.ok(Math.max(byCookie.closedAt, revoked.closedAt) - at < 1000, `took ${Math.max(byCookie.closedAt, revoked.closedAt) - at} ms`)
  await until('the end of the event stream', () => stream.ended)
  assert.equal(stays.code, undefined)
  const again = await w.follow('/api/notes/events', { authorization: `Bearer ${await w.token('bob')}` })
  assert.equal(again.status, 401)
})

test('closes within a second when somebody loses a role that the token tells of', async (t) => {
  const w = await realtimeWorld(t)
  const before = Date.now() - 1000
  const editor = await w.connect({ authorization: `Bearer ${await w.token('ada', { roles: ['editor'], membership_at: before })}` })
  const newer = await w.connect({ authorization: `Bearer ${await w.token('ada', { roles: [], membership_at: before + 500 })}` })
  for (const socket of [editor, newer]) socket.send(SUBSCRIBE)
  await Promise.all([editor, newer].map(async (socket) => await socket.next('ready', isType('ready'))))
  const at = Date.now()
  w.auth.revoke({ kind: 'membership', subject: 'ada', before: before + 500 })
  assert.equal(await editor.closed(), 4401)
  assert.ok(editor.closedAt - at < 1000)
  assert.equal(newer.code, undefined)
})

test('closes within a second when a client ends that the token has come through, and opens for no such token', async (t) => {
  const w = await realtimeWorld(t)
  const act = { sub: 'client:middle', act: { sub: 'client:first' } }
  const tokens = { acting: await w.token('ada', { act }), own: await w.token('bob') }
  const acting = await w.connect({ authorization: `Bearer ${tokens.acting}` })
  const own = await w.connect({ authorization: `Bearer ${tokens.own}` })
  for (const socket of [acting, own]) socket.send(SUBSCRIBE)
  await Promise.all([acting, own].map(async (socket) => await socket.next('ready', isType('ready'))))
  const at = Date.now()
  w.auth.revoke({ kind: 'account', subject: 'client:first', before: Math.floor(at / 1000) + 60 })
  assert.equal(await acting.closed(), 4401)
  assert.ok(acting.closedAt - at < 1000)
  assert.equal(own.code, undefined)
  const later = await w.connect()
  later.send({ type: 'authenticate', token: tokens.acting })
  assert.equal(codeOf(await later.next('a refusal', isType('error'))), 'http.invalid_token')
})

test('lives on with a new token, of the same person only', async (t) => {
  const w = await realtimeWorld(t)
  const soon = Math.floor(Date.now() / 1000) + 2
  const socket = await w.connect({ authorization: `Bearer ${await w.token('ada', { exp: soon })}` })
  socket.send(SUBSCRIBE)
  await socket.next('ready', isType('ready'))
  socket.send({ type: 'authenticate', token: await w.token('ada') })
  await socket.next('authenticated', isType('authenticated'))
  await new Promise((done) => setTimeout(done, soon * 1000 + 600 - Date.now()))
  await w.as('ada').create({ title: 'Still here' })
  await socket.next('created', isType('created'))
  socket.send({ type: 'authenticate', token: 'no.such.token' })
  assert.equal(codeOf(await socket.next('refusal', isType('error'))), 'http.invalid_token')
  assert.equal(socket.code, undefined)
  socket.send({ type: 'authenticate', token: await w.token('bob') })
  assert.equal(await socket.closed(), 4403)
})

test('a token that allows less ends what it does not allow', async (t) => {
  const w = await realtimeWorld(t)
  const socket = await w.connect({ authorization: `Bearer ${await w.token('ada')}` })
  socket.send(SUBSCRIBE)
  await socket.next('ready', isType('ready'))
  socket.send({ type: 'authenticate', token: await w.token('ada', { scope: 'photos:write' }) })
  const error = await socket.next('refusal', isType('error', 'a'))
  assert.equal(codeOf(error), 'http.insufficient_scope')
  await w.as('ada').create({ title: 'not told' })
  await quiet(() => socket.messages.length)
})

test('in cookie mode a refresh of the session keeps the connection', async (t) => {
  const w = await realtimeWorld(t)
  w.auth.accessTokenSeconds = 3
  const { jar, headers } = await cookieOf(w)
  const socket = await w.connect(headers)
  socket.send(SUBSCRIBE)
  await socket.next('ready', isType('ready'))
  const opened = Date.now()
  w.auth.accessTokenSeconds = 300
  const refreshed = await browse(w, jar, { method: 'POST', path: '/session/refresh', headers: { 'x-csrf-token': await csrfOf(w, jar) } })
  assert.equal(refreshed.status, 200, refreshed.text)
  await new Promise((done) => setTimeout(done, opened + 4000 - Date.now()))
  assert.equal(socket.code, undefined)
  await w.as('ada').create({ title: 'Still here' })
  await socket.next('created', isType('created'))
})

test('messages are parsed strictly, and too many or too long ones end the connection', async (t) => {
  const w = await realtimeWorld(t)
  const headers = { authorization: `Bearer ${await w.token('ada')}` }
  const bad = [
    'no json',
    '[]',
    '{"type":"subscribe"}',
    '{"type":"drop","subscription":"a"}',
    '{"type":"subscribe","subscription":"a","resource":"notes","where":{"ownerId":{"$gt":""}}}',
    '{"type":"subscribe","subscription":"a","resource":"notes","__proto__":{"x":1}}',
    '{"type":"subscribe","subscription":"a","resource":"notes","type":"unsubscribe"}',
    '{"type":"subscribe","subscription":"a b","resource":"notes"}',
  ]
  for (const text of bad) {
    const socket = await w.connect(headers)
    socket.send(text)
    assert.equal(await socket.closed(), 4400, text)
  }
  const long = await w.connect(headers)
  long.send({ ...SUBSCRIBE, where: { ownerId: 'x'.repeat(20_000) } })
  assert.equal(await long.closed(), 1009)
  const binary = await w.connect(headers)
  binary.webSocket.send(Buffer.from('{}'))
  assert.equal(await binary.closed(), 1003)
  const flood = await w.connect(headers)
  for (let index = 0; index < 200; index += 1) flood.send({ type: 'unsubscribe', subscription: 'x' })
  assert.equal(await flood.closed(), 4429)
  // Pings are answered, so they count: who sends them without reading the answers would fill the memory with them.
  const pings = await w.connect(headers)
  for (let index = 0; index < 200; index += 1) pings.webSocket.ping('x'.repeat(125))
  assert.equal(await pings.closed(), 4429)
  const polite = await w.connect(headers)
  const pong = new Promise((done) => polite.webSocket.once('pong', (data: Buffer) => done(data.toString())))
  polite.webSocket.ping('hello')
  assert.equal(await pong, 'hello')
})

test('refuses one subscription and keeps the others', async (t) => {
  const w = await realtimeWorld(t)
  const socket = await w.connect({ authorization: `Bearer ${await w.token('ada')}` })
  socket.send(SUBSCRIBE)
  socket.send(SUBSCRIBE)
  socket.send({ ...SUBSCRIBE, subscription: 'b', resource: 'nothing' })
  socket.send({ ...SUBSCRIBE, subscription: 'c', where: { title: 'x' } })
  socket.send({ ...SUBSCRIBE, subscription: 'd', document: '01arz3ndektsv4rrffq69g5fav' })
  socket.send({ ...SUBSCRIBE, subscription: 'e', document: '01arz3ndektsv4rrffq69g5fav', where: {} })
  const codes = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map(async (name) => codeOf(await socket.next(`error ${name}`, isType('error', name)))),
  )
  assert.deepEqual(codes, ['resource.invalid', 'resource.not_found', 'resource.no_index', 'resource.not_found', 'resource.invalid'])
  for (let index = 0; index < 100; index += 1) socket.send({ ...SUBSCRIBE, subscription: `n${index}` })
  assert.equal(codeOf(await socket.next('the last one', isType('error', 'n99'))), 'resource.busy')
  await w.as('ada').create({ title: 'One' })
  await socket.next('created', isType('created', 'a'))
})

test('a handshake passes the same steps as every request, and a refusal is a whole answer', async (t) => {
  const w = await realtimeWorld(t)
  const host = new URL(sites.app).host
  const upgrade = (lines: string[], path = '/api/realtime', host_ = host): Promise<string> =>
    raw(w, [`GET ${path} HTTP/1.1`, `Host: ${host_}`, 'Connection: Upgrade', 'Upgrade: websocket', ...lines, '', ''].join('\r\n'))
  const good = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
  const expect: [string, Promise<string>, number][] = [
    ['another host', upgrade(good, '/api/realtime', 'evil.example'), 421],
    ['no key', upgrade(['Sec-WebSocket-Version: 13']), 400],
    ['an old version', upgrade(['Sec-WebSocket-Version: 8', good[1] ?? '']), 426],
    ['a token in the address', upgrade(good, '/api/realtime?access_token=x'), 400],
    ['a query', upgrade(good, '/api/realtime?x=1'), 400],
    ['a route that is none', upgrade(good, '/api/nothing'), 404],
    ['a route that speaks no WebSocket', upgrade(good, '/api/notes'), 400],
    ['a token that is none', upgrade([...good, 'Authorization: Bearer x.y.z']), 401],
    ['an alias of a header', upgrade([...good, 'Sec_WebSocket_Key: x']), 400],
  ]
  for (const [what, answer, status] of expect) {
    const text = await answer
    assert.match(text, new RegExp(`^HTTP/1.1 ${status} `), `${what}: ${text}`)
    assert.match(text, /content-type: application\/problem\+json/, what)
    assert.match(text, /x-content-type-options: nosniff/i, what)
    assert.match(text, /connection: close/i, what)
    assert.doesNotMatch(text, /101 Switching/, what)
  }
  const plain = await ask(w, { path: '/api/realtime' })
  assert.deepEqual([plain.status, plain.headers['upgrade']], [426, 'websocket'])
  // Other protocols are not spoken: answered in HTTP/1.1, as if nothing had been asked.
  const other = await raw(w, `GET /hello HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`)
  assert.match(other, /^HTTP\/1.1 200 /)
  assert.deepEqual(
    w.records.filter(({ route, status }) => route === '/api/realtime' && status === 101),
    [],
  )
})

test('never echoes a token that was offered as a protocol', async (t) => {
  const w = await realtimeWorld(t)
  const socket = await w.connect({ protocol: 'ninefold.realtime.v1 bearer.secret' })
  assert.equal(socket.webSocket.protocol, 'ninefold.realtime.v1')
})

test('one record of each connection, with its duration and no token', async (t) => {
  const w = await realtimeWorld(t)
  const secret = await w.token('ada')
  const socket = await w.connect()
  socket.send({ type: 'authenticate', token: secret })
  socket.send(SUBSCRIBE)
  await socket.next('ready', isType('ready'))
  const stream = await w.follow('/api/notes/events', { authorization: `Bearer ${secret}` })
  await stream.kinds(1)
  assert.equal(w.records.length, 0)
  await new Promise((done) => setTimeout(done, 50))
  socket.close()
  stream.close()
  await until('both records', () => w.records.length === 2)
  const bySocket = w.records.find(({ route }) => route === '/api/realtime')
  const byStream = w.records.find(({ route }) => route === '/api/notes/events')
  assert.deepEqual([bySocket?.status, bySocket?.principal, bySocket?.accountId], [101, 'user', 'ada'])
  assert.deepEqual([byStream?.status, byStream?.accountId], [200, 'ada'])
  for (const record of [bySocket, byStream]) assert.ok((record?.durationMs ?? 0) >= 50 && (record?.bytesOut ?? 0) > 20)
  assert.ok(!JSON.stringify(w.records).includes(secret.slice(0, 40)))
})

test('a person and an address have so many connections and no more', async (t) => {
  const w = await realtimeWorld(t)
  const headers = { authorization: `Bearer ${await w.token('ada')}` }
  const all = await Promise.all(Array.from({ length: 60 }, () => w.connect(headers)))
  assert.ok(all.every((socket) => socket.refused === undefined))
  assert.equal((await w.connect(headers)).refused, 429)
  assert.equal((await w.follow('/api/notes/events', headers)).status, 429)
  const late = await w.connect()
  late.send({ type: 'authenticate', token: await w.token('ada') })
  assert.equal(codeOf(await late.next('refusal', isType('error'))), 'http.too_many_requests')
  assert.equal((await w.connect({ authorization: `Bearer ${await w.token('bob')}` })).refused, undefined)
  all[0]?.close()
  await until('a free place', async () => {
    const next = await w.connect(headers)
    return next.refused === undefined
  })
})

test('stops in good order: sockets are told to come back, streams end whole', async (t) => {
  const w = await realtimeWorld(t)
  const socket = await w.connect({ authorization: `Bearer ${await w.token('ada')}` })
  socket.send(SUBSCRIBE)
  await socket.next('ready', isType('ready'))
  const stream = await w.follow('/api/notes/events?shared=true')
  await stream.kinds(1)
  const at = Date.now()
  await w.stop()
  assert.ok(Date.now() - at < 3000, `stopping took ${Date.now() - at} ms`)
  assert.equal(await socket.closed(), 1001)
  assert.ok(stream.ended)
  assert.match(stream.text, /^retry: \d+\n\n/)
})

test('a handshake that is followed by bytes of something else harms nobody', async (t) => {
  const w = await realtimeWorld(t)
  const { host } = new URL(sites.app)
  const lines = [
    'GET /api/nothing HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '',
    '',
  ]
  const answers = await new Promise<string>((done) => {
    let text = ''
    const socket = connect(w.port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}GET /hello HTTP/1.1\r\nHost: ${host}\r\n\r\n`))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('close', () => done(text))
  })
  assert.equal(answers.match(/HTTP\/1\.1 \d+/g)?.length, 1, answers)
})
