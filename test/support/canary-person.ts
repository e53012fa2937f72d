// Somebody with values that nobody else has, who does all that a person can do on a platform: what is left of them is easy to find.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { AppFactory } from '../../src/app.ts'
import type { AuthDefinition } from '../../src/auth/contract.ts'
import { resource } from '../../src/resource/definition.ts'
import { z } from '#kernel/schema.ts'
import {
  accountIdOf,
  addPasskey,
  addSecondStep,
  askForAddress,
  changeAddress,
  inviteMember,
  linkIdentity,
  makeOrganisation,
  onAccounts,
} from './account-acts.ts'
import { jpeg } from './data-world.ts'
import { type Person, session, signIn, signUp } from './person.ts'
import { authorize } from './third-party.ts'
import { CLIENT_ID, type Upstream } from './upstream.ts'
import { until } from './until.ts'
import { Visitor } from './visitor.ts'
import { type WholePlatform, wholePlatform } from './whole-platform.ts'

/** Nothing else on the platform has any of these words. */
export const CANARY = {
  name: 'Xylophania Canarybird',
  firstAddress: 'zanzibar.canary@first-canary.example',
  address: 'quokka.canary@second-canary.example',
  /** Asked for, and never confirmed. */
  wantedAddress: 'wanted.canary@third-canary.example',
  passkey: 'canary-yellow passkey',
  subject: 'canary-subject-47110815',
  identity: 'canary-at-the-club@fourth-canary.example',
  fileName: 'canary-holiday-picture.jpg',
  /** Bytes in a file. */
  picture: 'canarypicturebytescanarypicturebytes',
  caption: 'kanariensehnsucht unter palmenkanarien',
  /** Of the caption, as the search keeps it. */
  word: 'kanariensehnsucht',
  /** In a file that was imported; the second one is too long to be taken, and is given back. */
  imported: 'canary-import-taken-0815',
  rejected: 'canary-import-rejected-4711',
  organisation: 'Canary Breeders United',
} as const

/** What the app keeps of each person elsewhere. */
export const KEPT_ELSEWHERE = 'canary-order-kept-elsewhere-0816'

const photos = resource('photos', {
  schema: z.strictObject({ caption: z.string(), image: z.string() }),
  files: { image: 'photos' },
  search: { fields: ['caption'] },
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  share: true,
  access: [
    { who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] },
    { who: 'shared', may: ['get'] },
  ],
  scopes: { read: 'photos:read', write: 'photos:write' },
})

const notes = resource('notes', {
  schema: z.strictObject({ text: z.string().max(100) }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: ['list', 'create'] }],
  scopes: { read: 'photos:read', write: 'photos:write' },
})

/** `receiver` is told of security events. */
export function canaryApp({ issuer, receiver }: { readonly issuer: string; readonly receiver: string }): AppFactory {
  return ({ port }) => ({
    name: 'Aviary',
    scopes: { 'photos:read': 'see your photos', 'photos:write': 'add photos' },
    resources: [photos, notes],
    buckets: [{ name: 'photos', maxBytes: 100_000, accept: ['image/jpeg'], scopes: { read: 'photos:read', write: 'photos:write' } }],
    frontends: [{ name: 'diary', title: 'Aviary', mode: 'cookie', scopes: ['photos:read', 'photos:write'], folder: import.meta.dirname }],
    clients: [
      {
        clientId: 'print-shop',
        name: 'Print Shop',
        redirectUris: [`http://printshop.localhost:${port + 1}/callback`],
        origins: [`http://printshop.localhost:${port + 1}`],
        scopes: ['photos:read', 'email', 'profile'],
      },
    ],
    auth: {
      methods: { emailCode: true, magicLink: true },
      organisations: {},
      // The end of an account leaves a mark where there is one.
      legacySignIn: () => undefined,
      // As short as can be: what goes by itself after some days is no proof.
      deletion: { graceDays: 1 },
      upstreams: [{ kind: 'openid', id: 'club', name: 'The Club', issuer, clientId: CLIENT_ID }],
      webhooks: [{ name: 'listener', url: receiver }],
      async *ownData(_context, accountId) {
        yield { path: 'shop/orders.json', content: JSON.stringify([{ accountId, order: KEPT_ELSEWHERE }]) }
      },
    },
  })
}

/** That app with more in its `auth`, and nobody yet to tell of security events. Not started. */
export function aviary({ issuer, secret }: Pick<Upstream, 'issuer' | 'secret'>, auth: AuthDefinition = {}): Promise<WholePlatform> {
  const app: AppFactory = (environment) => {
    const made = canaryApp({ issuer, receiver: 'http://localhost:9/' })(environment)
    return { ...made, auth: { ...made.auth, ...auth } }
  }
  const secrets = JSON.stringify({ club: secret })
  return wholePlatform(app, { environment: { NINEFOLD_AUTH_UPSTREAM_SECRETS: secrets, NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '100' } })
}

export interface CanaryPerson extends Person {
  readonly accountId: string
  /** The secret of the authenticator app, as it was shown. */
  readonly totpKey: string
}

