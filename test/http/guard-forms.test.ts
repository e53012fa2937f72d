// Forms other than the one for the password, attacked from hundreds of addresses: how much of it reaches a mailbox or is compared, and who still gets in.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { generate } from 'otplib'
import type { Interaction } from '../../src/auth/engine.ts'
import { type AccountsWorld, call, openAccounts, puzzleIn, type Visited, WENT_ON } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'
import { until } from '../support/until.ts'

const BOTS = 500
const HOUR = 3_600_000
const login = (uid: string): Interaction => ({ ...SIGN_IN, uid })

let world: AccountsWorld

before(async () => {
  world = await openAccounts({ definition: { methods: { emailCode: true, magicLink: true } } })
})

after(() => world.stop())

/** A browser on the way to the app. `puzzle` as the empty text leaves puzzles unsolved. */
class Somebody {
  readonly name: string
  readonly interaction: Interaction
  cookies: Record<string, string> = {}

  constructor(name: string, interaction: Interaction = login(name)) {
    this.name = name
    this.interaction = interaction
  }

  async send(path: string, form: Record<string, string> | undefined, at = `/interaction/${this.name}`): Promise<Visited> {
    world.engine.current = this.interaction
    const asked = { path: `${at}${path}`, cookies: this.cookies, client: this.name, ...(form === undefined ? {} : { form }) }
    const visited = await world.visit(asked)
    for (const cookie of visited.cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      this.cookies[name] = value
    }
    return visited
  }
}

/** So many, and no more. */
async function mailedTo(email: string, { since, count }: { readonly since: number; readonly count: number }): Promise<void> {
  const mails = () => world.mails.slice(since).filter(({ to }) => to === email)
  await until(`${count} mails to ${email}`, () => mails().length >= count || undefined)
  await world.settled()
  assert.equal(mails().length, count)
}

const lazy = { puzzle: '' }
const isIn = (visited: Visited): boolean => visited.headers?.['location'] === WENT_ON

async function attack(path: string, { form, at }: { form: Record<string, string>; at?: string }): Promise<Visited[]> {
  const visited: Visited[] = []
  for (let bot = 0; bot < BOTS; bot += 1) visited.push(await new Somebody(`bot-${bot}-${path.length}`).send(path, { ...form, ...lazy }, at))
  return visited
}

const counted = (visited: readonly Visited[]) => ({
  taken: visited.filter(({ status }) => status === 303).length,
  refused: visited.filter(({ status, text }) => status === 422 && /no machine is at work/.test(text)).length,
})

test(`requirement 69: of ${BOTS} asks for one account's mail code from as many addresses, three are mailed, and its owner gets in from a new browser`, async (t) => {
  const { email, accountId } = await world.person({ email: 'flooded@example.org' })
  world.clock.advance(HOUR)
  const mailed = world.mails.length
  const atKnown = await attack('/email', { form: { email } })
  const atNobody = await attack('/email', { form: { email: 'nobody@example.org' } })
  t.diagnostic(JSON.stringify({ known: counted(atKnown), unknown: counted(atNobody) }))
  assert.deepEqual(counted(atKnown), { taken: 3, refused: BOTS - 3 })
  assert.deepEqual(counted(atNobody), counted(atKnown), 'what is refused tells nothing of accounts')
  await mailedTo(email, { since: mailed, count: 3 })

  const owner = new Somebody('owner-elsewhere')
  const first = await owner.send('/email', { email, ...lazy })
  assert.equal(first.status, 422)
  assert.match(first.text, /value="flooded@example.org"/, 'nothing typed is lost')
  const solved = puzzleIn(first.answer) ?? assert.fail('no puzzle')
  assert.equal((await owner.send('/email', { email, ...solved })).status, 303)
  await mailedTo(email, { since: mailed, count: 4 })
  const sent = await world.mailTo(email, 'sign-in-code-or-link')
  assert.ok(isIn(await owner.send('/email/code', { code: sent.data['code'] ?? '' })))
  assert.equal(world.engine.signedInAs, accountId)
})

test('requirement 69: bots that solve every puzzle fill no mailbox, and a browser that is known there is asked nothing and gets its mail', async () => {
  const { email, password } = await world.person({ email: 'solved@example.org' })
  const owner = new Somebody('owner-at-home')
  assert.equal((await owner.send('/sign-in', { email, password })).status, 303)
  world.clock.advance(HOUR)
  const mailed = world.mails.length
  const bots = 40
  for (let bot = 0; bot < bots; bot += 1) await new Somebody(`solver-${bot}`).send('/email', { email })
  await mailedTo(email, { since: mailed, count: 12 })
  assert.equal((await owner.send('/email', { email, ...lazy })).status, 303)
  await mailedTo(email, { since: mailed, count: 13 })
})

