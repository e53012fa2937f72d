// The resource server behind the real gateway, on a real database, with people who follow things by event stream and by WebSocket.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { callAs, systemCall } from '#kernel/call.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { z } from '#kernel/schema.ts'
import type { Database } from '../../src/database/contract.ts'
import { scenarioDatabase } from './scenario-database.ts'
import { filesServer } from '../../src/files/server.ts'
import type { GatewaySettings } from '../../src/gateway/settings.ts'
import type { ResourceDefinition, ResourceObject, Resources } from '../../src/resource/contract.ts'
import { resource } from '../../src/resource/definition.ts'
import { resourceServer } from '../../src/resource/server.ts'
import { openWorld, sites, token, type World } from '../http/gateway-support.ts'
import { person } from './data-world.ts'
import { until } from './until.ts'

const scopes = { read: 'photos:read', write: 'photos:write' }

/** Private to their owner, unless shared; then others see the title and nothing else. */
export const notes = resource('notes', {
  schema: z.strictObject({ title: z.string().max(200_000), shared: z.boolean().default(false), secret: z.string().optional() }),
  indexes: {
    byOwner: { fields: ['ownerId', 'createdAt'] },
    byOwnerShared: { fields: ['ownerId', 'shared', 'createdAt'] },
    byShared: { fields: ['shared', 'createdAt'] },
  },
  scopes,
  access: [
    { who: 'user', may: ['create'] },
    { who: 'owner', may: ['list', 'get', 'update', 'delete'] },
    { who: 'anyone', may: ['list', 'get'], where: { shared: true }, fields: ['title', 'shared'] },
  ],
})

export interface RealtimeWorld extends World {
  readonly database: Database
  readonly resources: Resources
  as(accountId: string): Writer
  share(owner: string, name: string, share: { id: string; accountId: string; may: 'read' | 'write' | 'nothing' }): Promise<void>
  /** A token of that person, as a program has it. */
  token(accountId: string, claims?: object): Promise<string>
  follow(path: string, headers?: Readonly<Record<string, string>>): Promise<Stream>
  connect(headers?: Readonly<Record<string, string>>): Promise<Socket>
}

export interface Writer {
  create(input: object, name?: string): Promise<ResourceObject>
  update(id: string, input: object, name?: string): Promise<ResourceObject>
  delete(id: string): Promise<void>
}

interface WorldParts {
  readonly resources?: readonly ResourceDefinition[]
  readonly settings?: Partial<GatewaySettings>
}

