// A family of refresh tokens is one record: however often it is refreshed, each token that it ever had is known for what it is, and none that it never had.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { insertInto } from '#kernel/collection.ts'
import { createKeyRing, hmacSha256 } from '#kernel/keyring.ts'
import { Secret } from '#kernel/secret.ts'
import { createLastingSecret } from '../../src/auth/keys/lasting-secret.ts'
import { type RefreshTokenRecord, refreshTokensCollection } from '../../src/auth/provider/collections.ts'
import { recordId } from '../../src/auth/provider/ids.ts'
import { createRefreshValues, REFRESH_SECRET, type RefreshValues } from '../../src/auth/provider/refresh-values.ts'
import { createVault } from '../../src/auth/provider/vault.ts'
import type { WriteRequest } from '../../src/database/ports.ts'
import {
  Browser,
  call,
  claimsOf,
  errorOf,
  type OauthWorld,
  openOauth,
  PRINT_SHOP,
  type Reply,
  refresh,
  send,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'
import { type Told, toldBy } from '../support/told.ts'
import { until } from '../support/until.ts'

let world: OauthWorld
let values: RefreshValues
let secret: Buffer
let events: Told['events']
let mails: Told['mails']
/** What each commit changed, as `replace auth_grants + insert auth_revocations`. */
let commits: string[] = []

before(async () => {
  world = await openOauth({
    onWrite(request: WriteRequest) {
      if (request.kind === 'write') commits.push(request.steps.map(({ kind, collection }) => `${kind} ${collection}`).join(' + '))
    },
  })
  const keyRing = createKeyRing(new Secret(world.masterKey))
  const secretOf = createLastingSecret({ database: world.database, keyRing, clock: world.clock }, REFRESH_SECRET)
  secret = await secretOf(call)
  values = createRefreshValues(secretOf)
  await values.load(call)
  ;({ events, mails } = toldBy(world.database))
})

after(() => world.stop())

const sidOf = (tokens: Tokens): string => String(claimsOf(tokens.access_token)['sid'])
const tokenIn = (reply: Reply): string => JSON.parse(reply.body).refresh_token

async function rowsOf(tokens: Tokens): Promise<{ readonly value: RefreshTokenRecord; readonly version: number }[]> {
  const query = { index: 'grant', where: { grant: sidOf(tokens) }, limit: 100 }
  return [...(await world.database.collection(refreshTokensCollection).list(call, query)).items]
}

/** The tokens that one after the other counted, the first and the present one included. */
async function rotated(first: string | undefined, times: number): Promise<string[]> {
  const all = [first ?? '']
  for (let time = 0; time < times; time += 1) {
    const reply = await refresh(world, all.at(-1))
    assert.equal(reply.status, 200, reply.body)
    all.push(tokenIn(reply))
  }
  return all
}

async function assertEnded(tokens: Tokens, account: string, current: string | undefined): Promise<void> {
  assert.equal(errorOf(await refresh(world, current)), 'invalid_grant', 'the honest one ends too')
  const { items } = await world.revocations.list(call)
  assert.ok(items.some(({ kind, subject }) => kind === 'session' && subject === sidOf(tokens)))
  const found = await until('the event', () =>
    events.find(({ type, accountId }) => type === 'refresh.reuse_detected' && accountId === account),
  )
  assert.equal(found.about, 'Print Shop')
  const mail = await until('the mail', () => mails.find(({ to }) => to === `${account}@example.org`))
  assert.deepEqual([mail.template, mail.language], ['token-reused', 'de-AT'], 'said as its owner reads')
  assert.deepEqual(await rowsOf(tokens), [], 'nothing is left of the family')
}

/** The world as a former release would have left it: a random token with a record of its own. */
async function formerTokens(account: string): Promise<Tokens & { readonly refresh_token: string; readonly record: RefreshTokenRecord }> {
  const tokens = await tokensFor(world, new Browser(world), { account })
  const [row] = await rowsOf(tokens)
  assert.ok(row !== undefined)
  const { id, grant, payload, expiresAt } = row.value
  const collection = refreshTokensCollection.name
  const vault = createVault(createKeyRing(new Secret(world.masterKey)))
  const opened = vault.open({ collection, id }, payload) ?? assert.fail('it does not open')
  const value = hmacSha256(secret, `a former token of ${account}`).toString('base64url')
  const record = { id: recordId(value), grant, payload: vault.seal({ collection, id: recordId(value) }, opened), expiresAt }
  const records = world.database.collection(refreshTokensCollection)
  await records.delete(call, id)
  await records.insert(call, record)
  return { ...tokens, refresh_token: value, record }
}

for (const [name, generation] of Object.entries({ 'the very first': 1, 'the second': 2, 'a middle one': 26, 'the last but two': 49 })) {
  test(`requirement 29: of fifty refreshes one row is left, and ${name} token ends it all and tells its person`, async () => {
    const account = `person-old-${generation}`
    const tokens = await tokensFor(world, new Browser(world), { account })
    assert.equal((await rowsOf(tokens)).length, 1)
    const all = await rotated(tokens.refresh_token, 25)
    const [before] = await rowsOf(tokens)
    // Days go by, and a row of its own would have been gone by now.
    world.advance(13 * 86_400_000)
    all.push(...(await rotated(all.at(-1), 25)).slice(1))
    world.advance(13 * 86_400_000)
    const rows = await rowsOf(tokens)
    assert.equal(rows.length, 1)
    assert.equal(rows[0]?.value.id, before?.value.id)
    assert.ok(JSON.stringify(rows[0]?.value).length < 1500, 'and it has not grown')
    assert.equal(new Set(all).size, 51)
    commits = []
    assert.equal(errorOf(await refresh(world, all[generation - 1])), 'invalid_grant')
    // Were the family removed before the grant is marked, a crash in between would leave nobody to tell.
    const marked = commits.findIndex((commit) => commit.includes('replace auth_grants'))
    const removed = commits.findIndex((commit) => commit.includes('delete auth_refresh_tokens'))
    assert.ok(marked >= 0 && removed > marked, commits.join('\n'))
    await assertEnded(tokens, account, all.at(-1))
    assert.equal(errorOf(await refresh(world, all[generation - 1])), 'invalid_grant')
    assert.equal(events.filter(({ type, accountId }) => type === 'refresh.reuse_detected' && accountId === account).length, 1, 'once')
    world.advance(-26 * 86_400_000)
  })
}

test('a refresh is one commit that changes one row', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-one-commit' })
  commits = []
  await rotated(tokens.refresh_token, 3)
  assert.deepEqual(commits, Array<string>(3).fill('replace auth_refresh_tokens'))
})

