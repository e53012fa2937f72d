// How sign-ins that wait for a mail are stored: found by browser and interaction, or by the link.
import type { Call } from '#kernel/call.ts'
import { defineCollection, deleteFrom, type EventDraft } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database, Stored } from '../../database/contract.ts'
import type { Taken } from '../reclaiming.ts'
import { settled } from '../settled.ts'
import { type EmailSignIn, emailSignIn } from './schemas.ts'

export const emailSignInsCollection = defineCollection<EmailSignIn>({
  name: 'auth_email_sign_ins',
  schema: emailSignIn,
  indexes: { link: { fields: ['link'], unique: true }, account: { fields: ['accountId'] } },
  expiry: 'expiresAt',
})

export interface Given extends Pick<EmailSignIn, 'accountId' | 'credential'> {
  readonly events: readonly EventDraft[]
}

export interface EmailSignInRepository {
  find(call: Call, id: string): Promise<Stored<EmailSignIn> | undefined>
  findByLink(call: Call, link: string): Promise<Stored<EmailSignIn> | undefined>
  /** In the place of what was there. */
  put(call: Call, waiting: EmailSignIn, events: readonly EventDraft[]): Promise<void>
  /** Makes it somebody's that was nobody's, however many codes were tried meanwhile. Nothing happens where another mail was asked for since. */
  give(call: Call, waiting: Stored<EmailSignIn>, given: Given): Promise<void>
  /** As it was read; costs what `put` does. */
  keep(call: Call, waiting: Stored<EmailSignIn>): Promise<void>
  /** Counts a try before its code is looked at. `undefined` when somebody was faster. */
  countTry(call: Call, waiting: Stored<EmailSignIn>): Promise<Stored<EmailSignIn> | undefined>
  /** False when somebody was faster. */
  use(call: Call, waiting: Stored<EmailSignIn>): Promise<boolean>
  /** Together with what its proof does to the account, which has not changed then. */
  useAndTake(call: Call, waiting: Stored<EmailSignIn>, taken: Pick<Taken, 'operations' | 'events'>): Promise<boolean>
}

export function createEmailSignInRepository(database: Database): EmailSignInRepository {
  const waiting = database.collection(emailSignInsCollection)
  return {
    find: (call, id) => waiting.get(call, id),
    findByLink: (call, link) => waiting.getByKey(call, 'link', { link }),
    async put(call, value, events) {
      const { id, ...rest } = value
      const set = { ...rest, accountId: rest.accountId }
      await settled(async () => {
        if ((await waiting.update(call, id, { set }, { events })) !== undefined) return undefined
        try {
          await waiting.insert(call, value, { events })
          return undefined
        } catch (error) {
          if (!hasCode(error, 'database.duplicate')) throw error
          return 'moved'
        }
      }, call)
    },
    async give(call, { value: { id, link } }, { events, ...set }) {
      await waiting.update(call, id, { set, where: { link, accountId: undefined } }, { events })
    },
    async keep(call, { value, version }) {
      await waiting.update(call, value.id, { set: {}, ifVersion: version })
    },
    countTry: (call, { value, version }) => waiting.update(call, value.id, { set: { tries: value.tries + 1 }, ifVersion: version }),
    use: (call, { value, version }) => waiting.delete(call, value.id, { ifVersion: version }),
    async useAndTake(call, { value, version }, { operations, events }) {
      return await committed(
        database.commit(call, [deleteFrom(emailSignInsCollection, value.id, { ifVersion: version }), ...operations], events),
        'conflict',
      )
    },
  }
}
