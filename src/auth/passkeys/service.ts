// The decisions about passkeys: who may add and remove them, and whom they let in.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import { languageFor, mail } from '../accounts/mail.ts'
import type { Beginning } from '../accounts/sign-up.ts'
import { labelProblem, tidyName } from '../accounts/name.ts'
import { PER_CLIENT, type Throttle } from '../accounts/throttle.ts'
import type { AccountDirectory } from '../engine.ts'
import { authErrors } from '../errors.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import type { Ceremonies, CreationOptions, Owner, Proved, RequestOptions } from './ceremonies.ts'
import type { ChallengePlace, Challenges } from './challenges.ts'
import type { PasskeysRepository } from './repository.ts'
import { creationAnswer, type Passkey, readAnswer, requestAnswer } from './schemas.ts'

/** What a browser has sent, and where it was asked. */
export interface Answered {
  readonly place: ChallengePlace
  /** JSON. */
  readonly answer: string
  /** The day's pseudonym of the client address. */
  readonly client: string
  /** The name of a browser in which somebody was signed in before. */
  readonly known?: string | undefined
  readonly by: Whence
}

/** A passkey of a person who acts. */
export interface Owned {
  readonly id: string
  readonly accountId: string
  readonly by: Whence
}

/** A new passkey in an account that is there already. */
export interface Renewal {
  readonly passkeyId: string
  /** Those before go. */
  readonly alone: boolean
  /** What to write, by what is stored now; ask after the account is read, and write to the account as it was read. */
  write(call: Call): Promise<Beginning>
}

export interface Passkeys {
  list(call: Call, accountId: string): Promise<readonly Passkey[]>
  creationOptions(call: Call, owner: Owner, place: ChallengePlace): Promise<CreationOptions>
  /** For any passkey of this origin, or for those of one account alone. */
  requestOptions(call: Call, place: ChallengePlace, accountId?: string): Promise<RequestOptions>
  /**
   * The same when it is sent twice. `undefined` when the answer does not hold, or the credential is no longer the account's. Throws `auth.bad_details` when there are too many, the name
   * cannot be one, or nobody has confirmed the address: a passkey would open nothing.
   */
  add(call: Call, owner: Owner & { readonly credential: string }, added: Answered & { readonly name: string }): Promise<Passkey | undefined>
  /** The same for an account that is only being made: what to write with it. */
  begin(call: Call, newcomer: Owner, added: Answered & { readonly name: string }): Promise<Beginning | undefined>
  /** The same for an owner who has lost theirs; the person is told by mail, also of those that went. `alone`: those before go. */
  renew(call: Call, owner: Owner, added: Answered & { readonly name: string; readonly alone: boolean }): Promise<Renewal | undefined>
  /** Whose passkey it was; of nobody else than `accountId` when told. `undefined` for whatever does not hold, all alike. */
  prove(
    call: Call,
    answered: Answered,
    accountId?: string,
  ): Promise<{ readonly accountId: string; readonly credential: string } | undefined>
  /** False when it is not theirs. */
  rename(call: Call, owned: Pick<Owned, 'id' | 'accountId'>, name: string): Promise<boolean>
  /** `last`: nothing else would let them in. */
  remove(call: Call, owned: Owned): Promise<'removed' | 'unknown' | 'last'>
}

export interface PasskeysDependencies {
  readonly repository: PasskeysRepository
  readonly challenges: Challenges
  readonly ceremonies: Ceremonies
  readonly accounts: AccountDirectory
  /** Whether a person gets in without any passkey. */
  hasOtherWay(this: void, call: Call, accountId: string): Promise<boolean>
  readonly throttle: Throttle
  readonly clock: Clock
  readonly logger: Logger
}

const MOST_PASSKEYS = 20
/** Of as many as there may be at once the last one still comes to know whether there is room. */
const MAX_ROUNDS = MOST_PASSKEYS + 10

const tooMany = () => authErrors.bad_details({ fields: [fieldProblem('name', 'passkeys_many')] })

