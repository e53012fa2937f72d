// Resources with imports and exports on a real database, real files and a real jobs server, reached over HTTP.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Call, systemCall, type UserPrincipal } from '#kernel/call.ts'
import { type Clock, systemClock } from '#kernel/clock.ts'
import type { JobDefinition } from '#kernel/job.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { Secret } from '#kernel/secret.ts'
import type { Database } from '../../src/database/contract.ts'
import { filesServer } from '../../src/files/server.ts'
import { jobsServer } from '../../src/jobs/server.ts'
import type { ResourceDefinition } from '../../src/resource/contract.ts'
import { resource } from '../../src/resource/definition.ts'
import { type ResourceServer, resourceServer } from '../../src/resource/server.ts'
import type { ImportView } from '../../src/resource/transfer/contract.ts'
import type { TransferSettings } from '../../src/resource/transfer/part.ts'
import { SITES } from '../support/data-world.ts'
import { type Reply, send } from '../support/http.ts'
import { PRINCIPAL, startRoleHost } from '../support/role-host.ts'
import { scenarioDatabase } from '../support/scenario-database.ts'

/** Files of 100 MB take their time on a machine that is busy. */
const PATIENCE_MS = 90_000

export const scopes = { read: 'books:read', write: 'books:write' }

/** Something of every kind that a cell can become. */
export const books = resource('books', {
  schema: z.strictObject({
    title: z.string().min(1).max(200),
    isbn: z.string().max(20).optional(),
    pages: z.int().min(1).max(10_000).optional(),
    price: z.number().optional(),
    lent: z.boolean().optional(),
    bought: z.iso.date().optional(),
    readAt: z.iso.datetime().optional(),
    shelf: z.enum(['fiction', 'science']).optional(),
    tags: z.array(z.string().max(50)).max(10).optional(),
    size: z.strictObject({ width: z.number(), height: z.number() }).optional(),
    note: z.string().max(2000).optional(),
  }),
  indexes: {
    byOwner: { fields: ['ownerId', 'createdAt'] },
    byShelf: { fields: ['ownerId', 'shelf', 'createdAt'] },
    isbn: { fields: ['isbn'], unique: true },
  },
  access: [
    { who: 'user', may: ['create'] },
    { who: 'owner', may: ['list', 'get', 'update', 'delete'] },
  ],
  scopes,
})

export function reader(accountId: string, parts: Partial<UserPrincipal> = {}): UserPrincipal {
  return {
    kind: 'user',
    accountId,
    sessionId: `sid-${accountId}`,
    clientId: 'diary',
    firstParty: true,
    scopes: Object.values(scopes),
    ...parts,
  }
}

export const anna = reader('anna')
export const ben = reader('ben')

export interface Ask {
  readonly as?: UserPrincipal
  readonly type?: string
  readonly body?: string | Uint8Array
  readonly json?: unknown
}

export interface TransferWorld {
  readonly database: Database
  readonly server: ResourceServer
  readonly jobs: readonly JobDefinition[]
  readonly port: number
  ask(method: string, path: string, ask?: Ask): Promise<Reply>
  /** Sends a file and waits for its end. */
  imported(body: string | Uint8Array, options?: { as?: UserPrincipal; type?: string; query?: string; into?: string }): Promise<ImportView>
  ended(view: ImportView, as?: UserPrincipal): Promise<ImportView>
  rejects(view: ImportView, format?: 'csv' | 'ndjson', as?: UserPrincipal): Promise<string>
  /** All objects of a person, in order of creation, without what the platform adds. */
  objects(as?: UserPrincipal, name?: string): Promise<Record<string, unknown>[]>
  /** Names of the files that imports keep; after a while, since a file goes when it is told already that its import has ended. */
  kept(): Promise<string[]>
}

export interface WorldParts {
  readonly resources?: readonly ResourceDefinition[]
  readonly transfer?: Partial<TransferSettings>
  readonly clock?: Clock
  /** Without a jobs server nothing goes on by itself. */
  readonly jobs?: false
}

