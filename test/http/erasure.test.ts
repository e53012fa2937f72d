// An account is deleted, and everything that is kept is searched for its owner: each table while the platform runs, each byte when it has stopped. What may
// stay, for how long and why, is in this list and in docs/accounts.md.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { type Person, signIn, signUp } from '../support/person.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { type WholePlatform, wholePlatform } from '../support/whole-platform.ts'
import { CANARY, canaryApp, type CanaryPerson, formsOfValue, liveALife } from '../support/canary-person.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface Stay {
  readonly place: string
  /** Which values; all of them unless told. */
  readonly what?: readonly string[]
  readonly why: string
  /** After the end of the account. */
  readonly forMs: number
}

const STAYS: readonly Stay[] = [
  { place: 'ninefold_events', why: 'whoever follows events may have lost the connection', forMs: 15 * MINUTE },
  {
    place: 'auth_revocations',
    what: ['accountId'],
    why: 'access tokens of the account must be refused until the last has expired',
    forMs: 15 * MINUTE,
  },
  { place: 'mailbox', why: 'mails that were sent in development can be read there; in production there is none', forMs: DAY },
  {
    place: 'jobs',
    why: 'webhooks that nobody takes are tried for a day; an operator can send them again for 30 more, and see what was said to mails that could not be delivered, which are sealed themselves',
    forMs: 31 * DAY,
  },
  { place: 'log: requests', what: ['accountId'], why: 'which account made a request, for whoever looks into an attack', forMs: 30 * DAY },
  { place: 'auth_security_events', what: ['organisation'], why: 'an organisation that has ended is told of by its name', forMs: 90 * DAY },
]

const call = systemCall('test')
let club: Upstream
let receiver: Server
let platform: WholePlatform
let friend: Person
let person: CanaryPerson
let values: Readonly<Record<string, string>> = {}
let endedAt = 0

before(async () => {
  club = await startUpstream()
  // Whoever wants no webhooks leaves them in the list of failures at once.
  receiver = createServer((_request, response) => void response.writeHead(410).end()).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const { port } = receiver.address() as AddressInfo
  platform = await wholePlatform(canaryApp({ issuer: club.issuer, receiver: `http://localhost:${port}/` }), {
    environment: { NINEFOLD_AUTH_UPSTREAM_SECRETS: JSON.stringify({ club: club.secret }) },
  })
  await platform.start()
  friend = await signUp(platform, 'friend@example.org')
  await signIn(platform, friend)
  person = await liveALife(platform, { friend, club })
  for (const email of [CANARY.firstAddress, CANARY.address]) await platform.running().auth.invite(call, email)
  values = { ...CANARY, accountId: person.accountId, totpKey: person.totpKey }
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
  await club?.stop()
  receiver?.close()
})

interface Found {
  readonly place: string
  readonly what: string
  readonly how: string
}

function search(places: ReadonlyMap<string, Buffer>): Found[] {
  const forms = Object.entries(values).flatMap(([what, value]) => [...formsOfValue(value)].map(([how, bytes]) => ({ what, how, bytes })))
  return [...places].flatMap(([place, kept]) =>
    forms.filter(({ bytes }) => kept.includes(bytes)).map(({ what, how }) => ({ place, what, how })),
  )
}

const inRows = async (): Promise<Found[]> =>
  search(new Map([...(await platform.rows())].map(([place, text]) => [place, Buffer.from(text, 'latin1')])))

/** Beside what may still be there. */
function excess(found: readonly Found[], age: number): Found[] {
  const may = ({ place, what }: Found): boolean =>
    STAYS.some((stay) => stay.place === place && age < stay.forMs && (stay.what === undefined || stay.what.includes(what)))
  return found.filter((each) => !may(each))
}

/** Time goes on in steps: what was made ready by one job is done by the next. */
async function passTo(age: number): Promise<void> {
  const step = Math.max(HOUR, (endedAt + age - platform.now()) / 10)
  while (platform.now() < endedAt + age) platform.advance(Math.min(step, endedAt + age - platform.now()))
  let left: Found[] = []
  await until(`only what may stay for longer than ${age} ms`, async () => {
    platform.advance(MINUTE)
    left = excess(await inRows(), age)
    return left.length === 0
  }).catch((error: unknown) => assert.deepEqual(summary(left), [], String(error)))
}

