// An authorization that has stopped to ask the person, as the engine keeps it.
import type Provider from 'oidc-provider'
import { authErrors } from '../errors.ts'

export type Details = Awaited<ReturnType<Provider['interactionDetails']>>

export function interactionEnded(): Error {
  return authErrors.interaction_ended({ detail: 'Go back to the app and start again.' })
}
