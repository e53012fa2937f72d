// The resource and files servers on a real database in memory and a real folder, with people who ask.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemCall, type UserPrincipal } from '#kernel/call.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import type { Sites } from '#kernel/sites.ts'
import type { Database, StoredEvent } from '../../src/database/contract.ts'
import type { BucketDefinition, Files } from '../../src/files/contract.ts'
import { filesServer } from '../../src/files/server.ts'
import type { ResourceDefinition, ResourceEvent } from '../../src/resource/contract.ts'
import { type ResourceServer, resourceServer } from '../../src/resource/server.ts'
import { type TestClock, testClock } from './database.ts'
import { type Reply, type Send, send } from './http.ts'
import { PRINCIPAL, SITE, startRoleHost } from './role-host.ts'
import { scenarioDatabase } from './scenario-database.ts'

export const SITES: Sites = {
  accounts: 'http://accounts.localhost:4000',
  app: 'http://diary.localhost:4000',
  files: 'http://files.localhost:4000',
  console: 'http://console.localhost:4000',
  frontends: { diary: 'http://diary.localhost:4000' },
}

export function person(accountId: string, parts: Partial<UserPrincipal> = {}): UserPrincipal {
  const scopes = ['photos:read', 'photos:write', 'notes:read', 'notes:write']
  return { kind: 'user', accountId, sessionId: `sid-${accountId}`, clientId: 'diary', firstParty: true, scopes, ...parts }
}

export interface Ask {
  readonly as?: UserPrincipal | { readonly kind: 'operator'; readonly sessionId: string }
  readonly site?: 'app' | 'files'
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly body?: string | Uint8Array
}

export interface DataWorld {
  readonly clock: TestClock
  readonly database: Database
  readonly files: Files
  readonly resources: ResourceServer
  readonly port: number
  /** Every event of every resource, oldest first. */
  readonly events: readonly ResourceEvent[]
  ask(method: string, path: string, ask?: Ask): Promise<Reply>
  /** The paths of all blobs and half-written uploads. */
  stored(): Promise<string[]>
  runJob(name: string): Promise<void>
}

export interface WorldParts {
  readonly resources?: readonly ResourceDefinition[]
  readonly buckets?: readonly BucketDefinition[]
  readonly scopes?: Readonly<Record<string, string>>
  readonly roles?: Readonly<Record<string, { readonly permissions: readonly string[] }>>
}

export async function dataWorld(t: TestContext, parts: WorldParts): Promise<DataWorld> {
  const clock = testClock(Date.UTC(2026, 10, 23, 12))
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-data-'))
  const logger = createLogger({ level: 'silent' })
  const keyRing = createKeyRing(new Secret(randomBytes(32).toString('base64url')))
  const { resources = [], buckets = [], scopes = { 'photos:read': '', 'photos:write': '', 'notes:read': '', 'notes:write': '' } } = parts
  const database = await scenarioDatabase({ clock, logger })
  const files = filesServer.create({ database: database.contract, keyRing, clock, logger, settings: { folder, buckets, sites: SITES } })
  const settings = { resources, buckets, sites: SITES, productName: 'Test', scopes, roles: parts.roles }
  const resource = resourceServer.create({ database: database.contract, files: files.contract, keyRing, clock, logger, settings })
  const servers = [database, files, resource]
  for (const server of servers) await server.start()
  const host = await startRoleHost([...files.routes, ...resource.routes])
  const events: ResourceEvent[] = []
  const record = async (stored: readonly StoredEvent[]): Promise<void> => {
    events.push(...stored.map((event) => event.data as unknown as ResourceEvent))
  }
  database.contract.subscribe({ consumer: 'test', topics: resources.map(({ name }) => `resource.${name}`), handle: record })
  t.after(async () => {
    await host.stop()
    for (const server of servers.toReversed()) await server.stop()
    await rm(folder, { recursive: true, force: true })
    assert.deepEqual(host.undeclared, [])
  })
  return {
    clock,
    events,
    database: database.contract,
    files: files.contract,
    resources: resource.contract,
    port: host.port,
    ask: (method, path, ask = {}) => send({ port: host.port, host: 'test', method, path, ...requestOf(ask) }),
    async stored() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    },
    async runJob(name) {
      const job = files.jobs.find((definition) => definition.name === name)
      assert.ok(job !== undefined, name)
      await job.handle({ call: systemCall('test'), jobId: 'test', attempt: 1 }, {})
    },
  }
}

function requestOf({ as, site = 'app', headers = {}, json, body }: Ask): Pick<Send, 'headers'> & { body?: string | Uint8Array } {
  const who = as === undefined ? {} : { [PRINCIPAL]: JSON.stringify(as) }
  const type = json === undefined ? {} : { 'content-type': 'application/json' }
  const content = json === undefined ? body : JSON.stringify(json)
  return { headers: { [SITE]: site, ...who, ...type, ...headers }, ...(content === undefined ? {} : { body: content }) }
}

/** A JPEG of one grey pixel, with as many bytes of image data as asked. */
export function jpeg(padding = 0): Buffer {
  const base =
    '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AR//Z'
  const bytes = Buffer.from(base, 'base64')
  return Buffer.concat([bytes.subarray(0, -2), Buffer.alloc(padding, 'x'), bytes.subarray(-2)])
}
