// The nonces of proofs of possession (RFC 9449 section 8). Clients keep one for each origin, whatever endpoint has given it: that of the token endpoint, which
// is the engine's, is good at /userinfo, which is ours, and the other way round. Else each of the two would send a client that asks both back every time.
import type { ProofNonces } from '#kernel/http/proof.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { ServerChallenge } from './engine-internals.ts'

/** What the engine calls them where it makes its own. */
const ENGINE_INFO = 'DPoP'

export const nonceSecret = (keyRing: KeyRing): Buffer => keyRing.derive('auth.dpop-nonce')

export function engineNonces(keyRing: KeyRing): ProofNonces {
  const challenges = new ServerChallenge(nonceSecret(keyRing), ENGINE_INFO)
  return { current: () => challenges.nextChallenge(), isGood: (nonce) => challenges.checkChallenge(nonce) }
}
