// Browsers that somebody has signed in to an account in before. Being known gives no access; it gives throttles of one's own. A browser is known for what
// was proved in it: when the password changes, or a way in is taken away, whoever was in by the old one is a stranger again.
import type { Call } from '#kernel/call.ts'
import { type BrowserPass, createBrowserPasses, PARTS_END } from '#kernel/http/known-browser.ts'
import { randomToken } from '#kernel/ids.ts'
import { createMac, type KeyRing, sha256 } from '#kernel/keyring.ts'
import { normaliseEmail } from './email.ts'
import type { AccountsRepository } from './repository.ts'
import { type Account, credentialOf } from './schemas.ts'

/** An account as it was when something was proved of it. */
export interface KnownOwner {
  readonly accountId: string
  readonly email: string
  readonly credential: string
}

/** How many steps of a sign-in were proved in a browser: one opens no door of the second. */
export type Steps = 1 | 2

export interface KnownDevice {
  readonly name: string
  readonly steps: Steps
}

export interface Devices {
  /**
   * A value for this browser to keep: a pass, and a mark for each of the accounts that were signed in to last. A mark is random, and bound by a code that only
   * we can make to the address, to what was proved, which is what the account had when it was looked at, and to how many steps. `before`: what the browser has
   * kept so far; a mark for more steps of the same stays worth as much.
   */
  remember(owner: KnownOwner, steps: Steps, before?: string): string
  /** `undefined` when the browser is not known for this address, or not any more. */
  recognise(call: Call, email: string, value: string | undefined): Promise<KnownDevice | undefined>
  /**
   * Before its owner takes a way in away, or moves the account to another address: makes what this browser keeps when that is done and nothing else has changed.
   * `undefined` when it is not known for the account as it is.
   */
  foresee(call: Call, email: string, value: string | undefined): Promise<((emailAfter: string) => string) | undefined>
  /** Whether somebody was signed in to any account in this browser; see kernel/http/known-browser.ts. */
  passOf(value: string | undefined): BrowserPass | undefined
}

export interface DevicesDependencies {
  readonly keyRing: KeyRing
  readonly accounts: Pick<AccountsRepository, 'findByEmail'>
}

const RANDOM_BYTES = 16
/** People who share a browser, or have an account for work. Each adds to what the browser sends. */
const MOST_MARKS = 4
/** What is no mark is not kept, whoever has put it there. */
const MARK = /^[\w-]{22}\.[\w-]{43}\.[\w-]{43}$/

interface Mark extends KnownDevice {
  readonly proof: string
}

const marksIn = (value = ''): string[] => value.split(PARTS_END, MOST_MARKS + 1).filter((part) => MARK.test(part))

export function createDevices({ keyRing, accounts }: DevicesDependencies): Devices {
  const mac = createMac(keyRing.deriveAll('auth:known-device'))
  const passes = createBrowserPasses(keyRing)
  const signed = (email: string, { name, proof, steps }: Mark): string =>
    `${steps === 2 ? 'both steps!' : ''}${name.length}!${name}!${proof}!${email}`
  // Of the account, too: whoever has the address after it was deleted is somebody else.
  const proofOf = ({ accountId, credential }: Pick<KnownOwner, 'accountId' | 'credential'>): string => sha256(`${accountId}!${credential}`)
  const read = (email: string, text: string): Mark | undefined => {
    const [name = '', proof = '', code = ''] = text.split('.')
    return ([1, 2] as const).map((steps) => ({ name, proof, steps })).find((mark) => mac.isOf(signed(email, mark), code))
  }
  const markOf = (email: string, value: string | undefined): Mark | undefined => {
    for (const text of marksIn(value)) {
      const mark = read(email, text)
      if (mark !== undefined) return mark
    }
    return undefined
  }
  const find = async (call: Call, typed: string, value: string | undefined): Promise<{ account: Account; mark: Mark } | undefined> => {
    const mark = markOf(typed, value)
    if (mark === undefined) return undefined
    // Only for whoever has shown to have been in: for all others known and unknown addresses cost the same.
    const email = normaliseEmail(typed)
    const account = email === undefined ? undefined : await accounts.findByEmail(call, email)
    if (account === undefined || proofOf({ accountId: account.id, credential: credentialOf(account) }) !== mark.proof) return undefined
    return { account, mark }
  }
  const without = (email: string, value: string | undefined): string[] => marksIn(value).filter((text) => read(email, text) === undefined)
  const remember: Devices['remember'] = (owner, proved, before) => {
    const { accountId, email } = owner
    const proof = proofOf(owner)
    const known = markOf(email, before)
    const steps = known?.proof === proof && known.steps > proved ? known.steps : proved
    const mark = { name: randomToken(RANDOM_BYTES), proof, steps }
    const own = `${mark.name}.${proof}.${mac.make(signed(email, mark))}`
    return [passes.make(accountId), own, ...without(email, before).slice(0, MOST_MARKS - 1)].join(PARTS_END)
  }
  return {
    remember,
    async recognise(call, typed, value) {
      const found = await find(call, typed, value)
      return found && { name: found.mark.name, steps: found.mark.steps }
    },
    async foresee(call, email, value) {
      const found = await find(call, email, value)
      if (found === undefined) return undefined
      const { account, mark } = found
      const credential = credentialOf({ ...account, waysVersion: (account.waysVersion ?? 0) + 1 })
      return (emailAfter) =>
        remember({ accountId: account.id, email: emailAfter, credential }, mark.steps, without(email, value).join(PARTS_END))
    },
    passOf: passes.read,
  }
}
