// Pages of the second step: a code, the set-up of an app, and what has become of one in another window.
import { generate } from 'otplib'
import type { Interaction } from '../../src/auth/engine.ts'
import { type AccountsWorld, call, type Visit } from '../support/accounts.ts'
import type { State } from './states.ts'

export interface SecondStepStage {
  readonly world: AccountsWorld
  readonly own: Interaction
  readonly proving: Interaction
  readonly enrolling: Interaction
  during(this: void, interaction: Interaction, visit: Visit): Visit
  signedIn(this: void, visit: Visit): Visit
}

const SET_UP = '/interaction/u1/second-step/set-up'
const ACCOUNT = '/account/second-step'
/** Of a page that nobody can read any more. */
const OLD = { sealed: 'none', code: '000000' }

export function secondStepStates({ world, own, proving, enrolling, during, signedIn }: SecondStepStage): readonly State[] {
  let others = 0
  /** Somebody whose app is set up already. */
  const withApp = async (): Promise<string> => {
    const { accountId } = await world.person({ email: `with-app-${(others += 1)}@example.org` })
    const { secondFactors } = world.running
    const credential = (await world.accounts.find(call, accountId))?.credential ?? ''
    const { key, sealed } = await secondFactors.enrolment(call, { accountId, browser: 'there' })
    const code = await generate({ secret: key, epoch: Math.floor(world.clock.now() / 1000) })
    await secondFactors.enable(call, { accountId, browser: 'there', credential, by: {} }, { sealed, code })
    return accountId
  }
  const halfOf = async (next: NonNullable<Interaction['half']>['next']): Promise<Interaction> => ({
    ...own,
    half: { accountId: await withApp(), credential: '', next },
  })
  return [
    {
      name: 'GET /interaction/:uid, with nothing missing any more',
      ask: async () => during(await halfOf(undefined), { path: '/interaction/u1' }),
    },
    {
      name: 'POST /interaction/:uid/second-step',
      ask: () => during(proving, { path: '/interaction/u1/second-step', form: { way: 'totp', code: '000000' } }),
    },
    {
      name: 'POST /interaction/:uid/second-step/set-up',
      async ask() {
        const shown = await world.visit(during(enrolling, { path: '/interaction/u1' }))
        return during(enrolling, { path: '/interaction/u1/second-step/set-up', form: { sealed: sealedIn(shown.text), code: '000000' } })
      },
    },
    {
      name: 'POST /interaction/:uid/second-step, too late',
      ask: () => during(own, { path: '/interaction/u1/second-step', form: { way: 'totp', code: '000000' } }),
    },
    {
      name: 'POST /interaction/:uid/passkey/add, too late',
      ask: () => during(own, { path: '/interaction/u1/passkey/add', form: { name: 'k', answer: '{}' } }),
    },
    { name: 'POST /interaction/:uid/second-step/set-up, too old', ask: () => during(enrolling, { path: SET_UP, form: OLD }) },
    { name: 'POST /interaction/:uid/second-step/set-up, too old to go on', ask: () => during(own, { path: SET_UP, form: OLD }) },
    {
      name: 'POST /interaction/:uid/second-step/set-up, set up elsewhere',
      ask: async () => during(await halfOf({ kind: 'prove', totp: true, passkey: false, recovery: true }), { path: SET_UP, form: OLD }),
    },
    {
      name: 'POST /interaction/:uid/second-step/set-up, set up elsewhere with nothing missing any more',
      ask: async () => during(await halfOf(undefined), { path: SET_UP, form: OLD }),
    },
    { name: 'GET /account/second-step', ask: () => signedIn({ path: '/account/second-step' }) },
    {
      name: 'POST /account/second-step',
      async ask() {
        const shown = await world.visit(signedIn({ path: '/account/second-step' }))
        return signedIn({ path: '/account/second-step', form: { sealed: sealedIn(shown.text), code: '000000' } })
      },
    },
    { name: 'POST /account/second-step, too old', ask: () => signedIn({ path: ACCOUNT, form: OLD }) },
    {
      name: 'POST /account/second-step, set up elsewhere',
      async ask() {
        const accountId = await withApp()
        const visit = signedIn({ path: ACCOUNT, form: OLD })
        const now = world.clock.now()
        world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Chromium on Linux' })
        world.engine.signedInAs = accountId
        return visit
      },
    },
  ]
}

function sealedIn(page: string): string {
  return /name="sealed" value="([^"]+)"/.exec(page)?.[1] ?? 'none'
}
