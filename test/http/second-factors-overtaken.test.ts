// The second step, and two who change it at the same moment.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { generate } from 'otplib'
import { resetSecondStep, type ResettingDependencies } from '../../src/auth/second-factors/reset.ts'
import { createSecondFactorsRepository } from '../../src/auth/second-factors/repository.ts'
import { type AccountsWorld, call, openAccounts } from '../support/accounts.ts'

let world: AccountsWorld
let count = 0
const by = { client: 'client-1', device: 'Firefox on Linux' }

before(async () => {
  world = await openAccounts()
})
after(() => world.stop())

const person = () => world.person({ email: `overtaken-${(count += 1)}@example.org` })

const credentialOf = async (accountId: string): Promise<string> => (await world.accounts.find(call, accountId))?.credential ?? ''

const makeCodes = async (accountId: string): Promise<readonly string[]> =>
  (await world.running.secondFactors.newRecoveryCodes(call, { accountId, credential: await credentialOf(accountId), by })) ??
  assert.fail('no codes')

/** Sets an app up as whoever is signed in can. */
async function setUp(accountId: string): Promise<void> {
  const { secondFactors } = world.running
  const place = { accountId, browser: 'browser' }
  const { key, sealed } = await secondFactors.enrolment(call, place)
  const code = await generate({ secret: key, epoch: Math.floor(world.clock.now() / 1000) })
  const enabled = await secondFactors.enable(call, { ...place, credential: await credentialOf(accountId), by }, { sealed, code })
  assert.equal(typeof enabled, 'object')
}

test('an app that is set up while an operator takes the second step away goes as well', async () => {
  const repository = createSecondFactorsRepository(world.database)
  const { repository: accounts } = world.running.shared
  const { engine, clock } = world
  const deps: ResettingDependencies = { repository, accounts, engine, clock }
  const moments: Record<string, (accountId: string) => ResettingDependencies> = {
    'after it was looked for': (accountId) => ({
      ...deps,
      repository: {
        ...repository,
        async reset(...given) {
          if ((await repository.findTotp(call, accountId)) === undefined) await setUp(accountId)
          return repository.reset(...given)
        },
      },
    }),
    'until the sessions have ended': (accountId) => ({
      ...deps,
      engine: {
        async revokeAccount(...given) {
          await setUp(accountId)
          await engine.revokeAccount(...given)
        },
      },
    }),
  }
  for (const [moment, between] of Object.entries(moments)) {
    const { accountId, email } = await person()
    await makeCodes(accountId)
    assert.deepEqual(await resetSecondStep(between(accountId), call, email), { accountId, secondStepReset: true }, moment)
    assert.deepEqual(await world.running.secondFactors.state(call, accountId), { totpSince: undefined, unusedCodes: 0 }, moment)
    await setUp(accountId)
    assert.equal(await world.running.secondFactors.hasTotp(call, accountId), true, 'and its owner sets up another')
  }
})

test('of two presses for new recovery codes both show the same, of which each works once', async () => {
  const { accountId } = await person()
  const { secondFactors } = world.running
  const own = { accountId, credential: await credentialOf(accountId), by }
  const before = await makeCodes(accountId)
  world.clock.advance(1)
  const form = { browser: 'browser', sealed: secondFactors.codesForm({ accountId, browser: 'browser' }) }
  const press = () => secondFactors.newRecoveryCodes(call, own, form)
  const shown = await Promise.all([press(), press(), press()])
  shown.push(await press())
  const [codes = []] = shown
  assert.equal(new Set(codes).size, 10)
  for (const others of shown) assert.deepEqual(others, codes)
  assert.ok(!codes.some((code) => before.includes(code)))
  await world.settled()
  const { items } = await world.securityEvents.list(call, accountId, { limit: 20 })
  assert.equal(items.filter(({ type }) => type === 'recovery_codes.created').length, 2, 'and they were made once')
  const use = (code = '') => secondFactors.proveRecoveryCode(call, { accountId, code, client: `user-${(count += 1)}`, by })
  assert.equal(await use(codes[0]), true)
  // Neither what was used comes back, nor does somebody else see them, nor are they shown later.
  assert.equal(await secondFactors.newRecoveryCodes(call, { ...own, credential: 'another' }, form), undefined)
  const renewed = (await press()) ?? []
  assert.ok(!renewed.some((code) => codes.includes(code)))
  const elsewhere = (await secondFactors.newRecoveryCodes(call, own, { ...form, browser: 'elsewhere' })) ?? []
  assert.ok(!elsewhere.some((code) => renewed.includes(code)))
  const last = (await press()) ?? []
  assert.deepEqual(await press(), last)
  assert.equal(await secondFactors.newRecoveryCodes(call, { ...own, credential: 'another' }, form), undefined)
  world.clock.advance(61_000)
  assert.notDeepEqual(await press(), last)
  assert.equal(await use(last[1]), false)
})

test('the page of new recovery codes, pressed twice, shows those that work', async () => {
  const { accountId } = await person()
  const now = world.clock.now()
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
  const cookies = { '__Host-Http-here': 'x'.repeat(43) }
  const { text } = await world.visit({ path: '/account', cookies })
  const sealed = /recovery-codes">.*name="sealed" value="([^"]+)"/.exec(text)?.[1] ?? assert.fail('no form')
  const press = async (): Promise<string[]> => {
    const page = await world.visit({ path: '/account/recovery-codes', cookies, form: { sealed } })
    return Array.from(page.text.matchAll(/<li><code>([\w-]+)<\/code>/g), ([, code = '']) => code)
  }
  const [first, second] = await Promise.all([press(), press()])
  assert.equal(first.length, 10)
  assert.deepEqual(second, first)
  const given = { accountId, code: second[0] ?? '', client: 'client-1', by }
  assert.equal(await world.running.secondFactors.proveRecoveryCode(call, given), true)
  world.engine.sessionList.splice(0)
})

test('recovery codes that are used at the same moment all count, each once', async () => {
  const { accountId } = await person()
  const codes = await makeCodes(accountId)
  const use = (code: string, client: string) => world.running.secondFactors.proveRecoveryCode(call, { accountId, code, client, by })
  const [first = '', second = '', third = ''] = codes
  const used = await Promise.all([use(first, 'a'), use(second, 'b'), use(third, 'c'), use(first, 'd')])
  assert.deepEqual(used.slice(1, 3), [true, true])
  assert.deepEqual([used[0], used[3]].toSorted(), [false, true])
  assert.equal((await world.running.secondFactors.state(call, accountId)).unusedCodes, 7)
})
