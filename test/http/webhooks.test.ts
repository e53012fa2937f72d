// Webhooks: security events reach the machines that asked for them, signed; nothing is lost, nothing leads into the network, no secret leaks.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { callAs, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { defineCollection } from '#kernel/collection.ts'
import type { Reach } from '#kernel/http/public-address.ts'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing, type KeyRing } from '#kernel/keyring.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { Secret } from '#kernel/secret.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { createSecurityEvents, type SecurityEvents } from '../../src/auth/security-events/service.ts'
import { type SecurityEvent, securityEventOf } from '../../src/auth/security-events/security-event.ts'
import { securityWebhooks } from '../../src/auth/webhooks/webhooks.ts'
import type { Database } from '../../src/database/contract.ts'
import type { Jobs } from '../../src/jobs/contract.ts'
import { unreadableJob } from '../../src/jobs/record.ts'
import { createJobsRepository } from '../../src/jobs/repository.ts'
import type { JobRecord } from '../../src/jobs/schemas.ts'
import { jobsServer } from '../../src/jobs/server.ts'
import { webhookIntake } from '../../src/jobs/webhooks/intake.ts'
import { everythingStored, scenarioDatabase } from '../support/scenario-database.ts'
import { until } from '../support/until.ts'
import { documentedVerify } from '../support/webhook-receiver.ts'

const call = systemCall('test')
const notes = defineCollection({ name: 'notes', schema: z.object({ id: z.string() }), indexes: {} })
const sites = { accounts: 'http://a.test', app: 'http://b.test', files: 'http://c.test', console: 'http://d.test', frontends: {} }
const DAY_MS = 24 * 60 * 60 * 1000

