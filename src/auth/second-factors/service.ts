// The decisions about the second step: a key is kept once one of its codes was shown, and each code opens once.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { type KeyRing, sha256 } from '#kernel/keyring.ts'
import type { Devices } from '../accounts/devices.ts'
import { languageFor, mail } from '../accounts/mail.ts'
import { PER_ACCOUNT, PER_CLIENT, type Throttle } from '../accounts/throttle.ts'
import type { AccountDirectory } from '../engine.ts'
import { authErrors } from '../errors.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import { settled } from '../settled.ts'
import { codesOf, hashOfCode, newSeed, tidyRecoveryCode } from './recovery-codes.ts'
import { LOST, type SecondFactorsRepository } from './repository.ts'
import type { RecoveryCodes } from './schemas.ts'
import { keyUri, newKey, stepOf, tidyCode } from './totp.ts'

export interface SecondFactorsState {
  /** Since when, in epoch milliseconds. */
  readonly totpSince?: number | undefined
  /** There was an app, and what it shares with us went with the master key. */
  readonly totpLost?: true
  readonly unusedCodes: number
  /** There were some, and each was used. */
  readonly codesUsedUp?: true
}

/** A key that an app is to take over, before one of its codes was shown. */
export interface Enrolment {
  /** For the form: opens for this account and this browser alone, for a quarter of an hour. */
  readonly sealed: string
  /** In base 32, for typing. */
  readonly key: string
  /** For the QR code. */
  readonly uri: string
}

export interface Acting {
  readonly accountId: string
  readonly by: Whence
}

export interface EnrolmentPlace {
  readonly accountId: string
  /** The hash of the browser's name. */
  readonly browser: string
}

export interface TypedCode extends Acting {
  readonly code: string
  /** The day's pseudonym of the client address. */
  readonly client: string
  /** What an earlier sign-in gave this browser to be known by. */
  readonly device?: string | undefined
}

export interface SecondFactors {
  state(call: Call, accountId: string): Promise<SecondFactorsState>
  /** Whether there is an authenticator app, be it one that was lost: the account asks for a second step. */
  hasTotp(call: Call, accountId: string): Promise<boolean>
  enrolment(call: Call, place: EnrolmentPlace, sealed?: string): Promise<Enrolment>
  /** `wrong_code`: try again. `ended`: the form was too old or of another browser, or the credential is no longer the account's. New recovery codes unless there are some left. */
  enable(
    call: Call,
    place: EnrolmentPlace & { readonly credential: string; readonly by: Whence },
    typed: { sealed: string; code: string },
  ): Promise<{ readonly codes: readonly string[] } | 'wrong_code' | 'ended'>
  /**
   * When the app that the account has is the one of this form: who presses twice has set up one. The recovery codes that came with it, as long as all of
   * them are there; none when it came without, or one was used. `undefined` when it is another app.
   */
  setUpBy(call: Call, place: EnrolmentPlace, sealed: string): Promise<{ readonly codes: readonly string[] } | undefined>
  /** False when it was off already. */
  disable(call: Call, acting: Acting): Promise<boolean>
  /** For the form that asks for new recovery codes: what they are made of, for this account and this browser alone. */
  codesForm(place: EnrolmentPlace): string
  /**
   * `undefined` when the credential is no longer the account's. Whoever presses twice sees the same: for a minute the codes that were made of this form, as
   * long as all of them are there, are shown again.
   */
  newRecoveryCodes(
    call: Call,
    acting: Acting & { readonly credential: string },
    form?: { readonly browser: string; readonly sealed: string },
  ): Promise<readonly string[] | undefined>
  /** Throws `auth.too_many_tries`. */
  proveTotp(call: Call, typed: TypedCode): Promise<boolean>
  proveRecoveryCode(call: Call, typed: TypedCode): Promise<boolean>
}

export interface SecondFactorsDependencies {
  readonly repository: SecondFactorsRepository
  readonly accounts: AccountDirectory
  readonly throttle: Throttle
  readonly devices: Pick<Devices, 'recognise'>
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly productName: string
}

export const TOTP_PURPOSE = 'auth.totp'
const ENROLMENT_MS = 15 * 60_000
const PRESSED_TWICE_MS = 60_000
const MAX_ROUNDS = 10

export function totpBinding(accountId: string): string {
  return `auth_totp/${accountId}/key`
}

export function createSecondFactorsService(deps: SecondFactorsDependencies): SecondFactors {
  const { repository } = deps
  return {
    async state(call, accountId) {
      const [key, codes] = await Promise.all([repository.findTotp(call, accountId), repository.findCodes(call, accountId)])
      const unusedCodes = codes?.value.unused.length ?? 0
      const left = { unusedCodes, ...(codes !== undefined && unusedCodes === 0 && { codesUsedUp: true as const }) }
      return key?.key === LOST ? { totpLost: true, ...left } : { totpSince: key?.createdAt, ...left }
    },
    hasTotp: async (call, accountId) => (await repository.findTotp(call, accountId)) !== undefined,
    ...enrolling(deps),
    ...changing(deps),
    ...makingCodes(deps),
    ...proving(deps),
  }
}