export function createPasskeysService(deps: PasskeysDependencies): Passkeys {
  const { repository, challenges, ceremonies } = deps
  return {
    list: (call, accountId) => repository.list(call, accountId),
    async creationOptions(call, owner, place) {
      const present = await repository.list(call, owner.accountId)
      return ceremonies.creationOptions(owner, { challenge: challenges.make(place), present })
    },
    async requestOptions(call, place, accountId) {
      const only = accountId === undefined ? [] : await repository.list(call, accountId)
      return ceremonies.requestOptions(challenges.make(place), only)
    },
    ...proving(deps),
    ...keeping(deps),
    ...adding(deps),
  }
}

function proving({ repository, challenges, ceremonies, accounts, throttle, clock, logger }: PasskeysDependencies): Pick<Passkeys, 'prove'> {
  const refuse = (call: Call, why: string): undefined => {
    logger.info({ requestId: call.requestId, event: 'auth.passkey_refused', why })
    return undefined
  }

  /** Keeps the new count. The second count of a key that was copied comes out lower than the first, sooner or later. */
  const record = async (
    call: Call,
    known: Passkey,
    { challenge, counter, backedUp, by }: Proved & { by: Whence },
  ): Promise<'done' | 'used' | 'copied'> => {
    const now = clock.now()
    const { id, accountId, name: about } = known
    if ((counter > 0 || known.counter > 0) && counter <= known.counter) {
      const events = [securityEventOf({ type: 'passkey.copy_suspected', accountId, about, ...by })]
      const outcome = await repository.recordUse(call, id, { challenge, before: known.counter, set: { copySuspectedAt: now }, events })
      return outcome === 'used' ? 'used' : 'copied'
    }
    const set = { counter, backedUp, lastUsedAt: now }
    const outcome = await repository.recordUse(call, id, { challenge, before: known.counter, set })
    if (outcome !== 'moved') return outcome
    const again = await repository.find(call, id)
    return again === undefined ? 'used' : record(call, again, { challenge, counter, backedUp, by })
  }

  return {
    async prove(call, { place, answer: text, client, known: browser, by }, only) {
      const answer = readAnswer(requestAnswer, text)
      if (answer === undefined) return refuse(call, 'unreadable')
      const attempt = await throttle.enter(call, [{ key: doorOf(client, browser), rule: PER_CLIENT }])
      const known = await repository.find(call, sha256(answer.id))
      if (known === undefined || (only !== undefined && known.accountId !== only)) return refuse(call, 'unknown')
      const { userHandle } = answer.response
      if (typeof userHandle === 'string' && Buffer.from(userHandle, 'base64url').toString('utf8') !== known.accountId)
        return refuse(call, 'not the owner')
      const proved = await ceremonies.proved(answer, known, (challenge) => challenges.judge(place, challenge))
      if (proved === undefined) return refuse(call, 'does not hold')
      const person = await accounts.find(call, known.accountId)
      if (person === undefined || person.suspended || !person.emailVerified) return refuse(call, 'no account')
      const recorded = await record(call, known, { ...proved, by })
      if (recorded !== 'done') return refuse(call, recorded)
      await attempt.succeed([])
      return { accountId: known.accountId, credential: person.credential }
    },
  }
}

/** There is nothing to guess. What strangers behind the same address send must not keep out whoever was here before; whose passkey it is, is not known yet. */
function doorOf(client: string, browser: string | undefined): string {
  return browser === undefined ? `passkey:${client}` : `passkey:device:${sha256(browser)}`
}

type Told = 'passkey-added' | 'passkey-removed' | 'passkeys-replaced'

function telling({ accounts, clock }: PasskeysDependencies) {
  return async (call: Call, accountId: string, template: Told) => {
    const person = await accounts.find(call, accountId)
    const when = new Date(clock.now()).toUTCString()
    return person === undefined
      ? []
      : [mail({ to: person.email, template, data: { name: person.name, when }, language: languageFor(person, call) })]
  }
}