for (const [what, path, at] of [
  ['a new password', '/forgot-password', ''],
  ['an account', '/sign-up', ''],
] as const)
  test(`requirement 69: ${BOTS} asks for ${what} at one address cause three mails, whoever has the address`, async () => {
    const { email } = await world.person({ email: `asked${path.slice(1)}@example.org` })
    world.clock.advance(HOUR)
    const mailed = world.mails.length
    const details = { name: 'Bot', password: 'twelve folded squares' }
    const given = (to: string) => (path === '/sign-up' ? { email: to, ...details } : { email: to })
    const known = counted(await attack(path, { form: given(email), at }))
    const unknown = counted(await attack(path, { form: given(`no${email}`), at }))
    assert.deepEqual(known, { taken: 3, refused: BOTS - 3 })
    assert.deepEqual(unknown, known)
    await mailedTo(email, { since: mailed, count: 3 })
    assert.equal((await new Somebody(`person${path}`).send(path, given(email), at)).status, 303, 'with a puzzle')
  })

test('requirement 69: a form with something wrong in it has not counted', async () => {
  world.clock.advance(HOUR)
  const person = new Somebody('clumsy')
  const form = { name: 'Ada', email: 'clumsy@example.org', password: 'short', ...lazy }
  for (let round = 0; round < 6; round += 1) assert.doesNotMatch((await person.send('/sign-up', form, '')).text, /no machine is at work/)
  assert.equal((await person.send('/sign-up', { ...form, password: 'twelve folded squares' }, '')).status, 303)
})

test('requirement 69: guesses at mailed codes need puzzles after three wrong ones, none of them is compared, and a right one has not counted', async () => {
  const { email, accountId } = await world.person({ email: 'guessed@example.org' })
  world.clock.advance(HOUR)
  const owner = new Somebody('guessed-owner')
  await owner.send('/email', { email })
  const code = (await world.mailTo(email, 'sign-in-code-or-link')).data['code'] ?? ''
  for (let bot = 0; bot < 3; bot += 1) {
    const thief = new Somebody(`thief-${bot}`)
    await thief.send('/email', { email })
    assert.match((await thief.send('/email/code', { code: '0000 0000', ...lazy })).text, /code-problem/)
  }
  await world.settled()
  const failures = async (): Promise<number> =>
    (await world.securityEvents.list(call, accountId, { limit: 50 })).items.filter(({ type }) => type === 'sign_in.failed').length
  const before = await until('three guesses are told of', async () => ((await failures()) === 3 ? 3 : undefined))
  const guess = await owner.send('/email/code', { code: '0000 0000', ...lazy })
  assert.match(guess.text, /no machine is at work/)
  const right = await owner.send('/email/code', { code, ...lazy })
  assert.equal(isIn(right), false, 'the right one is not compared either')
  assert.match(right.text, /data-puzzle/)
  await world.settled()
  assert.equal(await failures(), before)
  assert.ok(isIn(await owner.send('/email/code', { code, ...(puzzleIn(right.answer) ?? assert.fail('no puzzle')) })))
})

test('requirement 69: the second step needs a puzzle after three wrong codes, and not in a browser that is known', async () => {
  const { email, accountId, password } = await world.person({ email: 'stepped@example.org' })
  const { secondFactors } = world.running
  const by = { client: 'c', device: 'Firefox on Linux' }
  const at = { accountId, browser: 'b' }
  const { key, sealed } = await secondFactors.enrolment(call, at)
  const now = (): Promise<string> => generate({ secret: key, epoch: Math.floor(world.clock.now() / 1000) })
  const credential = (await world.accounts.find(call, accountId))?.credential ?? ''
  await secondFactors.enable(call, { ...at, credential, by }, { sealed, code: await now() })
  const halfway = (uid: string): Interaction => ({
    ...login(uid),
    half: { accountId, credential, next: { kind: 'prove', totp: true, recovery: true, passkey: false } },
  })
  const form = { way: 'totp', code: '000000', ...lazy }
  const first = new Somebody('stepped-first')
  await first.send('/sign-in', { email, password })
  world.clock.advance(HOUR)
  const home = new Somebody('stepped-home', halfway('stepped-home'))
  assert.ok(isIn(await home.send('/second-step', { ...form, code: await now() })))
  world.clock.advance(HOUR)
  for (let bot = 0; bot < 3; bot += 1) {
    const thief = new Somebody(`stepper-${bot}`, halfway(`stepper-${bot}`))
    assert.doesNotMatch((await thief.send('/second-step', form)).text, /no machine is at work/)
  }
  world.clock.advance(60_000)
  const owner = new Somebody('stepped-owner', halfway('stepped-owner'))
  const asked = await owner.send('/second-step', { ...form, code: await now() })
  assert.match(asked.text, /no machine is at work/)
  const withOneStep = new Somebody('stepped-first', halfway('stepped-first'))
  withOneStep.cookies = first.cookies
  const notKnown = await withOneStep.send('/second-step', { ...form, code: await now() })
  assert.match(notKnown.text, /no machine is at work/, 'known for the first step alone')
  assert.ok(isIn(await home.send('/second-step', { ...form, code: await now() })))
  world.clock.advance(30_000)
  const solved = puzzleIn(asked.answer) ?? assert.fail('no puzzle')
  assert.ok(isIn(await owner.send('/second-step', { ...form, code: await now(), ...solved })))
})
