// From the app definition to providers: what is known of the well-known ones is written here, once.
import type { Reach } from '#kernel/http/public-address.ts'
import { z } from '#kernel/schema.ts'
import type {
  AppleUpstream,
  GitHubUpstream,
  GoogleUpstream,
  MicrosoftUpstream,
  OAuth2Upstream,
  OpenIdUpstream,
  UpstreamDefinition,
} from './contract.ts'
import { isGoogles } from './google-address.ts'
import type { Claimed, Claims, ClientProof, Upstream } from './provider.ts'
import { explained } from './refusals.ts'

interface Given {
  readonly secret: string
  readonly reach: Reach
}

const NAMES = { google: 'Google', github: 'GitHub', microsoft: 'Microsoft', apple: 'Apple' } as const

export function upstreamId({ id, kind }: UpstreamDefinition): string {
  return id ?? kind
}

/** `development` reaches this machine, too. */
export function upstreamOf(definition: UpstreamDefinition, { secret, development }: { secret: string; development: boolean }): Upstream {
  const everywhere = 'privateNetwork' in definition && (definition.privateNetwork ?? false)
  const given = { secret, reach: { loopback: development, everywhere, byOperator: true } }
  const { kind } = definition
  if (kind === 'google') return google(definition, given)
  if (kind === 'github') return github(definition, given)
  if (kind === 'microsoft') return microsoft(definition, given)
  if (kind === 'apple') return apple(definition, given)
  return kind === 'openid' ? openid(definition, given) : oauth2(definition, given)
}

type Common = Pick<Upstream, 'id' | 'kind' | 'name' | 'clientId' | 'proof' | 'signUp' | 'reach' | 'parameters' | 'againParameters'>

function common(definition: UpstreamDefinition, { secret, reach }: Given): Common {
  const { kind, clientId, signUp = true } = definition
  const name = definition.name ?? (kind === 'openid' || kind === 'oauth2' ? clientId : NAMES[kind])
  const proof: ClientProof = { kind: 'client_secret_basic', secret }
  return { id: upstreamId(definition), kind, name, clientId, signUp, reach, proof, parameters: {}, againParameters: { prompt: 'login' } }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** RFC-like claims of OpenID Connect Core section 5.1. */
function standardClaims(claims: Claims, verified: boolean): Claimed {
  const email = textOf(claims['email'])
  const name = textOf(claims['name']) ?? textOf(claims['preferred_username'])
  return {
    issuer: String(claims['iss']),
    subject: String(claims['sub']),
    emailVerified: email !== undefined && verified,
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name }),
  }
}

function google(definition: GoogleUpstream, given: Given): Upstream {
  const { hostedDomain } = definition
  return {
    ...common(definition, given),
    scopes: ['openid', 'email', 'profile'],
    parameters: hostedDomain === undefined ? {} : { hd: hostedDomain },
    // It has no `prompt=login`.
    againParameters: { prompt: 'select_account' },
    protocol: {
      kind: 'openid',
      issuer: 'https://accounts.google.com',
      identify(claims) {
        const domain = textOf(claims['hd'])
        if (hostedDomain !== undefined && domain !== hostedDomain) return `Only people of ${hostedDomain} may come this way.`
        return standardClaims(claims, claims['email_verified'] === true && isGoogles(textOf(claims['email']) ?? '', domain))
      },
    },
  }
}

const gitHubUser = z.looseObject({ id: z.int(), login: z.string(), name: z.string().nullish() })
const gitHubEmails = z.array(z.looseObject({ email: z.string(), primary: z.boolean(), verified: z.boolean() }))

/** A GitHub App has the permissions that it was given there, whatever scopes are asked for. */
const NO_EMAILS = {
  statuses: [403, 404],
  why: 'a GitHub App needs the account permission "Email addresses: read-only" (docs/upstream.md)',
}

function github(definition: GitHubUpstream, given: Given): Upstream {
  const server = definition.server ?? 'https://github.com'
  const api = definition.server === undefined ? 'https://api.github.com' : `${server}/api/v3`
  return {
    ...common(definition, given),
    proof: { kind: 'client_secret_post', secret: given.secret },
    scopes: ['read:user', 'user:email'],
    againParameters: { prompt: 'select_account' },
    protocol: {
      kind: 'oauth2',
      issuer: server,
      authorizationEndpoint: `${server}/login/oauth/authorize`,
      tokenEndpoint: `${server}/login/oauth/access_token`,
      async identify(read) {
        const user = gitHubUser.parse(await read(`${api}/user`))
        // The address on the profile is whatever somebody typed; this list says which are theirs.
        const emails = await read(`${api}/user/emails`).catch((error: unknown) => {
          throw explained(error, NO_EMAILS)
        })
        const primary = gitHubEmails.parse(emails).find((one) => one.primary)
        const email = primary === undefined ? {} : { email: primary.email }
        // The login can be renamed, and be taken by another person then; the number cannot.
        return {
          issuer: server,
          subject: String(user.id),
          emailVerified: primary?.verified === true,
          name: user.name ?? user.login,
          ...email,
        }
      },
    },
  }
}

