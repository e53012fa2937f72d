// What the other servers may ask of auth (see contract.ts).
import type { Call } from '#kernel/call.ts'
import type { Auth, BackChannelAnswer, BackChannelRequest, KeySet, PasskeyLink, SecondStepReset } from './contract.ts'
import type { Clients } from './clients/contract.ts'
import type { AccountDirectory } from './engine.ts'
import type { SigningKeys } from './keys/signing-keys.ts'
import type { AddressOffering } from './address/offering.ts'
import type { Inviting } from './admission/service.ts'
import type { Leaving } from './leaving/service.ts'
import type { Moving } from './moving/contract.ts'
import type { Operators } from './operators/operators.ts'
import type { Roles } from './roles/roles.ts'
import type { Revocations } from './revocations/revocations.ts'

export interface AuthServiceDependencies {
  readonly accounts: AccountDirectory
  readonly revocations: Revocations
  readonly operators: Operators
  readonly roles: Roles
  readonly admission: Inviting
  readonly leaving: Pick<Leaving, 'suspend' | 'signOut' | 'end' | 'keep'>
  readonly finding: Auth['finding']
  readonly addressOffering: AddressOffering
  readonly resetSecondStep: (call: Call, email: string) => Promise<SecondStepReset | undefined>
  readonly sendPasskeyLink: (call: Call, email: string) => Promise<PasskeyLink | undefined>
  readonly clients: Clients
  readonly organisations: Auth['organisations']
  readonly moving: Moving
  readonly serviceAccounts: Auth['serviceAccounts']
  readonly clientOrigins: Auth['clientOrigins']
  readonly signingKeys: SigningKeys
  readonly reseal: Auth['reseal']
  readonly beginAnew: Auth['beginAnew']
  keySet(): Promise<KeySet>
  exchange(call: Call, request: BackChannelRequest): Promise<BackChannelAnswer>
  /** Ends the browser session that the grant belongs to, or the grant alone when there is none. */
  endSessionOf(call: Call, sid: string): Promise<void>
}

export function createAuthService(dependencies: AuthServiceDependencies): Auth {
  const {
    accounts,
    revocations,
    operators,
    roles,
    admission,
    leaving,
    clients,
    moving,
    organisations,
    serviceAccounts,
    clientOrigins,
    signingKeys,
  } = dependencies
  const ownProfile = profileReader(accounts)
  return {
    clients,
    moving,
    organisations,
    serviceAccounts,
    keys: () => dependencies.keySet(),
    signingKeys: (call) => signingKeys.list(call),
    rotateSigningKeys: (call, options) => signingKeys.rotate(call, options),
    reseal: (call) => dependencies.reseal(call),
    beginAnew: (call, asked) => dependencies.beginAnew(call, asked),
    revokeSigningKey: (call, kid) => signingKeys.revoke(call, kid),
    exchange: (call, request) => dependencies.exchange(call, request),
    revocations: (call, after) => revocations.list(call, after),
    endSession: (call, sessionId) =>
      call.principal.kind === 'operator' ? operators.endSession(call, sessionId) : dependencies.endSessionOf(call, sessionId),
    async profile(call, accountId) {
      const own = await ownProfile(call, accountId)
      return own === undefined ? undefined : { accountId, name: own.name }
    },
    ownProfile,
    clientOrigins,
    invite: (call, email) => admission.invite(call, email),
    invitations: (call, after) => admission.invitations(call, after),
    withdrawInvitation: (call, email) => admission.withdrawInvitation(call, email),
    suspendAccount: (call, { email, suspended }) => leaving.suspend(call, email, suspended),
    signOutAccount: (call, { email }) => leaving.signOut(call, email),
    deleteAccount: (call, asked) => leaving.end(call, asked),
    keepAccount: (call, { email }) => leaving.keep(call, email),
    finding: dependencies.finding,
    offerAddress: (call, request) => dependencies.addressOffering.offer(call, request),
    resetSecondStep: (call, { email }) => dependencies.resetSecondStep(call, email),
    sendPasskeyLink: (call, { email }) => dependencies.sendPasskeyLink(call, email),
    changeMembership: (call, { email, ...change }) => roles.change(call, email, change),
    createOperatorLink: (call) => operators.createLink(call),
    redeemOperatorLink: (call, code) => operators.redeemLink(call, code),
  }
}

function profileReader(accounts: AccountDirectory): Auth['ownProfile'] {
  return async (call, accountId) => {
    const person = await accounts.find(call, accountId)
    if (person === undefined || person.suspended) return undefined
    const { name, language } = person
    return language === undefined ? { accountId, name } : { accountId, name, language }
  }
}
