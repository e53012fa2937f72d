// The decisions about people who come from another provider (requirement 71): the key is issuer and subject, never an address. An address links by itself
// only when both sides have verified it; in all other cases the person signs in here first.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { newId, randomToken } from '#kernel/ids.ts'
import { equalSecrets } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import { mailLineOf } from '#kernel/mail-fields.ts'
import { languageFor, mail } from '../accounts/mail.ts'
import { nameProblem, tidyName } from '../accounts/name.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import { type Account, credentialOf } from '../accounts/schemas.ts'
import { authErrors } from '../errors.ts'
import { fieldProblem } from '../texts/problem.ts'
import type { Admission } from '../admission/service.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import type { LegacyFinder } from '../moving/finder.ts'
import { settled } from '../settled.ts'
import { arrivalOf } from './arrival.ts'
import type { Arrived, Owner, Seen } from './arrived.ts'
import { arrivedElsewhere, askedAbout } from './moving-in.ts'
import type { Upstream } from './provider.ts'
import type { Refusal } from './refusals.ts'
import type { RelyingParty } from './relying-party.ts'
import { identityId, type IdentitiesRepository } from './repository.ts'
import type { Arrival, Identity, Journey } from './schemas.ts'

export interface LinkedIdentity extends Identity {
  /** How the app calls the provider, or its issuer when the app has it no more. */
  readonly provider: string
  readonly upstream: string | undefined
}

export interface Upstreams {
  readonly list: readonly Pick<Upstream, 'id' | 'kind' | 'name' | 'signUp'>[]
  find(id: string): Upstream | undefined
  /** Throws `auth.upstream_unavailable`. */
  begin(
    upstream: Upstream,
    purpose: Pick<Journey, 'uid' | 'accountId' | 'again'>,
  ): Promise<{ readonly url: string; readonly journey: Journey }>
  /** Who has come back. Throws `auth.upstream_unavailable`. */
  finish(journey: Journey, search: string): Promise<Arrival | Refusal>
  /** What an arrival at the sign-in page means. Changes nothing, but that people whom the other system knows move in. Throws as `LegacyFinder.arriving`. */
  arrive(call: Call, arrival: Arrival): Promise<Arrived>
  /**
   * Links who has arrived by a verified address, for whoever has proved all that the account asks for and may come in. False when the address, or what
   * was proved, is not the account's any more.
   */
  settle(call: Call, owner: Owner, request: { readonly arrival: Arrival; readonly by: Whence }): Promise<boolean>
  /** Throws `auth.bad_details` with the fields; `undefined` when somebody was faster. */
  createAccount(call: Call, arrival: Arrival, request: { readonly name: string; readonly by: Whence }): Promise<Owner | undefined>
  identities(call: Call, accountId: string): Promise<readonly LinkedIdentity[]>
  /** For whoever is signed in and has just said so. `taken`: it is another account's. `changed`: what was proved is not the account's any more. */
  link(call: Call, owner: Owner, request: { readonly arrival: Arrival; readonly by: Whence }): Promise<'done' | 'taken' | 'changed'>
  /** `last`: without it, nobody could come in any more. */
  unlink(call: Call, accountId: string, request: { readonly id: string; readonly by: Whence }): Promise<'done' | 'last' | 'gone'>
}

/** Whether a person gets in without any linked identity. */
export type HasOtherWay = (call: Call, accountId: string) => Promise<boolean>

export interface UpstreamsDependencies {
  readonly upstreams: readonly Upstream[]
  readonly relyingParty: RelyingParty
  readonly identities: IdentitiesRepository
  readonly accounts: Pick<AccountsRepository, 'find' | 'findByEmail'>
  readonly hooks: Pick<RunningHooks, 'beforeSignUp'>
  readonly admission: Pick<Admission, 'whyNot' | 'joining'>
  readonly hasOtherWay: HasOtherWay
  readonly legacyFinder?: Pick<LegacyFinder, 'arriving'> | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** The accounts origin. */
  readonly origin: string
}

/** Clocks differ, and a page may have been open a while. */
const AGAIN_TOLERANCE_SECONDS = 120

export function createUpstreams(deps: UpstreamsDependencies): Upstreams {
  return { ...travelling(deps), ...arriving(deps), ...linking(deps) }
}

