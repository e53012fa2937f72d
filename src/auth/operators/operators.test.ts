import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { createLogger } from '#kernel/log.ts'
import { cacheServer } from '../../cache/server.ts'
import { createSqliteDatabase } from '../../database/server.ts'
import { createRevocations } from '../revocations/revocations.ts'
import { SECURITY_EVENT } from '../security-events/security-event.ts'
import { until } from '../../../test/support/until.ts'
import { createOperators } from './operators.ts'

const call = systemCall('test')
let offset = 0
const clock = { now: () => Date.now() + offset }
const database = createSqliteDatabase({ file: ':memory:', clock, logger: createLogger({ level: 'silent' }) })
const logger = createLogger({ level: 'silent' })
const cache = cacheServer.create({ maxBytes: 100_000, clock, logger }).contract
const revocations = createRevocations({ database: database.contract, cache, clock, logger })
const operators = createOperators({ database: database.contract, revocations, clock })

before(() => database.start())
after(() => database.stop())

test('a link lets in one of those who use it at once, and nobody later', async () => {
  const code = await operators.createLink(call)
  const sessions = await Promise.all(Array.from({ length: 20 }, () => operators.redeemLink(call, code)))
  const [session, ...others] = sessions.filter((found) => found !== undefined)
  assert.ok(session !== undefined && session.expiresAt > clock.now())
  assert.deepEqual(others, [])
  assert.equal(await operators.redeemLink(call, code), undefined)
})

test('a link is good for 15 minutes, and an unknown one for nothing', async () => {
  const code = await operators.createLink(call)
  offset += 15 * 60_000 + 1
  assert.equal(await operators.redeemLink(call, code), undefined)
  assert.equal(await operators.redeemLink(call, 'unknown'), undefined)
})

test('a session that was signed out stays so for its whole life, whoever asks first after a restart', async () => {
  const session = await operators.redeemLink(call, await operators.createLink(call))
  assert.ok(session)
  await operators.endSession(call, session.sessionId)
  const subjects = async (): Promise<readonly string[]> => (await revocations.list(call)).items.map(({ subject }) => subject)
  offset += session.expiresAt - clock.now() - 60_000
  assert.deepEqual(await subjects(), [session.sessionId])
  offset += 2 * 60_000
  assert.deepEqual(await subjects(), [])
})

test('a clock that was set back hides no revocation', async () => {
  offset += 3_600_000
  await revocations.revokeToken(call, 'of-the-future')
  const { next } = await revocations.list(call)
  offset -= 3_600_000
  await revocations.revokeToken(call, 'of-the-present')
  const { items, next: later } = await revocations.list(call, next)
  assert.ok(items.some(({ subject }) => subject === 'of-the-present'))
  await revocations.revokeToken(call, 'of-afterwards')
  assert.ok((await revocations.list(call, later)).items.some(({ subject }) => subject === 'of-afterwards'))
})

test('who made a link, and that it was used, is told with the write', async () => {
  const told: unknown[] = []
  const unsubscribe = database.contract.subscribe({
    consumer: 'told',
    topics: [SECURITY_EVENT],
    beginAtEnd: true,
    handle: async (events) => void told.push(...events.map(({ data }) => data)),
  })
  const code = await operators.createLink({ ...call, principal: { kind: 'system', name: 'admin link', by: 'ada' } })
  const redeemed = await Promise.all([code, code, 'unknown'].map((tried) => operators.redeemLink(call, tried)))
  const sessionId = redeemed.find((session) => session !== undefined)?.sessionId
  await until('both are told', () => (told.length >= 2 ? true : undefined))
  unsubscribe()
  assert.deepEqual(told, [
    { type: 'operator.link_created', about: 'admin link, by ada' },
    { type: 'operator.signed_in', actor: `operator ${sessionId}` },
  ])
  assert.doesNotMatch(JSON.stringify(told), new RegExp(code))
})
