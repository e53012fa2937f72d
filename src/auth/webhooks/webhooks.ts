// Which security events go to which webhook of the app. Delivery, retries and secrets are the business of jobs.
import type { Webhook } from '#kernel/webhook.ts'
import { z } from '#kernel/schema.ts'
import type { WebhookDefinition } from '../contract.ts'
import { actorOf, SECURITY_EVENT, securityEvent, securityEventOf, securityEventType } from '../security-events/security-event.ts'
import type { SecurityEvents } from '../security-events/service.ts'

const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** What stays with a message until it is delivered: whom it is about, and who of those who run this did it. No name, no device, no address. */
const keptOf = z.object({ accountId: securityEvent.shape.accountId, actor: securityEvent.shape.actor })

/** Throws with every problem. Without `events` nothing can be recalled, and messages keep what they tell. */
export function securityWebhooks(
  definitions: readonly WebhookDefinition[],
  development: boolean,
  events?: Pick<SecurityEvents, 'recall'>,
): Webhook[] {
  const problems = webhookProblems(definitions, development)
  if (problems.length > 0) throw new Error(`The webhooks cannot be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
  return definitions.map(({ name, url, events: wanted }) => ({
    name,
    url,
    topic: SECURITY_EVENT,
    select(data) {
      const parsed = securityEvent.safeParse(data)
      if (!parsed.success) return undefined
      const { type, ...rest } = parsed.data
      if (wanted !== undefined && !wanted.some((pattern) => covers(pattern, type))) return undefined
      // Of an end no row is stored, and it tells nothing but whose and by whom.
      return { type, data: rest, ...(type === 'account.deleted' ? {} : { kept: keptOf.parse(rest) }) }
    },
    ...(events === undefined ? {} : { recall: recallFrom(events) }),
    rotated: (call) => securityEventOf({ type: 'webhook.secret_rotated', about: name, ...actorOf(call) }),
  }))
}

function recallFrom(events: Pick<SecurityEvents, 'recall'>): NonNullable<Webhook['recall']> {
  return async (call, { sequence, kept }) => {
    const found = await events.recall(call, { sequence, accountId: keptOf.safeParse(kept).data?.accountId })
    if (typeof found === 'string') return found
    const { type: _type, ...data } = found
    return { data }
  }
}

/** `passkey.*` covers `passkey.added`. */
function covers(pattern: string, type: string): boolean {
  return pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)))
}

function webhookProblems(definitions: readonly WebhookDefinition[], development: boolean): string[] {
  const names = definitions.map(({ name }) => name)
  return definitions.flatMap(({ name, url, events = [] }, index) => {
    const problems = [
      NAME.test(name) ? undefined : 'its name needs 1 to 40 lower-case letters, digits or "-".',
      names.indexOf(name) === index ? undefined : 'another one has the same name.',
      urlProblem(url, development),
      ...events
        .filter((pattern) => !securityEventType.options.some((type) => covers(pattern, type)))
        .map((pattern) => `there is no event ${JSON.stringify(pattern)}; docs/webhooks.md lists them.`),
    ]
    return problems.filter((problem) => problem !== undefined).map((problem) => `Webhook ${JSON.stringify(name)}: ${problem}`)
  })
}

function urlProblem(text: string, development: boolean): string | undefined {
  const url = URL.parse(text)
  if (url === null) return 'its url is none.'
  if (url.username !== '' || url.password !== '') return 'its url must not carry a name or a password.'
  const isLocal = development && url.protocol === 'http:' && (LOOPBACK.has(url.hostname) || url.hostname.endsWith('.localhost'))
  return url.protocol === 'https:' || isLocal
    ? undefined
    : 'its url must begin with https:// (in development also http:// on this machine).'
}