function keeping(deps: PasskeysDependencies): Pick<Passkeys, 'rename' | 'remove'> {
  const { repository, accounts } = deps
  const told = telling(deps)

  const remove: Passkeys['remove'] = async (call, { by, ...owned }) => {
    const { accountId } = owned
    // Before the passkeys are: the number that is compared must not be newer than what is decided on.
    const person = await accounts.find(call, accountId)
    const [known, present] = await Promise.all([repository.find(call, owned.id), repository.list(call, accountId)])
    if (known?.accountId !== accountId || person === undefined) return 'unknown'
    if (present.length === 1 && !(await deps.hasOtherWay(call, accountId))) return 'last'
    const event = securityEventOf({ type: 'passkey.removed', accountId, about: known.name, ...by })
    const events = [event, ...(await told(call, accountId, 'passkey-removed'))]
    const outcome = await repository.remove(call, owned, { waysVersion: person.waysVersion, events })
    // Another way left at the same moment: look again at what is left.
    return outcome === 'moved' ? remove(call, { by, ...owned }) : 'removed'
  }

  return {
    async rename(call, owned, name) {
      const problem = labelProblem(name)
      if (problem !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('name', problem)] })
      return repository.rename(call, owned, tidyName(name))
    },

    remove,
  }
}

function adding(deps: PasskeysDependencies): Pick<Passkeys, 'add' | 'begin' | 'renew'> {
  const { repository, accounts } = deps
  const told = telling(deps)
  const make = makingOne(deps)
  return {
    async add(call, owner, added) {
      if ((await accounts.find(call, owner.accountId))?.emailVerified === false)
        throw authErrors.bad_details({ fields: [fieldProblem('name', 'address_unconfirmed')] })
      const made = await make(owner, added)
      if (made === undefined) return undefined
      const { passkey, challenge, event } = made
      const events = [event, ...(await told(call, owner.accountId, 'passkey-added'))]
      const write = { credential: owner.credential, challenge, most: MOST_PASSKEYS, events }
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const outcome = await repository.add(call, passkey, write)
        if (outcome === 'done') return passkey
        if (outcome === 'ended') return undefined
        if (outcome === 'moved') continue
        const present = await repository.madeBy(call, challenge)
        if (present?.id === passkey.id) return present
        if (outcome === 'used') return undefined
        throw tooMany()
      }
      throw authErrors.unavailable({ detail: 'Please try again.' })
    },

    async begin(_call, newcomer, added) {
      const made = await make(newcomer, added)
      return made && { operations: repository.adding(made.passkey, made.challenge), events: [made.event] }
    },

    async renew(_call, owner, added) {
      const { accountId } = owner
      const made = await make(owner, added)
      if (made === undefined) return undefined
      const { passkey, challenge, event } = made
      const { alone, by } = added
      return {
        passkeyId: passkey.id,
        alone,
        async write(call) {
          const present = await repository.list(call, accountId)
          if (!alone && present.length >= MOST_PASSKEYS) throw tooMany()
          const gone = alone ? present : []
          const removed = gone.map(({ name: about }) => securityEventOf({ type: 'passkey.removed', accountId, about, ...by }))
          return {
            operations: [...repository.removing(gone), ...repository.adding(passkey, challenge)],
            // With none of theirs left its owner could not do what the other mail says.
            events: [...removed, event, ...(await told(call, accountId, gone.length > 0 ? 'passkeys-replaced' : 'passkey-added'))],
          }
        },
      }
    },
  }
}

function makingOne({ challenges, ceremonies, clock }: PasskeysDependencies) {
  return async ({ accountId }: Owner, { place, answer: text, name, by }: Answered & { readonly name: string }) => {
    const problem = labelProblem(name)
    if (problem !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('name', problem)] })
    const answer = readAnswer(creationAnswer, text)
    const created = answer && (await ceremonies.created(answer, (challenge) => challenges.judge(place, challenge)))
    if (created === undefined) return undefined
    const about = tidyName(name)
    const { challenge, made } = created
    const passkey: Passkey = { id: sha256(made.credentialId), accountId, ...made, name: about, createdAt: clock.now() }
    return { passkey, challenge, event: securityEventOf({ type: 'passkey.added', accountId, about, ...by }) }
  }
}
