// The shape of a provider in the app definition, and what cannot be meant.
import { mailLine } from '#kernel/mail-fields.ts'
import { z } from '#kernel/schema.ts'
import type { AppleUpstream, GitHubUpstream, GoogleUpstream, MicrosoftUpstream, OAuth2Upstream, OpenIdUpstream } from './contract.ts'

const text = z.string().min(1)
/** Plain HTTP is for this machine, where it is refused in production (src/kernel/http/public-address.ts). */
const address = z.url({ protocol: /^https?$/ }).refine((url) => !/[?#]/.test(url), 'must have neither a query nor a fragment')
const base = {
  id: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'must be up to 40 lower-case letters, digits and "-"')
    .optional(),
  clientId: text,
  name: mailLine.optional(),
  signUp: z.boolean().optional(),
}
const named = { ...base, id: base.id.unwrap(), name: mailLine, scopes: z.array(text).optional(), trustsEmail: z.boolean().optional() }
const tenant = z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be the id of a tenant, in lower case')

const kinds = z.discriminatedUnion('kind', [
  z.strictObject({
    ...base,
    kind: z.literal('google'),
    hostedDomain: text.optional(),
  } satisfies Record<keyof GoogleUpstream, unknown>),
  z.strictObject({ ...base, kind: z.literal('github'), server: address.optional() } satisfies Record<keyof GitHubUpstream, unknown>),
  z.strictObject({
    ...base,
    kind: z.literal('microsoft'),
    tenants: z.union([z.enum(['organizations', 'consumers', 'common']), z.array(tenant).min(1)]),
  } satisfies Record<keyof MicrosoftUpstream, unknown>),
  z.strictObject({ ...base, kind: z.literal('apple'), teamId: text, keyId: text } satisfies Record<keyof AppleUpstream, unknown>),
  z.strictObject({
    ...named,
    kind: z.literal('openid'),
    issuer: address,
    clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt']).optional(),
    keyId: text.optional(),
    responseMode: z.literal('form_post').optional(),
    privateNetwork: z.boolean().optional(),
  } satisfies Record<keyof OpenIdUpstream, unknown>),
  z.strictObject({
    ...named,
    kind: z.literal('oauth2'),
    authorizationEndpoint: address,
    tokenEndpoint: address,
    userinfoEndpoint: address,
    userinfo: z.strictObject({ subject: text, email: text.optional(), emailVerified: text.optional(), name: text.optional() }),
    clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post']).optional(),
    privateNetwork: z.boolean().optional(),
  } satisfies Record<keyof OAuth2Upstream, unknown>),
])

export const upstreamDefinitions = z
  .array(kinds)
  .refine((list) => new Set(list.map(({ id, kind }) => id ?? kind)).size === list.length, 'two have the same id')
