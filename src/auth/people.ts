// The half of auth that is about people: their accounts, what they prove to be the owners by, what they can do by mail, and what happened to them.
import { type AccountsParts, createAccounts, type RunningAccounts } from './accounts/create.ts'
import { type ByMail, createByMail } from './by-mail.ts'
import type { AuthDefinition } from './contract.ts'
import { type SignInMethods, signInMethods } from './methods.ts'
import { createPasskeys } from './passkeys/create.ts'
import type { Passkeys } from './passkeys/service.ts'
import { createSecurityEvents, type SecurityEvents } from './security-events/service.ts'

export interface People extends RunningAccounts {
  readonly methods: SignInMethods
  readonly passkeys: Passkeys
  readonly byMail: ByMail
  readonly securityEvents: SecurityEvents
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
  const byMail = createByMail({ ...parts, methods, shared: running.shared, origin: sites.accounts })
  return { ...running, methods, passkeys, byMail, ...toldOf(parts, running) }
}

/** Security events are taken in as long as the rest runs. */
function toldOf(parts: PeopleParts, running: RunningAccounts): Pick<People, 'securityEvents' | 'start' | 'stop'> {
  const securityEvents = createSecurityEvents(parts)
  let unsubscribe = (): void => {}
  return {
    securityEvents,
    async start() {
      await running.start()
      unsubscribe = parts.database.subscribe(securityEvents.subscription)
    },
    async stop() {
      unsubscribe()
      await running.stop()
    },
  }
}
