// What the login prompt shows after a first step: the second one, or how to set one up.
import type { Call } from '#kernel/call.ts'
import { type Html, html } from '#kernel/html.ts'
import type { Exchange } from '#kernel/http/route.ts'
import { nameBrowser } from '../browser.ts'
import type { HalfSignIn, NextStep } from '../engine.ts'
import { type GuardedForm, guardOf } from '../guard/form.ts'
import { deviceNameOf, type FormFailure, type PageParts } from '../pages/handling.ts'
import type { Skin } from '../pages/layout.ts'
import { enrolPlace, signInPlace } from '../passkeys/places.ts'
import { passkeyForm, withoutPasskeys } from '../passkeys/pages.ts'
import { enrolPage, goOnPage, secondStepPage, startOver } from './pages.ts'

export interface HalfShown {
  readonly parts: PageParts
  readonly call: Call
  readonly exchange: Exchange
  readonly skin: Skin
  readonly uid: string
  readonly half: HalfSignIn
  readonly failure?: FormFailure | undefined
  /** The key that is being set up. */
  readonly sealed?: string | undefined
}

export async function halfPage(shown: HalfShown): Promise<Html> {
  const { skin, uid, exchange, failure } = shown
  const { next } = shown.half
  if (next?.kind === 'prove') return secondStep(shown, next)
  return next?.kind === 'enrol' ? setUp(shown, next) : goOnPage(skin, { uid, csrfToken: exchange.csrfToken(), state: failure?.state ?? {} })
}

export function secondStepForm({ uid }: { readonly uid: string }, person: { readonly email: string } | undefined): GuardedForm {
  return { for: 'code', name: `second-step ${uid}`, address: person?.email, steps: 2 }
}

async function secondStep(shown: HalfShown, next: NextStep & { kind: 'prove' }): Promise<Html> {
  const { parts, call, skin, uid, half, exchange, failure } = shown
  const { state = {} } = failure ?? {}
  const form = { ...secondStepForm({ uid }, await parts.accounts.find(call, half.accountId)), state }
  return secondStepPage(skin, {
    uid,
    csrfToken: exchange.csrfToken(),
    state,
    totp: next.totp,
    recovery: next.recovery,
    lost: next.lost === true,
    guards: next.totp || next.recovery ? [await guardOf(parts, shown, form), await guardOf(parts, shown, form)] : [],
    passkey: next.passkey ? await askPasskey(shown, !next.totp) : undefined,
  })
}

/** For one of the person's own. */
async function askPasskey({ parts, call, exchange, skin, uid, half }: HalfShown, primary: boolean): Promise<Html> {
  const form = passkeyForm(skin, {
    kind: 'get',
    action: `/interaction/${uid}/passkey`,
    options: await parts.passkeys.requestOptions(call, signInPlace(exchange, uid), half.accountId),
    csrfToken: exchange.csrfToken(),
    button: skin.texts.passkeys.use,
    primary,
    again: `/interaction/${uid}/passkey`,
  })
  return primary ? html`${form}${withoutPasskeys(skin)}` : form
}

async function setUp(shown: HalfShown, next: NextStep & { kind: 'enrol' }): Promise<Html> {
  const { parts, call, exchange, skin, uid, half, failure, sealed } = shown
  const { accountId } = half
  const csrfToken = exchange.csrfToken()
  const browser = nameBrowser(exchange)
  return enrolPage(skin, {
    action: `/interaction/${uid}/second-step/set-up`,
    enrolment: next.totp ? await parts.secondFactors.enrolment(call, { accountId, browser }, sealed) : undefined,
    csrfToken,
    state: failure?.state ?? {},
    words: skin.texts.secondStep.neededLead,
    passkey: next.passkey ? await makePasskey(shown, !next.totp) : undefined,
    below: startOver(skin, { uid, csrfToken }),
  })
}

async function makePasskey({ parts, call, exchange, skin, uid, half }: HalfShown, primary: boolean): Promise<Html | undefined> {
  const owner = await parts.accounts.find(call, half.accountId)
  if (owner === undefined) return undefined
  const name = deviceNameOf(parts, exchange)
  const form = passkeyForm(skin, {
    kind: 'create',
    action: `/interaction/${uid}/passkey/add`,
    options: await parts.passkeys.creationOptions(call, owner, enrolPlace(exchange, uid, half.accountId)),
    csrfToken: exchange.csrfToken(),
    button: skin.texts.secondStep.createPasskey,
    primary,
    fields: html`<input type="hidden" name="name" value="${name}">`,
  })
  return primary ? html`${form}${withoutPasskeys(skin)}` : form
}
