// The shape of an app definition. Node strips types without reading them, so a slip that the compiler would have found arrives here.
import type { AppDefinition } from './app.ts'
import type { AuthDefinition, WebhookDefinition } from './auth/contract.ts'
import type { ProtectedResourceDefinition, RegistrationDefinition } from './auth/clients/contract.ts'
import type { AuthHooks } from './auth/hooks/contract.ts'
import type { OrganisationsDefinition, RoleDefinition } from './auth/organisations/contract.ts'
import type { ChallengeDefinition } from './auth/guard/contract.ts'
import { forcedRoleProblem } from './auth/roles/permissions.ts'
import { languageTag, ownTexts } from './auth/texts/schemas.ts'
import { isOurs, offeredLanguages } from './auth/texts/speech.ts'
import { themeDefinition } from './auth/theme/schemas.ts'
import { clientDefinition, publicKeyDefinition } from './auth/clients/schemas.ts'
import { upstreamDefinitions } from './auth/upstream/definition.ts'
import { ownMails } from './jobs/mail/own-schemas.ts'
import type { ForeignSources } from './kernel/http/route.ts'
import { fieldProblems, z } from './kernel/schema.ts'
import type { AccessGrant, ResourceCache, ResourceDefinition, ResourceScopes, RouteAsResource } from './resource/contract.ts'

const text = z.string().min(1)
const texts = z.array(text)
const handler = z.custom((value) => typeof value === 'function', 'must be a function')
const scopes = z.strictObject({ read: text, write: text })
const values = z.record(text, z.union([z.string(), z.number(), z.boolean()]))

const holder = z.union([
  z.enum(['anyone', 'user', 'owner', 'shared']),
  z.strictObject({ role: text }),
  z.strictObject({ permission: text }),
  z.strictObject({ group: text }),
  z.strictObject({ organisation: text, role: text.optional() }),
  z.strictObject({ organisation: text, permission: text }),
])

const grant = z.strictObject({
  who: holder,
  may: z.array(z.enum(['list', 'get', 'create', 'update', 'delete'])),
  where: values.optional(),
  when: handler.optional(),
  lists: z.record(text, handler).optional(),
  fields: texts.optional(),
} satisfies Record<keyof AccessGrant, unknown>)

const resourceScopes = z.strictObject({
  read: text,
  write: text,
  create: text.optional(),
  update: text.optional(),
  delete: text.optional(),
} satisfies Record<keyof ResourceScopes, unknown>)

const anySchema = z.instanceof(z.ZodType, { error: 'must be a schema made with z' })

const hooks = z.strictObject({
  beforeCreate: handler.optional(),
  beforeUpdate: handler.optional(),
  beforeDelete: handler.optional(),
  afterCreate: handler.optional(),
  afterUpdate: handler.optional(),
  afterDelete: handler.optional(),
})

const stepUp = z.strictObject({ acr: texts.min(1).optional(), maxAgeSeconds: z.int().positive().optional() })

const appRoute = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: text,
  summary: text,
  allow: z.union([
    z.strictObject({ who: z.literal('anyone') }),
    z.strictObject({ who: z.literal('user'), scope: text, stepUp: stepUp.optional() }),
  ]),
  rate: z.enum(['api', 'page', 'files', 'bulk']).optional(),
  protectedResource: z
    .union(
      [
        z.literal(true),
        z.strictObject({ scopes: texts.optional(), name: text.optional() } satisfies Record<keyof RouteAsResource, unknown>),
      ],
      { error: 'must be true, or { scopes: [...], name: "..." }; leave it out for a route that is no resource by itself' },
    )
    .optional(),
  input: z.strictObject({ query: anySchema.optional(), body: anySchema.optional() }).optional(),
  answers: z.record(z.string().regex(/^[2-5]\d\d$/, 'must be a status'), z.union([anySchema, z.enum(['empty', 'problem'])])),
  handle: handler,
})

const resource = z.strictObject({
  name: text,
  schema: z.instanceof(z.ZodType, { error: 'must be a schema made with z' }),
  writeOnce: texts.optional(),
  indexes: z.record(text, z.strictObject({ fields: texts, unique: z.boolean().optional() })),
  access: z.array(grant),
  scopes: resourceScopes,
  share: z.literal(true).optional(),
  search: z.strictObject({ fields: texts, filters: texts.optional() }).optional(),
  files: z.record(text, text).optional(),
  readOnly: texts.optional(),
  defaults: z.record(text, handler).optional(),
  computed: z.record(text, z.strictObject({ schema: anySchema, of: handler })).optional(),
  relations: z
    .record(text, z.strictObject({ field: text, to: text, onDelete: z.enum(['restrict', 'cascade', 'clear']).optional() }))
    .optional(),
  hooks: hooks.optional(),
  routes: z.array(appRoute).optional(),
  migrations: z.array(z.union([handler, z.strictObject({ changes: texts, up: handler })])).optional(),
  stepUp: z.partialRecord(z.enum(['list', 'get', 'create', 'update', 'delete']), stepUp).optional(),
  cache: z.strictObject({ lifetimeMs: z.number() } satisfies Record<keyof ResourceCache, unknown>).optional(),
} satisfies Record<keyof ResourceDefinition, unknown>)

