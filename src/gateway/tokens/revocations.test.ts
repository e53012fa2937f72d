import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '#kernel/log.ts'
import type { Revocation } from '../../auth/contract.ts'
import { createRevocations } from './revocations.ts'

test('what another clock has written into the past is found within seconds, and a clock that was set back makes nothing fresh', async () => {
  let now = 1_800_000_000_000
  let hint = (): void => {}
  let isAway = false
  const behind: Revocation = { kind: 'session', subject: 'sid-behind', before: now / 1000 }
  const listed: Revocation[] = []
  const asked: (string | undefined)[] = []
  const revocations = createRevocations({
    auth: {
      async revocations(_call, after) {
        if (isAway) throw new Error('the database is away')
        asked.push(after)
        return { items: after === undefined ? listed : [], next: 'here' }
      },
    },
    cache: {
      subscribe(_channel, listener) {
        hint = () => listener('')
        return () => {}
      },
    },
    clock: { now: () => now },
    logger: createLogger({ level: 'silent' }),
  })
  const isRevoked = (): boolean => revocations.isRevoked({ sessionId: behind.subject, issuedAt: 0 })
  const read = async (): Promise<void> => {
    hint()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await revocations.start()
  listed.push(behind)
  await read()
  assert.deepEqual([isRevoked(), revocations.isFresh()], [false, true])
  now += 10_001
  await read()
  assert.equal(isRevoked(), true)
  assert.deepEqual(asked, [undefined, 'here', undefined])
  isAway = true
  now -= 60_000
  assert.equal(revocations.isFresh(), false)
  await read()
  assert.equal(revocations.isFresh(), false)
  isAway = false
  await read()
  assert.equal(revocations.isFresh(), true)
  revocations.stop()
})
