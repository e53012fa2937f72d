// Codes of authenticator apps (RFC 6238: SHA-1, 30 seconds, six digits, which is what every app knows).
import { generateSecret, generateSync, generateURI, ScureBase32Plugin, verify } from 'otplib'

const PERIOD_SECONDS = 30

/** A new key of 160 bits, in base 32. */
export const newKey = (): string => generateSecret()

/** One that an app has from elsewhere: what it shares with us there, as bytes. */
export const keyOf = (bytes: Uint8Array): string => new ScureBase32Plugin().encode(bytes)

/** In base 32, of 128 to 512 bits: RFC 4226 section 4 asks for as many. */
export function isKey(key: string): boolean {
  if (!/^[A-Z2-7]{26,103}$/.test(key)) return false
  try {
    return generateSync({ secret: key, epoch: 0 }) !== ''
  } catch {
    return false
  }
}

/** What the QR code says. */
export function keyUri(key: string, { issuer, label }: { readonly issuer: string; readonly label: string }): string {
  return generateURI({ issuer, label, secret: key })
}

/** Spaces are for people, and some apps show them. */
export const tidyCode = (typed: string): string => typed.replace(/\s+/g, '')

/** The time step that the code belongs to: the present one, the one before or the one after. `undefined` when it is none of theirs. */
export async function stepOf(key: string, code: string, nowMs: number): Promise<number | undefined> {
  if (!/^\d{6}$/.test(code)) return undefined
  const epoch = Math.floor(nowMs / 1000)
  const result = await verify({ secret: key, token: code, epoch, epochTolerance: PERIOD_SECONDS })
  return result.valid ? Math.floor(epoch / PERIOD_SECONDS) + result.delta : undefined
}
