// Monitoring on a real database in a file: what it keeps, for how long, and what it must not keep.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Database } from '../../src/database/contract.ts'
import { createSqliteDatabase } from '../../src/database/server.ts'
import { systemCall } from '../../src/kernel/call.ts'
import { createKeyRing, type KeyRing } from '../../src/kernel/keyring.ts'
import type { Running } from '../../src/kernel/lifecycle.ts'
import { createLogger } from '../../src/kernel/log.ts'
import { Secret } from '../../src/kernel/secret.ts'
import type { RequestRecord } from '../../src/monitoring/contract.ts'
import { createDayKeys, dayKeysCollection, type DayKeys } from '../../src/monitoring/pseudonym/repository.ts'
import { createPseudonyms, unstoredKeys } from '../../src/monitoring/pseudonym/service.ts'
import { monitoringServer } from '../../src/monitoring/server.ts'
import { purgeJob } from '../../src/monitoring/purge.ts'
import { createReportRepository } from '../../src/monitoring/reports/repository.ts'
import { createPolicyReports } from '../../src/monitoring/reports/service.ts'
import { createRequestLog } from '../../src/monitoring/requests/log.ts'
import { createRequestRepository, type RequestRepository } from '../../src/monitoring/requests/repository.ts'
import { searchRequests } from '../../src/monitoring/requests/search.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'

const call = systemCall('test')
const logger = createLogger({ level: 'silent' })
const ringOf = (...versions: readonly string[]): KeyRing => createKeyRing(new Secret(versions.map((one) => one.repeat(43)).join(' ')))
const keyRing = ringOf('k')
const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

