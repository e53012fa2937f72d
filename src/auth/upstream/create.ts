// Puts sign-in with other providers together: who they are, the protocol, storage, decisions.
import type { Clock } from '#kernel/clock.ts'
import { sendOutward } from '#kernel/http/outward.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Secret } from '#kernel/secret.ts'
import type { Database } from '../../database/contract.ts'
import { createAccountsRepository } from '../accounts/repository.ts'
import type { Admission } from '../admission/service.ts'
import type { LegacyFinder } from '../moving/finder.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import type { UpstreamDefinition } from './contract.ts'
import { upstreamId, upstreamOf } from './presets.ts'
import type { Upstream } from './provider.ts'
import { createRelyingParty, signingKey } from './relying-party.ts'
import { createIdentitiesRepository } from './repository.ts'
import { type HasOtherWay, createUpstreams, type Upstreams } from './service.ts'
import { createTravels, type Travels } from './travels.ts'

export interface UpstreamSettings {
  readonly definitions: readonly UpstreamDefinition[]
  /** A JSON object: the secret of each provider by its id. */
  readonly secrets?: Secret | undefined
  readonly development: boolean
  /** The accounts origin. */
  readonly origin: string
}

export interface UpstreamsParts {
  readonly database: Database
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly hooks: Pick<RunningHooks, 'beforeSignUp'>
  readonly admission: Pick<Admission, 'whyNot' | 'joining'>
  readonly hasOtherWay: HasOtherWay
  readonly legacyFinder?: LegacyFinder | undefined
  readonly settings: UpstreamSettings
  /** How requests leave this machine. */
  readonly send?: typeof sendOutward
}

export interface RunningUpstreams extends Upstreams {
  readonly travels: Travels
}

/** Make it before the database starts, since it declares its collection. Throws with all that is wrong with the providers. */
export function createUpstreamsOf({
  database,
  keyRing,
  clock,
  logger,
  hooks,
  admission,
  hasOtherWay,
  legacyFinder,
  settings,
  send = sendOutward,
}: UpstreamsParts): RunningUpstreams {
  const service = createUpstreams({
    upstreams: resolved(settings, logger),
    relyingParty: createRelyingParty({ clock, logger, send }),
    identities: createIdentitiesRepository(database),
    accounts: createAccountsRepository(database),
    hooks,
    admission,
    hasOtherWay,
    legacyFinder,
    clock,
    logger,
    origin: settings.origin,
  })
  return { ...service, travels: createTravels(keyRing, clock) }
}

const secretsShape = z.record(z.string(), z.string().min(1))

function readSecrets(secrets: Secret | undefined): Readonly<Record<string, string>> | string {
  if (secrets === undefined) return {}
  try {
    const parsed = secretsShape.safeParse(JSON.parse(secrets.reveal()))
    if (parsed.success) return parsed.data
  } catch {
    // Said below: the reason would quote the text.
  }
  return 'NINEFOLD_AUTH_UPSTREAM_SECRETS must be a JSON object with a text for each provider: {"google":"..."}'
}

function resolved({ definitions, secrets: given, development }: UpstreamSettings, logger: Logger): Upstream[] {
  const secrets = readSecrets(given)
  if (typeof secrets === 'string') throw new Error(`Sign-in with other providers does not start: ${secrets}.`)
  const problems: string[] = []
  const upstreams = definitions.flatMap((definition) => {
    const id = upstreamId(definition)
    const secret = secrets[id]
    if (secret === undefined) {
      if (!development) problems.push(`NINEFOLD_AUTH_UPSTREAM_SECRETS has no secret for "${id}"`)
      else logger.warn({ event: 'auth.upstream_without_secret', upstream: id }, 'a provider has no secret, so its button is left out')
      return []
    }
    const upstream = upstreamOf(definition, { secret, development })
    const problem = keyProblem(upstream)
    if (problem !== undefined) problems.push(`the secret of "${id}" ${problem}`)
    return [upstream]
  })
  const unknown = Object.keys(secrets).filter((id) => !definitions.some((definition) => upstreamId(definition) === id))
  problems.push(
    ...unknown.map((id) => `NINEFOLD_AUTH_UPSTREAM_SECRETS has a secret for ${JSON.stringify(id)}, which is no provider of this app`),
  )
  problems.push(...sharedSubjects(upstreams))
  if (problems.length > 0) throw new Error(`Sign-in with other providers does not start: ${problems.join('; ')}.`)
  return upstreams
}

/**
 * An account is known by issuer and subject. OpenID providers say their issuer in what they sign; of one of OAuth 2 alone the origin stands for it, so
 * any other provider there could give the same subject to another person, and an answer of one could be taken for that of the other.
 */
function sharedSubjects(upstreams: readonly Upstream[]): string[] {
  return upstreams.flatMap(({ id, kind, protocol }) => {
    if (kind !== 'oauth2') return []
    // Two of that kind are named once.
    const isOther = (each: Upstream): boolean => (each.kind === 'oauth2' ? each.id > id : true) && originOf(each) === protocol.issuer
    const shared = upstreams.filter(isOther)
    return shared.map(
      (other) =>
        `"${id}" and "${other.id}" are both at ${protocol.issuer}, so one could sign in people of the other: leave one out, or give "${id}" an authorizationEndpoint with a host name of its own`,
    )
  })
}

function originOf({ protocol }: Upstream): string {
  return new URL(protocol.issuer).origin
}

function keyProblem({ proof }: Upstream): string | undefined {
  if (!('privateKey' in proof)) return undefined
  try {
    signingKey(proof.privateKey)
    return undefined
  } catch {
    return 'must be a private key in PEM (PKCS #8), of the kind EC (P-256), RSA or Ed25519'
  }
}
