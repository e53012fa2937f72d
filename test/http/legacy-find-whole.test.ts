// The whole platform, with its engine and its jobs, beside a system that knows people who have not moved in yet.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import type { Account } from '../../src/auth/accounts/schemas.ts'
import type { LegacyFindHook } from '../../src/auth/moving/contract.ts'
import { onAccounts } from '../support/account-acts.ts'
import { aviary } from '../support/canary-person.ts'
import { mailedLink, session } from '../support/person.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { Visitor } from '../support/visitor.ts'
import type { WholePlatform } from '../support/whole-platform.ts'

const call = systemCall('test')
const NEXT = 'four quiet river stones'
const MINUTE = 60_000

let club: Upstream
let platform: WholePlatform
let isDown = false
const asked: string[] = []

const idOf = (email: string): string => `old-id-of-${email.slice(0, 3)}-12345`

const legacyFind: LegacyFindHook = (_context, question) => {
  asked.push(JSON.stringify(question))
  if (isDown) throw new Error('down')
  if ('subject' in question)
    return question.subject === 'club-ada'
      ? { id: idOf('ada@'), email: 'ada@example.org', emailVerified: true, name: 'Ada', identities: [question] }
      : undefined
  return question.email === 'bob@example.org' ? { id: idOf('bob@'), email: question.email, emailVerified: true, name: 'Bob' } : undefined
}

before(async () => {
  club = await startUpstream()
  platform = await aviary(club, { legacyFind })
  await platform.start()
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
  await club?.stop()
})

const accountOf = async (email: string): Promise<Account | undefined> =>
  (await platform.running().database.collection(accountsCollection).getByKey(call, 'email', { email }))?.value

test('requirement 71: who comes by a provider that is linked there is signed in as who they were', async () => {
  club.claims = { sub: 'club-ada', email: 'ada@club.example', email_verified: true, name: 'Ada' }
  const visitor = new Visitor(platform.port)
  const page = await visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
  const path = /href="(\/interaction\/[^"]+\/upstream\/club)"/.exec(page.body)?.[1] ?? assert.fail(page.body)
  const away = async () => club.visit((await visitor.request(new URL(path, page.url))).headers.location ?? assert.fail()).location
  isDown = true
  const failed = await visitor.visit(await away())
  assert.equal(failed.status, 503)
  assert.equal((await session(platform, visitor)).signedIn, false)
  assert.equal(await accountOf('ada@example.org'), undefined)
  isDown = false
  const back = await visitor.visit(await away())
  assert.equal((await session(platform, visitor)).signedIn, true, back.body)
  assert.equal((await accountOf('ada@example.org'))?.id, idOf('ada@'))
  assert.equal(await accountOf('ada@club.example'), undefined)
})

test('requirement 70: what asks for a mail to an address of there is sealed while it waits, and the mail comes when that system is back', async () => {
  isDown = true
  asked.length = 0
  const visitor = new Visitor(platform.port)
  await visitor.submit(await visitor.visit(onAccounts(platform, '/forgot-password')), { email: 'bob@example.org' })
  await until('the first try', () => asked[0])
  const rows = await platform.rows()
  const places = [...rows].filter(([, stored]) => stored.includes('auth.stranger_mail'))
  assert.ok(places.length > 0)
  for (const [table, stored] of places) assert.equal(/bob@example\.org|no-account|"token"/.test(stored.replaceAll('\\', '')), false, table)
  isDown = false
  platform.advance(MINUTE)
  const link = await mailedLink(platform, 'bob@example.org', /https?:\/\/\S+\/reset-password\?token=[\w-]+/)
  const done = await visitor.submit(await visitor.visit(link), { password: NEXT })
  assert.equal(done.url.pathname, '/reset-password/done', done.body)
  assert.equal((await accountOf('bob@example.org'))?.id, idOf('bob@'))
  assert.ok((await accountOf('bob@example.org'))?.password)
})
