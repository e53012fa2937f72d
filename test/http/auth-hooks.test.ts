// Hooks of the app around signing up and in: they may refuse, and whatever goes wrong in one means no.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLogger } from '#kernel/log.ts'
import { createHooks } from '../../src/auth/hooks/hooks.ts'
import type { AuthHooks, SignUpDraft, TokenRequest } from '../../src/auth/hooks/contract.ts'
import { grantsCollection, refreshTokensCollection } from '../../src/auth/provider/collections.ts'
import { type AccountsWorld, call, openAccounts } from '../support/accounts.ts'
import {
  authorizePath,
  Browser,
  claimsOf,
  codeFor,
  errorOf,
  frontendTokens,
  type OauthWorld,
  openOauth,
  pkce,
  refresh,
  send,
  tokensFor,
} from '../support/oauth.ts'
import { everythingStored } from '../support/scenario-database.ts'

const forever = (): Promise<never> => new Promise(() => {})
/** Everything that a hook can do instead of answering. */
const BROKEN: Readonly<Record<string, () => never>> = {
  throws: () => {
    throw new Error('the allow list cannot be read: secret-of-the-app')
  },
  hangs: forever as never,
  'answers nonsense': (() => 'yes') as never,
  'answers another shape': (() => ({ allow: true })) as never,
}

interface Setting extends AuthHooks {
  readonly durableFile?: string
}

async function withAccounts({ durableFile, ...hooks }: Setting, run: (world: AccountsWorld) => Promise<void>): Promise<void> {
  const world = await openAccounts({ hooks, ...(durableFile === undefined ? {} : { durableFile }) })
  try {
    await run(world)
  } finally {
    await world.stop()
  }
}

async function withOauth(hooks: AuthHooks, run: (world: OauthWorld) => Promise<void>): Promise<void> {
  const world = await openOauth({ hooks })
  try {
    await run(world)
  } finally {
    await world.stop()
  }
}

const details = (email: string, name = 'Ada') => ({ name, email, password: 'nine folded squares' })

test('beforeSignUp refuses with words beside the field, and may change the name', async () => {
  const seen: SignUpDraft[] = []
  const hooks: AuthHooks = {
    async beforeSignUp({ now }, draft) {
      assert.ok(now > 0)
      seen.push(draft)
      if (draft.email.endsWith('@rival.example')) return { refuse: { field: 'email', message: 'Please use your own address.' } }
      if (draft.name === 'Eve') return { refuse: { message: 'We have to talk first.' } }
      return { name: `  ${draft.name} the   Great ` }
    },
  }
  await withAccounts(hooks, async (world) => {
    const refused = await world.visit({ path: '/sign-up', form: details('ada@rival.example') })
    assert.equal(refused.status, 422)
    assert.match(refused.text, /id="email-problem">Please use your own address\./)
    assert.match(refused.text, /value="ada@rival\.example"/, 'nothing typed is lost')
    const whole = await world.visit({ path: '/sign-up', form: details('eve@example.org', 'Eve') })
    assert.equal(whole.status, 422)
    assert.match(whole.text, /role="alert">Some of the details cannot be used\. We have to talk first\./)
    await world.settled()
    assert.deepEqual(world.mails, [], 'nobody was written to')
    const { accountId } = await world.person({ email: 'ada@example.org', name: ' Ada ' })
    assert.equal((await world.accounts.find(call, accountId))?.name, 'Ada the Great')
    assert.deepEqual(seen.at(-1), { email: 'ada@example.org', name: 'Ada' })
  })
})

test('requirement 69: beforeSignUp is asked before anything is looked up, the same for known and unknown addresses', async () => {
  let refuses = false
  let asked = 0
  const beforeSignUp: AuthHooks['beforeSignUp'] = () => {
    asked += 1
    return refuses ? { refuse: { message: 'Not today.' } } : undefined
  }
  await withAccounts({ beforeSignUp }, async (world) => {
    await world.person({ email: 'known@example.org' })
    const before = asked
    refuses = true
    const known = await world.visit({ path: '/sign-up', form: details('known@example.org') })
    const unknown = await world.visit({ path: '/sign-up', form: details('nobody@example.org') })
    assert.equal(asked - before, 2)
    const neutral = ({ status, text }: { status: number; text: string }): string => `${status} ${text.replaceAll(/known|nobody/g, 'x')}`
    assert.equal(neutral(known), neutral(unknown))
    const mails = world.mails.length
    await world.settled()
    assert.equal(world.mails.length, mails, 'the owner of a known address is not told either')
  })
})

