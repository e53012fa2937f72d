// How many mails somebody may cause to one address. A browser that has signed in to the address before counts for itself, so that strangers who ask in
// its owner's name cannot keep the owner's own mails back.
import type { Call } from '#kernel/call.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Devices } from './devices.ts'
import { PER_CLIENT, type Throttle, type ThrottleRule } from './throttle.ts'

/** How long mailed tokens work (requirement: 15 minutes at most). */
export const TOKEN_MINUTES = 15
export const TOKEN_MS = TOKEN_MINUTES * 60_000

/** Which one client may cause: a stranger who uses them up keeps nothing from the owner. */
const MAILS_PER_CLIENT = 3
/** Which all may cause together, so that nobody's mailbox is flooded from many places. */
const MAILS_PER_ADDRESS = 12
/** And of all kinds together: whoever goes from one form to the next gets no further. */
const MAILS_IN_ALL = 20
/** People behind one address share it, so it is given more than a person needs. */
const ASKING: ThrottleRule = { ...PER_CLIENT, free: 60 }

export interface MailAsker {
  readonly email: string
  /** The day's pseudonym of the client's address. */
  readonly client: string
  /** What an earlier sign-in gave this browser to be known by. */
  readonly device?: string | undefined
}

export interface MailLimits {
  /** False when this address has had enough mails of this kind, or of all, for now. Throws when the client asks too much, whatever for. */
  mayMail(call: Call, kind: string, asker: MailAsker): Promise<boolean>
}

export function createMailLimits({ throttle, devices }: { readonly throttle: Throttle; readonly devices: Devices }): MailLimits {
  return {
    async mayMail(call, kind, { email, client, device }) {
      const known = await devices.recognise(call, email, device)
      const own = known && `device:${sha256(known.name)}`
      await throttle.enter(call, [{ key: `${kind}:${own ?? client}`, rule: ASKING }])
      if (own === undefined) return mayMailTo(throttle, call, { kind, email, client })
      return (await throttle.count(call, `mail:${kind}:${own}`, TOKEN_MS)) <= MAILS_PER_CLIENT
    },
  }
}

/** What one client has asked for in vain does not count against the address. */
export async function mayMailTo(
  throttle: Pick<Throttle, 'count'>,
  call: Call,
  { kind, email, client }: Pick<MailAsker, 'email' | 'client'> & { readonly kind: string },
): Promise<boolean> {
  const address = `mail:${kind}:${sha256(email)}`
  if ((await throttle.count(call, `${address}:${sha256(client)}`, TOKEN_MS)) > MAILS_PER_CLIENT) return false
  if ((await throttle.count(call, address, TOKEN_MS)) > MAILS_PER_ADDRESS) return false
  return (await throttle.count(call, `mail:all:${sha256(email)}`, TOKEN_MS)) <= MAILS_IN_ALL
}