describe('Monitoring', () => {
  let clock: FakeClock
  let folder: string
  let database: Running<Database>
  let keys: DayKeys
  let requests: RequestRepository

  beforeEach(async () => {
    clock = fakeClock()
    folder = await mkdtemp(join(tmpdir(), 'ninefold-logs-'))
    database = createSqliteDatabase({ file: join(folder, 'logs.db'), durability: 'relaxed', clock, logger })
    keys = createDayKeys(database.contract, keyRing)
    requests = createRequestRepository(database.contract)
    createReportRepository(database.contract)
    await database.start()
  })
  afterEach(async () => {
    await database.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const record = (change: Partial<RequestRecord> = {}): RequestRecord => ({
    requestId: 'r1',
    at: clock.now(),
    durationMs: 1.234,
    method: 'GET',
    site: 'app',
    route: '/api/photos/:id',
    status: 200,
    bytesOut: 10,
    client: 'c1',
    principal: 'anonymous',
    ...change,
  })
  const keepAll = async (records: readonly RequestRecord[]): Promise<void> => {
    const log = createRequestLog({ repository: requests, clock, logger, retentionDays: 30 })
    for (const one of records) log.add(one)
    await log.stop()
  }
  const dayRows = () => database.contract.collection(dayKeysCollection)
  const inFiles = async (text: string): Promise<boolean> => {
    const names = await readdir(folder)
    const contents = await Promise.all(names.map((name) => readFile(join(folder, name))))
    return contents.some((content) => content.includes(text))
  }
  const search = (filter: object) => searchRequests(requests, call, { limit: 50, ...filter })

  test('a pseudonym is the same all day and in every process, and another one the next day', async () => {
    const first = createPseudonyms({ keys, clock, logger })
    await first.upkeep()
    const second = createPseudonyms({ keys, clock, logger })
    await second.upkeep()
    const name = first.of('192.0.2.7')
    assert.match(name, /^[A-Za-z0-9_-]{16}$/)
    assert.equal(second.of('192.0.2.7'), name)
    assert.notEqual(first.of('192.0.2.8'), name)
    clock.advance(DAY_MS)
    await first.upkeep()
    assert.notEqual(first.of('192.0.2.7'), name)
  })

  test('the key of a day is destroyed 24 hours after the day, in the database and in its files', async () => {
    const pseudonyms = createPseudonyms({ keys, clock, logger })
    await pseudonyms.upkeep()
    const day = new Date(clock.now()).toISOString().slice(0, 10)
    const candidate = { id: day, key: 'B'.repeat(43), destroyAt: 0 }
    const { key, destroyAt } = await keys.settle(call, candidate)
    assert.notEqual(key, candidate.key, 'the stored key wins')
    assert.equal(destroyAt, Date.parse(day) + 2 * DAY_MS)
    const kept = (await dayRows().get(call, day))?.value.key ?? ''
    assert.deepEqual([await inFiles(kept), await inFiles(key)], [true, false], 'sealed, and never in clear')
    clock.advance(destroyAt - clock.now() - 1)
    await pseudonyms.upkeep()
    assert.equal((await keys.settle(call, candidate)).key, key, 'not a moment too early')
    clock.advance(1)
    await pseudonyms.upkeep()
    assert.equal((await keys.settle(call, candidate)).key, candidate.key, 'the row is gone')
    await database.stop()
    assert.equal(await inFiles(kept), false)
  })

  test('the key of a day that an earlier release has stored in clear counts on, and is sealed from then on', async () => {
    const [id, clear] = ['2026-11-30', 'C'.repeat(43)]
    await dayRows().insert(call, { id, key: clear, destroyAt: 0 })
    const candidate = { id, key: 'B'.repeat(43), destroyAt: 0 }
    const both = await Promise.all([keys.settle(call, candidate), keys.settle(call, candidate)])
    assert.deepEqual(
      both.map(({ key }) => key),
      [clear, clear],
    )
    const { key: kept = '' } = (await dayRows().get(call, id))?.value ?? {}
    assert.equal(Buffer.from(kept, 'base64url').includes(clear) || kept.includes(clear), false)
    assert.equal((await keys.settle(call, candidate)).key, clear)
    await database.stop()
    assert.equal(await inFiles(clear), false)
  })

  test('the key of a day opens in its own row alone, is sealed anew with a new master key, and another takes its place where none opens it', async () => {
    const [first, second] = ['2026-11-30', '2026-12-01'].map((id) => ({ id, key: 'B'.repeat(43), destroyAt: 0 }))
    assert.ok(first !== undefined && second !== undefined)
    await keys.settle(call, first)
    const stored = async (id: string): Promise<string> => (await dayRows().get(call, id))?.value.key ?? ''
    const before = await stored(first.id)
    await dayRows().insert(call, { ...second, key: before })
    assert.equal((await keys.settle(call, { ...second, key: 'D'.repeat(43) })).key, 'D'.repeat(43), 'that of another day opens nothing')

    const another = { ...first, key: 'E'.repeat(43) }
    const newer = createDayKeys(database.contract, ringOf('n', 'k'))
    assert.equal((await newer.settle(call, another)).key, first.key)
    assert.notEqual(await stored(first.id), before)
    assert.equal((await createDayKeys(database.contract, ringOf('n')).settle(call, another)).key, first.key, 'without the former version')
    assert.equal((await createDayKeys(database.contract, ringOf('o')).settle(call, another)).key, another.key, 'with a foreign one')
  })

  test('pseudonyms go on when the database cannot be asked, and tell clients apart for limits when they are not kept', async () => {
    const broken: DayKeys = { settle: () => Promise.reject(new Error('down')), destroyUntil: () => Promise.reject(new Error('down')) }
    const pseudonyms = createPseudonyms({ keys: broken, clock, logger })
    await pseudonyms.upkeep()
    assert.equal(pseudonyms.of('192.0.2.7'), pseudonyms.of('192.0.2.7'))
    assert.notEqual(pseudonyms.of('192.0.2.7'), pseudonyms.of('192.0.2.8'))
    const unstored = createPseudonyms({ keys: unstoredKeys, clock, logger })
    await unstored.upkeep()
    assert.notEqual(unstored.of('192.0.2.7'), unstored.of('192.0.2.8'))
  })

  test('with the switch off, the request log and the lines tell no two clients apart', async () => {
    const lines: string[] = []
    const own = createSqliteDatabase({ file: ':memory:', clock, logger })
    const monitoring = monitoringServer.create({
      database: own.contract,
      keyRing,
      clock,
      logger: createLogger({ level: 'info', stream: { write: (line) => void lines.push(line) } }),
      settings: { retentionDays: 30, pseudonymise: false },
      readiness: async () => ({}),
    })
    const kept = createRequestRepository(own.contract)
    await own.start()
    await monitoring.start()
    const clients = ['192.0.2.7', '192.0.2.8'].map((address) => monitoring.contract.pseudonym(address))
    for (const client of clients) monitoring.contract.recordRequest(record({ client }))
    for (const status of [404, 501, 500, 503]) monitoring.contract.recordRequest(record({ status, client: 'levels' }))
    await monitoring.stop()
    const { items } = await searchRequests(kept, call, { limit: 50 })
    assert.deepEqual(
      items.map(({ client }) => client),
      Array.from({ length: 6 }, () => 'off'),
    )
    assert.deepEqual(
      lines.map((line) => [JSON.parse(line).status, JSON.parse(line).level]),
      [
        [200, 'info'],
        [200, 'info'],
        [404, 'info'],
        [501, 'info'],
        [500, 'error'],
        [503, 'error'],
      ],
      'what clients do wrong is no error of ours, a method that there is not included',
    )
    for (const client of clients) assert.ok(!lines.join().includes(client))
    await own.stop()
  })

  test('the request log is found by status, route, request, client and account, newest first, page by page', async () => {
    const rows = Array.from({ length: 250 }, (_, index) => {
      clock.advance(1)
      const status = index % 5 === 0 ? 404 : 200
      return record({
        requestId: `r${index}`,
        status,
        client: `c${index % 2}`,
        route: index % 10 === 0 ? '/rare' : '/often',
        ...(status === 404 ? { errorCode: 'http.not_found' } : {}),
        ...(index % 3 === 0 ? { principal: 'user', accountId: index === 0 ? 'seldom' : `a${index % 6}` } : {}),
      })
    })
    await keepAll(rows)
    const newest = await search({ limit: 200 })
    assert.deepEqual(
      newest.items.slice(0, 2).map((item) => item.requestId),
      ['r249', 'r248'],
    )
    const rest = await search({ limit: 200, after: newest.next })
    assert.deepEqual([newest.items.length, rest.items.length, rest.items.at(-1)?.requestId, rest.next], [200, 50, 'r0', undefined])
    assert.equal((await search({ limit: 200, status: '4xx' })).items.length, 50)
    assert.equal((await search({ route: '/rare' })).items.length, 25)
    assert.equal((await search({ accountId: 'a3', limit: 200 })).items.length, 42)
    assert.equal((await search({ accountId: 'seldom', limit: 1 })).items[0]?.requestId, 'r0', 'without reading what is newer')
    assert.deepEqual((await search({ accountId: 'seldom', requestId: 'r7' })).items, [])
    const ofAccount = await search({ accountId: 'a3', status: '4xx', limit: 200 })
    assert.ok(ofAccount.items.length === 8 && ofAccount.items.every((item) => item.accountId === 'a3' && item.status === 404))
    assert.deepEqual(
      (await search({ requestId: 'r7' })).items.map((item) => [item.requestId, item.durationMs, item.at]),
      [['r7', 1.23, new Date(rows[7]?.at ?? 0).toISOString()]],
    )
    const both = await search({ client: 'c1', status: '4xx', limit: 20 })
    assert.ok(both.items.length === 20 && both.items.every((item) => item.client === 'c1' && item.status === 404))
    const rest2 = await search({ client: 'c1', status: '4xx', limit: 20, after: both.next })
    assert.equal(new Set([...both.items, ...rest2.items].map((item) => item.id)).size, 25)
  })

  test('requests leave after 30 days, and sooner when the retention is shortened', async () => {
    await keepAll([record({ requestId: 'old' })])
    clock.advance(10 * DAY_MS)
    await keepAll([record({ requestId: 'young' })])
    const purge = async (days: number) => await purgeJob(requests, clock, days).handle({ call, jobId: 'j', attempt: 1 }, {})
    await purge(30)
    assert.deepEqual(
      (await search({})).items.map((item) => item.requestId),
      ['young', 'old'],
    )
    await purge(9)
    assert.deepEqual(
      (await search({})).items.map((item) => item.requestId),
      ['young'],
    )
    clock.advance(30 * DAY_MS)
    assert.deepEqual((await search({})).items, [])
  })

  test('a flood keeps errors, drops the oldest of the rest, and says how many', async () => {
    const log = createRequestLog({ repository: requests, clock, logger, retentionDays: 30 })
    for (let index = 0; index < 5000; index += 1) {
      clock.advance(1)
      log.add(record({ requestId: `r${index}`, status: index % 1000 === 0 ? 500 : 200 }))
    }
    assert.deepEqual([log.queued(), log.dropped()], [1005, 3995])
    await log.stop()
    const { items } = await search({ status: '5xx' })
    assert.deepEqual(
      items.map((item) => item.requestId),
      ['r4000', 'r3000', 'r2000', 'r1000', 'r0'],
    )
    assert.equal((await search({ requestId: 'r4999' })).items.length, 1)
    assert.equal((await search({ requestId: 'r2' })).items.length, 0)
  })

  test('a request log that cannot be written counts its losses and throws nothing', async () => {
    const broken: RequestRepository = { ...requests, insertAll: () => Promise.reject(new Error('down')) }
    const log = createRequestLog({ repository: broken, clock, logger, retentionDays: 30 })
    for (let index = 0; index < 150; index += 1) log.add(record())
    await log.stop()
    assert.equal(log.dropped(), 150, 'what was waiting when it stopped is lost too')
  })

  test('policy reports are counted together, without queries, and bounded', async () => {
    const reports = createPolicyReports({ repository: createReportRepository(database.contract), clock, logger, retentionDays: 30 })
    const report = {
      documentUri: 'http://diary.localhost/a?token=s3cret#x',
      directive: 'script-src',
      blockedUri: 'http://evil.test/x.js?id=1',
    }
    for (let index = 0; index < 3; index += 1) reports.add(report)
    for (let index = 0; index < 200; index += 1) reports.add({ ...report, blockedUri: `http://evil.test/${index}` })
    await reports.stop()
    const { items } = await reports.newest(call)
    const first = items.find((item) => item.count === 3)
    assert.deepEqual(
      [first?.documentUri, first?.directive, first?.blockedUri],
      ['http://diary.localhost/a', 'script-src', 'http://evil.test/x.js'],
    )
    assert.deepEqual([items.length, reports.dropped()], [50, 151])
    assert.ok(!JSON.stringify(items).includes('s3cret'))
  })
})