for (const [what, broken] of Object.entries(BROKEN)) {
  test(`a beforeSignUp that ${what} lets nobody sign up`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ninefold-hooks-'))
    const durableFile = join(folder, 'accounts.db')
    await withAccounts({ beforeSignUp: broken, durableFile }, async (world) => {
      const answer = await world.visit({ path: '/sign-up', form: details('ada@example.org') })
      assert.equal(answer.status, 503)
      assert.match(answer.text, /Signing in is not possible just now\. Please try again in a moment\./)
      assert.doesNotMatch(answer.text, /secret-of-the-app/)
      await world.settled()
      assert.deepEqual(world.mails, [])
      assert.equal((await everythingStored(durableFile)).includes('ada@example.org'), false, 'nothing was stored')
      assert.equal(world.log.filter((line) => line.includes('auth.hook_failed') && line.includes('beforeSignUp')).length, 1)
    })
    await rm(folder, { recursive: true, force: true })
  })

  test(`an afterSignIn that ${what} lets nobody in`, async () => {
    await withOauth({ afterSignIn: broken }, async (world) => {
      const browser = new Browser(world)
      const { last, location } = await browser.authorize(authorizePath(pkce().challenge), { account: 'person1' })
      assert.equal(last.status, 503)
      assert.equal(location.href, 'about:blank', 'no way back to the client')
      await assertNotIn(world, browser)
      assert.equal(world.logs.filter((line) => line.includes('auth.hook_failed') && line.includes('afterSignIn')).length, 1)
    })
  })

  test(`a tokenClaims that ${what} issues nothing, and costs nobody the session`, async () => {
    let works = true
    const tokenClaims: AuthHooks['tokenClaims'] = () => (works ? { accessToken: { plan: 'gold' } } : broken())
    await withOauth({ tokenClaims }, async (world) => {
      const browser = new Browser(world)
      const tokens = await tokensFor(world, browser)
      works = false
      const failed = await refresh(world, tokens.refresh_token)
      assert.equal(failed.status, 503)
      assert.equal(errorOf(failed), 'temporarily_unavailable')
      assert.doesNotMatch(failed.body, /secret-of-the-app|access_token/)
      assert.ok(world.logs.some((line) => line.includes('auth.hook_failed') && line.includes('tokenClaims')))
      const code = await send(world, { path: '/token', form: await codeFor(browser) })
      assert.equal(errorOf(code), 'temporarily_unavailable')
      works = true
      // Longer than a used token would be forgiven: it was not used.
      world.advance(60_000)
      const again = await refresh(world, tokens.refresh_token)
      assert.equal(again.status, 200, again.body)
      assert.deepEqual(claimsOf(JSON.parse(again.body).access_token)['app'], { plan: 'gold' })
    })
  })
}

test('afterSignIn keeps out whom the app refuses, in the words of the app, and sees who comes to which client', async () => {
  const seen: unknown[] = []
  const afterSignIn: AuthHooks['afterSignIn'] = (_context, person) => {
    seen.push(person)
    return person.accountId === 'person-late' ? { refuse: 'Your membership has ended.' } : undefined
  }
  await withOauth({ afterSignIn }, async (world) => {
    const late = new Browser(world)
    const kept = await late.authorize(authorizePath(pkce().challenge), { account: 'person-late' })
    assert.equal(kept.last.status, 403)
    assert.match(kept.last.body, /Your membership has ended\./)
    await assertNotIn(world, late)
    const good = await tokensFor(world, new Browser(world), { account: 'person-good' })
    assert.equal(claimsOf(good.access_token)['sub'], 'person-good')
    assert.deepEqual(seen.at(-1), {
      accountId: 'person-good',
      email: 'person-good@example.org',
      name: 'Name of person-good',
      clientId: 'print-shop',
    })
  })
})

const WORDS: Readonly<Record<string, string>> = { en: 'Use your address at work.', de: 'Bitte mit der Adresse der Firma.' }

test('a hook refuses in the language that the page speaks, beside a form and on a page of its own', async () => {
  const calls: (string | undefined)[] = []
  const beforeSignUp: AuthHooks['beforeSignUp'] = ({ call: own, language }) => {
    calls.push(own.language)
    return { refuse: { message: WORDS[language] ?? language } }
  }
  await withAccounts({ beforeSignUp }, async (world) => {
    for (const [language, words = ''] of Object.entries(WORDS)) {
      const cookies = { '__Host-Http-language': language }
      const answer = await world.visit({ path: '/sign-up', form: details('ada@example.org'), cookies })
      assert.ok(answer.status === 422 && answer.text.includes(`<html lang="${language}"`) && answer.text.includes(words), answer.text)
    }
    assert.deepEqual(calls, ['en', 'de'], 'what the call says is the same')
  })
  const afterSignIn: AuthHooks['afterSignIn'] = ({ language }) => ({ refuse: WORDS[language] ?? language })
  await withOauth({ afterSignIn }, async (world) => {
    for (const [language, words = ''] of Object.entries(WORDS)) {
      const browser = new Browser(world, { 'accept-language': language === 'de' ? 'fr, de-AT;q=0.8' : 'en' })
      const { last } = await browser.authorize(authorizePath(pkce().challenge), { account: 'person1' })
      assert.ok(last.status === 403 && last.body.includes(words), last.body)
    }
  })
})

