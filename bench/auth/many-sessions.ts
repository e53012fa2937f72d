// Any number of sessions as the product itself stores them: rows that one person's sign-in has left, made again for others by the same vault and the same
// documents, and put in by the way that rows move house. Each is computed from its number, so that a load generator knows all of them and remembers none.
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCall } from '#kernel/call.ts'
import { systemClock } from '#kernel/clock.ts'
import type { CollectionDefinition, Document } from '#kernel/collection.ts'
import { createKeyRing, type KeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { type Account } from '../../src/auth/accounts/schemas.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { createLastingSecret } from '../../src/auth/keys/lasting-secret.ts'
import {
  type GrantRecord,
  grantsCollection,
  type RefreshTokenRecord,
  refreshTokensCollection,
  type SessionRecord,
  sessionsCollection,
} from '../../src/auth/provider/collections.ts'
import type { CookieSigner } from '../../src/auth/provider/cookie-signer.ts'
import { recordId, sidOf } from '../../src/auth/provider/ids.ts'
import { createRefreshValues, REFRESH_SECRET, type RefreshValues } from '../../src/auth/provider/refresh-values.ts'
import { createVault, type Vault } from '../../src/auth/provider/vault.ts'
import { createCodec } from '../../src/database/document.ts'
import { engineFor } from '../../src/database/engines.ts'
import { layoutOf } from '../../src/database/layout.ts'
import type { Engine, WholeRow } from '../../src/database/ports.ts'
import { databaseServer } from '../../src/database/server.ts'
import { SHOP } from './app/ninefold.config.ts'

export const SESSIONS_EACH = 4
const BATCH = 20_000
const DAY_MS = 86_400_000
const SPREAD_DAYS = 13

type Payload = ReturnType<Vault['open']> & object

interface Template {
  readonly account: Account
  readonly session: SessionRecord
  readonly sessionPayload: Payload
  readonly grant: GrantRecord
  readonly grantPayload: Payload
  readonly token: RefreshTokenRecord
  readonly tokenPayload: Payload
  readonly values: RefreshValues
}

export interface Names {
  readonly accountId: string
  readonly uid: string
  readonly cookie: string
  readonly grantId: string
  /** What its refresh token is made from. */
  readonly family: string
}

/** What the session of this number is called by. */
export function namesOf(index: number): Names {
  const of = (kind: string): string => createHmac('sha256', kind).update(String(index)).digest('base64url')
  const person = Math.floor(index / SESSIONS_EACH)
  return {
    accountId: `01seed${String(person).padStart(20, '0')}`,
    uid: of('uid'),
    cookie: of('cookie'),
    grantId: of('grant'),
    family: of('token'),
  }
}

/** The one that counts until it is used. */
export function refreshTokenOf(values: RefreshValues, { family }: Names): string {
  return values.successorOf(family)
}

export function keyRingOf(dataDir: string): KeyRing {
  return createKeyRing(new Secret(readFileSync(join(dataDir, 'keys', 'master.key'), 'utf8').trim()))
}

/** What the browser of a session sends. */
export function sessionCookie(signer: CookieSigner, { cookie }: Names): string {
  const pair = `__Host-session=${cookie}`
  return `${pair}; __Host-session.sig=${signer.sign(pair)}`
}

const call = systemCall('bench')

function opened(vault: Vault, collection: string, { id, payload }: { readonly id: string; readonly payload: string }): Payload {
  const found = vault.open({ collection, id }, payload)
  if (found === undefined) throw new Error(`the payload of ${collection}/${id} does not open`)
  return found
}

async function templateOf(engine: Engine, keyRing: KeyRing, email: string): Promise<Template> {
  const vault = createVault(keyRing)
  const database = databaseServer.create({ engine, clock: systemClock, logger: createLogger({ level: 'silent' }) })
  const [accounts, sessions] = [database.contract.collection(accountsCollection), database.contract.collection(sessionsCollection)]
  const [grants, tokens] = [database.contract.collection(grantsCollection), database.contract.collection(refreshTokensCollection)]
  const values = createRefreshValues(createLastingSecret({ database: database.contract, keyRing, clock: systemClock }, REFRESH_SECRET))
  await database.start()
  try {
    await values.load(call)
    const account = (await accounts.getByKey(call, 'email', { email }))?.value
    if (account === undefined) throw new Error(`${email} has no account`)
    const where = { accountId: account.id }
    const session = (await sessions.list(call, { index: 'account', where, limit: 1 })).items[0]?.value
    const grant = (await grants.list(call, { index: 'account', where: { ...where, clientId: SHOP }, limit: 1 })).items[0]?.value
    const token = (await tokens.list(call, { index: 'grant', where: { grant: grant?.id ?? '' }, limit: 1 })).items[0]?.value
    if (session === undefined || grant === undefined || token === undefined) throw new Error(`${email} has not signed in`)
    return {
      account,
      session,
      sessionPayload: opened(vault, sessionsCollection.name, session),
      grant,
      grantPayload: opened(vault, grantsCollection.name, grant),
      token,
      tokenPayload: opened(vault, refreshTokensCollection.name, token),
      values,
    }
  } finally {
    await database.stop()
  }
}

interface Rows {
  readonly account: Account | undefined
  readonly session: SessionRecord
  readonly grant: GrantRecord
  readonly token: RefreshTokenRecord
}

/** All rows of one session; those of its person with the first one. */
function rowsOf(template: Template, vault: Vault, { index, expiresAt }: { readonly index: number; readonly expiresAt?: number }): Rows {
  const names = namesOf(index)
  const { accountId, uid, cookie, grantId } = names
  const sid = sidOf(grantId)
  const { family: tokenId, generation } = template.values.read(refreshTokenOf(template.values, names)) ?? {}
  if (tokenId === undefined) throw new Error('the refresh token of a session is not read by who made it')
  const laterMs = (index % SPREAD_DAYS) * DAY_MS + (index % 1000) * 60_000
  const place = (collection: { readonly name: string }, id: string): { collection: string; id: string } => ({
    collection: collection.name,
    id,
  })
  const authorizations = { [SHOP]: { grantId, persistsLogout: true } }
  const common = { accountId, sessionUid: uid }
  return {
    account:
      index % SESSIONS_EACH === 0
        ? { ...template.account, id: accountId, email: `${accountId}@example.com`, name: `Person ${index}` }
        : undefined,
    session: {
      ...template.session,
      id: uid,
      cookieHash: recordId(cookie),
      accountId,
      payload: vault.seal(place(sessionsCollection, uid), { ...template.sessionPayload, accountId, uid, jti: cookie, authorizations }),
      expiresAt: expiresAt ?? template.session.expiresAt + laterMs,
    },
    grant: {
      ...template.grant,
      ...common,
      id: sid,
      payload: vault.seal(place(grantsCollection, sid), { ...template.grantPayload, accountId }),
      expiresAt: expiresAt ?? template.grant.expiresAt + laterMs,
    },
    token: {
      ...template.token,
      id: tokenId,
      generation,
      grant: sid,
      payload: vault.seal(place(refreshTokensCollection, tokenId), { ...template.tokenPayload, ...common, grantId, sid }),
      expiresAt: expiresAt ?? template.token.expiresAt + laterMs,
    },
  }
}

function loaderOf<T extends Document>(engine: Engine, definition: CollectionDefinition<T>): (documents: readonly T[]) => Promise<void> {
  const codec = createCodec(definition, layoutOf(definition), engine.form)
  return async (documents) => {
    const rows: WholeRow[] = documents
      .map((document) => ({ id: document.id, version: 1, ...codec.encode(document).stored }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    if (rows.length > 0) await engine.load({ kind: 'rows', collection: definition.name, rows })
  }
}

export interface Seeding {
  readonly url: string
  readonly dataDir: string
  /** Whose rows are the pattern: signed in, and with tokens of the client with a secret. */
  readonly email: string
  readonly count: number
  /** Of these, the last ones are gone at a moment that is asked for when their turn comes. */
  readonly expiring: { readonly count: number; at(): number }
}

/** While no platform runs on the database. The answer is what the refresh tokens are made with. */
export async function seedSessions({ url, dataDir, email, count, expiring }: Seeding): Promise<RefreshValues> {
  const make = (): Promise<Engine> => engineFor(url, { logger: createLogger({ level: 'silent' }), durability: 'relaxed' })
  const keyRing = keyRingOf(dataDir)
  const vault = createVault(keyRing)
  const template = await templateOf(await make(), keyRing, email)
  const engine = await make()
  const layouts = [
    layoutOf(accountsCollection),
    layoutOf(sessionsCollection),
    layoutOf(grantsCollection),
    layoutOf(refreshTokensCollection),
  ]
  await engine.start(layouts.map((layout) => ({ layout })))
  const load = {
    accounts: loaderOf(engine, accountsCollection),
    sessions: loaderOf(engine, sessionsCollection),
    grants: loaderOf(engine, grantsCollection),
    tokens: loaderOf(engine, refreshTokensCollection),
  }
  try {
    let loading: Promise<unknown> = Promise.resolve()
    let expiresAt: number | undefined
    for (let first = 0; first < count; first += BATCH) {
      const made = Array.from({ length: Math.min(BATCH, count - first) }, (_, offset) => {
        const index = first + offset
        if (index < count - expiring.count) return rowsOf(template, vault, { index })
        expiresAt ??= expiring.at()
        return rowsOf(template, vault, { index, expiresAt })
      })
      // The batch before is stored while this one is sealed.
      await loading
      loading = Promise.all([
        load.accounts(made.flatMap(({ account }) => account ?? [])),
        load.sessions(made.map(({ session }) => session)),
        load.grants(made.map(({ grant }) => grant)),
        load.tokens(made.map(({ token }) => token)),
      ])
    }
    await loading
    return template.values
  } finally {
    await engine.stop()
  }
}
