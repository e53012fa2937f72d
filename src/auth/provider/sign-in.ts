// Finishing a sign-in: what was proved is counted together, and the browser goes on when it is enough. One place for every way to sign in, so that none
// of them can forget the second step. A part that is proved is kept with the interaction: for this browser, and for ten minutes.
import { type Answer, type Exchange, seeOther } from '#kernel/http/route.ts'
import { equalSecrets } from '#kernel/keyring.ts'
import type { Clock } from '#kernel/clock.ts'
import { z } from '#kernel/schema.ts'
import { browserOf, nameBrowser } from '../browser.ts'
import type { AccountDirectory, Engine, HalfSignIn, SignInRules } from '../engine.ts'
import { acrOf, amrOf, type Level, levelOf, proof, wantedLevel } from '../levels.ts'
import { arrival } from '../upstream/schemas.ts'
import { type Details, interactionEnded } from './details.ts'
import { asksForAnother } from './hinted-person.ts'
import type { Interactions } from './interactions.ts'
import { callOf } from './scope.ts'

const HALF_MS = 10 * 60_000

const half = z.strictObject({
  accountId: z.string(),
  credential: z.string(),
  /** The hash of the browser's name. */
  browser: z.string(),
  proofs: z.array(proof),
  /** What is to be linked when nothing is missing any more. */
  arrival: arrival.optional(),
  at: z.int(),
})
const halfResult = z.object({ half })

type Half = z.infer<typeof half>
type Owner = Omit<Half, 'browser'>

export interface SignInsDependencies {
  readonly interactions: Interactions
  readonly accounts: AccountDirectory
  readonly rules: SignInRules
  readonly clock: Clock
  /** The last word before it counts, and room for it: another person's session here ends. */
  admit(this: void, exchange: Exchange, found: Details, owner: Omit<Owner, 'at'>): Promise<void>
}

export interface SignIns extends Pick<Engine, 'finishSignIn' | 'continueSignIn' | 'restartSignIn'> {
  half(exchange: Exchange, found: Details): Promise<HalfSignIn | undefined>
}

/** What the client of this interaction needs at least. */
export function neededLevel({ params }: Details): Level {
  const wanted = wantedLevel(params['acr_values'])
  return wanted === undefined || wanted === 'unknown' ? 1 : wanted
}

export function createSignIns({ interactions, accounts, rules, clock, admit }: SignInsDependencies): SignIns {
  /** Counts as long as the credential is the account's: else whoever knew a password could add a way in after its owner has changed it. */
  const halfOf = async (exchange: Exchange, found: Details): Promise<Half | undefined> => {
    // Of most, nothing: told apart from what is kept by a parser, which would write down what is wrong with it.
    if (found.result === undefined) return undefined
    const kept = halfResult.safeParse(found.result).data?.half
    const here = browserOf(exchange)
    if (kept === undefined || here === undefined || !equalSecrets(kept.browser, here)) return undefined
    if (clock.now() - kept.at >= HALF_MS) return undefined
    const person = await accounts.find(callOf(exchange), kept.accountId)
    return person?.suspended === false && person.credential === kept.credential ? kept : undefined
  }

  const back = async (found: Details, kept: Half | undefined): Promise<Answer> => {
    if (kept === undefined) delete found.result
    else found.result = { half: kept }
    await found.persist()
    return seeOther(`/interaction/${found.uid}`)
  }

  const advance = async (exchange: Exchange, found: Details, { hold, ...owner }: Owner & { hold: boolean }): Promise<Answer> => {
    const { accountId, proofs } = owner
    // OpenID Connect Core section 3.1.2.2: tokens of the person that the client has named, or an error. Nobody is signed in by that.
    if (asksForAnother(found.params, accountId))
      return interactions.finish(exchange, found, { error: 'login_required', error_description: 'the client asks for another person' })
    const next = await rules.nextStep(callOf(exchange), { accountId, proofs, wanted: neededLevel(found) })
    if (next?.kind === 'start') return back(found, undefined)
    if (next?.kind === 'impossible')
      return interactions.finish(exchange, found, {
        error: 'unmet_authentication_requirements',
        error_description: 'this account has no way to prove as much',
      })
    if (next !== undefined || hold) return back(found, { ...owner, browser: nameBrowser(exchange) })
    await admit(exchange, found, owner)
    return interactions.finish(exchange, found, {
      // With its time: the engine signs in by this once more at the consent that follows, and would take that for the time of the sign-in.
      login: { accountId, amr: amrOf(proofs), acr: acrOf(levelOf(proofs) ?? 1), remember: true, ts: Math.floor(owner.at / 1000) },
      // Answers `prompt=select_account` too.
      select_account: {},
    })
  }

  return {
    async half(exchange, found) {
      const kept = await halfOf(exchange, found)
      if (kept === undefined) return undefined
      const { accountId, credential, proofs } = kept
      return { accountId, credential, next: await rules.nextStep(callOf(exchange), { accountId, proofs, wanted: neededLevel(found) }) }
    },

    async finishSignIn(exchange, { accountId, credential, by = 'password', hold = false, arrival: come }) {
      const found = await interactions.get(exchange, 'login')
      const before = await halfOf(exchange, found)
      const isSame = before?.accountId === accountId && before.credential === credential
      const proofs = isSame ? [...new Set([...before.proofs, by])] : [by]
      const toLink = come ?? (isSame ? before.arrival : undefined)
      return advance(exchange, found, { accountId, credential, proofs, arrival: toLink, at: clock.now(), hold })
    },

    async continueSignIn(exchange) {
      const found = await interactions.get(exchange, 'login')
      const kept = await halfOf(exchange, found)
      if (kept === undefined) throw interactionEnded()
      const { browser: _here, ...owner } = kept
      // Nothing was proved anew, so it is as old as before.
      return advance(exchange, found, { ...owner, hold: false })
    },

    restartSignIn: async (exchange) => back(await interactions.get(exchange, 'login'), undefined),
  }
}
