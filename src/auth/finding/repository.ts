// What operators look up of people, as it is stored.
import type { Call } from '#kernel/call.ts'
import type { Database, Page } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import { createPasskeysRepository } from '../passkeys/repository.ts'
import { createSecondFactorsRepository } from '../second-factors/repository.ts'
import { identitiesCollection, MOST_IDENTITIES } from '../upstream/repository.ts'
import type { Identity } from '../upstream/schemas.ts'

/** Before all that begins with the same letters: addresses have none that comes so late. */
const LAST = '\x7f'

export interface WaysIn {
  readonly passkeys: number
  readonly authenticatorApp: boolean
  readonly recoveryCodes: number
  readonly identities: readonly Identity[]
}

export interface FindingRepository {
  find(call: Call, id: string): Promise<Account | undefined>
  findByEmail(call: Call, email: string): Promise<Account | undefined>
  /** In the order of their addresses. */
  list(call: Call, asked: { readonly prefix: string; readonly limit: number; readonly after?: string | undefined }): Promise<Page<Account>>
  waysIn(call: Call, accountId: string): Promise<WaysIn>
}

export function createFindingRepository(database: Database): FindingRepository {
  const accounts = database.collection(accountsCollection)
  const identities = database.collection(identitiesCollection)
  const passkeys = createPasskeysRepository(database)
  const secondFactors = createSecondFactorsRepository(database)
  return {
    find: async (call, id) => (await accounts.get(call, id))?.value,
    findByEmail: async (call, email) => (await accounts.getByKey(call, 'email', { email }))?.value,
    list: (call, { prefix, limit, after }) =>
      accounts.list(call, {
        index: 'email',
        limit,
        ...(prefix === '' ? {} : { range: { from: prefix, below: `${prefix}${LAST}` } }),
        ...(after === undefined ? {} : { after }),
      }),
    async waysIn(call, accountId) {
      const [keys, app, codes, linked] = await Promise.all([
        passkeys.list(call, accountId),
        secondFactors.findTotp(call, accountId),
        secondFactors.findCodes(call, accountId),
        identities.list(call, { index: 'account', where: { accountId }, limit: MOST_IDENTITIES }),
      ])
      return {
        passkeys: keys.length,
        authenticatorApp: app !== undefined,
        recoveryCodes: codes?.value.unused.length ?? 0,
        identities: linked.items.map(({ value }) => value),
      }
    },
  }
}