test('a lost answer is noted once for each token of a family, and alarms nobody', async () => {
  const account = 'person-lost-answers'
  const tokens = await tokensFor(world, new Browser(world), { account })
  let current = tokens.refresh_token ?? ''
  for (let time = 0; time < 3; time += 1) {
    const [first, again, third] = [await refresh(world, current), await refresh(world, current), await refresh(world, current)]
    assert.deepEqual([tokenIn(again), tokenIn(third)], [tokenIn(first), tokenIn(first)])
    current = tokenIn(first)
  }
  const noted = await until('the events', () => {
    const found = events.filter(({ type, accountId }) => type === 'refresh.reuse_in_grace' && accountId === account)
    return found.length >= 3 && found
  })
  assert.equal(noted.length, 3)
  assert.equal(
    mails.some(({ to }) => to === `${account}@example.org`),
    false,
  )
  assert.equal((await rowsOf(tokens)).length, 1)
})

test('requirement 29: a value that was never given changes nothing, and ends no family', async () => {
  const account = 'person-forged'
  const tokens = await tokensFor(world, new Browser(world), { account })
  const other = await tokensFor(world, new Browser(world), { account: 'person-forged-other' })
  const own = await rotated(tokens.refresh_token, 4)
  const others = await rotated(other.refresh_token, 4)
  const [used = '', current = '', foreign = ''] = [own[1], own.at(-1), others[1]]
  const yetToCome = values.successorOf(current)
  const forged = {
    'a used one with another code': `${used.slice(0, -1)}${used.endsWith('A') ? 'B' : 'A'}`,
    'a used one with no code': used.slice(0, -43),
    'a used one with the code of another family': `${used.slice(0, 56)}${foreign.slice(56)}`,
    'a used one with the code of another generation': `${used.slice(0, 56)}${current.slice(56)}`,
    'the present one that says it is the first': `${current.slice(0, 48)}00000001${current.slice(56)}`,
    'another family': `${foreign.slice(0, 48)}${used.slice(48)}`,
    'one that is yet to come': yetToCome,
    'one that is long yet to come': values.successorOf(values.successorOf(yetToCome)),
    'the first of the family by an older way': values.successorOf(used.slice(5, 48)),
    'the part of the family': used.slice(5, 48),
    'the id of its record': values.read(used)?.family ?? '',
    'a former one': hmacSha256(secret, 'nothing').toString('base64url'),
  }
  const [before] = await rowsOf(tokens)
  world.advance(10_001)
  commits = []
  for (const [name, value] of Object.entries(forged)) {
    assert.equal(errorOf(await refresh(world, value)), 'invalid_grant', name)
    const form = { token: value, client_id: PRINT_SHOP.clientId }
    assert.equal((await send(world, { path: '/revoke', form })).status, 200, name)
  }
  assert.deepEqual(commits, [], 'not one write')
  const ahead = world.logs.filter((line) => line.includes('refresh.unknown_generation'))
  // Refreshing looks once, and so does revoking.
  assert.equal(ahead.length, 4, 'what only our secret can have made is told of')
  assert.deepEqual(await rowsOf(tokens), [before])
  assert.equal((await refresh(world, current)).status, 200, 'the family goes on')
  assert.equal((await refresh(world, others.at(-1))).status, 200)
  assert.equal(
    events.some(({ type, accountId }) => type === 'refresh.reuse_detected' && accountId?.startsWith(account) === true),
    false,
  )
  // And the one that they were made from is still known.
  assert.equal(errorOf(await refresh(world, used)), 'invalid_grant')
  await assertEnded(tokens, account, values.successorOf(current))
})

