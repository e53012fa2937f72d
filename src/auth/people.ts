// The half of auth that is about people: their accounts, what they prove to be the owners by, what they can do by mail, and what happened to them.
import type { Call } from '#kernel/call.ts'
import type { sendOutward } from '#kernel/http/outward.ts'
import type { Secret } from '#kernel/secret.ts'
import { type AccountsParts, createAccounts, type RunningAccounts } from './accounts/create.ts'
import { type ByMail, type ByMailParts, createByMail } from './by-mail.ts'
import type { AuthDefinition, FrontendClient } from './contract.ts'
import { createGuard, type Guard } from './guard/service.ts'
import { hasSecondStep, type SignInMethods, signInMethods } from './methods.ts'
import { createOrganisationsPart, type OrganisationsPart } from './organisations/create.ts'
import type { Moving } from './moving/contract.ts'
import { asksElsewhere } from './moving/asks-elsewhere.ts'
import { createMovingRepository } from './moving/repository.ts'
import { createMoving } from './moving/service.ts'
import { createPasskeys } from './passkeys/create.ts'
import type { SignInRules } from './engine.ts'
import { createJustDone, type JustDone } from './pages/just-done.ts'
import { createKeptForms, type KeptForms } from './pages/kept-form.ts'
import type { Passkeys } from './passkeys/service.ts'
import { createUpstreamsOf, type RunningUpstreams } from './upstream/create.ts'
import type { Revocations } from './revocations/revocations.ts'
import { createServiceAccountsPart, type ServiceAccountsPart } from './service-accounts/create.ts'
import { createSecurityEvents, type SecurityEvents } from './security-events/service.ts'
import { createSecondFactors } from './second-factors/create.ts'
import type { SecondFactors } from './second-factors/service.ts'
import { createSignInRules } from './sign-in-rules.ts'

export interface People extends RunningAccounts {
  readonly methods: SignInMethods
  readonly passkeys: Passkeys
  readonly guard: Guard
  readonly byMail: ByMail
  readonly organisations: OrganisationsPart
  readonly serviceAccounts: ServiceAccountsPart
  readonly securityEvents: SecurityEvents
  readonly upstreams: RunningUpstreams
  readonly secondFactors: SecondFactors
  readonly rules: SignInRules
  readonly moving: Moving
  readonly keptForms: KeptForms
  readonly justDone: JustDone
}

export interface PeopleParts extends Omit<AccountsParts, 'methods'> {
  readonly revocations: Revocations
  readonly settings: AccountsParts['settings'] & {
    readonly productName: string
    readonly definition?: AuthDefinition | undefined
    readonly upstreamSecrets?: Secret | undefined
    readonly development?: boolean | undefined
    /** See config.ts. */
    readonly suspicionFactor?: number | undefined
    /** Of the easiest puzzle; tests have easier ones. */
    readonly easiestBits?: number | undefined
    /** Scopes of the app, in plain words. */
    readonly scopes?: Readonly<Record<string, string>> | undefined
    readonly frontends?: readonly Pick<FrontendClient, 'scopes'>[] | undefined
  }
  /** How requests leave this machine. */
  readonly send?: typeof sendOutward
}

