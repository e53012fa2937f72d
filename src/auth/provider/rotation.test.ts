import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import type { RefreshTokenRecord } from './collections.ts'
import { createRotation, type HeldToken, type RotationDependencies, type Shown } from './rotation.ts'

const call = systemCall('test')
const record: RefreshTokenRecord = { id: 'family', grant: 'grant', generation: 1, payload: '', expiresAt: 1 }
const successor = { ...record, generation: 2 }

/** Somebody else has been faster since the request was judged; by now the token is this. */
function overtaken(now: HeldToken | undefined) {
  const ended: { readonly sid: string; readonly events: unknown }[] = []
  const noted: unknown[] = []
  const dependencies = {
    pending: { commit: () => Promise.resolve(false) },
    tokens: { update: (_call: unknown, id: string) => Promise.resolve(noted.push(id)) },
    clock: { now: () => 1000 },
    reuse: { inGrace: () => Promise.resolve(['noted']), alarm: () => Promise.resolve(['alarm']) },
    endings: { endGrant: (_call: unknown, sid: string, events: unknown) => Promise.resolve(void ended.push({ sid, events })) },
    keepingOf: () => ({ find: () => Promise.resolve(now), replacing: () => [] }),
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a rotation asks of them
  const rotation = createRotation(dependencies as unknown as RotationDependencies)
  const replace = (): Promise<string | undefined> => {
    const token = { jti: 'shown', accountId: 'person', clientId: 'client' }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a rotation asks of it
    return rotation.replace(call, { token, held: { record } } as unknown as Shown, successor)
  }
  return { replace, ended, noted }
}

test('requirement 29: who loses a race for a token that leads nowhere ends the family, and its person is told', async () => {
  const { replace, ended } = overtaken({ record: successor, usedAt: 900 })
  await assert.rejects(replace(), { error: 'invalid_grant' })
  assert.deepEqual(ended, [{ sid: 'grant', events: ['alarm'] }])
})

test('what has ended meanwhile ends no more', async () => {
  const { replace, ended } = overtaken(undefined)
  await assert.rejects(replace(), { error: 'invalid_grant' })
  assert.deepEqual(ended, [])
})

test('who loses a race within the grace gets what counts, and that is noted', async () => {
  const { replace, ended, noted } = overtaken({ record: successor, usedAt: 900, leadsTo: 'the next' })
  assert.equal(await replace(), 'the next')
  assert.deepEqual([ended, noted], [[], ['family']])
})
