// Service accounts with what they need around them: organisations, a token endpoint, and a resource server that introspects.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { callAs, systemCall } from '#kernel/call.ts'
import { newId, randomToken } from '#kernel/ids.ts'
import { JOB_REQUESTED } from '#kernel/job.ts'
import { sha256 } from '#kernel/keyring.ts'
import { accountsCollection, createAccountsRepository } from '../../src/auth/accounts/repository.ts'
import type { ProtectedResourceDefinition } from '../../src/auth/clients/contract.ts'
import type { OrganisationsDefinition } from '../../src/auth/organisations/contract.ts'
import { createOrganisationsRepository } from '../../src/auth/organisations/repository.ts'
import { createOrganisations, type Organisations } from '../../src/auth/organisations/service.ts'
import { createServiceAccountsPart, type ServiceAccountsPart } from '../../src/auth/service-accounts/create.ts'
import type { Database } from '../../src/database/contract.ts'
import { claimsOf, type OauthWorld, openOauth, type Reply, send } from './oauth.ts'

export const roles = { editor: { permissions: ['photos:write'] }, staff: { permissions: [] } }
const scopes = { 'photos:read': 'see your photos', 'photos:write': 'add and change photos' }
export const ARCHIVE = 'https://archive.example.org/'
const resources: readonly ProtectedResourceDefinition[] = [
  { audience: ARCHIVE, scopes: { 'archive:read': 'read the archive' }, format: 'opaque', servers: ['archive'] },
]
export const ARCHIVE_SECRET = 'archive-secret-of-at-least-32-characters'
export const call = systemCall('test')
export const asked = callAs(call, { kind: 'anonymous' })
export const code = (name: string) => ({ code: `auth.${name}` })
export const made = { name: 'Nightly', roles: ['editor'], scopes: ['photos:read'] }

export async function assertionOf(
  clientId: string,
  privateKey: Parameters<SignJWT['sign']>[0],
  aud: string,
): Promise<Record<string, string>> {
  const assertion = new SignJWT({ jti: randomToken(), iss: clientId, sub: clientId, aud })
  return {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await assertion.setProtectedHeader({ alg: 'ES256' }).setIssuedAt().setExpirationTime('1m').sign(privateKey),
  }
}

export const claims = (reply: Reply): Readonly<Record<string, unknown>> => {
  assert.equal(reply.status, 200, reply.body)
  return claimsOf(JSON.parse(reply.body).access_token)
}

export interface ServicesWorld {
  readonly world: OauthWorld
  /** Of the database, where it is one. */
  readonly file: string
  readonly organisations: Organisations
  readonly part: ServiceAccountsPart
  /** Done once, in front of the next commit about a service account. */
  meanwhile: (() => Promise<unknown>) | undefined
  jobsRun: number
  /** Somebody, with an organisation. */
  owner(this: void, name: string): Promise<{ accountId: string; organisationId: string }>
  tokenFor(this: void, clientId: string, secret: string, form?: Record<string, string>): Promise<Reply>
  stop(): Promise<void>
}

export async function openServices(
  options: {
    /** Scopes of the app's own frontend: all unless told. */
    readonly frontend?: readonly string[]
    readonly organisations?: OrganisationsDefinition
  } = {},
): Promise<ServicesWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-services-'))
  const file = join(folder, 'main.db')
  const state: Pick<ServicesWorld, 'meanwhile' | 'jobsRun'> = { meanwhile: undefined, jobsRun: 0 }
  let parts: Pick<ServicesWorld, 'organisations' | 'part'> | undefined
  const world = await openOauth({
    definition: {
      roles,
      resources,
    },
    clients: [
      {
        clientId: 'archive',
        name: 'Archive',
        redirectUris: [],
        origins: [],
        scopes: [],
        grants: ['client_credentials'],
        authentication: { method: 'client_secret_basic', secretHashes: [sha256(ARCHIVE_SECRET)] },
      },
    ],
    file,
    services({ database, revocations, clock }) {
      const repository = createOrganisationsRepository(database)
      const accounts = createAccountsRepository(database)
      const settings = { definition: { roles: ['editor'] }, roles }
      const organisations = createOrganisations({ repository, accounts, revocations, clock, settings })
      const overtaken: Database = {
        ...database,
        async commit(...commit) {
          const act = state.meanwhile
          state.meanwhile = undefined
          await act?.()
          await database.commit(...commit)
        },
      }
      const part = createServiceAccountsPart({
        database: overtaken,
        clock,
        organisations,
        revocations,
        scopes,
        frontends: [{ scopes: options.frontend ?? Object.keys(scopes) }],
        definition: { roles, resources, ...(options.organisations && { organisations: options.organisations }) },
      })
      parts = { organisations, part }
      return part.services
    },
  })
  assert.ok(parts)
  const { organisations, part } = parts
  world.database.subscribe({
    consumer: 'test-jobs',
    topics: [JOB_REQUESTED],
    async handle(events) {
      for (const { data } of events) {
        const { name, input } = Object(data)
        const wanted = part.jobs.find((job) => job.name === name)
        await wanted?.handle({ call, jobId: name, attempt: 1 }, input)
        state.jobsRun += Number(wanted !== undefined)
      }
    },
  })
  return Object.assign(state, {
    world,
    file,
    organisations,
    part,
    async owner(name: string) {
      const now = Date.now()
      const accountId = newId(now)
      await world.database
        .collection(accountsCollection)
        .insert(call, { id: accountId, email: `${accountId}@example.org`, name, emailVerifiedAt: now, createdAt: now })
      const { id } = await organisations.create(asked, { name, accountId })
      return { accountId, organisationId: id }
    },
    tokenFor: (clientId: string, secret: string, form: Record<string, string> = {}): Promise<Reply> =>
      send(world, {
        path: '/token',
        form: { grant_type: 'client_credentials', ...form },
        headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
      }),
    async stop() {
      await world.stop()
      await rm(folder, { recursive: true, force: true })
    },
  })
}