/** All that was deleted before is older than the last run of the jobs that write the files of SQLite anew. */
async function scrubbed(): Promise<void> {
  const inSqlite = platform.running().database.capabilities.engine === 'sqlite'
  const names = [...(inSqlite ? ['database.scrub'] : []), 'monitoring.scrub']
  for (const name of names) {
    const first = Math.floor(platform.now() / DAY) + 1
    platform.advance(DAY)
    // A run that has begun before the clock was moved takes the place of the next.
    const days = setInterval(() => platform.advance(DAY), 3000)
    const isRun = (row: string): boolean => Number(new RegExp(`"tick-${name}-(\\d+)"`).exec(row)?.[1] ?? 0) >= first
    await until(`${name} to be done`, async () => (await jobRows()).some((row) => isRun(row) && row.includes('"state":"done"'))).finally(
      () => clearInterval(days),
    )
  }
}

/** Each database writes JSON in its own way. */
const jobRows = async (): Promise<string[]> =>
  ((await platform.rows()).get('jobs') ?? '').split(/\n|(?<=\}),(?=\{)/).map((row) => row.replaceAll(/[\\ ]/g, ''))

const summary = (found: readonly Found[]): string[] => [...new Set(found.map(({ place, what }) => `${place}: ${what}`))].toSorted()

test('a person leaves traces in many places, and this test can see each of them', async () => {
  const found = [...(await inRows()), ...search(await platform.stored())]
  const seen = new Set(found.map(({ what }) => what))
  // The key of the app is sealed; nothing but its owner has ever seen it in clear.
  assert.deepEqual(
    Object.keys(values).filter((what) => !seen.has(what)),
    ['totpKey'],
  )
  assert.ok(found.some(({ place, how }) => place === 'auth_invitations' && how === 'sha256 base64url'))
  assert.ok(new Set(found.map(({ place }) => place)).size > 20, summary(found).join('\n'))
})

test('after the days of grace the account goes with all that is kept of its owner', async () => {
  const page = await person.visitor.visit(`${platform.origin('accounts')}/account`)
  assert.match((await person.visitor.press(page, /\/account\/delete$/, { sure: 'yes' })).url.pathname, /goodbye/)
  // Not before a change of address can no longer be taken back, which is longer than the days of grace here.
  platform.advance(7 * DAY)
  const accounts = platform.running().database.collection(accountsCollection)
  await until('the end', async () => {
    platform.advance(MINUTE)
    return (await accounts.get(call, person.accountId)) === undefined
  })
  endedAt = platform.now()
  await until('the webhooks to be given up', async () => {
    const webhooks = (await jobRows()).filter((row) => row.includes('webhook.deliver'))
    // The last of them is made from the event of the end, some time after it.
    const isMade = webhooks.some((row) => row.includes('"type":"account.deleted"') && row.includes(person.accountId))
    return isMade && !webhooks.some((row) => /"state":"(?:waiting|running)"/.test(row))
  })
  await passTo(20 * MINUTE)
  await passTo(25 * HOUR)
})

test('what has gone is in no byte of the files either', async () => {
  await scrubbed()
  await platform.stop()
  const rows = new Set((await inRows()).map(({ what }) => what))
  const bytes = search(await platform.stored()).filter(({ what }) => !rows.has(what))
  assert.deepEqual(summary(bytes), [])
  await platform.start()
})

test('and what was kept for longer has gone when its time is over', async () => {
  await passTo(32 * DAY)
  await passTo(92 * DAY)
  assert.deepEqual(summary(await inRows()), [])
  await scrubbed()
  await platform.stop()
  assert.deepEqual(summary(search(await platform.stored())), [])
})

test('docs/accounts.md says of each what stays, why, and for how long', async () => {
  const page = await readFile(new URL('../../docs/accounts.md', import.meta.url), 'utf8')
  const words = (ms: number): string => (ms < HOUR ? `${ms / MINUTE} minutes` : ms === DAY ? 'a day' : `${ms / DAY} days`)
  const said = [...page.matchAll(/^\| `([^`|]+)` \| ([^|]+) \| (\d+ \w+|a day) \|$/gm)].map(([row]) => row)
  assert.deepEqual(
    said,
    STAYS.map(({ place, why, forMs }) => `| \`${place}\` | ${why} | ${words(forMs)} |`),
  )
})

test('what the platform says of itself names nobody', () => {
  const said = search(new Map(platform.logs.map((line, index) => [String(index), Buffer.from(line)])))
  assert.deepEqual([...new Set(said.map(({ what }) => what))], ['accountId'])
})
