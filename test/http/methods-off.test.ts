// Ways to sign in that are switched off on data where people use them: nothing of them is reached, shown or accepted any more, and the rest goes on.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { generate } from 'otplib'
import { sha256 } from '#kernel/keyring.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import type { Proof } from '../../src/auth/levels.ts'
import type { PageDetails, ThemeDefinition } from '../../src/auth/theme/contract.ts'
import { type AccountsWorld, call, openAccounts, ORIGIN, tokenIn, type Visited, WENT_ON } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { SoftAuthenticator } from '../support/authenticator.ts'

type Methods = NonNullable<AuthDefinition['methods']>

const by = { client: 'client-1', device: 'Firefox on Linux' }
const BROWSER = 'x'.repeat(43)
const here = { '__Host-Http-here': BROWSER }
const device = new SoftAuthenticator()
let folder: string
/** The whole inventory where everything is on. */
let all: readonly string[]
let ada: { readonly accountId: string; readonly email: string; readonly key: string; readonly codes: readonly string[] }
/** Of a link that was mailed while both ways by mail were on. */
let token: string

const inventory = ({ routes }: AccountsWorld): readonly string[] => routes.map(({ method, path }) => `${method} ${path}`)

interface Opened extends AccountsWorld {
  /** What the design of the app was given to show. */
  readonly details: readonly PageDetails[]
}

async function open(methods: Methods): Promise<Opened> {
  const details: PageDetails[] = []
  const template: ThemeDefinition['template'] = {
    version: 1,
    body(view) {
      details.push(view.details)
      return view.parts.main
    },
  }
  const world = await openAccounts({ durableFile: join(folder, 'main.db'), definition: { methods, theme: { template } } })
  world.engine.current = SIGN_IN
  return { ...world, details }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-methods-'))
  const world = await open({ emailCode: true, magicLink: true })
  all = inventory(world)
  const { accountId, email } = await world.person()
  const { passkeys, secondFactors } = world.running
  const owner = async () => ({ accountId, email, name: 'Ada', credential: (await world.accounts.find(call, accountId))?.credential ?? '' })
  const place = { purpose: 'add', browser: 'browser', subject: accountId } as const
  const { challenge } = await passkeys.creationOptions(call, await owner(), place)
  const answer = device.create({ challenge, origin: ORIGIN, rpId: new URL(ORIGIN).hostname })
  assert.ok(await passkeys.add(call, await owner(), { place, answer, name: 'Phone', client: 'client-1', by }))
  const { key, sealed } = await secondFactors.enrolment(call, { accountId, browser: 'browser' })
  const code = await generate({ secret: key, epoch: Math.floor(world.clock.now() / 1000) })
  const enabled = await secondFactors.enable(call, { ...(await owner()), browser: 'browser', by }, { sealed, code })
  assert.ok(typeof enabled === 'object')
  ada = { accountId, email, key, codes: enabled.codes }
  assert.deepEqual(await asked(world, 1), { kind: 'prove', totp: true, recovery: true, passkey: true })
  await visit(world, '/interaction/u1/email', { email })
  token = tokenIn(await world.mailTo(email, 'sign-in-code-or-link'))
  await world.stop()
})
after(() => rm(folder, { recursive: true, force: true }))

interface Proved {
  readonly proofs?: readonly Proof[]
  readonly accountId?: string
}

/** What is missing for this level, after the password alone unless told. */
const asked = ({ running }: AccountsWorld, wanted: 1 | 2 | 3, { proofs = ['password'], accountId = ada.accountId }: Proved = {}) =>
  running.rules.nextStep(call, { accountId, proofs, wanted })

const visit = (world: AccountsWorld, path: string, form?: Readonly<Record<string, string>>): Promise<Visited> =>
  world.visit({ path, cookies: here, ...(form === undefined ? {} : { form }) })

/** What is no route here, of all that there is where everything is on. */
const gone = (world: AccountsWorld): string[] => all.filter((one) => !inventory(world).includes(one)).toSorted()

async function signInPage(world: Opened): Promise<{ text: string; methods: readonly string[] }> {
  const { text, status } = await visit(world, '/interaction/u1')
  assert.equal(status, 200)
  const shown = world.details.at(-1)
  assert.ok(shown?.page === 'sign-in')
  return { text, methods: shown.methods.map(({ id }) => id) }
}

async function accountPage(world: Opened): Promise<{ text: string; sections: readonly string[] }> {
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'here', accountId: ada.accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = ada.accountId
  const { text, status } = await visit(world, '/account')
  assert.equal(status, 200)
  const shown = world.details.at(-1)
  assert.ok(shown?.page === 'account')
  return { text, sections: shown.sections.map(({ id }) => id) }
}

const PASSKEY_ROUTES = [
  'GET /.well-known/passkey-endpoints',
  'GET /account/passkeys/add',
  'GET /interaction/:uid/passkey',
  'POST /account/passkeys/:id/name',
  'POST /account/passkeys/:id/remove',
  'POST /account/passkeys/add',
  'POST /interaction/:uid/passkey',
  'POST /interaction/:uid/passkey/add',
]
const TOTP_ROUTES = [
  'GET /account/second-step',
  'POST /account/second-step',
  'POST /account/second-step/remove',
  'POST /interaction/:uid/second-step/set-up',
]
const LINK_ROUTES = ['GET /interaction/:uid/email/link', 'POST /interaction/:uid/email/link']