export async function realtimeWorld(t: TestContext, parts: WorldParts = {}): Promise<RealtimeWorld> {
  const clock = { now: () => Date.now() }
  const logger = createLogger({ level: 'silent' })
  const keyRing = createKeyRing(new Secret(randomBytes(32).toString('base64url')))
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-realtime-'))
  const database = await scenarioDatabase({ clock, logger })
  const common = { database: database.contract, keyRing, clock, logger }
  const files = filesServer.create({ ...common, settings: { folder, buckets: [], sites } })
  const settings = {
    resources: parts.resources ?? [notes],
    buckets: [],
    sites,
    productName: 'Test',
    scopes: { 'photos:read': '', 'photos:write': '' },
  }
  const data = resourceServer.create({ ...common, files: files.contract, settings })
  for (const server of [database, files, data]) await server.start()
  const world = await openWorld({ routes: data.routes, settings: { rateLimits: { api: 'off' }, ...parts.settings } })
  const open: { close(): void }[] = []
  t.after(async () => {
    for (const each of open) each.close()
    await world.stop()
    for (const server of [data, files, database]) await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    ...world,
    database: database.contract,
    resources: data.contract,
    async share(owner, name, { id, accountId, may }) {
      const call = callAs(systemCall('test'), person(owner))
      if (may === 'nothing') await data.contract.shares.remove(call, name, { id, accountId })
      else await data.contract.shares.put(call, name, { id, accountId, may })
    },
    as: (accountId) => writerFor(data.contract, accountId),
    token: (accountId, claims = {}) =>
      token({ sub: accountId, client_id: 'diary', sid: `sid-${accountId}`, scope: 'photos:read photos:write', ...claims }),
    async follow(path, headers = {}) {
      const stream = await Stream.open(world.port, path, headers)
      open.push(stream)
      return stream
    },
    async connect(headers = {}) {
      const socket = await Socket.open(world.port, headers)
      open.push(socket)
      return socket
    },
  }
}

function writerFor(resources: Resources, accountId: string): Writer {
  const call = callAs(systemCall('test'), person(accountId))
  return {
    create: async (input, name = 'notes') => (await resources.create(call, name, input)).object,
    update: async (id, input, name = 'notes') => (await resources.update(call, name, { id, input })).object,
    delete: (id) => resources.delete(call, 'notes', { id }),
  }
}

export interface Told {
  readonly id: string | undefined
  readonly event: string | undefined
  readonly data: Record<string, unknown>
}

/** An event stream, as a program without any library reads it. */
export class Stream {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** The newest id, as a browser would send it back. */
  lastId: string | undefined
  readonly told: Told[] = []
  text = ''
  ended = false
  readonly #request: ClientRequest
  readonly #response: IncomingMessage

  constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request
    this.#response = response
    this.status = response.statusCode ?? 0
    this.headers = response.headers
    let rest = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk
      const blocks = (rest + chunk).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) this.#take(block)
    })
    response.once('end', () => {
      this.ended = true
    })
    response.on('error', () => {
      this.ended = true
    })
  }

  static open(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<Stream> {
    return new Promise((done, failed) => {
      const host = new URL(sites.app).host
      const request = httpRequest({ host: '127.0.0.1', port, path, headers: { host, ...headers }, agent: false })
      request.once('response', (response) => done(new Stream(request, response)))
      request.on('error', failed)
      request.end()
    })
  }

  /** Waits for so many messages and gives their kinds. */
  async kinds(count: number): Promise<(string | undefined)[]> {
    await until(`${count} messages of the stream, not ${JSON.stringify(this.told)}`, () => this.told.length >= count)
    return this.told.map(({ event }) => event)
  }

  pause(): void {
    this.#response.pause()
  }

  resume(): void {
    this.#response.resume()
  }

  close(): void {
    this.#request.destroy()
  }

  #take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]),
    )
    this.lastId = fields.get('id') ?? this.lastId
    const data = fields.get('data')
    if (data !== undefined)
      this.told.push({ id: fields.get('id'), event: fields.get('event'), data: JSON.parse(data) as Record<string, unknown> })
  }
}

export type SocketMessage = Readonly<Record<string, unknown>> & { readonly type: string }

export class Socket {
  readonly webSocket: WebSocket
  /** The status that refused the handshake. */
  refused: number | undefined
  refusal = ''
  readonly messages: SocketMessage[] = []
  code: number | undefined
  closedAt = 0

  constructor(webSocket: WebSocket) {
    this.webSocket = webSocket
    webSocket.on('message', (data: Buffer) => this.messages.push(JSON.parse(data.toString()) as SocketMessage))
    webSocket.on('error', () => {})
    webSocket.on('close', (code) => {
      this.code = code
      this.closedAt = Date.now()
    })
  }

  static async open(port: number, headers: Readonly<Record<string, string>>): Promise<Socket> {
    const { protocol, ...rest } = headers
    const host = new URL(sites.app).host
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}/api/realtime`, protocol === undefined ? [] : protocol.split(' '), {
      headers: { host, ...rest },
    })
    const socket = new Socket(webSocket)
    const answered = new Promise<void>((done) => {
      webSocket.once('open', done)
      webSocket.once('unexpected-response', (request, response) => {
        socket.refused = response.statusCode
        response.setEncoding('utf8').on('data', (chunk: string) => {
          socket.refusal += chunk
        })
        response.once('end', () => {
          request.destroy()
          done()
        })
      })
    })
    await answered
    return socket
  }

  send(message: object | string): void {
    this.webSocket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  async next(what: string, matches: (message: SocketMessage) => boolean): Promise<SocketMessage> {
    return await until(`${what}, not ${JSON.stringify(this.messages).slice(0, 2000)}`, () => this.messages.find(matches))
  }

  async closed(): Promise<number> {
    if (this.code === undefined) await once(this.webSocket, 'close')
    assert.ok(this.code !== undefined)
    return this.code
  }

  close(): void {
    this.webSocket.terminate()
  }
}

/** Nothing more comes within a moment: long enough for an event to pass through. */
export async function quiet(count: () => number): Promise<void> {
  const before = count()
  await new Promise((done) => setTimeout(done, 120))
  assert.equal(count(), before)
}