test('a hook that is asked without a page hears the first language on offer, and one about tokens none', async () => {
  const heard: unknown[] = []
  const hooks: AuthHooks = {
    beforeSignUp: ({ language }) => void heard.push(language),
    tokenClaims: (context) => void heard.push('language' in context),
  }
  const clock = { now: () => 0 }
  const logger = createLogger({ level: 'silent' })
  const running = createHooks(hooks, { clock, logger, language: 'fr' })
  await running.beforeSignUp(call, { email: 'ada@example.org', name: 'Ada' })
  await running.tokenClaims(call, { accountId: 'a', clientId: 'c', firstParty: true, scopes: [], resource: 'r', roles: [] })
  assert.deepEqual(heard, ['fr', false])
})

test('a refusal of afterSignIn ends no session that is there', async () => {
  const afterSignIn: AuthHooks['afterSignIn'] = (_context, { accountId }) => (accountId === 'person2' ? { refuse: 'No.' } : undefined)
  await withOauth({ afterSignIn }, async (world) => {
    const browser = new Browser(world)
    await tokensFor(world, browser, { account: 'person1' })
    const other = await browser.authorize(authorizePath(pkce().challenge, { extra: { prompt: 'login' } }), { account: 'person2' })
    assert.equal(other.last.status, 403)
    assert.equal((await world.server.engine.sessions(call, 'person1')).length, 1)
    assert.equal((await world.server.engine.sessions(call, 'person2')).length, 0)
  })
})

test('tokenClaims puts claims under one name, into the tokens that it says, anew at every refresh', async () => {
  const requests: TokenRequest[] = []
  let plan = 'silver'
  const tokenClaims: AuthHooks['tokenClaims'] = (_context, request) => {
    requests.push(request)
    const claims = { plan, sub: 'somebody else', aud: 'elsewhere', exp: 1, roles: ['admin'] }
    return request.firstParty ? { accessToken: claims } : { accessToken: claims, idToken: { nickname: 'A.' } }
  }
  await withOauth({ tokenClaims }, async (world) => {
    const tokens = await tokensFor(world, new Browser(world))
    const access = claimsOf(tokens.access_token)
    assert.deepEqual(access['app'], { plan: 'silver', sub: 'somebody else', aud: 'elsewhere', exp: 1, roles: ['admin'] })
    assert.equal(access['sub'], 'person1')
    assert.equal(access['roles'], undefined)
    assert.notEqual(access['exp'], 1)
    assert.deepEqual(claimsOf(tokens.id_token)['app'], { nickname: 'A.' })
    plan = 'gold'
    const next = await refresh(world, tokens.refresh_token)
    assert.equal(Object(claimsOf(JSON.parse(next.body).access_token)['app']).plan, 'gold')
    assert.equal(requests.length, 2, 'asked once for each request')
    assert.deepEqual(requests.at(-1), {
      accountId: 'person1',
      clientId: 'print-shop',
      firstParty: false,
      scopes: ['openid', 'offline_access', 'photos:read'],
      resource: `${world.sites.app}/api`,
      roles: [],
    })
    const own = await frontendTokens(world, new Browser(world))
    assert.equal(Object(claimsOf(own.access_token)['app']).plan, 'gold')
    assert.equal(claimsOf(own.id_token)['app'], undefined)
  })
})

test('claims that are too large for a token are no answer', async () => {
  // Fewer characters than the limit, and more bytes.
  await withOauth({ tokenClaims: () => ({ accessToken: { text: '\u{1f986}'.repeat(254) } }) }, async (world) => {
    const answer = await send(world, { path: '/token', form: await codeFor(new Browser(world)) })
    assert.equal(errorOf(answer), 'temporarily_unavailable')
    const { items } = await world.database.collection(refreshTokensCollection).list(call, { index: 'grant', limit: 1 })
    assert.equal(items.length, 0, 'nothing was issued')
    assert.ok(world.logs.some((line) => line.includes('must be 1024 bytes of JSON at most, and has 1027')))
  })
})

async function assertNotIn(world: OauthWorld, browser: Browser): Promise<void> {
  for (const account of ['person1', 'person-late']) assert.deepEqual(await world.server.engine.sessions(call, account), [])
  const { items } = await world.database.collection(grantsCollection).list(call, { index: 'session', limit: 1 })
  assert.equal(items.length, 0)
  const silent = await browser.visit({ path: authorizePath(pkce().challenge, { extra: { prompt: 'none' } }) })
  assert.match(String(silent.headers['location']), /error=login_required/)
}
