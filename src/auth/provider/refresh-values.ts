// What a refresh token says: its family, its place in it, and a code over both that only we can make. So every token that a family ever had can be told
// from one that it never had, and none of them is kept (docs/decisions/0029). Opaque to everybody else.
import type { Call } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { createMac, type Mac, sha256 } from '#kernel/keyring.ts'

/** Format 1. Told apart from the former ones, which are 43 characters without a mark, and easy to find for who looks for secrets that got out. */
const MARK = 'nfr1_'
const SHAPE = /^nfr1_([\w-]{43})([0-9a-f]{8})([\w-]{43})$/
/** Every token used to be 256 bits that say nothing, with a record of its own. */
const FORMER = /^[\w-]{43}$/

export const FIRST_GENERATION = 1

/** The name of the lasting secret. */
export const REFRESH_SECRET = 'refresh-successor'

export interface RefreshValue {
  /** The id of the family's record. */
  readonly family: string
  /** How many there were with it. */
  readonly generation: number
}

export interface RefreshValues {
  /** Before anything else here is asked. */
  load(call: Call): Promise<void>
  /** The first token of a new family. */
  first(): string
  /** `undefined` for what we have not made. */
  read(value: string): RefreshValue | undefined
  /** The same whoever computes it, so that racers agree. That of a former token begins a family. */
  successorOf(value: string): string
  /** The one with this generation, of the family of a token that was read. */
  inFamilyOf(value: string, generation: number): string
  /** What the release before would have said. */
  formerSuccessorOf(value: string): string
  isFormer(value: string): boolean
}

/** `secretOf` gives the same in every process, whichever version of the master key it has. */
export function createRefreshValues(secretOf: (call: Call) => Promise<Buffer>): RefreshValues {
  let mac: Mac | undefined
  const loaded = (): Mac => {
    if (mac === undefined) throw new Error('The secret behind refresh tokens was not loaded.')
    return mac
  }
  // The secret of the family is random and in its tokens alone: neither who reads the database nor who has our secret as well can make one.
  const signed = (secret: string, generation: string): string => `refresh-token:${secret}:${generation}`
  const compose = (secret: string, generation: number): string => {
    const place = generation.toString(16).padStart(8, '0')
    return `${MARK}${secret}${place}${loaded().make(signed(secret, place))}`
  }
  return {
    async load(call) {
      mac ??= createMac([await secretOf(call)])
    },
    first: () => compose(randomToken(), FIRST_GENERATION),
    read(value) {
      const [, secret = '', generation = '', code] = SHAPE.exec(value) ?? []
      if (code === undefined || !loaded().isOf(signed(secret, generation), code)) return undefined
      return { family: familyId(secret), generation: Number.parseInt(generation, 16) }
    },
    successorOf(value) {
      const [, secret, generation = ''] = SHAPE.exec(value) ?? []
      if (secret === undefined) return compose(loaded().make(`refresh-family:${value}`), FIRST_GENERATION)
      return compose(secret, Number.parseInt(generation, 16) + 1)
    },
    inFamilyOf: (value, generation) => compose(SHAPE.exec(value)?.[1] ?? '', generation),
    formerSuccessorOf: (value) => loaded().make(`rt-succ:${value}`),
    isFormer: (value) => FORMER.test(value),
  }
}

/** Never the id of a record that the secret by itself would lead to, or it could be shown as a former token. */
function familyId(secret: string): string {
  return sha256(`${MARK}${secret}`)
}