function travelling(deps: UpstreamsDependencies): Pick<Upstreams, 'list' | 'find' | 'begin' | 'finish'> {
  const { upstreams, relyingParty, clock, logger, origin } = deps
  const find = (id: string): Upstream | undefined => upstreams.find((one) => one.id === id)
  // One address for each provider: an answer that comes to another's is not taken for its own (RFC 9700 section 4.4.2.2).
  const redirectUri = (id: string): string => `${origin}/upstream/${id}/callback`
  return {
    list: upstreams.map(({ id, kind, name, signUp }) => ({ id, kind, name, signUp })),
    find,
    async begin(upstream, purpose) {
      const asking = { state: randomToken(), nonce: randomToken(), verifier: randomToken() }
      const url = await relyingParty.authorizationUrl(upstream, { ...asking, redirectUri: redirectUri(upstream.id), again: purpose.again })
      return { url, journey: { upstream: upstream.id, ...asking, ...purpose, begunAt: clock.now() } }
    },
    async finish(journey, search) {
      const { upstream: id, state, nonce, verifier } = journey
      const upstream = find(id)
      if (upstream === undefined) return { refused: 'unusable', reason: 'there is no such provider any more' }
      const found = await relyingParty.redeem(upstream, { search, state, nonce, verifier, redirectUri: redirectUri(id) })
      const checked = 'refused' in found ? found : (stale(found.authTime, journey) ?? found)
      if ('refused' in checked) {
        // What somebody does there is their affair; an answer that cannot be used is often something to put right here.
        logger[checked.refused === 'unusable' ? 'warn' : 'info']({ event: 'auth.upstream_refused', upstream: id, ...checked })
        return checked
      }
      return arrivalOf(upstream, checked.claimed, { journey, search, at: clock.now() })
    },
  }
}

/** A provider that says when somebody signed in there must not pass an old sign-in off as one that was asked for again. */
function stale(authTime: number | undefined, { again, begunAt }: Pick<Journey, 'again' | 'begunAt'>): Refusal | undefined {
  if (!again || authTime === undefined || authTime >= begunAt / 1000 - AGAIN_TOLERANCE_SECONDS) return undefined
  return { refused: 'unusable', reason: 'the sign-in there is older than what was asked for' }
}

function identityOf({ issuer, subject, email, name }: Arrival, accountId: string, linkedAt: number): Identity {
  const label = email ?? name
  return { id: identityId({ issuer, subject }), accountId, issuer, subject, linkedAt, ...(label === undefined ? {} : { label }) }
}

const ownerOf = (account: Account): Owner => ({ accountId: account.id, credential: credentialOf(account) })

const isOpen = (account: Account | undefined): account is Account => account !== undefined && account.suspendedAt === undefined

function ownedBy(account: Account | undefined, { byAddress }: { readonly byAddress: boolean }): Seen & { readonly account?: Account } {
  if (!isOpen(account)) return { means: { is: 'refused' }, isKnown: true }
  return { means: { is: 'owner', owner: ownerOf(account), byAddress }, isKnown: true, account }
}

function linkedEvents(
  account: Account,
  { provider, by, clock, language }: { provider: string; by: Whence; clock: Clock; language: string | undefined },
): EventDraft[] {
  const when = new Date(clock.now()).toUTCString()
  return [
    mail({ to: account.email, template: 'identity-linked', data: { name: account.name, provider, when }, language }),
    securityEventOf({ type: 'identity.linked', accountId: account.id, about: provider, ...by }),
  ]
}

