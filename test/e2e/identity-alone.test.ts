// Ninefold as the authorization server of an app that knows nothing of it: the example as it stands, each program a process of its own.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PASSWORD, type Person, signUp } from '../support/person.ts'
import { type PlatformProcess, printed, startPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'
import { type Page, Visitor } from '../support/visitor.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

let platform: PlatformProcess
let shop: ChildProcess
let origin: string
let ada: Person

before(async () => {
  platform = await startPlatform({ config: 'examples/identity-alone/ninefold.config.ts' })
  const port = platform.port + 1
  const args = ['examples/identity-alone/server.ts', '--port', String(port), '--issuer', platform.origin('accounts')]
  shop = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [shop.stdout, shop.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await printed(shop, /The shop is open/, () => output)
  origin = `http://shop.localhost:${port}`
  ada = await signUp(platform, 'ada@example.org')
})

after(async () => {
  if (shop.exitCode === null) {
    shop.kill()
    await once(shop, 'exit')
  }
  await platform.stop({ remove: true })
})

async function signIn(visitor: Visitor): Promise<Page> {
  const page = await visitor.visit(`${origin}/sign-in`)
  return await visitor.submit(page, { email: ada.email, password: PASSWORD })
}

test('a person signs in without being asked what the app may know, and the pages lead back to the app', async () => {
  const visitor = new Visitor(platform.port)
  const form = await visitor.visit(`${origin}/sign-in`)
  assert.equal(form.url.origin, platform.origin('accounts'))
  assert.match(form.body, new RegExp(`<p class="brand"><a href="${origin}/">`))
  const page = await visitor.submit(form, { email: ada.email, password: PASSWORD })
  assert.equal(page.url.href, `${origin}/`)
  assert.match(page.body, /Good day, ada\./)
})

test('the API of the app takes a token that is for it, and refuses what is none', async () => {
  const visitor = new Visitor(platform.port)
  await signIn(visitor)
  const answer = await visitor.visit(`${origin}/orders`)
  assert.equal(answer.status, 200, answer.body)
  assert.match(JSON.parse(answer.body).buyer, /^[0-9a-z]{26}$/)
  for (const authorization of ['Bearer nonsense', 'Bearer e30.e30.e30']) {
    assert.equal((await new Visitor(platform.port).request(new URL(`${origin}/orders`), { headers: { authorization } })).status, 401)
  }
})

test('who signs out at the authorization server is signed out of the app', async () => {
  const visitor = new Visitor(platform.port)
  await signIn(visitor)
  const ending = await visitor.visit(`${platform.origin('accounts')}/end-session`)
  await visitor.submit(ending, { logout: 'yes' })
  await until('the app has been told', async () => (await visitor.visit(`${origin}/orders`)).status === 401)
})

test('who signs out of the app comes back to it, signed out of both', async () => {
  const visitor = new Visitor(platform.port)
  await signIn(visitor)
  const ending = await visitor.visit(`${origin}/sign-out`)
  const back = await visitor.submit(ending, { logout: 'yes' })
  assert.equal(back.url.origin, origin)
  assert.match(back.body, /Sign in/)
  const again = await visitor.visit(`${origin}/sign-in`)
  assert.equal(again.url.origin, platform.origin('accounts'), 'the password is asked for')
})

test('there is no data and no page but those of accounts and operators', async () => {
  const discovery = await platform.send('accounts', { path: '/.well-known/openid-configuration' })
  assert.equal(JSON.parse(discovery.body).issuer, platform.origin('accounts'))
  assert.equal((await platform.send('api', { path: '/' })).status, 404)
  assert.equal((await platform.send('shop', { path: '/' })).status, 421)
})
