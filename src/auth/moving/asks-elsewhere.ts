// Whether the app asks another system about people whom nobody here knows: what has ended here is kept in mind then (docs/decisions/0037).
import type { AuthDefinition } from '../contract.ts'

export function asksElsewhere({ legacySignIn, legacyFind }: AuthDefinition = {}): boolean {
  return legacySignIn !== undefined || legacyFind !== undefined
}
