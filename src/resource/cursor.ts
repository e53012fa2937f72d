// Cursors for clients: the database's own, sealed with a MAC over the query it belongs to. A cursor of another list, person or order does not open.
import { createMac, type KeyRing } from '#kernel/keyring.ts'
import { resourceErrors } from './errors.ts'

const MAC_LENGTH = 22
const PURPOSE = 'resource.cursor'

export interface CursorScope {
  readonly resource: string
  readonly index: string
  readonly order: string
  /** Every equality of the query, those that access rules have added among them. */
  readonly where: Readonly<Record<string, string | number | boolean>>
  /** The cursor tells more than what it stands behind: the place in a search counts everybody's objects. */
  readonly isSecret?: true
  readonly range?: { readonly field: string; readonly from?: string | number; readonly below?: string | number }
}

export interface Cursors {
  seal(scope: CursorScope, cursor: string): string
  /** Throws `resource.bad_cursor`. */
  open(scope: CursorScope, sealed: string): string
}

export function createCursors(keyRing: Pick<KeyRing, 'deriveAll' | 'seal' | 'open'>): Cursors {
  // 128 of the 256 bits: a guess has to be tried against the server.
  const mac = createMac(keyRing.deriveAll(PURPOSE), MAC_LENGTH)
  const signed = ({ resource, index, order, where, range }: CursorScope, cursor: string): string => {
    const equal = Object.entries(where).toSorted(([left], [right]) => (left < right ? -1 : 1))
    return JSON.stringify([resource, index, order, equal, range === undefined ? [] : [range.field, range.from, range.below], cursor])
  }
  return {
    seal(scope, cursor) {
      const told = scope.isSecret === true ? keyRing.seal(PURPOSE, scope.resource, cursor) : cursor
      return mac.make(signed(scope, told)) + told
    },
    open(scope, sealed) {
      const told = sealed.slice(MAC_LENGTH)
      const isOurs = mac.isOf(signed(scope, told), sealed.slice(0, MAC_LENGTH))
      const cursor = isOurs && scope.isSecret === true ? keyRing.open(PURPOSE, scope.resource, told) : told
      if (isOurs && cursor !== undefined) return cursor
      throw resourceErrors.bad_cursor({ detail: 'Give "after" exactly as "next" came, with the same filters and order.' })
    },
  }
}
