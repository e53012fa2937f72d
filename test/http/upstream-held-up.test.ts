// A request that connects an account elsewhere, and is held up while the account is taken back.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { createIdentitiesRepository } from '../../src/auth/upstream/repository.ts'
import { type AccountsWorld, call, openAccounts, tokenIn, type Visited } from '../support/accounts.ts'
import { CLIENT_ID, startUpstream, type Upstream } from '../support/upstream.ts'

let provider: Upstream
let world: AccountsWorld

before(async () => {
  provider = await startUpstream()
  const club = { kind: 'openid', id: 'club', name: 'The Club', issuer: provider.issuer, clientId: CLIENT_ID } as const
  world = await openAccounts({ definition: { upstreams: [club] }, upstreamSecrets: { club: provider.secret } })
  provider.claims = { sub: 'subject', email: 'elsewhere@example.org', email_verified: true, name: 'Ada' }
})

after(async () => {
  await world.stop()
  await provider.stop()
})

const locationOf = ({ headers }: Visited): string => String(headers?.['location'])
const linked = (accountId: string) => createIdentitiesRepository(world.database).list(call, accountId)

/** Of somebody who is signed in: to the provider and back, where the button is. */
async function atTheButton(accountId: string): Promise<(path: string) => Promise<Visited>> {
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
  const jar = new Map<string, string>()
  const visit = async (path: string, form?: Readonly<Record<string, string>>): Promise<Visited> => {
    const visited = await world.visit({ path, cookies: Object.fromEntries(jar), ...(form === undefined ? {} : { form }) })
    for (const cookie of visited.cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      jar.set(name, value)
    }
    return visited
  }
  const { location } = provider.visit(locationOf(await visit('/account/identities/link/club')))
  let back = await visit(`${location.pathname}${location.search}`)
  for (let hops = 0; back.status === 303 && hops < 3; hops += 1) back = await visit(locationOf(back))
  assert.match(back.text, /elsewhere@example\.org/)
  return (path) => visit(path, {})
}

test('is written to the account as it was read, or not at all', async () => {
  const accounts = world.database.collection(accountsCollection)
  const { accountId } = await world.person({ email: 'held-up@example.org' })
  const account = (await accounts.get(call, accountId))?.value ?? assert.fail('no account')
  const identities = createIdentitiesRepository(world.database)
  for (const set of [
    { password: 'another one' },
    { password: account.password, waysVersion: 7 },
    { waysVersion: undefined, suspendedAt: 1 },
  ]) {
    await accounts.update(call, accountId, { set })
    const identity = { id: 'held-up', accountId, issuer: 'https://elsewhere.example', subject: 's', linkedAt: world.clock.now() }
    assert.equal(await identities.link(call, account, { identity, events: [] }), false)
    assert.deepEqual(await linked(accountId), [])
  }
})

test('and to the account as it was while the session was good', async () => {
  const { accountId, email } = await world.person({ email: 'held-up-too@example.org' })
  await world.visit({ path: '/forgot-password', form: { email } })
  const token = tokenIn(await world.mailTo(email, 'reset-password'))
  const { browserSession } = world.engine
  const connect = async (held: { readonly afterLooks: number; happens(): Promise<unknown> }): Promise<Visited> => {
    const send = await atTheButton(accountId)
    let looks = 0
    world.engine.browserSession = async (exchange) => {
      const session = await browserSession(exchange)
      looks += 1
      if (looks === held.afterLooks) await held.happens()
      return session
    }
    const answer = await send('/account/identities/connect')
    world.engine.browserSession = browserSession
    assert.ok(looks >= held.afterLooks)
    assert.deepEqual(await linked(accountId), [])
    return answer
  }
  await connect({
    afterLooks: 1,
    async happens() {
      const { status } = await world.visit({ path: '/reset-password', form: { token, password: 'a brand new passphrase' } })
      assert.equal(status, 303)
      world.engine.sessionList.splice(0)
    },
  })
  const change = { set: { waysVersion: 9 } }
  const update = () => world.database.collection(accountsCollection).update(call, accountId, change)
  const changed = await connect({ afterLooks: 2, happens: update })
  assert.equal(locationOf(changed), '/account/identities/connect', "is asked once more, and is not told that it is somebody else's")
  const send = await atTheButton(accountId)
  assert.equal(locationOf(await send('/account/identities/connect')), '/account?done=identity-linked', 'where nothing comes in between')
})
