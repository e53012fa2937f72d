import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { Browser, SocketListeners } from './browser.ts'
import type { SessionKeeper } from './session.ts'
import { createLive, type Followed, type Live } from './subscribe.ts'

interface Connection {
  readonly url: string
  readonly said: Record<string, unknown>[]
  readonly listeners: SocketListeners
  isClosed: boolean
}

const stops: (() => void)[] = []
afterEach(() => stops.splice(0).forEach((stop) => stop()))

/** A page whose sockets go to the test; the session is one that is always good. */
function page(mode: 'cookie' | 'memory' = 'cookie') {
  const connections: Connection[] = []
  const session = { token: 'one', refreshes: 0, signedIn: true }
  const browser = {
    openSocket(url: string, listeners: SocketListeners) {
      const connection: Connection = { url, said: [], listeners, isClosed: false }
      connections.push(connection)
      return {
        send: (text: string) => connection.said.push(JSON.parse(text) as Record<string, unknown>),
        close() {
          connection.isClosed = true
          listeners.closed(1000)
        },
      }
    },
  }
  const keeper = {
    ensureFresh: async () => {},
    read: async () => ({ signedIn: session.signedIn }),
    async refresh() {
      session.refreshes += 1
      session.token = 'two'
      return true
    },
    headers: async () => ({ authorization: `Bearer ${session.token}` }),
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parts of the browser and of the session that following uses
  const options = { browser: browser as unknown as Browser, keeper: keeper as unknown as SessionKeeper }
  const live = createLive({ ...options, api: 'https://diary.test/api', mode })
  return { live, connections, session }
}

function follow(live: Live, followed: Followed = { where: { ownerId: 'ada' } }) {
  const told: unknown[] = []
  const stop = live.follow('photos', followed, {
    reset: () => told.push('reset'),
    changed: (object, etag, kind) => told.push([kind, object['id'], etag]),
    removed: (id) => told.push(['removed', id]),
    refused: (problem) => told.push(['refused', problem.code]),
  })
  stops.push(stop)
  return { told, stop }
}

const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 5))

async function opened(connections: readonly Connection[], index = 0): Promise<Connection> {
  await settle()
  const connection = connections[index]
  assert.ok(connection !== undefined, 'a connection')
  connection.listeners.opened()
  await settle()
  return connection
}

const say = (connection: Connection, message: object): void => connection.listeners.received(JSON.stringify(message))

test('everything that a page follows shares one connection, which ends with the last of it', async () => {
  const { live, connections } = page()
  const [list, document] = [follow(live), follow(live, { id: 'p1' })]
  const connection = await opened(connections)
  assert.equal(connection.url, 'wss://diary.test/api/realtime')
  const third = follow(live, {})
  assert.deepEqual(connection.said, [
    { type: 'subscribe', subscription: 's1', resource: 'photos', where: { ownerId: 'ada' } },
    { type: 'subscribe', subscription: 's2', resource: 'photos', document: 'p1' },
    { type: 'subscribe', subscription: 's3', resource: 'photos', where: {} },
  ])
  document.stop()
  third.stop()
  assert.equal(connection.isClosed, false)
  list.stop()
  assert.equal(connection.isClosed, true)
  assert.equal(connections.length, 1)
})

test('tells changes once, removals, and when to read again', async () => {
  const { live, connections } = page()
  const { told } = follow(live)
  const connection = await opened(connections)
  const change = (type: string, etag: string): void =>
    say(connection, { type, subscription: 's1', position: 'x', object: { id: 'p1' }, etag })
  say(connection, { type: 'ready', subscription: 's1', position: 'a', resumed: false })
  change('created', '"v1"')
  change('created', '"v1"')
  change('updated', '"v2"')
  say(connection, { type: 'removed', subscription: 's1', position: 'b', id: 'p1' })
  change('created', '"v2"')
  say(connection, { type: 'reset', subscription: 's1', position: 'c' })
  say(connection, { type: 'created', subscription: 'of another', object: { id: 'p9' }, etag: '"v1"' })
  assert.deepEqual(told, [
    'reset',
    ['created', 'p1', '"v1"'],
    ['updated', 'p1', '"v2"'],
    ['removed', 'p1'],
    ['created', 'p1', '"v2"'],
    'reset',
  ])
})

test('comes back after a break and goes on from the newest position', async () => {
  const { live, connections } = page()
  const { told } = follow(live)
  const first = await opened(connections)
  say(first, { type: 'ready', subscription: 's1', position: 'a', resumed: false })
  say(first, { type: 'positions', positions: { s1: 'b', other: 'c' } })
  first.listeners.closed(1006)
  await new Promise((done) => setTimeout(done, 600))
  const second = await opened(connections, 1)
  assert.deepEqual(second.said, [{ type: 'subscribe', subscription: 's1', resource: 'photos', where: { ownerId: 'ada' }, after: 'b' }])
  say(second, { type: 'ready', subscription: 's1', position: 'd', resumed: true })
  assert.deepEqual(told, ['reset'])
})

test('in memory mode the token is the first message, and a new one after it has run out', async () => {
  const { live, connections, session } = page('memory')
  follow(live)
  const first = await opened(connections)
  assert.deepEqual(first.said[0], { type: 'authenticate', token: 'one' })
  first.listeners.closed(4401)
  const second = await opened(connections, 1)
  assert.deepEqual([second.said[0], session.refreshes], [{ type: 'authenticate', token: 'two' }, 1])
})

test('what is refused is told with the reason and asked for no more', async () => {
  const { live, connections } = page()
  const [refused, other] = [follow(live), follow(live, { id: 'p1' })]
  const connection = await opened(connections)
  say(connection, { type: 'error', subscription: 's1', problem: { status: 403, code: 'http.insufficient_scope', title: 'No' } })
  assert.deepEqual([refused.told, other.told], [[['refused', 'http.insufficient_scope']], []])
  connection.listeners.closed(1001)
  await new Promise((done) => setTimeout(done, 600))
  const second = await opened(connections, 1)
  assert.deepEqual(
    second.said.map((message) => message['subscription']),
    ['s2'],
  )
})

test('a sign-in that is too old is told with what is missing, and another token is not tried', async () => {
  const { live, connections, session } = page('memory')
  const { told } = follow(live)
  const connection = await opened(connections)
  const problem = { status: 401, code: 'http.insufficient_authentication', title: 'No' }
  say(connection, {
    type: 'error',
    subscription: 's1',
    problem,
    challenge: 'Bearer error="insufficient_user_authentication", max_age="60"',
  })
  assert.deepEqual([told, session.refreshes], [[['refused', 'http.insufficient_authentication']], 0])
})

test('asks once more with a new token before it takes no for an answer', async () => {
  const { live, connections, session } = page('memory')
  const { told } = follow(live)
  const refusal = { type: 'error', subscription: 's1', problem: { status: 401, code: 'http.unauthenticated', title: 'No' } }
  const first = await opened(connections)
  say(first, { type: 'error', problem: { status: 401, code: 'http.invalid_token', title: 'No' } })
  say(first, refusal)
  assert.deepEqual([told, first.isClosed, session.refreshes], [[], true, 0])
  const second = await opened(connections, 1)
  assert.deepEqual([second.said[0], session.refreshes], [{ type: 'authenticate', token: 'two' }, 1])
  say(second, refusal)
  assert.deepEqual(told, [['refused', 'http.unauthenticated']])
})