async function api(
  platform: WholePlatform,
  { visitor }: Person,
  request: { path: string; method?: string; json?: unknown; file?: Buffer; fileName?: string; type?: string },
) {
  const { csrfToken } = await session(platform, visitor)
  const type = request.type ?? (request.file === undefined ? 'application/json' : 'image/jpeg')
  const name = request.file === undefined ? {} : { 'x-file-name': request.fileName ?? 'of-a-friend.jpg' }
  const headers = {
    'x-csrf-token': csrfToken,
    'sec-fetch-site': 'same-origin',
    origin: platform.origin('diary'),
    'content-type': type,
    ...name,
  }
  const { path, method = 'POST', json, file } = request
  const body = file ?? (json === undefined ? undefined : JSON.stringify(json))
  const reply = await visitor.request(new URL(platform.origin('diary') + path), {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  })
  assert.ok(reply.status < 300, `${path}: ${reply.status} ${reply.body}`)
  return reply.body === '' ? { id: '' } : (JSON.parse(reply.body) as { id: string })
}

/** Everything that leaves a trace. `friend` shares with the person, and the person with them. */
export async function liveALife(platform: WholePlatform, { friend, club }: { friend: Person; club: Upstream }): Promise<CanaryPerson> {
  const person = await signUp(platform, CANARY.firstAddress)
  const { visitor } = person
  await signIn(platform, person)
  const other = { email: person.email, visitor: new Visitor(platform.port) }
  await signIn(platform, other)
  await signIn(platform, { ...other, visitor: new Visitor(platform.port) }, 'a wrong password of the canary').catch(() => undefined)
  const accountId = await accountIdOf(platform, person)
  await visitor.submit(await visitor.visit(onAccounts(platform, '/account')), { name: CANARY.name })
  await addPasskey(platform, person, CANARY.passkey)
  club.claims = { sub: CANARY.subject, email: CANARY.identity, email_verified: true, name: CANARY.name }
  await linkIdentity(platform, person, club)
  assert.match((await visitor.visit(onAccounts(platform, '/account'))).body, /canary-at-the-club/)
  await authorize(platform, person)
  const image = await api(platform, person, {
    path: '/api/files/photos',
    file: Buffer.concat([jpeg(0).subarray(0, -2), Buffer.from(CANARY.picture), Buffer.from([0xff, 0xd9])]),
    fileName: CANARY.fileName,
  })
  const photo = await api(platform, person, { path: '/api/photos', json: { caption: CANARY.caption, image: image.id } })
  const rows = [{ text: CANARY.imported }, { text: CANARY.rejected.repeat(20) }].map((row) => `${JSON.stringify(row)}\n`).join('')
  await api(platform, person, { path: '/api/notes/import', file: Buffer.from(rows), type: 'application/x-ndjson' })
  await until('the import to be done', async () => {
    const page = await visitor.request(new URL(`${platform.origin('diary')}/api/notes/imports`), {
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    return page.body.includes('"state":"done"')
  })
  await api(platform, person, { path: '/api/files/photos', file: jpeg(30), fileName: CANARY.fileName })
  const friends = await api(platform, friend, { path: '/api/files/photos', file: jpeg(10) })
  const shown = await api(platform, friend, { path: '/api/photos', json: { caption: 'of a friend', image: friends.id } })
  await api(platform, friend, { path: `/api/photos/${shown.id}/shares/${accountId}`, method: 'PUT', json: { may: 'read' } })
  await api(platform, person, { path: `/api/photos/${photo.id}/shares/a-friend`, method: 'PUT', json: { may: 'read' } })
  const own = await makeOrganisation(platform, person, CANARY.organisation)
  await inviteMember(platform, person, { organisation: own, email: 'nobody-yet@example.org' })
  await inviteMember(platform, friend, { organisation: await makeOrganisation(platform, friend, 'Friends'), email: CANARY.firstAddress })
  await visitor.visit(onAccounts(platform, '/forgot-password')).then((page) => visitor.submit(page, { email: CANARY.firstAddress }))
  await changeAddress(platform, person, CANARY.address)
  await askForAddress(platform, person, CANARY.wantedAddress)
  const { key: totpKey } = await addSecondStep(platform, person)
  await until('the mail about it', async () => (await platform.mails(CANARY.address)).length > 1)
  return { ...person, email: CANARY.address, accountId, totpKey }
}

/** Each way in which a value may be written down. */
export function formsOfValue(value: string): ReadonlyMap<string, Buffer> {
  const digest = createHash('sha256').update(value)
  const bytes = digest.digest()
  const inner = (encoding: 'base64' | 'base64url', shift: number): Buffer => {
    // The same text begins at any of three places of a group of four letters.
    const padded = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)])
    const text = padded.toString(encoding).replace(/=+$/, '')
    const from = Math.ceil((shift * 8) / 6)
    return Buffer.from(text.slice(from, text.length - 2))
  }
  const ways: [string, Buffer][] = [
    ['plain', Buffer.from(value)],
    ['lower case', Buffer.from(value.toLowerCase())],
    ['in an address of the web', Buffer.from(encodeURIComponent(value))],
    ['hex', Buffer.from(Buffer.from(value).toString('hex'))],
    ['sha256 hex', Buffer.from(bytes.toString('hex'))],
    ['sha256 base64', Buffer.from(bytes.toString('base64').replace(/=+$/, ''))],
    ['sha256 base64url', Buffer.from(bytes.toString('base64url'))],
    ['sha256 bytes', bytes],
    ...[0, 1, 2].flatMap((shift): [string, Buffer][] => [
      [`base64, ${shift}`, inner('base64', shift)],
      [`base64url, ${shift}`, inner('base64url', shift)],
    ]),
  ]
  return new Map(ways.filter(([, bytesOf]) => bytesOf.length >= 8))
}
