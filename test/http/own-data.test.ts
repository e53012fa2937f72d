// The download of one's own data: everything of this person, nothing of anybody else, no secret, and only after a recent sign-in.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Readable } from 'node:stream'
import { type AccountsWorld, call, openAccounts, type Visited } from '../support/accounts.ts'
import { until } from '../support/until.ts'

let world: AccountsWorld
const asked: unknown[] = []

before(async () => {
  world = await openAccounts({
    holdings: [
      {
        name: 'notes',
        page: async (asking, ownerId, after) => {
          asked.push([asking.principal.kind, ownerId, after])
          return after === undefined ? { items: [{ id: 1, text: 'a "quoted" note' }], next: 'two' } : { items: [{ id: 2 }] }
        },
      },
    ],
  })
})

after(() => world.stop())

async function textOf({ answer }: Visited): Promise<string> {
  const chunks: string[] = []
  for await (const chunk of (answer.body as { stream: Readable }).stream) chunks.push(String(chunk))
  return chunks.join('')
}

function signIn(accountId: string, ago = 0): void {
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now - ago, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
}

test('has everything of the person, page by page, and no hash', async () => {
  const other = await world.person({ email: 'someone-else@example.org', name: 'Someone Else' })
  const { accountId, email } = await world.person({ email: 'mine@example.org', name: 'Ada Mine' })
  await until('an event', async () => (await world.securityEvents.list(call, accountId, { limit: 9 })).items.length > 0)
  signIn(accountId)
  const visited = await world.visit({ path: '/account/data', form: {} })
  assert.equal(visited.status, 200)
  assert.equal(visited.headers?.['content-disposition'], 'attachment; filename="my-data.json"')
  const text = await textOf(visited)
  const data = JSON.parse(text) as Record<string, unknown> & { account: Record<string, unknown>; securityEvents: { type: string }[] }
  assert.equal(data.account['email'], email)
  assert.equal(data.account['name'], 'Ada Mine')
  assert.equal((data['sessions'] as unknown[]).length, 1)
  assert.ok(data.securityEvents.some(({ type }) => type === 'account.created'))
  assert.deepEqual(data['notes'], [{ id: 1, text: 'a "quoted" note' }, { id: 2 }])
  assert.deepEqual(asked, [
    ['system', accountId, undefined],
    ['system', accountId, 'two'],
  ])
  assert.doesNotMatch(text, /argon2|Someone|someone/)
  assert.ok(!text.includes(other.accountId))
  await until('the download to be told', async () => {
    const { items } = await world.securityEvents.list(call, accountId, { limit: 9 })
    return items.some(({ type }) => type === 'account.data_downloaded')
  })
})

test('is not given to whoever finds an open browser', async () => {
  const { accountId } = await world.person({ email: 'open-browser@example.org' })
  signIn(accountId, 11 * 60_000)
  const before = asked.length
  const visited = await world.visit({ path: '/account/data', form: {} })
  assert.equal(visited.status, 303)
  world.engine.signedInAs = undefined
  assert.equal((await world.visit({ path: '/account/data', form: {} })).status, 303)
  assert.equal(asked.length, before)
})
