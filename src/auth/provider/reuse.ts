// A refresh token that comes again after it was used. Within the grace it is most likely a second tab or a lost answer, and only noted; after it, somebody
// else may hold the token, so the family ends and its person is told (RFC 9700 section 4.14.2).
import type { KoaContextWithOIDC } from 'oidc-provider'
import Provider from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { EventDraft } from '#kernel/collection.ts'
import type { Logger } from '#kernel/log.ts'
import { mailLineOf, unlinked } from '#kernel/mail-fields.ts'
import { mail } from '../accounts/mail.ts'
import { whence } from '../browser.ts'
import type { AccountDirectory } from '../engine.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import type { ClientRegistry } from './clients.ts'
import { currentExchange } from './scope.ts'

export interface ReuseDependencies {
  readonly accounts: AccountDirectory
  readonly clients: ClientRegistry
  readonly clock: Clock
  readonly logger: Logger
}

export interface Used {
  readonly accountId?: string | undefined
  readonly clientId?: string | undefined
  readonly sid: string
}

export interface Reuse {
  /** For the write that ends a grant: what it tells of, when it ends since the request under way shows a token that was used. */
  detected(call: Call, sid: string): Promise<readonly EventDraft[]>
  /** For the write that ends a grant, since this token has come again. */
  alarm(
    call: Call,
    sid: string,
    token: { readonly accountId: string; readonly clientId?: string | undefined },
  ): Promise<readonly EventDraft[]>
  /** For the write that notes it. */
  inGrace(call: Call, used: Used): Promise<readonly EventDraft[]>
}

/** Only a refresh judges a token: whoever asks about a used one, or gives it back, has done no harm. */
export function refreshingContext(): KoaContextWithOIDC['oidc'] | undefined {
  const oidc = Provider.ctx?.oidc
  return oidc?.route === 'token' && oidc.params?.['grant_type'] === 'refresh_token' ? oidc : undefined
}

export function createReuse({ accounts, clients, clock, logger }: ReuseDependencies): Reuse {
  /** Of a client that is gone nobody knows it any more, and the words of pages and mails do without. */
  const aboutOf = async (call: Call, clientId: string | undefined): Promise<{ readonly about?: string }> => {
    const about = mailLineOf((await clients.find(call, clientId ?? ''))?.name, '')
    return about === '' ? {} : { about }
  }
  /** A client that nobody here knows can have a mail sent whenever it likes, with the name that it has chosen. */
  const mailedName = async (call: Call, clientId: string | undefined): Promise<string> => {
    const client = await clients.find(call, clientId ?? '')
    const isStranger = client?.source === 'registration' || client?.source === 'document'
    return mailLineOf(client && isStranger ? unlinked(client.name) : client?.name, '')
  }
  const by = (): Whence => {
    const exchange = currentExchange()
    return exchange === undefined ? {} : whence(exchange)
  }
  const alarm: Reuse['alarm'] = async (call, sid, { accountId, clientId }) => {
    logger.warn({ event: 'refresh.reuse_detected', client: clientId, sid }, 'a used refresh token came again; its family ends')
    const event = securityEventOf({ type: 'refresh.reuse_detected', accountId, ...(await aboutOf(call, clientId)), ...by() })
    const person = await accounts.find(call, accountId)
    if (person === undefined) return [event]
    const data = { name: person.name, app: await mailedName(call, clientId), when: new Date(clock.now()).toUTCString() }
    return [event, mail({ to: person.email, template: 'token-reused', data, language: person.language })]
  }
  return {
    alarm,
    async detected(call, sid) {
      const token = refreshingContext()?.entities.RefreshToken
      return token?.consumed === undefined ? [] : alarm(call, sid, token)
    },

    async inGrace(call, { accountId, clientId, sid }) {
      logger.info({ event: 'refresh.reuse_in_grace', client: clientId, sid }, 'a refresh token was used twice within the grace')
      const whose = accountId === undefined ? {} : { accountId }
      return [securityEventOf({ type: 'refresh.reuse_in_grace', ...whose, ...(await aboutOf(call, clientId)), ...by() })]
    },
  }
}
