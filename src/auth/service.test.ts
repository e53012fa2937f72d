// What other servers learn of a person.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { type AuthServiceDependencies, createAuthService } from './service.ts'

const call = systemCall('test')
const ada = {
  accountId: 'ada',
  name: 'Ada',
  language: 'de',
  email: 'ada@example.org',
  emailVerified: true,
  credential: 'c',
  hasPassword: true,
}

test('a profile that anybody may see has a name, that of a person for themselves a language as well, and nothing else', async () => {
  let suspended = false
  const accounts = { find: async (_call: unknown, id: string) => (id === 'ada' ? { ...ada, suspended } : undefined) }
  const service = createAuthService({ accounts } as unknown as AuthServiceDependencies)
  assert.deepEqual(await service.profile(call, 'ada'), { accountId: 'ada', name: 'Ada' })
  assert.deepEqual(await service.ownProfile(call, 'ada'), { accountId: 'ada', name: 'Ada', language: 'de' })
  suspended = true
  for (const id of ['ada', 'nobody'])
    assert.deepEqual([await service.profile(call, id), await service.ownProfile(call, id)], [undefined, undefined])
})
