// One platform signs in with the other: both ends of the protocol are ours, and meet over HTTP alone.
import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ninefold } from '../support/command.ts'
import { type Person, PASSWORD, session, signUp } from '../support/person.ts'
import { freePortPair, type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'
import { type Page, Visitor } from '../support/visitor.ts'

let above: PlatformProcess
let ours: PlatformProcess
let person: Person

before(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ninefold-above-'))
  const port = await freePortPair()
  const redirect = `http://accounts.localhost:${port}/upstream/pixel/callback`
  const words = [
    'clients',
    'add',
    'neighbour',
    '--redirect-uri',
    redirect,
    '--scope',
    'email profile',
    '--with-secret',
    '--data-dir',
    dataDir,
    '--log-level',
    'error',
  ]
  const { out, err } = await ninefold(words, { environment: scenarioEnvironment(dataDir) })
  const { secret } = JSON.parse(out === '' ? err : out) as { secret: string }
  above = await startPlatform({ dataDir })
  ours = await startPlatform({
    port,
    config: 'test/fixtures/upstream/ninefold.config.ts',
    environment: {
      NINEFOLD_TEST_UPSTREAM: above.origin('accounts'),
      NINEFOLD_AUTH_UPSTREAM_SECRETS: JSON.stringify({ pixel: secret }),
    },
  })
  person = await signUp(above, 'ada@example.org')
})

after(async () => {
  await ours.stop({ remove: true })
  await above.stop({ remove: true })
})

/** From our sign-in page to theirs, through whatever they ask, and back. */
async function travel(visitor: Visitor): Promise<Page> {
  const signIn = await visitor.visit(`${ours.origin('diary')}/session/sign-in?return_to=/`)
  const [, path] = /href="([^"]+\/upstream\/pixel)"[^>]*>Continue with Pixel Diary/.exec(signIn.body) ?? []
  assert.ok(path !== undefined, signIn.body)
  let page = await visitor.visit(new URL(path, signIn.url))
  for (let asked = 0; asked < 3 && page.url.host === new URL(above.origin('accounts')).host; asked += 1) {
    const isConsent = page.body.includes('name="decision"')
    page = await visitor.submit(page, isConsent ? { decision: 'allow' } : { email: person.email, password: PASSWORD })
  }
  return page
}

test('requirement 71: a person of one platform gets an account at the other, comes back to it, and the other way is not open', async () => {
  const visitor = new Visitor(ours.port)
  const welcome = await travel(visitor)
  assert.match(welcome.url.pathname, /^\/interaction\/[\w-]+\/welcome$/, welcome.url.href)
  assert.match(welcome.body, /ada@example\.org/)
  await visitor.submit(welcome, { name: 'Ada' })
  assert.equal((await session(ours, visitor)).signedIn, true)
  const account = await visitor.visit(`${ours.origin('accounts')}/account`)
  assert.match(account.body, /Pixel Diary<\/strong>/)
  assert.match(account.body, /ada@example\.org/)

  const again = new Visitor(ours.port)
  await travel(again)
  assert.equal((await session(ours, again)).signedIn, true, 'known from then on')

  const forged = new Visitor(ours.port)
  const answer = await forged.visit(`${ours.origin('accounts')}/upstream/pixel/callback?code=x&state=y&iss=${above.origin('accounts')}`)
  assert.equal(answer.status, 400)
  assert.equal((await session(ours, forged)).signedIn, false)
})

test('while the one above is away, ours goes on', async () => {
  const visitor = new Visitor(ours.port)
  const signIn = await visitor.visit(`${ours.origin('diary')}/session/sign-in?return_to=/`)
  const [, path = ''] = /href="([^"]+\/upstream\/pixel)"/.exec(signIn.body) ?? []
  const away = await visitor.request(new URL(path, signIn.url), { headers: { accept: 'text/html' } })
  const location = new URL(String(away.headers.location))
  await above.stop()
  const state = location.searchParams.get('state') ?? ''
  const iss = encodeURIComponent(above.origin('accounts'))
  const back = await visitor.visit(`${ours.origin('accounts')}/upstream/pixel/callback?code=x&state=${state}&iss=${iss}`)
  assert.equal(back.status, 503, back.body)
  assert.match(back.body, /cannot be reached just now/)
  assert.match(back.body, /name="password"/)
})
