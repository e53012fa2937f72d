// The data servers behind the real gateway, with people whose tokens are really signed: what the authorisation matrix asks.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemCall } from '#kernel/call.ts'
import type { Route } from '#kernel/http/route.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import type { BucketDefinition } from '../../src/files/contract.ts'
import { filesServer } from '../../src/files/server.ts'
import type { ResourceDefinition, Resources } from '../../src/resource/contract.ts'
import { resourceServer } from '../../src/resource/server.ts'
import { type Answered, ask, openWorld, seconds, sites, token } from '../http/gateway-support.ts'
import { testClock } from './database.ts'
import { SCOPES } from './matrix-app.ts'
import type { Asker } from './matrix-oracle.ts'
import { scenarioDatabase } from './scenario-database.ts'

export interface MatrixWorld {
  readonly resources: Resources
  /** Routes of the data servers. */
  readonly routes: readonly Route[]
  /** Over HTTP, through every step of the gateway but the rate limit. */
  ask(
    asker: Asker,
    request: { readonly method: string; readonly path: string; readonly json?: unknown; readonly body?: Buffer },
  ): Promise<Answered>
  stop(): Promise<void>
}

const EVERY_SCOPE = Object.keys(SCOPES)
const READS = EVERY_SCOPE.filter((scope) => scope.endsWith(':read'))

function asker(name: string, parts: Partial<Asker> = {}): Asker {
  return { name, kind: 'person', account: name, clientId: 'diary', scopes: EVERY_SCOPE, roles: [], groups: [], ...parts }
}

export const OWNER = asker('owner')

export const ASKERS: readonly Asker[] = [
  asker('nobody', { kind: 'nobody', account: '' }),
  asker('operator', { kind: 'operator', account: '' }),
  OWNER,
  asker('other'),
  asker('reader'),
  asker('writer'),
  asker('member', { groups: ['team-1'] }),
  asker('member-of-two', { groups: ['team-1', 'team-2'] }),
  asker('stranger-to-the-team', { groups: ['team-3'] }),
  asker('editor', { roles: ['editor'] }),
  asker('admin', { roles: ['admin'] }),
  asker('editor-in-the-team', { roles: ['editor'], groups: ['team-1'] }),
  asker('named-like-a-role', { groups: ['admin', 'editor'], roles: ['team-1', 'owner', 'user'] }),
  asker('owner by an app that reads', { account: 'owner', clientId: 'printshop', scopes: READS }),
  asker('owner by an app that writes', {
    account: 'owner',
    clientId: 'printshop',
    scopes: EVERY_SCOPE.filter((scope) => !READS.includes(scope)),
  }),
  asker('owner by an app with both', { account: 'owner', clientId: 'printshop' }),
  asker('owner by an app that cannot delete', {
    account: 'owner',
    clientId: 'printshop',
    scopes: EVERY_SCOPE.filter((scope) => scope !== 'docs:delete'),
  }),
  asker('owner by an app with other scopes', {
    account: 'owner',
    clientId: 'printshop',
    scopes: ['docs', 'docs:read:all', 'openid', 'admin'],
  }),
  asker('admin by an app', { account: 'admin', clientId: 'printshop', roles: ['admin'] }),
  asker('admin by an app that is not told roles', { account: 'admin', clientId: 'printshop' }),
  asker('admin by an app that reads', { account: 'admin', clientId: 'printshop', roles: ['admin'], scopes: READS }),
  asker('owner whose token was revoked', { account: 'owner', kind: 'ended' }),
]

export async function openMatrixWorld(
  resourceDefinitions: readonly ResourceDefinition[],
  buckets: readonly BucketDefinition[] = [],
): Promise<MatrixWorld> {
  const clock = testClock(Date.now())
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-matrix-'))
  const logger = createLogger({ level: 'silent' })
  const keyRing = createKeyRing(new Secret(randomBytes(32).toString('base64url')))
  const database = await scenarioDatabase({ clock, logger })
  const files = filesServer.create({ database: database.contract, keyRing, clock, logger, settings: { folder, buckets, sites } })
  const settings = { resources: resourceDefinitions, buckets, sites, productName: 'Matrix', scopes: SCOPES }
  const resource = resourceServer.create({ database: database.contract, files: files.contract, keyRing, clock, logger, settings })
  const servers = [database, files, resource]
  for (const server of servers) await server.start()
  const routes = [...files.routes, ...resource.routes]
  const gateway = await openWorld({ routes, bare: true, choose: (steps) => steps.filter(({ name }) => name !== 'rate limit') })
  const tokens = new Map<Asker, Promise<string>>()
  const cookie = '__Host-Http-operator=AAAA'
  return {
    resources: resource.contract,
    routes: resource.routes,
    async ask(who, { method, path, json, body }) {
      const authority = await authorityOf(who)
      const type: Record<string, string> =
        json === undefined ? (body === undefined ? {} : { 'content-type': 'image/jpeg' }) : { 'content-type': 'application/json' }
      const text = json === undefined ? body : JSON.stringify(json)
      const size: Record<string, string> = text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }
      return ask(gateway, {
        method,
        path,
        headers: { ...authority, ...type, ...size },
        ...(text === undefined ? {} : { body: text as string }),
      })
    },
    async stop() {
      await gateway.stop()
      for (const server of servers.toReversed()) await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }

  async function authorityOf(who: Asker): Promise<Record<string, string>> {
    if (who.kind === 'nobody') return {}
    if (who.kind === 'operator') return { cookie }
    const known = tokens.get(who) ?? signed(who)
    tokens.set(who, known)
    return { authorization: `Bearer ${await known}` }
  }

  async function signed(who: Asker): Promise<string> {
    const sid = `sid of ${who.name}`
    if (who.kind === 'ended') gateway.auth.revoke({ kind: 'session', subject: sid, before: seconds() })
    const { roles, groups } = who
    const made = await token({
      sub: who.account,
      sid,
      client_id: who.clientId,
      scope: who.scopes.join(' '),
      exp: seconds() + 3600,
      ...(roles.length === 0 ? {} : { roles }),
      ...(groups.length === 0 ? {} : { groups }),
    })
    // The gateway reads the list of what has ended every few hundred milliseconds.
    if (who.kind === 'ended') await new Promise((done) => setTimeout(done, 1000))
    return made
  }
}

export const system = systemCall('matrix')
