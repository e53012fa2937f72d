// The two ceremonies of WebAuthn, by the library that knows their formats: what the browser is asked, and whether its answer holds. Origin and relying
// party are those of the accounts origin, whatever the request says of itself.
import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server'
import { CHALLENGE_MS } from './challenges.ts'
import type { CreationAnswer, Passkey, RequestAnswer, UsedChallenge } from './schemas.ts'

export type CreationOptions = PublicKeyCredentialCreationOptionsJSON
export type RequestOptions = PublicKeyCredentialRequestOptionsJSON

/** Looks at the challenge of an answer; what it gives is remembered. */
export type JudgeChallenge = (challenge: string) => UsedChallenge | undefined

export interface Owner {
  readonly accountId: string
  readonly name: string
  readonly email: string
}

export interface Created {
  readonly challenge: UsedChallenge
  readonly made: Pick<Passkey, 'credentialId' | 'publicKey' | 'counter' | 'transports' | 'backupEligible' | 'backedUp' | 'aaguid'>
}

export interface Proved {
  readonly challenge: UsedChallenge
  readonly counter: number
  readonly backedUp: boolean
}

export interface Ceremonies {
  creationOptions(owner: Owner, asked: { challenge: string; present: readonly Passkey[] }): Promise<CreationOptions>
  /** Any passkey of this origin unless some are named. */
  requestOptions(challenge: string, only?: readonly Passkey[]): Promise<RequestOptions>
  /** `undefined` when the answer does not hold. */
  created(answer: CreationAnswer, judge: JudgeChallenge): Promise<Created | undefined>
  proved(answer: RequestAnswer, known: Passkey, judge: JudgeChallenge): Promise<Proved | undefined>
}

// ES256, EdDSA and RS256 (COSE): what authenticators have, best first.
const ALGORITHMS = [-7, -8, -257]

/** Hundreds of files, for certificates too: loaded by the first passkey, not by every start and command. */
const load = () => import('@simplewebauthn/server')
let loaded: ReturnType<typeof load> | undefined
// Each `import()` goes through the loader of modules again, and each sign-in page needs it.
const library = (): ReturnType<typeof load> => (loaded ??= load())

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64url'))
const named = ({ credentialId, transports }: Passkey): { id: string; transports: string[] } => ({
  id: credentialId,
  transports: [...transports],
})

/** The library throws for whatever does not hold. */
async function heldBy<T>(check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check()
  } catch {
    return undefined
  }
}

export function createCeremonies({ origin, productName }: { readonly origin: string; readonly productName: string }): Ceremonies {
  const rpID = new URL(origin).hostname
  return {
    creationOptions: async ({ accountId, name, email }, { challenge, present }) =>
      (await library()).generateRegistrationOptions({
        rpName: productName,
        rpID,
        userID: new Uint8Array(Buffer.from(accountId)),
        userName: email,
        userDisplayName: name,
        challenge: bytesOf(challenge),
        timeout: CHALLENGE_MS,
        attestationType: 'none',
        excludeCredentials: present.map(named),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    requestOptions: async (challenge, only = []) =>
      (await library()).generateAuthenticationOptions({
        rpID,
        challenge: bytesOf(challenge),
        timeout: CHALLENGE_MS,
        userVerification: 'required',
        allowCredentials: only.map(named),
      }),
    ...judging({ expectedOrigin: origin, expectedRPID: rpID }),
  }
}

function judging(expected: { expectedOrigin: string; expectedRPID: string }): Pick<Ceremonies, 'created' | 'proved'> {
  const shared = { ...expected, requireUserVerification: true }
  return {
    async created(answer, judge) {
      let challenge: UsedChallenge | undefined
      const expectedChallenge = (given: string): boolean => (challenge = judge(given)) !== undefined
      const { verifyRegistrationResponse } = await library()
      const result = await heldBy(() =>
        verifyRegistrationResponse({ ...shared, response: answer, expectedChallenge, supportedAlgorithmIDs: ALGORITHMS }),
      )
      if (result?.verified !== true || challenge === undefined) return undefined
      const { credential, credentialDeviceType, credentialBackedUp, aaguid } = result.registrationInfo
      return {
        challenge,
        made: {
          credentialId: credential.id,
          publicKey: Buffer.from(credential.publicKey).toString('base64url'),
          counter: credential.counter,
          transports: [...answer.response.transports],
          backupEligible: credentialDeviceType === 'multiDevice',
          backedUp: credentialBackedUp,
          aaguid,
        },
      }
    },
    async proved(answer, known, judge) {
      let challenge: UsedChallenge | undefined
      const expectedChallenge = (given: string): boolean => (challenge = judge(given)) !== undefined
      // The count is judged by the caller: a wrong signature and a copied key are two things to tell of.
      const credential = { id: known.credentialId, publicKey: bytesOf(known.publicKey), counter: 0 }
      const { verifyAuthenticationResponse } = await library()
      const result = await heldBy(() => verifyAuthenticationResponse({ ...shared, response: answer, expectedChallenge, credential }))
      if (result?.verified !== true || challenge === undefined) return undefined
      const { newCounter, credentialBackedUp, credentialDeviceType } = result.authenticationInfo
      // Whether a key can be copied is settled when it is made (WebAuthn section 6.1.3).
      if ((credentialDeviceType === 'multiDevice') !== known.backupEligible) return undefined
      return { challenge, counter: newCounter, backedUp: credentialBackedUp }
    },
  }
}