interface Made {
  readonly codes: readonly string[]
  readonly record: RecoveryCodes
}

function makeCodes(accountId: string, { seed, now }: { readonly seed: string; readonly now: number }): Made {
  const codes = codesOf(seed, now)
  return { codes, record: { id: accountId, unused: codes.map((code) => hashOfCode(accountId, code)), createdAt: now } }
}

const TEMPLATES = {
  'totp.enabled': 'totp-enabled',
  'totp.disabled': 'totp-disabled',
  'recovery_codes.created': 'recovery-codes-created',
  'recovery_codes.used': 'recovery-code-used',
} as const

/** The event and the mail of one change. */
async function telling(deps: SecondFactorsDependencies, call: Call, { accountId, by, type }: Acting & { type: keyof typeof TEMPLATES }) {
  const person = await deps.accounts.find(call, accountId)
  const when = new Date(deps.clock.now()).toUTCString()
  const told = person && [
    mail({ to: person.email, template: TEMPLATES[type], data: { name: person.name, when }, language: languageFor(person, call) }),
  ]
  return [securityEventOf({ type, accountId, ...by }), ...(told ?? [])]
}

function enrolling(deps: SecondFactorsDependencies): Pick<SecondFactors, 'enrolment' | 'enable' | 'setUpBy'> {
  const { repository, accounts, keyRing, clock, productName } = deps
  const bindingOf = ({ accountId, browser }: EnrolmentPlace): string => `enrolment/${accountId}/${browser}`

  /** What is in a form of ours that is not too old: the key, and what recovery codes are made of, so that a second press shows the same. */
  const open = (place: EnrolmentPlace, sealed: string): { readonly key: string; readonly seed: string } | undefined => {
    const [key, until, seed = newSeed()] = keyRing.open(TOTP_PURPOSE, bindingOf(place), sealed)?.split(' ') ?? []
    return key !== undefined && Number(until) > clock.now() ? { key, seed } : undefined
  }

  return {
    async enrolment(call, place, sealed) {
      const present = sealed === undefined ? undefined : open(place, sealed)
      const key = present?.key ?? newKey()
      const person = await accounts.find(call, place.accountId)
      return {
        sealed:
          present !== undefined && sealed !== undefined
            ? sealed
            : keyRing.seal(TOTP_PURPOSE, bindingOf(place), `${key} ${clock.now() + ENROLMENT_MS} ${newSeed()}`),
        key,
        uri: keyUri(key, { issuer: productName, label: person?.email ?? productName }),
      }
    },

    async enable(call, { by, credential, ...place }, { sealed, code }) {
      const { accountId } = place
      const { key, seed } = open(place, sealed) ?? {}
      if (key === undefined || seed === undefined) return 'ended'
      const now = clock.now()
      const step = await stepOf(key, tidyCode(code), now)
      if (step === undefined) return 'wrong_code'
      const present = await repository.findCodes(call, accountId)
      const made = (present?.value.unused.length ?? 0) === 0 ? makeCodes(accountId, { seed, now }) : undefined
      const record = { id: accountId, key: keyRing.seal(TOTP_PURPOSE, totpBinding(accountId), key), lastStep: step, createdAt: now }
      const events = await telling(deps, call, { accountId, by, type: 'totp.enabled' })
      return (await repository.insertTotp(call, record, { credential, codes: made?.record, spent: present, events }))
        ? { codes: made?.codes ?? [] }
        : 'ended'
    },

    async setUpBy(call, place, sealed) {
      const { accountId } = place
      const form = open(place, sealed)
      const [found, present] = await Promise.all([repository.findTotp(call, accountId), repository.findCodes(call, accountId)])
      if (form === undefined || found === undefined || keyRing.open(TOTP_PURPOSE, totpBinding(accountId), found.key) !== form.key)
        return undefined
      const made = present && makeCodes(accountId, { seed: form.seed, now: present.value.createdAt })
      return { codes: made?.record.unused.join() === present?.value.unused.join() ? (made?.codes ?? []) : [] }
    },
  }
}

function changing(deps: SecondFactorsDependencies): Pick<SecondFactors, 'disable'> {
  const { repository, accounts } = deps

  const disable: SecondFactors['disable'] = async (call, acting) => {
    const { accountId } = acting
    const [person, present] = await Promise.all([accounts.find(call, accountId), repository.findTotp(call, accountId)])
    if (person === undefined || present === undefined) return false
    const events = await telling(deps, call, { ...acting, type: 'totp.disabled' })
    const done = await repository.removeTotp(call, accountId, { waysVersion: person.waysVersion, events })
    // Another way in left at the same moment; what is left is looked at anew.
    return done || disable(call, acting)
  }

  return { disable }
}

