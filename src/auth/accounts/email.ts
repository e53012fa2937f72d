// Addresses: one spelling for one mailbox, as far as anybody but its own server can know.
import { domainToASCII } from 'node:url'
import { mailAddress } from '#kernel/mail-fields.ts'

/** Longer ones are not even looked at. */
const MAX_TYPED = 254

/** For counting tries: also of what is no address. */
export function typedAddress(typed: string): string {
  return normaliseEmail(typed) ?? typed.trim().toLowerCase()
}

/**
 * The spelling that is stored and compared, or `undefined` when it is not an address. Letters become small ones: servers that tell `Ada@` from
 * `ada@` are rarer than people who forget which they typed. Dots and `+tags` stay, since what they mean differs from server to server.
 */
export function normaliseEmail(typed: string): string | undefined {
  const text = typed.trim().toLowerCase()
  if (text.length > MAX_TYPED) return undefined
  const at = text.lastIndexOf('@')
  if (at < 1) return undefined
  const email = `${text.slice(0, at)}@${domainToASCII(text.slice(at + 1))}`
  return mailAddress.safeParse(email).success ? email : undefined
}