const view = z.strictObject({
  method: z.enum(['GET', 'POST']),
  path: text,
  who: z.enum(['anyone', 'user']),
  form: z.instanceof(z.ZodType, { error: 'must be a schema made with z' }).optional(),
  render: handler,
  invalid: handler.optional(),
})

const sources = z.strictObject({
  imgSrc: texts.optional(),
  connectSrc: texts.optional(),
  fontSrc: texts.optional(),
  mediaSrc: texts.optional(),
  formAction: texts.optional(),
})

const frontend = z.strictObject({
  name: text,
  title: text,
  host: text.optional(),
  mode: z.enum(['cookie', 'memory']),
  scopes: texts,
  folder: text,
  views: z.array(view).optional(),
  sources: sources.optional(),
})

const bucket = z.strictObject({ name: text, maxBytes: z.int().positive(), accept: texts, scopes, keepCameraData: z.boolean().optional() })

const authHooks = z.strictObject({
  beforeSignUp: handler.optional(),
  afterSignIn: handler.optional(),
  tokenClaims: handler.optional(),
} satisfies Record<keyof AuthHooks, unknown>)

const protectedResource = z.strictObject({
  audience: text,
  scopes: z.record(text, text),
  format: z.enum(['jwt', 'opaque', 'jwe']).optional(),
  encryptionKey: publicKeyDefinition.optional(),
  lifetimeSeconds: z.int().positive().optional(),
  membership: z.boolean().optional(),
  servers: texts.optional(),
} satisfies Record<keyof ProtectedResourceDefinition, unknown>)
const webhook = z.strictObject({ name: text, url: text, events: texts.optional() } satisfies Record<keyof WebhookDefinition, unknown>)
const registration = z.strictObject({
  dynamic: z.enum(['invited', 'anyone']).optional(),
  documents: z.boolean().optional(),
  scopes: texts.optional(),
  unusedDays: z.int().min(1).max(3650).optional(),
} satisfies Record<keyof RegistrationDefinition, unknown>)

const httpsOrigins = z
  .array(
    z
      .string()
      .refine(
        (source) => /^https:\/\/[a-z0-9.-]+(?::\d+)?$/.test(source) && URL.parse(source)?.origin === source,
        'must be an https origin like https://challenges.example, without a path',
      ),
  )
  .optional()

