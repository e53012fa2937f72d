// Addresses: one spelling for one mailbox, as far as anybody but its own server can know.
import { domainToASCII } from 'node:url'
import { mailAddress } from '#kernel/mail-fields.ts'

/** Longer ones are not even looked at. */
const MAX_TYPED = 254
const PLAIN = /^[!-~]+$/

/** For counting tries: also of what is no address. */
export function typedAddress(typed: string): string {
  // The small letters of what is no address may be an address, and somebody's.
  return normaliseEmail(typed) ?? typed.trim()
}

/**
 * The spelling that is stored and compared, or `undefined` when it is not an address. Letters become small ones: servers that tell `Ada@` from
 * `ada@` are rarer than people who forget which they typed. Dots and `+tags` stay, since what they mean differs from server to server.
 */
export function normaliseEmail(typed: string): string | undefined {
  const text = typed.trim()
  if (text.length > MAX_TYPED) return undefined
  const at = text.lastIndexOf('@')
  const mailbox = text.slice(0, Math.max(at, 0))
  // Before the letters become small: that of the sign for Kelvin is the `k` of another mailbox.
  if (!PLAIN.test(mailbox)) return undefined
  const email = `${mailbox.toLowerCase()}@${domainToASCII(text.slice(at + 1).toLowerCase())}`
  return mailAddress.safeParse(email).success ? email : undefined
}