/** Make it before the database starts, since it declares its collections. */
export function createPeople(parts: PeopleParts): People {
  const { sites, productName, definition } = parts.settings
  const methods = signInMethods(definition)
  const { legacySignIn, legacyFind } = definition ?? {}
  const running = createAccounts({ ...parts, methods, legacySignIn, legacyFind })
  const forcedRoles = definition?.secondFactor?.roles ?? []
  // The same look-ups for everybody, whatever they find: time must not tell who has such a role.
  const asksForMore: ByMailParts['asksForMore'] = async (call, { id, roles = [] }) => {
    const [isForcedThere, hasTotp] = await Promise.all([
      organisations.mayHoldOneOf(call, id, forcedRoles),
      hasSecondStep(methods) && secondFactors.hasTotp(call, id),
    ])
    return isForcedThere || hasTotp || rules.forcedBy(roles) > 1
  }
  const byMail = createByMail({
    ...parts,
    methods,
    asksForMore,
    shared: running.shared,
    asksElsewhere: asksElsewhere(definition),
    signingUp: running.accounts,
    origin: sites.accounts,
  })
  const ways = waysInto(parts, { running, methods })
  const secondFactors = createSecondFactors({ ...parts, ...running, ...running.shared, productName })
  const { organisations, serviceAccounts } = belonging(parts, running)
  const holdsInOrganisation = organisations.holdsOneOf
  const rules = createSignInRules({ ...running, ...ways, secondFactors, methods, forcedRoles, holdsInOrganisation })
  const { suspicionFactor, easiestBits } = parts.settings
  const guard = createGuard({ ...parts, ...running.shared, definition: definition?.challenge, settings: { suspicionFactor, easiestBits } })
  const moving = createMoving({
    ...running.shared,
    repository: createMovingRepository(parts.database, byMail.reclaiming),
    keyRing: parts.keyRing,
    clock: parts.clock,
    known: definition ?? {},
  })
  return {
    ...running,
    guard,
    methods,
    byMail,
    moving,
    organisations,
    serviceAccounts,
    ...ways,
    secondFactors,
    rules,
    keptForms: createKeptForms(parts.keyRing, parts.clock),
    justDone: createJustDone(parts),
    ...toldOf(parts, running),
  }
}

/** Organisations, and the machines that act for them. */
function belonging(parts: PeopleParts, { shared }: RunningAccounts): Pick<People, 'organisations' | 'serviceAccounts'> {
  const { sites, scopes = {}, frontends = [], definition = {} } = parts.settings
  const organisations = createOrganisationsPart({
    ...parts,
    shared,
    origin: sites.accounts,
    definition,
    ended: (call, organisationId) => serviceAccounts.services.removeAll(call, { organisationId }),
  })
  const serviceAccounts = createServiceAccountsPart({ ...parts, organisations: organisations.organisations, scopes, frontends, definition })
  return { organisations, serviceAccounts }
}

/** Ways that can be taken away each: none of them ever is the last one. */
function waysInto(
  parts: PeopleParts,
  { running, methods }: { readonly running: RunningAccounts; readonly methods: SignInMethods },
): Pick<People, 'passkeys' | 'upstreams'> {
  const { sites, productName, definition, upstreamSecrets: secrets, development = false } = parts.settings
  /** By whatever belongs to the address: before it is confirmed neither a password nor a mail nor a passkey lets in whoever cannot read its mails. */
  const hasOwnWay = async (call: Call, accountId: string): Promise<boolean> => {
    const person = await running.accounts.find(call, accountId)
    if (person?.emailVerified !== true) return false
    return (methods.password && person.hasPassword) || methods.emailCode || methods.magicLink
  }
  const hasPasskey = async (call: Call, accountId: string): Promise<boolean> => {
    if (!methods.passkey || (await running.accounts.find(call, accountId))?.emailVerified !== true) return false
    return (await passkeys.list(call, accountId)).length > 0
  }
  const upstreams = createUpstreamsOf({
    ...parts,
    ...running.shared,
    settings: { definitions: definition?.upstreams ?? [], secrets, development, origin: sites.accounts },
    hasOtherWay: async (call, accountId) => (await hasOwnWay(call, accountId)) || (await hasPasskey(call, accountId)),
  })
  const passkeys = createPasskeys({
    ...parts,
    ...running,
    origin: sites.accounts,
    productName,
    hasOtherWay: async (call, accountId) =>
      (await hasOwnWay(call, accountId)) || (await upstreams.identities(call, accountId)).some(({ upstream }) => upstream !== undefined),
  })
  return { passkeys, upstreams }
}

/** Security events are taken in as long as the rest runs. */
function toldOf(parts: PeopleParts, running: RunningAccounts): Pick<People, 'securityEvents' | 'start' | 'stop'> {
  const securityEvents = createSecurityEvents(parts)
  let unsubscribe = (): void => {}
  return {
    securityEvents,
    async start(purpose) {
      await running.start(purpose)
      unsubscribe = parts.database.subscribe(securityEvents.subscription)
    },
    async stop() {
      unsubscribe()
      await running.stop()
    },
  }
}