interface Got {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

describe('webhooks', () => {
  let clock: Clock & { advance(ms: number): void }
  let folder: string
  let logs: string[]
  let running: Running<unknown>[]
  let database: Database
  let security: SecurityEvents
  let keyRing: KeyRing
  let got: Got[]
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      got.push({ path: request.url ?? '', headers: request.headers as Got['headers'], body: Buffer.concat(chunks).toString() })
      answer(request, response)
    })
  })
  const port = (): number => (receiver.address() as AddressInfo).port

  beforeEach(async () => {
    if (!receiver.listening) await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    let offset = 0
    // It runs: some databases date their events themselves.
    clock = { now: () => Date.now() + offset, advance: (ms) => void (offset += ms) }
    folder = await mkdtemp(join(tmpdir(), 'ninefold-webhooks-'))
    logs = []
    running = []
    got = []
    answer = (_request, response) => void response.writeHead(204).end()
    keyRing = createKeyRing(new Secret(randomToken()))
  })
  afterEach(async () => {
    for (const one of running.toReversed()) await one.stop()
    await rm(folder, { recursive: true, force: true })
  })
  after(() => {
    receiver.closeAllConnections()
    receiver.close()
  })

  interface Chosen {
    readonly hooks?: readonly { readonly name: string; readonly url: string; readonly events?: readonly string[] }[]
    readonly reach?: Reach
    readonly pauseMs?: number
    readonly timeoutMs?: number
    /** Deliveries read what they tell where security events are stored, as on a whole platform. */
    readonly recalls?: boolean
  }

  const logger = () => createLogger({ level: 'debug', stream: { write: (line: string) => void logs.push(line) } })
  const serverFor = (
    shared: Database,
    { hooks = [], reach = { loopback: true }, pauseMs = 20, timeoutMs, recalls = false }: Chosen,
  ): Running<Jobs> =>
    jobsServer.create({
      database: shared,
      keyRing,
      clock,
      logger: logger(),
      definitions: [],
      webhooks: { list: securityWebhooks(hooks, true, recalls ? security : undefined), keyRing, reach, pauseMs, timeoutMs },
      settings: { mail: { from: 'x@x.test' }, productName: 'x', sites, development: true, worker: { pollMs: 5 } },
    })

  async function open({ hooks = [{ name: 'alarms', url: `http://127.0.0.1:${port()}/in` }], ...chosen }: Chosen = {}): Promise<Jobs> {
    const opened = await scenarioDatabase({ file: join(folder, 'main.db'), clock, logger: logger() })
    database = opened.contract
    database.collection(notes)
    security = createSecurityEvents({ database, logger: logger() })
    const jobs = serverFor(database, { hooks, ...chosen })
    running.push(opened, jobs)
    await opened.start()
    await jobs.start()
    return jobs.contract
  }

  let written = 0
  const happens = (event: SecurityEvent): Promise<unknown> => {
    written += 1
    return database.collection(notes).insert(call, { id: `note-${written}` }, { events: [securityEventOf(event)] })
  }
  const delivered = (count: number): Promise<readonly Got[]> => until(`${count} deliveries`, () => (got.length >= count ? got : undefined))
  const secretOf = async (jobs: Jobs, name = 'alarms'): Promise<string> => (await jobs.webhooks.secrets(call, name))[0] ?? ''

  test('a security event is told, signed, to those who asked for it; the example of the documentation verifies it', async () => {
    const verify = await documentedVerify()
    const jobs = await open({
      hooks: [
        { name: 'alarms', url: `http://127.0.0.1:${port()}/alarms`, events: ['password.changed', 'passkey.*'] },
        { name: 'archive', url: `http://127.0.0.1:${port()}/archive` },
      ],
    })
    await happens({ type: 'sign_in.succeeded', accountId: 'ada', device: 'Chromium on Linux' })
    await happens({ type: 'passkey.added', accountId: 'ada', about: 'Phone' })
    const all = await delivered(3)
    assert.deepEqual(all.map(({ path }) => path).toSorted(), ['/alarms', '/archive', '/archive'])
    const alarm = all.find(({ path }) => path === '/alarms')
    assert.ok(alarm !== undefined)
    const told = verify({ secret: await secretOf(jobs), ...alarm })
    assert.deepEqual(Object.keys(told).toSorted(), ['data', 'id', 'timestamp', 'type'])
    assert.equal(told.type, 'passkey.added')
    assert.deepEqual(told.data, { accountId: 'ada', about: 'Phone' })
    assert.equal(alarm.headers['content-type'], 'application/json')
    for (const { headers, body } of all.filter(({ path }) => path === '/archive')) {
      assert.ok(verify({ secret: await secretOf(jobs, 'archive'), headers, body }))
      assert.throws(() => verify({ secret: 'whsec_c29tZWJvZHkgZWxzZQ==', headers, body }), /not ours/)
    }
    assert.notEqual(await secretOf(jobs), await secretOf(jobs, 'archive'), 'each has a secret of its own')
  })

  test('a message that was changed, kept back or dated later is refused by the receiver', async () => {
    const verify = await documentedVerify()
    const jobs = await open()
    await happens({ type: 'password.changed', accountId: 'ada' })
    const [first] = await delivered(1)
    assert.ok(first !== undefined)
    const { headers, body } = first
    const secret = await secretOf(jobs)
    const at = Number(headers['webhook-timestamp']) * 1000
    assert.ok(verify({ secret, headers, body }, at + 290_000))
    assert.throws(() => verify({ secret, headers, body }, at + 310_000), /too old/)
    assert.throws(() => verify({ secret, headers, body }, at - 310_000), /from the future/)
    assert.throws(() => verify({ secret, body, headers: { ...headers, 'webhook-timestamp': String(at / 1000 + 200) } }, at), /not ours/)
    assert.throws(() => verify({ secret, body, headers: { ...headers, 'webhook-id': 'msg_0_alarms' } }, at), /not ours/)
    assert.throws(() => verify({ secret, headers, body: body.replace('ada', 'eve') }, at), /not ours/)
  })

  test('what is not answered with 2xx is sent again, under the same id and with a new date; redirects are not followed', async () => {
    const verify = await documentedVerify()
    const jobs = await open()
    const answers = [500, 302, 200]
    answer = (_request, response) => {
      const status = answers.shift() ?? 200
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end()
    }
    await happens({ type: 'password.changed', accountId: 'ada' })
    for (let tries = 1; tries < 3; tries += 1) {
      await delivered(tries)
      // By chance the next try comes at once.
      await until('a try that waits', async () => got.length > tries || (await jobs.webhooks.list(call))[0]?.lastError !== undefined)
      clock.advance(10_000)
    }
    const all = await delivered(3)
    assert.deepEqual(
      all.map(({ path }) => path),
      ['/in', '/in', '/in'],
    )
    assert.equal(new Set(all.map(({ headers }) => headers['webhook-id'])).size, 1)
    assert.equal(new Set(all.map(({ headers }) => headers['webhook-timestamp'])).size, 3)
    for (const { headers, body } of all) assert.ok(verify({ secret: await secretOf(jobs), headers, body }, clock.now()))
    await until('no more of it', async () => (await jobs.webhooks.list(call))[0]?.waiting === 0)
  })

  test('a dead letter is seen with its reason, and sent again when an operator says so', async () => {
    const jobs = await open()
    answer = (_request, response) => void response.writeHead(410).end()
    await happens({ type: 'password.changed', accountId: 'ada' })
    await happens({ type: 'email.changed', accountId: 'ada' })
    const dead = await until('dead letters', async () => (await jobs.webhooks.list(call)).find(({ failed }) => failed === 2))
    assert.match(dead.lastError ?? '', /410/)
    answer = (_request, response) => void response.writeHead(200).end()
    assert.equal(await jobs.webhooks.retry(call, 'alarms'), 2)
    await delivered(4)
    const ids = got.map(({ headers }) => headers['webhook-id'] ?? '')
    assert.deepEqual(ids.slice(2).toSorted(), ids.slice(0, 2).toSorted())
    await until('no dead letters', async () => (await jobs.webhooks.list(call))[0]?.failed === 0)
    assert.equal(await jobs.webhooks.retry(call, 'alarms'), 0)
  })

  test('a dead letter is counted and sent again however many other jobs have failed since, and those of another webhook stay', async () => {
    const base = `http://127.0.0.1:${port()}`
    const jobs = await open({ hooks: ['alarms', 'archive'].map((name) => ({ name, url: `${base}/${name}` })) })
    const now = clock.now()
    const failure = (id: string, at: number) => ({ ...unreadableJob(id, 'The mail server was away.', at), expiresAt: now + DAY_MS })
    const delivery = (name: string, at: number): JobRecord => {
      const input = { webhook: name, id: `msg_${name}_${at}`, type: 'x', timestamp: new Date(at).toISOString(), data: {} }
      return { ...failure(`${name}-${at}`, at), name: 'webhook.deliver', input, lastError: `410 at ${at}` }
    }
    const others = Array.from({ length: 1001 }, (_, index) => index)
    const repository = createJobsRepository(database)
    await repository.insertAll(call, [
      ...['alarms', 'archive'].flatMap((name) => [delivery(name, now - 5000), delivery(name, now - 6000)]),
      ...others.map((index) => ({ ...failure(`mail-${index}`, now - index), name: 'mail.send' })),
      ...others.map((index) => delivery('archive', now - index)),
    ])
    assert.deepEqual(
      (await jobs.webhooks.list(call)).map(({ name, waiting, failed, lastError }) => [name, waiting, failed, lastError]),
      [
        ['alarms', 0, 2, `410 at ${now - 5000}`],
        ['archive', 0, 1003, `410 at ${now}`],
      ],
    )
    assert.equal(await jobs.webhooks.retry(call, 'alarms'), 2)
    await delivered(2)
    assert.deepEqual(
      got.map(({ path }) => path),
      ['/alarms', '/alarms'],
    )
    await until('none of these', async () => (await jobs.webhooks.list(call))[0]?.failed === 0)
    assert.equal((await jobs.webhooks.list(call))[1]?.failed, 1003)
  })

  test('after a rotation both secrets sign for a week, then the new one alone; of two rotations at once one happens', async () => {
    const verify = await documentedVerify()
    const jobs = await open()
    const before = await secretOf(jobs)
    const rotated = await jobs.webhooks.rotate(call, 'alarms')
    assert.equal(rotated.length, 2)
    assert.equal(rotated[1], before)
    await happens({ type: 'password.changed', accountId: 'ada' })
    // That the secret was rotated is told as well, and whatever has come may come again: a week later nobody works on it.
    const changes = (): Map<string | undefined, Got> =>
      new Map(got.filter(({ body }) => body.includes('password.changed')).map((each) => [each.headers['webhook-id'], each]))
    const changed = (count: number) => until(`${count} changes`, () => [...changes().values()][count - 1])
    const first = await changed(1)
    for (const secret of rotated) assert.ok(verify({ secret, ...first }))
    clock.advance(8 * DAY_MS)
    await happens({ type: 'password.changed', accountId: 'ada' })
    const second = await changed(2)
    assert.ok(verify({ secret: rotated[0] ?? '', ...second }, clock.now()))
    assert.throws(() => verify({ secret: before, ...second }, clock.now()), /not ours/)
    const racers = await Promise.allSettled([jobs.webhooks.rotate(call, 'alarms'), jobs.webhooks.rotate(call, 'alarms')])
    const [one, other] = racers.flatMap((racer) => (racer.status === 'fulfilled' ? [racer.value] : []))
    // Unless the second began when the first had ended, and went on from there.
    assert.ok(one !== undefined && (other === undefined || other[1] === one[0] || one[1] === other[0]))
  })

  test('no webhook leads to a machine of the network, whatever its host is called', async () => {
    const hooks = [
      { name: 'loopback', url: `https://127.0.0.1:${port()}/` },
      { name: 'named', url: `https://localhost:${port()}/` },
      { name: 'private', url: 'https://10.0.0.1/' },
      { name: 'metadata', url: 'https://169.254.169.254/latest/' },
      { name: 'mapped', url: `https://[::ffff:127.0.0.1]:${port()}/` },
      { name: 'plain', url: `http://127.0.0.1:${port()}/` },
    ]
    let connections = 0
    const count = (): void => void (connections += 1)
    receiver.on('connection', count)
    const jobs = await open({ hooks, reach: {} })
    await happens({ type: 'password.changed', accountId: 'ada' })
    const list = await until('all refused', async () => {
      const states = await jobs.webhooks.list(call)
      return states.every(({ lastError }) => lastError !== undefined) ? states : undefined
    })
    for (const { name, lastError } of list) assert.match(lastError ?? '', /only public addresses by https/, name)
    receiver.off('connection', count)
    assert.equal(connections, 0)
  })

  test('a receiver that never answers does not hold up the others', async () => {
    answer = (request, response) => {
      if (request.url === '/good') response.writeHead(200).end()
    }
    const base = `http://127.0.0.1:${port()}`
    const hooks = [
      { name: 'dead', url: `${base}/dead` },
      { name: 'good', url: `${base}/good` },
    ]
    // Long enough for an honest receiver on a machine that has much else to do: one late answer would put it off for the hour.
    await open({ hooks, pauseMs: 60 * 60_000, timeoutMs: 2000 })
    for (let index = 0; index < 20; index += 1) await happens({ type: 'sign_in.failed' })
    await until('the good ones', () => got.filter(({ path }) => path === '/good').length === 20)
    const asked = got.filter(({ path }) => path === '/dead').length
    assert.ok(asked <= 4, `the dead one was asked ${asked} times, not once for each of 20`)
  })

  test('secrets are neither logged nor stored, and nobody but operators is told them', async () => {
    const jobs = await open()
    const secrets = [await secretOf(jobs), ...(await jobs.webhooks.rotate(call, 'alarms'))]
    answer = (_request, response) => void response.writeHead(500).end('no')
    await happens({ type: 'password.changed', accountId: 'ada' })
    await until('a failed try', async () => (await jobs.webhooks.list(call))[0]?.lastError !== undefined)
    const stored = await everythingStored(join(folder, 'main.db'))
    const text = logs.join('\n')
    assert.ok(stored.includes('webhook.deliver'))
    assert.ok(text.includes('webhook.deliver'))
    for (const secret of secrets) {
      const key = Buffer.from(secret.slice(6), 'base64')
      for (const form of [secret.slice(6), key.toString('base64url'), key.toString('hex')]) {
        assert.equal(text.includes(form), false)
        assert.equal(stored.includes(form), false)
      }
      assert.equal(stored.includes(key), false)
    }
    const signatures = got.flatMap(({ headers }) => (headers['webhook-signature'] ?? '').split(' ')).map((part) => part.slice(3))
    for (const signature of signatures) assert.equal(text.includes(signature) || stored.includes(signature), false)
    const person = {
      kind: 'user',
      accountId: 'eve',
      sessionId: 's',
      clientId: 'c',
      scopes: ['roles'],
      firstParty: true,
      roles: ['admin'],
    } as const
    for (const principal of [person, { kind: 'anonymous' } as const]) {
      const asking = callAs(call, principal)
      await assert.rejects(jobs.webhooks.secrets(asking, 'alarms'), { code: 'jobs.not_yours' })
      await assert.rejects(jobs.webhooks.rotate(asking, 'alarms'), { code: 'jobs.not_yours' })
      await assert.rejects(jobs.webhooks.retry(asking, 'alarms'), { code: 'jobs.not_yours' })
      await assert.rejects(jobs.webhooks.list(asking), { code: 'jobs.not_yours' })
    }
    assert.deepEqual((await jobs.webhooks.secrets(call, 'alarms')).length, 2, 'nothing has changed')
    await assert.rejects(jobs.webhooks.secrets(call, 'other'), { code: 'jobs.webhook_not_found' })
  })

  test('what a new webhook is to be told waits for a process that knows the webhook', async () => {
    await open()
    const [alarms, archive] = ['alarms', 'archive'].map((name) => ({ name, url: `http://127.0.0.1:${port()}/${name}` }))
    assert.ok(alarms !== undefined && archive !== undefined)
    const repository = createJobsRepository(database)
    // The newer process has stored it, and the older one is faster to claim it.
    const { handle } = webhookIntake({ webhooks: securityWebhooks([archive], true), jobs: repository, logger: logger(), wake: () => {} })
    const data = { type: 'password.changed', accountId: 'ada' }
    await handle([{ sequence: 9_000_002, topic: 'auth.security', key: 'ada', data, at: clock.now() }], call)
    const delivery = async () => (await repository.get(call, 'webhook-9000002-archive'))?.value
    for (let tries = 1; tries <= 3; tries += 1) {
      await until('a claim of the older one', async () => ((await delivery())?.forgiven ?? 0) >= tries)
      clock.advance(10_000)
    }
    assert.match((await delivery())?.lastError ?? '', /no webhook "archive"/)
    await running.pop()?.stop()
    const newer = serverFor({ ...database, subscribe: () => () => {} }, { hooks: [alarms, archive] })
    running.push(newer)
    await newer.start()
    clock.advance(30 * 60_000)
    const [told] = await delivered(1)
    assert.equal(told?.path, '/archive')
    await until('its end', async () => (await delivery())?.state === 'done')
  })

  test('an event that is delivered to us twice is told once', async () => {
    await open()
    const intake = webhookIntake({
      webhooks: securityWebhooks([{ name: 'alarms', url: `http://127.0.0.1:${port()}/twice` }], true),
      jobs: createJobsRepository({ ...database, collection: (definition) => database.collection(definition) }),
      logger: createLogger({ level: 'silent' }),
      wake: () => {},
    })
    const data = { type: 'password.changed', accountId: 'ada' }
    const event = { sequence: 9_000_001, topic: 'auth.security', key: 'ada', data, at: clock.now() }
    await intake.handle([event], call)
    await intake.handle([event], call)
    await happens({ type: 'email.changed', accountId: 'ada' })
    await until('the later one', () => got.some(({ body }) => body.includes('email.changed')))
    await until('the earlier one', () => got.some(({ body }) => body.includes('password.changed')))
    assert.equal(got.filter(({ body }) => body.includes('password.changed')).length, 1)
  })

  const stored = async (): Promise<readonly JobRecord[]> => {
    const repository = createJobsRepository(database)
    const pages = await Promise.all(
      (['waiting', 'failed'] as const).map((state) => repository.ofName(call, { name: 'webhook.deliver', state })),
    )
    return pages.flatMap(({ items }) => items.map(({ value }) => value))
  }
  const ada = { id: 'ada', email: 'ada@example.org', name: 'Ada', createdAt: 1 }
  const added = { accountId: 'ada', about: 'canary passkey', client: 'c', device: 'Firefox on Linux' }
  const toldOf = (type: string) =>
    got.filter(({ body }) => body.includes(`"${type}"`)).map(({ body }) => JSON.parse(body) as { data: unknown })

  test('a delivery keeps ids alone, tells the whole, and after the end of the account what it has kept, under the same id', async () => {
    const jobs = await open({ recalls: true })
    database.subscribe(security.subscription)
    const accounts = database.collection(accountsCollection)
    await accounts.insert(call, ada)
    answer = (_request, response) => void response.writeHead(410).end()
    await happens({ type: 'passkey.added', ...added })
    await happens({ type: 'second_step.reset', accountId: 'ada', actor: 'operator 1' })
    await happens({ type: 'client.added', about: 'An app' })
    await until('dead letters', async () => (await jobs.webhooks.list(call)).find(({ failed }) => failed === 3))
    assert.deepEqual(toldOf('passkey.added'), [{ ...toldOf('passkey.added')[0], data: added }])
    const kept = await stored()
    assert.equal(kept.length, 3)
    assert.doesNotMatch(JSON.stringify(kept), /canary|Firefox|An app/)
    await accounts.delete(call, 'ada', { events: [securityEventOf({ type: 'account.deleted', accountId: 'ada', actor: 'operator 2' })] })
    await until('its row to go', async () => (await security.list(call, 'ada', { limit: 9 })).items.length === 0)
    await until('the end to be told', () => toldOf('account.deleted').length === 1)
    const before = new Map(got.map(({ headers, body }) => [JSON.parse(body).type, headers['webhook-id']]))
    answer = (_request, response) => void response.writeHead(200).end()
    await until('all failed', async () => (await jobs.webhooks.list(call))[0]?.failed === 4)
    got.splice(0)
    assert.equal(await jobs.webhooks.retry(call, 'alarms'), 4)
    await delivered(4)
    assert.deepEqual(new Map(got.map(({ headers, body }) => [JSON.parse(body).type, headers['webhook-id']])), before)
    const again = new Map(got.map(({ body }) => JSON.parse(body)).map(({ type, data }) => [type, data]))
    assert.deepEqual(again.get('passkey.added'), { accountId: 'ada' })
    assert.deepEqual(again.get('second_step.reset'), { accountId: 'ada', actor: 'operator 1' })
    assert.deepEqual(again.get('account.deleted'), { accountId: 'ada', actor: 'operator 2' })
    assert.deepEqual(again.get('client.added'), { about: 'An app' })
  })

  test('a delivery that comes before what it tells of is stored waits for it, and for an hour at most', async () => {
    const jobs = await open({ recalls: true })
    await database.collection(accountsCollection).insert(call, ada)
    await happens({ type: 'passkey.added', ...added })
    await until('a wait', async () =>
      (await stored()).some(({ lastError, forgiven }) => forgiven > 0 && /not stored yet/.test(lastError ?? '')),
    )
    assert.deepEqual(got, [])
    const end = database.subscribe(security.subscription)
    await until('its row', async () => (await security.list(call, 'ada', { limit: 9 })).items.length === 1)
    clock.advance(10_000)
    await delivered(1)
    assert.deepEqual(toldOf('passkey.added')[0]?.data, added)
    end()
    await happens({ type: 'passkey.removed', ...added })
    await until('a wait', async () => (await stored()).some(({ forgiven }) => forgiven > 0))
    assert.equal(got.length, 1)
    clock.advance(2 * 60 * 60_000)
    await delivered(2)
    assert.deepEqual(toldOf('passkey.removed')[0]?.data, { accountId: 'ada' })
    await until('its end', async () => (await jobs.webhooks.list(call))[0]?.waiting === 0)
  })

  test('a delivery that was stored with all that it tells is delivered as it stands', async () => {
    const jobs = await open({ recalls: true })
    const now = clock.now()
    const input = { webhook: 'alarms', id: 'msg_7_alarms', type: 'passkey.added', timestamp: new Date(now).toISOString(), data: added }
    const failure = { ...unreadableJob('webhook-7-alarms', '410', now), name: 'webhook.deliver', input, expiresAt: now + DAY_MS }
    await createJobsRepository(database).insertAll(call, [failure])
    assert.equal(await jobs.webhooks.retry(call, 'alarms'), 1)
    const [first] = await delivered(1)
    assert.equal(first?.headers['webhook-id'], 'msg_7_alarms')
    assert.deepEqual(toldOf('passkey.added')[0]?.data, added)
  })
})