test('requirement 29: a token of a former release goes on, in a family from then on', async () => {
  const former = await formerTokens('person-former')
  const replies = await Promise.all(Array.from({ length: 10 }, () => refresh(world, former.refresh_token)))
  const successors = new Set(replies.map((reply) => (reply.status === 200 ? tokenIn(reply) : reply.body)))
  assert.equal(successors.size, 1, [...successors].join('\n'))
  const [next = ''] = successors
  assert.match(next, /^nfr1_/)
  const again = await refresh(world, former.refresh_token)
  assert.equal(tokenIn(again), next, 'a lost answer may be asked for again')
  await rotated(next, 20)
  assert.equal((await rowsOf(former)).length, 2, 'the former one, which is used, and the family')
})

test('requirement 29: a token of a former release that comes again ends the family that came of it', async () => {
  for (const [account, wait, times] of [
    ['person-former-late', 10_001, 0],
    ['person-former-overtaken', 0, 1],
    ['person-former-long-ago', 86_400_000, 9],
  ] as const) {
    const former = await formerTokens(account)
    const all = await rotated(former.refresh_token, 1 + times)
    world.advance(wait)
    assert.equal(errorOf(await refresh(world, former.refresh_token)), 'invalid_grant')
    await assertEnded(former, account, all.at(-1))
    world.advance(-wait)
  }
})

test('requirement 29: an answer of a former release that was lost with the update is given again', async () => {
  for (const isLate of [false, true]) {
    const account = `person-updated-${isLate}`
    const former = await formerTokens(account)
    const next = hmacSha256(secret, `rt-succ:${former.refresh_token}`).toString('base64url')
    const vault = createVault(createKeyRing(new Secret(world.masterKey)))
    const collection = refreshTokensCollection.name
    const opened = vault.open({ collection, id: former.record.id }, former.record.payload) ?? assert.fail('it does not open')
    const id = recordId(next)
    await world.database.commit(call, [
      insertInto(refreshTokensCollection, { ...former.record, id, payload: vault.seal({ collection, id }, opened) }),
    ])
    const used = { consumedAt: world.clock.now() - (isLate ? 10_001 : 5000), successor: id }
    await world.database.collection(refreshTokensCollection).update(call, former.record.id, { set: used })
    const again = await refresh(world, former.refresh_token)
    if (isLate) {
      assert.equal(errorOf(again), 'invalid_grant')
      await assertEnded(former, account, next)
    } else {
      assert.equal(tokenIn(again), next)
      const [, last = ''] = await rotated(next, 1)
      assert.match(last, /^nfr1_/)
      assert.equal(errorOf(await refresh(world, former.refresh_token)), 'invalid_grant', 'two steps behind')
      await assertEnded(former, account, last)
    }
  }
})

test('the client sees a used token as dead, and may end the family with any of its tokens', async () => {
  const account = 'person-gives-back'
  const tokens = await tokensFor(world, new Browser(world), { account })
  const all = await rotated(tokens.refresh_token, 5)
  const form = { token: all[0] ?? '', client_id: PRINT_SHOP.clientId }
  assert.equal((await send(world, { path: '/revoke', form })).status, 200)
  assert.equal(errorOf(await refresh(world, all.at(-1))), 'invalid_grant')
  assert.deepEqual(await rowsOf(tokens), [])
  assert.equal(
    events.some(({ type, accountId }) => type === 'refresh.reuse_detected' && accountId === account),
    false,
    'whoever gives one back has done no harm',
  )
})
