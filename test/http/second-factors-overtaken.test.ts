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
