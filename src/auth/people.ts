// The half of auth that is about people: their accounts, and what they prove to be the owners by.
import { type AccountsParts, createAccounts, type RunningAccounts } from './accounts/create.ts'
import type { AuthDefinition } from './contract.ts'
import { type SignInMethods, signInMethods } from './methods.ts'
import { createPasskeys } from './passkeys/create.ts'
import type { Passkeys } from './passkeys/service.ts'

export interface People extends RunningAccounts {
  readonly methods: SignInMethods
  readonly passkeys: Passkeys
}

export interface PeopleParts extends AccountsParts {
  readonly settings: AccountsParts['settings'] & { readonly productName: string; readonly definition?: AuthDefinition | undefined }
}

/** Make it before the database starts, since it declares its collections. */
export function createPeople(parts: PeopleParts): People {
  const { sites, productName, definition } = parts.settings
  const running = createAccounts(parts)
  const methods = signInMethods(definition)
  const passkeys = createPasskeys({
    ...parts,
    ...running,
    origin: sites.accounts,
    productName,
    hasOtherWay: async (call, accountId) => methods.password && (await running.accounts.find(call, accountId))?.hasPassword === true,
  })
  return { ...running, methods, passkeys }
}
