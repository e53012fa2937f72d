// A sign-in that is finished but not yet resumed counts in the browser where the password was typed, and as long as that is the password. The cookies
// of an interaction prove neither: a host below ours may plant those of a sign-in of its own, and whoever knows a password may keep the last redirect
// back until its owner has changed it.
import type { AdapterPayload } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Exchange } from '#kernel/http/route.ts'
import { equalSecrets } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import { browserOf, nameBrowser } from '../browser.ts'
import type { AccountDirectory } from '../engine.ts'

const proof = z.strictObject({ browser: z.string(), credential: z.string() })
const signedIn = z.object({ login: z.object({ accountId: z.string() }), proof })

type Proof = z.infer<typeof proof>

/** To keep with the result of a sign-in. Names the browser. */
export function proofOf(exchange: Exchange, credential: string): Proof {
  return { browser: nameBrowser(exchange), credential }
}

export type Prove = (call: Call, exchange: Exchange | undefined, payload: AdapterPayload) => Promise<AdapterPayload>

/** Leaves the result of a sign-in out when it does not count (any more), so that the person is asked again. */
export function createProving(accounts: AccountDirectory): Prove {
  return async (call, exchange, payload) => {
    const { result, ...asked } = payload
    if (result?.login === undefined) return payload
    const found = signedIn.safeParse(result)
    const here = exchange === undefined ? undefined : browserOf(exchange)
    if (!found.success || here === undefined || !equalSecrets(found.data.proof.browser, here)) return asked
    const person = await accounts.find(call, found.data.login.accountId)
    return person?.credential === found.data.proof.credential ? payload : asked
  }
}