test('with passkeys off there is no place to send one to, none is asked for, and one that is there proves nothing', async (t) => {
  const world = await open({ passkey: false, emailCode: true, magicLink: true })
  t.after(() => world.stop())
  assert.deepEqual(gone(world), PASSKEY_ROUTES)
  const { text, methods } = await signInPage(world)
  assert.deepEqual(methods, ['password', 'email'])
  assert.doesNotMatch(text, /passkey|webauthn/i)
  const account = await accountPage(world)
  assert.ok(account.sections.includes('second-factors') && !account.sections.includes('passkeys'))
  assert.doesNotMatch(account.text, />Passkeys<|\/account\/passkeys/)
  assert.deepEqual(await asked(world, 1), { kind: 'prove', totp: true, recovery: true, passkey: false })
  assert.deepEqual(await asked(world, 3, { proofs: ['password', 'totp'] }), { kind: 'impossible' }, 'nor is one made on the way in')
})

test('with authenticator apps off the code of one is no proof, and nobody is asked for it or sets one up', async (t) => {
  const world = await open({ totp: false, emailCode: true, magicLink: true })
  t.after(() => world.stop())
  assert.deepEqual(gone(world), TOTP_ROUTES)
  const account = await accountPage(world)
  assert.ok(account.sections.includes('passkeys') && account.sections.includes('second-factors'))
  assert.match(account.text, /Recovery codes/, 'they are for who has lost a passkey, too')
  assert.doesNotMatch(account.text, /Authenticator app|\/account\/second-step/)
  assert.equal(await asked(world, 1), undefined)
  assert.deepEqual(await asked(world, 2, { accountId: 'somebody-without-any' }), { kind: 'enrol', totp: false, passkey: true })
  const next = await asked(world, 2)
  assert.deepEqual(next, { kind: 'prove', totp: false, recovery: true, passkey: true })
  world.engine.current = { ...SIGN_IN, half: { accountId: ada.accountId, credential: '', next } }
  world.clock.advance(30_000)
  const code = await generate({ secret: ada.key, epoch: Math.floor(world.clock.now() / 1000) })
  const done = world.engine.asked.length
  const refused = await visit(world, '/interaction/u1/second-step', { way: 'totp', code })
  assert.equal(refused.status, 200)
  assert.doesNotMatch(refused.text, /name="code"/)
  assert.equal(world.engine.asked.length, done)
  const proved = await visit(world, '/interaction/u1/second-step', { way: 'recovery', recovery: ada.codes[0] ?? '' })
  assert.equal(proved.headers?.['location'], WENT_ON)
})

test('with both off there is no second step, and recovery codes are worth nothing', async (t) => {
  const world = await open({ passkey: false, totp: false, emailCode: true, magicLink: true })
  t.after(() => world.stop())
  assert.deepEqual(
    gone(world),
    [...PASSKEY_ROUTES, ...TOTP_ROUTES, 'POST /account/recovery-codes', 'POST /interaction/:uid/second-step'].toSorted(),
  )
  const { text, sections } = await accountPage(world)
  assert.ok(!sections.includes('passkeys') && !sections.includes('second-factors'))
  assert.doesNotMatch(text, />Recovery codes<|>Second step<|\/account\/recovery-codes/)
  assert.equal(await asked(world, 1), undefined)
  assert.deepEqual(await asked(world, 2), { kind: 'impossible' })
})

test('with links off a mail has a code alone, and a link of before opens nothing', async (t) => {
  const world = await open({ emailCode: true })
  t.after(() => world.stop())
  assert.deepEqual(gone(world), LINK_ROUTES)
  const place = { browser: sha256(BROWSER), interaction: 'u1' }
  assert.equal(await world.byMail.signIns.look(call, { token, ...place }), undefined)
  assert.equal(await world.byMail.signIns.redeemLink(call, { token, ...place }), undefined)
  const waiting = await visit(world, '/interaction/u1/email/code')
  assert.match(waiting.text, /the mail has a code/)
  assert.doesNotMatch(waiting.text, /the link/)
  await visit(world, '/interaction/u1/email', { email: ada.email })
  const sent = await world.mailTo(ada.email)
  assert.equal(sent.template, 'sign-in-code')
  assert.deepEqual(Object.keys(sent.data).toSorted(), ['code', 'minutes', 'name'])
  assert.equal((await visit(world, '/interaction/u1/email/code', { code: sent.data['code'] ?? '' })).headers?.['location'], WENT_ON)
})

test('with codes off a mail has a link alone; the code of another browser comes from its page', async (t) => {
  const world = await open({ magicLink: true })
  t.after(() => world.stop())
  assert.deepEqual(gone(world), [], 'the code of a link is typed in somewhere')
  assert.deepEqual((await signInPage(world)).methods, ['password', 'passkey', 'email'])
  await visit(world, '/interaction/u1/email', { email: ada.email })
  const waiting = await visit(world, '/interaction/u1/email/code')
  assert.match(waiting.text, /the mail has a link/)
  assert.doesNotMatch(waiting.text, /the mail has a code/)
  const sent = await world.mailTo(ada.email)
  assert.equal(sent.template, 'sign-in-link')
  assert.deepEqual(Object.keys(sent.data).toSorted(), ['link', 'minutes', 'name'])
  const path = `/interaction/u1/email/link?token=${tokenIn(sent)}`
  const elsewhere = await world.visit({ path, client: 'elsewhere' })
  const code = /<code class="big-code">(\d{4} \d{4})<\/code>/.exec(elsewhere.text)?.[1] ?? assert.fail(elsewhere.text)
  assert.match((await visit(world, path)).text, /Yes, sign me in/)
  assert.equal((await visit(world, '/interaction/u1/email/code', { code })).headers?.['location'], WENT_ON)
})