function arriving(deps: UpstreamsDependencies): Pick<Upstreams, 'arrive' | 'settle' | 'createAccount'> {
  const { upstreams, identities, accounts, hooks, admission, clock, legacyFinder: legacy } = deps
  const nameOf = (id: string): string => upstreams.find((one) => one.id === id)?.name ?? id

  const arrived = async (call: Call, arrival: Arrival): Promise<Seen & { readonly account?: Account }> => {
    const known = await identities.find(call, arrival)
    if (known !== undefined) return ownedBy(await accounts.find(call, known.accountId), { byAddress: false })
    if (upstreams.find(({ id }) => id === arrival.upstream)?.signUp !== true)
      return { means: { is: 'refused' }, isKnown: false, isLinkedOnly: true }
    // Requirement 71: the provider must have verified the address ...
    if (arrival.email === undefined || !arrival.emailVerified) return { means: { is: 'unknown' }, isKnown: false }
    const account = await accounts.findByEmail(call, arrival.email)
    if (account === undefined) {
      const why = await admission.whyNot(call, arrival.email)
      return { means: why === undefined ? { is: 'new' } : { is: 'refused', why }, isKnown: false }
    }
    // ... and so must we: else whoever signed up with a stranger's address would get that stranger's visit.
    if (isOpen(account) && account.emailVerifiedAt === undefined) return { means: { is: 'unknown' }, isKnown: false }
    return ownedBy(account, { byAddress: true })
  }

  return {
    arrive: async (call, arrival) =>
      legacy === undefined ? (await arrived(call, arrival)).means : arrivedElsewhere({ legacy, look: arrived }, call, arrival),

    async settle(call, { accountId, credential }, { arrival, by }) {
      return await settled(async () => {
        const { means, account } = await arrived(call, arrival)
        if (means.is !== 'owner' || account?.id !== accountId || !equalSecrets(means.owner.credential, credential)) return false
        if (!means.byAddress) return true
        const identity = identityOf(arrival, account.id, clock.now())
        const events = linkedEvents(account, { provider: nameOf(arrival.upstream), by, clock, language: languageFor(account, call) })
        return (await identities.link(call, account, { identity, events })) ? true : 'moved'
      }, call)
    },

    async createAccount(call, arrival, { name: typed, by }) {
      const { email, emailVerified } = arrival
      // The page may have been open a while.
      if (legacy !== undefined && (await askedAbout(legacy, call, { arrival })).is !== 'nobody') return undefined
      if (email === undefined || !emailVerified) throw new TypeError('An account needs an address that the provider has verified.')
      const problem = nameProblem(typed)
      if (problem !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('name', problem)] })
      // The provider has shown whose address it is: its owner may know that it is not invited.
      const why = await admission.whyNot(call, email)
      if (why !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('email', why)] })
      const name = tidyName(await hooks.beforeSignUp(call, { email, name: tidyName(typed) }))
      const now = clock.now()
      const { language } = call
      const kept = language === undefined ? {} : { language }
      const account: Account = { id: newId(now), email, name, emailVerifiedAt: now, createdAt: now, ...kept }
      const about = nameOf(arrival.upstream)
      const events = [
        securityEventOf({ type: 'account.created', accountId: account.id, about, ...by }),
        securityEventOf({ type: 'identity.linked', accountId: account.id, about, ...by }),
      ]
      const identity = identityOf(arrival, account.id, now)
      const made = await identities.create(call, account, { identity, joining: admission.joining(email), events })
      return made ? ownerOf(account) : undefined
    },
  }
}

function linking(deps: UpstreamsDependencies): Pick<Upstreams, 'identities' | 'link' | 'unlink'> {
  const { upstreams, identities, accounts, hasOtherWay, clock } = deps

  const shown = (one: Identity): LinkedIdentity => {
    const upstream = upstreams.find(({ protocol, id }) => protocol.issuer === one.issuer || issuerCovers({ protocol, id }, one.issuer))
    return { ...one, provider: upstream?.name ?? URL.parse(one.issuer)?.host ?? one.issuer, upstream: upstream?.id }
  }
  const opens = (one: Identity): boolean => shown(one).upstream !== undefined

  return {
    identities: async (call, accountId) => (await identities.list(call, accountId)).map(shown),

    async link(call, { accountId, credential }, { arrival, by }) {
      const provider = upstreams.find(({ id }) => id === arrival.upstream)?.name ?? arrival.upstream
      return await settled(async () => {
        const account = await accounts.find(call, accountId)
        if (!isOpen(account) || !equalSecrets(credentialOf(account), credential)) return 'changed'
        const made = {
          identity: identityOf(arrival, accountId, clock.now()),
          events: linkedEvents(account, { provider, by, clock, language: languageFor(account, call) }),
        }
        if (await identities.link(call, account, made)) return 'done'
        const known = await identities.find(call, arrival)
        if (known !== undefined) return known.accountId === accountId ? 'done' : 'taken'
        return 'moved'
      }, call)
    },

    async unlink(call, accountId, { id, by }) {
      return await settled(async () => {
        const account = await accounts.find(call, accountId)
        const all = await identities.list(call, accountId)
        const gone = all.find((one) => one.id === id)
        if (account === undefined || gone === undefined) return 'gone'
        // The number on the account is compared when it is written: two removals at once cannot both find the other way still there.
        const isLast = !all.some((one) => one.id !== id && opens(one)) && !(await hasOtherWay(call, accountId))
        if (isLast) return 'last'
        const provider = mailLineOf(shown(gone).provider, gone.issuer)
        const data = { name: account.name, provider, when: new Date(clock.now()).toUTCString() }
        const events = [
          mail({ to: account.email, template: 'identity-unlinked', data, language: languageFor(account, call) }),
          securityEventOf({ type: 'identity.unlinked', accountId, about: provider, ...by }),
        ]
        return (await identities.unlink(call, account, { identity: gone, events })) ? 'done' : 'moved'
      }, call)
    },
  }
}

/** The tenants of Microsoft have an issuer each. */
function issuerCovers({ protocol }: Pick<Upstream, 'id' | 'protocol'>, issuer: string): boolean {
  return protocol.kind === 'openid' && protocol.issuerIsPattern === true && new URL(protocol.issuer).origin === URL.parse(issuer)?.origin
}
