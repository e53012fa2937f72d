// Which passwords are known: from the rankings that everybody tries first, from the filter that ships with us, and from the operator's own.
import { fileURLToPath } from 'node:url'
import { isCommonPassword } from './common.ts'
import { openFilter, type PasswordFilter } from './filter.ts'

/** Of the passwords with at least eight characters in the list of `@zxcvbn-ts/language-common` 4.1.3 (MIT), in small letters: 17,950 of them. */
const SHIPPED = fileURLToPath(new URL('common.filter', import.meta.url))

export interface KnownPasswords {
  isKnown(password: string): boolean
  /** Throws when a filter cannot be read: then nobody should choose a password. */
  open(): void
  close(): void
}

export function createKnownPasswords(own: string | undefined): KnownPasswords {
  const filters: PasswordFilter[] = []
  return {
    isKnown: (password) => {
      const spellings = new Set([password, password.toLowerCase()])
      return isCommonPassword(password) || [...spellings].some((spelling) => filters.some((filter) => filter.has(spelling)))
    },
    open() {
      if (filters.length > 0) return
      for (const path of own === undefined ? [SHIPPED] : [SHIPPED, own]) filters.push(openFilter(path))
    },
    close() {
      for (const filter of filters.splice(0)) filter.close()
    },
  }
}
