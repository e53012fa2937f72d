// Which passwords are known: from the rankings that everybody tries first, from the filter that ships with us, and from the operator's own.
import { fileURLToPath } from 'node:url'
import { isCommonPassword } from './common.ts'
import { openFilter, type PasswordFilter } from './filter.ts'

/**
 * Of the passwords with at least eight characters in the list of `@zxcvbn-ts/language-common` 4.1.3 (MIT), in small letters: 17,950 of them. It has
 * room for twice as many, so that of good passwords two in a million are taken for one of them.
 */
const SHIPPED = fileURLToPath(new URL('common.filter', import.meta.url))

export interface KnownPasswords {
  isKnown(password: string): boolean
  /** Throws when a filter cannot be read: then nobody should choose a password. */
  open(): void
  close(): void
}

export function createKnownPasswords(own: string | undefined): KnownPasswords {
  let shipped: PasswordFilter | undefined
  let owned: PasswordFilter | undefined
  return {
    isKnown: (password) => {
      const small = password.toLowerCase()
      if (isCommonPassword(password) || shipped?.has(small) === true) return true
      // How an operator's list was spelt is not known.
      return owned !== undefined && (owned.has(small) || (small !== password && owned.has(password)))
    },
    open() {
      shipped ??= openFilter(SHIPPED)
      if (own !== undefined) owned ??= openFilter(own)
    },
    close() {
      shipped?.close()
      owned?.close()
      shipped = owned = undefined
    },
  }
}