function makingCodes(deps: SecondFactorsDependencies): Pick<SecondFactors, 'codesForm' | 'newRecoveryCodes'> {
  const { repository, accounts, keyRing, clock } = deps
  const bindingOf = ({ accountId, browser }: EnrolmentPlace): string => `recovery codes/${accountId}/${browser}`

  /** The codes that this seed has made just now, when they are those that are stored. */
  const shownAgain = (present: RecoveryCodes | undefined, seed: string): readonly string[] | undefined => {
    if (present === undefined || clock.now() - present.createdAt >= PRESSED_TWICE_MS) return undefined
    const { codes, record } = makeCodes(present.id, { seed, now: present.createdAt })
    return record.unused.join() === present.unused.join() ? codes : undefined
  }

  return {
    codesForm: (place) => keyRing.seal(TOTP_PURPOSE, bindingOf(place), newSeed()),

    async newRecoveryCodes(call, { credential, ...acting }, form) {
      const { accountId } = acting
      const seed = (form && keyRing.open(TOTP_PURPOSE, bindingOf({ ...form, accountId }), form.sealed)) ?? newSeed()
      const events = await telling(deps, call, { ...acting, type: 'recovery_codes.created' })
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const spent = await repository.findCodes(call, accountId)
        const again = shownAgain(spent?.value, seed)
        if (again !== undefined) return (await accounts.find(call, accountId))?.credential === credential ? again : undefined
        // Another moment than that of those before: one that was used must not come back.
        const now = Math.max(clock.now(), (spent?.value.createdAt ?? 0) + 1)
        const { codes, record } = makeCodes(accountId, { seed, now })
        const outcome = await repository.putCodes(call, record, { credential, spent, events })
        if (outcome !== 'moved') return outcome === 'done' ? codes : undefined
      }
      throw authErrors.unavailable({ detail: 'Please try again.' })
    },
  }
}

function proving(deps: SecondFactorsDependencies): Pick<SecondFactors, 'proveTotp' | 'proveRecoveryCode'> {
  const { repository, accounts, throttle, devices, keyRing, clock } = deps

  /** Of a browser in which both steps were proved before: whoever knows the password alone has none, and can close none. */
  const knownAs = async (call: Call, { accountId, device }: TypedCode): Promise<string | undefined> => {
    const person = device === undefined ? undefined : await accounts.find(call, accountId)
    const known = person && (await devices.recognise(call, person.email, device))
    return known?.steps === 2 ? known.name : undefined
  }

  /** One try at the doors of an account; an honest one opens them again. */
  const trying = async (
    call: Call,
    { way, ...typed }: TypedCode & { way: 'totp' | 'recovery-code' },
    judge: () => Promise<boolean>,
  ): Promise<boolean> => {
    const { client, accountId, by } = typed
    const known = await knownAs(call, typed)
    const door = known === undefined ? `${way}:${accountId}` : `${way}:device:${sha256(known)}`
    const ofClient = known === undefined ? [{ key: `client:${client}`, rule: PER_CLIENT }] : []
    const attempt = await throttle.enter(call, [{ key: door, rule: PER_ACCOUNT }, ...ofClient])
    try {
      if (!(await judge())) {
        // Whoever is here has proved the first step: the owner wants to know.
        await repository.tell(call, [securityEventOf({ type: 'sign_in.failed', accountId, ...by })])
        return false
      }
      await attempt.succeed([door])
      return true
    } catch (error) {
      await attempt.cancel()
      throw error
    }
  }

  return {
    proveTotp: (call, typed) =>
      trying(call, { ...typed, way: 'totp' }, async () => {
        const found = await repository.findTotp(call, typed.accountId)
        const key = found === undefined ? undefined : keyRing.open(TOTP_PURPOSE, totpBinding(typed.accountId), found.key)
        if (found === undefined || key === undefined) return false
        const step = await stepOf(key, tidyCode(typed.code), clock.now())
        if (step === undefined || step <= found.lastStep) return false
        return repository.useStep(call, typed.accountId, { before: found.lastStep, used: step })
      }),

    proveRecoveryCode: (call, typed) =>
      trying(call, { ...typed, way: 'recovery-code' }, async () => {
        const { accountId } = typed
        const code = tidyRecoveryCode(typed.code)
        if (code === undefined) return false
        const hash = hashOfCode(accountId, code)
        // Another code that is used at the same moment makes this one no worse.
        return settled(async () => {
          const found = await repository.findCodes(call, accountId)
          if (found?.value.unused.includes(hash) !== true) return false
          const events = await telling(deps, call, { ...typed, type: 'recovery_codes.used' })
          return (await repository.useCode(call, found, { hash, events })) || 'moved'
        })
      }),
  }
}