/** Of the forms that a challenge stands in. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'csrf_token',
  'name',
  'email',
  'password',
  'code',
  'recovery',
  'way',
  'token',
  'puzzle',
  'puzzle_answer',
])

const challenge = z.strictObject({
  sources: z
    .strictObject({ scriptSrc: httpsOrigins, frameSrc: httpsOrigins, connectSrc: httpsOrigins } satisfies Record<
      keyof ForeignSources,
      unknown
    >)
    .optional(),
  field: z
    .string()
    .regex(/^[A-Za-z][\w-]{0,63}$/, 'must be the name of a form field')
    // `verify` would get the password, and the form would lose it.
    .refine((name) => !OWN_FIELDS.has(name), 'is a field of our own forms: name the one that your widget fills'),
  render: handler,
  verify: handler,
} satisfies Record<keyof ChallengeDefinition, unknown>)

const domains = z.array(z.string().regex(/^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i, 'must be a domain like example.org or *.example.org'))
const signUp = z.strictObject({
  mode: z.enum(['open', 'invitation', 'off']).optional(),
  domains: z.strictObject({ only: domains.min(1).optional(), block: domains.optional() }).optional(),
} satisfies Record<keyof NonNullable<AuthDefinition['signUp']>, unknown>)

const auth = z.strictObject({
  home: z.url({ protocol: /^https?$/, error: 'must be an address that begins with https: or http:' }).optional(),
  signUp: signUp.optional(),
  upstreams: upstreamDefinitions.optional(),
  edDsa: z.boolean().optional(),
  secondFactor: z.strictObject({ roles: texts }).optional(),
  sessions: z.strictObject({ idleDays: z.int().min(1).max(31).optional(), limitDays: z.int().min(1).max(90).optional() }).optional(),
  deletion: z.strictObject({ graceDays: z.int().min(1).max(90).optional() }).optional(),
  legacySignIn: handler.optional(),
  legacyFind: handler.optional(),
  hooks: authHooks.optional(),
  ownData: handler.optional(),
  resources: z.array(protectedResource).optional(),
  dpop: z.strictObject({ requireNonce: z.boolean().optional() }).optional(),
  languages: z.array(languageTag).min(1).optional(),
  texts: z.record(languageTag, ownTexts).optional(),
  mails: z.record(languageTag, ownMails).optional(),
  theme: themeDefinition.optional(),
  roles: z.record(text, z.strictObject({ permissions: texts } satisfies Record<keyof RoleDefinition, unknown>)).optional(),
  organisations: z
    .strictObject({
      create: z.enum(['people', 'operators']).optional(),
      roles: texts.optional(),
      services: z
        .strictObject({ scopes: texts.optional() } satisfies Record<keyof NonNullable<OrganisationsDefinition['services']>, unknown>)
        .optional(),
    } satisfies Record<keyof OrganisationsDefinition, unknown>)
    .optional(),
  challenge: challenge.optional(),
  webhooks: z.array(webhook).optional(),
  registration: registration.optional(),
  methods: z
    .strictObject({
      password: z.boolean().optional(),
      passkey: z.boolean().optional(),
      totp: z.boolean().optional(),
      emailCode: z.boolean().optional(),
      magicLink: z.boolean().optional(),
    })
    .optional(),
} satisfies Record<keyof AuthDefinition, unknown>)

const app = z.strictObject({
  name: text,
  scopes: z.record(text, text),
  resources: z.array(resource),
  buckets: z.array(bucket).optional(),
  frontends: z.array(frontend),
  clients: z.array(clientDefinition).optional(),
  auth: auth.optional(),
  // Jobs are checked where they are listed: a job is made by job(...), which knows more of it.
  jobs: z.array(z.looseObject({ name: text })).optional(),
  database: handler.optional(),
} satisfies Record<keyof AppDefinition, unknown>)

const appWithHome = app.refine(({ frontends, auth: own }) => frontends.length > 0 || own?.home !== undefined, {
  path: ['auth', 'home'],
  message: 'needs the address of your product: there is no frontend that the pages could lead back to',
})

/** A page that says that it is in a language is read out in it, so its words have to be; and each is chosen by its name. */
const worded = appWithHome.check(({ value: { auth: { languages, texts: own = {} } = {} }, issues }) => {
  for (const [index, tag] of offeredLanguages({ languages, texts: own }).entries()) {
    const words = Object.hasOwn(own, tag) ? own[tag] : undefined
    if (isOurs(tag) || Object.hasOwn(Object(words), 'languageName')) continue
    const needs = `the accounts pages have no texts in this language: give them by auth.texts[${JSON.stringify(tag)}], with its languageName`
    const problem =
      words === undefined
        ? { path: ['auth', 'languages', index], message: `${needs}, or leave it out` }
        : { path: ['auth', 'texts', tag, 'languageName'], message: 'is needed: people choose this language by its name' }
    issues.push({ code: 'custom', input: tag, ...problem })
  }
})

/** A mail in a language that nobody can have is a slip. */
const speaks = worded.check(({ value, issues }) => {
  const { languages, texts: own, mails = {} } = value.auth ?? {}
  const offered = offeredLanguages({ languages, texts: own })
  for (const tag of Object.keys(mails))
    if (!offered.some((one) => one === tag || one.startsWith(`${tag}-`)))
      issues.push({
        code: 'custom',
        path: ['auth', 'mails', tag],
        message: `nobody can choose this language; there is ${offered.join(', ')}`,
        input: tag,
      })
})

/** A name that nobody can have would ask nobody for a second factor, without a word. */
const guarded = speaks.check(({ value, issues }) => {
  const { secondFactor, roles, organisations } = value.auth ?? {}
  for (const [index, role] of (secondFactor?.roles ?? []).entries()) {
    const message = forcedRoleProblem(role, { roles, organisations })
    if (message !== undefined) issues.push({ code: 'custom', path: ['auth', 'secondFactor', 'roles', index], message, input: role })
  }
})

/** Owners could give what there is not: a slip. */
const offering = guarded.check(({ value: { scopes: all, auth: own }, issues }) => {
  const known = new Set([all, ...(own?.resources ?? []).map((one) => one.scopes)].flatMap((some) => Object.keys(some)))
  for (const [index, scope] of (own?.organisations?.services?.scopes ?? []).entries())
    if (!known.has(scope)) {
      const message = 'is no scope of the app; name it in scopes, or among those of a resource in auth.resources'
      issues.push({ code: 'custom', path: ['auth', 'organisations', 'services', 'scopes', index], message, input: scope })
    }
})

/** All that is wrong, as `frontends.0.mode: ...`. */
export function appProblems(definition: unknown): string[] {
  const parsed = offering.safeParse(definition)
  if (parsed.success) return []
  return fieldProblems(parsed.error).map(({ field, message }) => {
    if (field === '') return message
    // Only what is unknown at the top has the name of a member of `auth` and nothing before it.
    return Object.hasOwn(auth.shape, field) ? `${field}: ${message} here; it belongs into auth: { ${field}: ... }` : `${field}: ${message}`
  })
}