export async function transferWorld(t: TestContext, parts: WorldParts = {}): Promise<TransferWorld> {
  const { resources = [books], clock = systemClock, transfer = {} } = parts
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-transfer-'))
  const logger = createLogger({ level: 'silent' })
  const keyRing = createKeyRing(new Secret(randomBytes(32).toString('base64url')))
  const database = await scenarioDatabase({ clock, logger })
  const files = filesServer.create({
    database: database.contract,
    keyRing,
    clock,
    logger,
    settings: { folder: join(folder, 'files'), buckets: [], sites: SITES },
  })
  const spool = join(folder, 'imports')
  const declared = Object.fromEntries(resources.flatMap(({ scopes: own }) => Object.values(own).map((scope) => [scope, ''])))
  const server = resourceServer.create({
    database: database.contract,
    files: files.contract,
    keyRing,
    clock,
    logger,
    settings: { resources, buckets: [], sites: SITES, productName: 'Test', scopes: declared, transfer: { folder: spool, ...transfer } },
  })
  const jobs = jobsServer.create({
    database: database.contract,
    keyRing,
    clock,
    logger,
    definitions: [...server.jobs, ...files.jobs],
    settings: { mail: { from: 'x@x.test' }, productName: 'x', sites: SITES, development: true, worker: { pollMs: 20 } },
  })
  const servers = [database, files, server, ...(parts.jobs === false ? [] : [jobs])]
  for (const each of servers) await each.start()
  const host = await startRoleHost(server.routes)
  t.after(async () => {
    await host.stop()
    for (const each of servers.toReversed()) await each.stop()
    await rm(folder, { recursive: true, force: true })
    assert.deepEqual(host.undeclared, [])
  })

  const ask = (method: string, path: string, { as = anna, type, body, json }: Ask = {}): Promise<Reply> => {
    const content = json === undefined ? body : JSON.stringify(json)
    const contentType = type ?? (json === undefined ? undefined : 'application/json')
    const headers = { [PRINCIPAL]: JSON.stringify(as), ...(contentType === undefined ? {} : { 'content-type': contentType }) }
    return send({ port: host.port, host: 'test', method, path, headers, ...(content === undefined ? {} : { body: content }) })
  }
  const ended: TransferWorld['ended'] = async (view, as = anna) => {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const now: ImportView = JSON.parse((await ask('GET', view.links.self, { as })).body)
      if (now.endedAt !== undefined) return now
      assert.ok(Date.now() < deadline, `the import has not ended: ${JSON.stringify(now)}`)
      await delay(5)
    }
  }
  return {
    database: database.contract,
    server: server.contract,
    jobs: server.jobs,
    port: host.port,
    ask,
    ended,
    async imported(body, { as = anna, type = 'text/csv', query = '', into = 'books' } = {}) {
      const reply = await ask('POST', `/api/${into}/import${query}`, { as, type, body })
      assert.equal(reply.status, 202, reply.body)
      return ended(JSON.parse(reply.body), as)
    },
    async rejects(view, format = 'ndjson', as = anna) {
      const reply = await ask('GET', `${view.links.rejects}?format=${format}`, { as })
      assert.equal(reply.status, 200, reply.body)
      return reply.body
    },
    async objects(as = anna, name = 'books') {
      const call: Call = { ...systemCall('test'), principal: as }
      const items: Record<string, unknown>[] = []
      for (let after: string | undefined; ; ) {
        const page = await server.contract.list(call, name, { limit: 100, ...(after === undefined ? {} : { after }) })
        for (const { id: _id, ownerId: _owner, createdAt: _created, updatedAt: _updated, etag: _tag, ...fields } of page.items)
          items.push(fields)
        if (page.next === undefined) return items
        after = page.next
      }
    },
    async kept() {
      for (let round = 0; round < 100 && (await readdir(spool)).length > 0; round += 1) await delay(20)
      return (await readdir(spool)).toSorted()
    },
  }
}
