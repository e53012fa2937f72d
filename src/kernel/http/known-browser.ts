// What the cookie of a browser begins with that somebody has signed in before: a pass that only we can make, and that is told from an invented one without
// a look at the database. It opens nothing and says nothing of anybody; it lets requests be counted apart from those of strangers behind the same address.
import { createSecretKey } from 'node:crypto'
import { randomToken } from '../ids.ts'
import { createMac, hmacSha256, type KeyRing } from '../keyring.ts'

export const KNOWN_BROWSER_COOKIE = '__Host-Http-known-device'
/** Between the pass and what else the cookie holds. */
export const PARTS_END = '~'

export interface BrowserPass {
  /** Random; another one each time that a pass is made. */
  readonly name: string
  /** The same for all passes of an account, so that many of them are worth no more than one. */
  readonly account: string
}

export interface BrowserPasses {
  make(accountId: string): string
  /** The pass in the value of the cookie. `undefined` for what we have not made. */
  read(value: string | undefined): BrowserPass | undefined
}

const NAME_BYTES = 16
/** 132 bits. */
const LENGTH = 22

export function createBrowserPasses(keyRing: Pick<KeyRing, 'derive' | 'deriveAll'>): BrowserPasses {
  const mac = createMac(keyRing.deriveAll('known-browser'), LENGTH)
  const key = createSecretKey(keyRing.derive('known-browser:account'))
  return {
    make(accountId) {
      const text = `${randomToken(NAME_BYTES)}.${hmacSha256(key, accountId).toString('base64url').slice(0, LENGTH)}`
      return `${text}.${mac.make(text)}`
    },
    read(value) {
      const end = value?.indexOf(PARTS_END) ?? -1
      const [name, account, code, ...rest] = (end === -1 ? value : value?.slice(0, end))?.split('.') ?? []
      if (name === undefined || account === undefined || code === undefined || rest.length > 0) return undefined
      return mac.isOf(`${name}.${account}`, code) ? { name, account } : undefined
    },
  }
}
