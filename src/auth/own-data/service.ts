// Everything that is kept of a person, as a zip file that is written while it is read: however much there is, little of it is in memory.
import { Readable } from 'node:stream'
import type { Call } from '#kernel/call.ts'
import { systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import type { Throttle, ThrottleRule } from '../accounts/throttle.ts'
import type { Engine } from '../engine.ts'
import type { PersonalData } from '../leaving/personal-data.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import type { AppEntries } from './app-entries.ts'
import type { HeldFile, HeldPage, Holding, HoldingKind } from './contract.ts'
import { safePath, type ZipEntry, zipOf } from './zip.ts'

export interface OwnDataWords {
  readonly account: string
  readonly events: string
  readonly objects: (name: string) => string
  readonly files: string
  readonly sharedByMe: string
  readonly sharedWithMe: string
  readonly imports: string
  readonly app: string
}

export interface OwnData {
  /** `undefined` when the account is gone. Tells of itself before the first byte leaves. Throws `auth.too_many_tries` after a few within an hour. */
  download(
    call: Call,
    asked: { readonly accountId: string; readonly by: Whence; readonly words: OwnDataWords },
  ): Promise<Readable | undefined>
}

export interface OwnDataDependencies {
  readonly accounts: Pick<AccountsRepository, 'find' | 'tell'>
  readonly engine: Pick<Engine, 'sessions' | 'authorisedApps'>
  readonly personalData: readonly PersonalData[]
  readonly throttle: Throttle
  readonly clock: Clock
  /** What the other servers keep of people. */
  holdings(this: void): readonly Holding[]
  /** What the app keeps elsewhere. */
  readonly app?: AppEntries | undefined
}

const MINUTE = 60_000
/** Each reads everything once. */
const DOWNLOADS: ThrottleRule = { free: 5, firstWaitMs: 10 * MINUTE, longestWaitMs: 60 * MINUTE, windowMs: 60 * MINUTE }

const moment = (at: number): string => new Date(at).toISOString()

export function createOwnData(deps: OwnDataDependencies): OwnData {
  return {
    async download(call, { accountId, by, words }) {
      const account = await deps.accounts.find(call, accountId)
      if (account === undefined) return undefined
      await deps.throttle.enter(call, [{ key: `own-data:${accountId}`, rule: DOWNLOADS }])
      await deps.accounts.tell(call, [securityEventOf({ type: 'account.data_downloaded', accountId, ...by })])
      // The person is known; other servers answer the platform, and give what is this person's alone.
      const asPlatform = { ...systemCall('auth'), requestId: call.requestId, signal: call.signal }
      return zipOf(entriesOf({ deps, call: asPlatform, account, words }))
    },
  }
}

const ownText = (text: AsyncIterable<string>): Readable => Readable.from(text, { objectMode: false })

interface Writing {
  readonly deps: OwnDataDependencies
  readonly call: Call
  readonly account: Account
  readonly words: OwnDataWords
}

const EVENTS = 'securityEvents'
const PLACES = { files: 'files', sharedByMe: 'shared-by-me', sharedWithMe: 'shared-with-me', imports: 'imports' } as const
const placeOf = (holding: HoldingKind): string[] => (holding.kind === 'objects' ? ['objects', holding.resource] : [PLACES[holding.kind]])
const pathOfHolding = (holding: HoldingKind): string => `${safePath(placeOf(holding))}.json`

async function* entriesOf(writing: Writing): AsyncIterable<ZipEntry> {
  const { deps, call, account } = writing
  const { id } = account
  const at = deps.clock.now()
  const json = (path: string, write: () => AsyncIterable<string>): ZipEntry => ({
    path,
    at,
    compress: true,
    open: async () => ownText(write()),
  })
  const events = deps.personalData.find(({ name }) => name === EVENTS)
  yield json('index.json', () => indexOf(writing, at))
  yield json('account.json', () => accountOf(writing))
  if (events?.collect !== undefined) yield json('security-events.json', () => one(events.collect?.(call, id)))
  for (const holding of deps.holdings()) {
    let hasFiles = false
    const noteFiles = (): void => void (hasFiles = true)
    yield json(pathOfHolding(holding), () => held({ call, ownerId: id, holding, noteFiles }))
    // The list was read to its end before this is asked for.
    if (hasFiles) yield* filesOf(call, id, holding)
  }
  if (deps.app !== undefined) yield* deps.app(call, id)
}

async function* one(value: Promise<unknown> | undefined): AsyncIterable<string> {
  yield `${JSON.stringify((await value) ?? null, undefined, 2)}\n`
}

/** What is where, for people and for programs; described in docs/accounts.md. */
async function* indexOf({ deps, account, words }: Writing, at: number): AsyncIterable<string> {
  const others = deps.holdings().map((holding) => ({
    path: pathOfHolding(holding),
    about: holding.kind === 'objects' ? words.objects(holding.resource) : words[holding.kind],
  }))
  const app = deps.app === undefined ? [] : [{ path: 'app/', about: words.app }]
  const parts = [{ path: 'account.json', about: words.account }, { path: 'security-events.json', about: words.events }, ...others, ...app]
  const index = { format: 'ninefold-own-data', version: 1, madeAt: moment(at), accountId: account.id, parts }
  yield `${JSON.stringify(index, undefined, 2)}\n`
}

async function* accountOf({ deps: { engine, personalData }, call, account }: Writing): AsyncIterable<string> {
  const { id } = account
  yield `{\n"account": ${JSON.stringify(profileOf(account))}`
  const sessions = await engine.sessions(call, id)
  yield member(
    'sessions',
    sessions.map(({ device, signedInAt, lastUsedAt }) => ({ device, signedInAt: moment(signedInAt), lastUsedAt: moment(lastUsedAt) })),
  )
  const apps = await engine.authorisedApps(call, id)
  yield member(
    'apps',
    apps.map(({ clientId, name, scopes, since }) => ({ clientId, name, scopes: scopes.map((scope) => scope.name), since: moment(since) })),
  )
  for (const { name, collect } of personalData) if (collect !== undefined && name !== EVENTS) yield member(name, await collect(call, id))
  yield '\n}\n'
}

const member = (name: string, value: unknown): string => `,\n${JSON.stringify(name)}: ${JSON.stringify(value)}`

async function* pagesOf(call: Call, ownerId: string, { page }: Holding): AsyncIterable<HeldPage> {
  let after: string | undefined
  do {
    const found = await page(call, ownerId, after)
    yield found
    after = found.next
  } while (after !== undefined)
}

const pathOfFile = (holding: HoldingKind, { path }: HeldFile): string => safePath([...placeOf(holding), ...path])

interface Listing {
  readonly call: Call
  readonly ownerId: string
  readonly holding: Holding
  noteFiles(this: void): void
}

async function* held({ call, ownerId, holding, noteFiles }: Listing): AsyncIterable<string> {
  let before = '['
  for await (const { items, files = [] } of pagesOf(call, ownerId, holding)) {
    if (files.some((file) => file !== undefined)) noteFiles()
    for (const [index, item] of items.entries()) {
      const file = files[index]
      const shown = file === undefined || typeof item !== 'object' ? item : { ...item, path: pathOfFile(holding, file) }
      yield `${before}\n${JSON.stringify(shown)}`
      before = ','
    }
  }
  yield before === '[' ? '[]\n' : '\n]\n'
}

async function* filesOf(call: Call, ownerId: string, holding: Holding): AsyncIterable<ZipEntry> {
  for await (const { files = [] } of pagesOf(call, ownerId, holding))
    for (const file of files) {
      // Removed since the list was read: its entry says so by being missing.
      const content = await file?.open(call)
      if (file === undefined || content === undefined) continue
      yield { path: pathOfFile(holding, file), at: file.createdAt, compress: file.isText === true, open: async () => content }
    }
}

function profileOf(account: Account): unknown {
  const { id, email, name, language, emailVerifiedAt, createdAt, roles, groups, activeOrganisation, deletionAt, deletion, password } =
    account
  return {
    id,
    email,
    name,
    language: language ?? null,
    emailVerifiedAt: emailVerifiedAt === undefined ? null : moment(emailVerifiedAt),
    createdAt: moment(createdAt),
    roles: roles ?? [],
    groups: groups ?? [],
    activeOrganisation: activeOrganisation?.id ?? null,
    deletionAt: deletionAt === undefined ? null : moment(deletionAt),
    // Without the addresses that are kept with it: one that an operator has offered the account to is none of a thief's business.
    deletion: deletion === undefined ? null : { requestedAt: moment(deletion.requestedAt), byOperator: deletion.byOperator === true },
    // The hash opens nothing for its owner, and would open a guess for whoever finds the file.
    hasPassword: password !== undefined,
  }
}