const MICROSOFT = 'https://login.microsoftonline.com'
/** The tenant of private accounts, the same for everybody. */
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad'
const TENANT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function mayCome(tenants: MicrosoftUpstream['tenants'], tenant: string): boolean {
  if (tenants === 'common') return true
  if (tenants === 'consumers') return tenant === CONSUMERS
  return tenants === 'organizations' ? tenant !== CONSUMERS : tenants.includes(tenant)
}

function microsoft(definition: MicrosoftUpstream, given: Given): Upstream {
  const { tenants } = definition
  const only = typeof tenants === 'string' ? undefined : tenants.length === 1 ? tenants[0] : undefined
  const group = typeof tenants === 'string' ? tenants : 'common'
  return {
    ...common(definition, given),
    scopes: ['openid', 'email', 'profile'],
    protocol: {
      kind: 'openid',
      issuer: `${MICROSOFT}/${only ?? (group === 'consumers' ? CONSUMERS : group)}/v2.0`,
      ...(only === undefined && group !== 'consumers' ? { issuerIsPattern: true as const } : {}),
      identify(claims) {
        const tenant = textOf(claims['tid']) ?? ''
        // Every tenant has keys in one set: without this, one of them could speak for another.
        if (!TENANT.test(tenant) || claims['iss'] !== `${MICROSOFT}/${tenant}/v2.0`) return 'The answer does not say of which tenant it is.'
        if (!mayCome(tenants, tenant)) return 'People of this organisation may not come this way.'
        // Whoever runs a tenant may write any address into `email`. `xms_edov` says that its domain is theirs.
        const isOwned = [true, 1, '1', 'true'].includes(
          z.union([z.boolean(), z.number(), z.string()]).safeParse(claims['xms_edov']).data ?? false,
        )
        return standardClaims(claims, isOwned)
      },
    },
  }
}

function apple(definition: AppleUpstream, given: Given): Upstream {
  const { teamId, keyId } = definition
  return {
    ...common(definition, given),
    proof: { kind: 'signed_secret', privateKey: given.secret, keyId, teamId },
    scopes: ['openid', 'email', 'name'],
    // It answers so whenever it is asked for more than `openid`.
    parameters: { response_mode: 'form_post' },
    againParameters: {},
    protocol: {
      kind: 'openid',
      issuer: 'https://appleid.apple.com',
      // Older answers say it in words.
      identify: (claims) => standardClaims(claims, claims['email_verified'] === true || claims['email_verified'] === 'true'),
    },
  }
}

function openid(definition: OpenIdUpstream, given: Given): Upstream {
  const { issuer, scopes = ['email', 'profile'], trustsEmail = true, responseMode, keyId } = definition
  const { clientAuthentication: how = 'client_secret_basic' } = definition
  const { secret } = given
  return {
    ...common(definition, given),
    proof: how === 'private_key_jwt' ? { kind: how, privateKey: secret, keyId } : { kind: how, secret },
    scopes: ['openid', ...scopes.filter((scope) => scope !== 'openid')],
    parameters: responseMode === undefined ? {} : { response_mode: responseMode },
    protocol: {
      kind: 'openid',
      issuer,
      identify: (claims, further) => {
        // Of the two, the address and the word that it is verified must come from one place.
        const { iss, sub } = claims
        const source = claims['email'] === undefined ? { ...further, iss, sub, name: claims['name'] ?? further['name'] } : claims
        return standardClaims(source, trustsEmail && source['email_verified'] === true)
      },
    },
  }
}

function at(value: unknown, path: string | undefined): unknown {
  if (path === undefined) return undefined
  return path.split('.').reduce<unknown>((found, name) => z.record(z.string(), z.unknown()).safeParse(found).data?.[name], value)
}

function oauth2(definition: OAuth2Upstream, given: Given): Upstream {
  const { authorizationEndpoint, tokenEndpoint, userinfoEndpoint, userinfo, scopes = ['email', 'profile'], trustsEmail = true } = definition
  const issuer = new URL(authorizationEndpoint).origin
  return {
    ...common(definition, given),
    proof: { kind: definition.clientAuthentication ?? 'client_secret_basic', secret: given.secret },
    scopes,
    againParameters: {},
    protocol: {
      kind: 'oauth2',
      issuer,
      authorizationEndpoint,
      tokenEndpoint,
      async identify(read) {
        const answer = await read(userinfoEndpoint)
        const found = at(answer, userinfo.subject)
        const subject = typeof found === 'number' ? String(found) : textOf(found)
        if (subject === undefined) return 'The answer does not say who it is.'
        const email = textOf(at(answer, userinfo.email))
        const name = textOf(at(answer, userinfo.name))
        return {
          issuer,
          subject,
          emailVerified: email !== undefined && trustsEmail && at(answer, userinfo.emailVerified) === true,
          ...(email === undefined ? {} : { email }),
          ...(name === undefined ? {} : { name }),
        }
      },
    },
  }
}
