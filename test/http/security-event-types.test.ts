// Each type of security event, by what really makes it happen: the event is stored with that, and a webhook brings it as docs/webhooks.md says, signed.
// What happens builds on what happened before, in the order of the table.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { type Call, systemCall } from '#kernel/call.ts'
import type { AppFactory } from '../../src/app.ts'
import {
  SECURITY_EVENT,
  type SecurityEvent,
  securityEvent,
  type SecurityEventType,
  securityEventType,
} from '../../src/auth/security-events/security-event.ts'
import type { WriteRequest } from '../../src/database/ports.ts'
import {
  accountIdOf,
  addPasskey,
  addSecondStep,
  ceremonyOn,
  changeAddress,
  codesOn,
  followLink,
  inviteMember,
  linkIdentity,
  makeOrganisation,
  newPasskey,
  onAccounts,
} from '../support/account-acts.ts'
import type { SoftAuthenticator } from '../support/authenticator.ts'
import { canaryApp } from '../support/canary-person.ts'
import { type ConsoleApi, operatorApi } from '../support/operator.ts'
import { mailedLink, PASSWORD, type Person, signIn, signUp } from '../support/person.ts'
import { withWrites } from '../support/scenario-database.ts'
import { authorize, redeem, refresh } from '../support/third-party.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { type Page, Visitor } from '../support/visitor.ts'
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'
import { type WholePlatform, wholePlatform } from '../support/whole-platform.ts'

const DAY_MS = 86_400_000
const OTHER_PASSWORD = 'another horse and battery'
const call: Call = { ...systemCall('a command'), principal: { kind: 'system', name: 'a command', by: 'eve' } }
const BY_COMMAND = { actor: 'a command, by eve' }

interface KnownPerson extends Person {
  readonly accountId: string
}

let club: Upstream
let receiver: WebhookReceiver
let platform: WholePlatform
const told: SecurityEvent[] = []
/** The sequence up to which `told` has everything. */
let followedTo = 0
let webhookSecret: string | undefined
/** What nobody who is told of events may learn. */
const secrets: string[] = [PASSWORD, OTHER_PASSWORD]
/** What goes on between the moment in which an account is taken back and the end of everything that it has open. */
let meanwhile: () => Promise<unknown> = async () => {}

let link = ''
let operator: ConsoleApi
let actor = ''
let ada: KnownPerson
let bob: KnownPerson
let device: SoftAuthenticator
let codes: string[] = []
let token = ''
let organisation = ''
let service = ''

const app =
  (parts: Parameters<typeof canaryApp>[0]): AppFactory =>
  (environment) => {
    const made = canaryApp(parts)(environment)
    return { ...made, auth: { ...made.auth, roles: { writer: { permissions: ['write'] } } } }
  }

const writes = (request: WriteRequest, collection: string, field: string): boolean =>
  request.kind === 'write' &&
  request.steps.some((step) => step.collection === collection && 'document' in step && JSON.stringify(step.document).includes(field))

before(async () => {
  club = await startUpstream()
  receiver = await startReceiver({
    secret: async () => (webhookSecret ??= (await platform.running().jobs.webhooks.secrets(call, 'listener'))[0] ?? ''),
    now: () => platform.now(),
  })
  let moment: Promise<unknown> = Promise.resolve()
  platform = await wholePlatform(app({ issuer: club.issuer, receiver: receiver.url }), {
    environment: { NINEFOLD_AUTH_UPSTREAM_SECRETS: JSON.stringify({ club: club.secret }), NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '100' },
    between: (engine) =>
      withWrites(engine, async (request, write) => {
        // The job that would end everything waits as well.
        if (writes(request, 'jobs', 'auth.end_access')) await moment
        if (!writes(request, 'accounts', 'reclaimedSince')) return write(request)
        const written = write(request)
        moment = written.then(() => meanwhile())
        await moment
        return written
      }),
  })
  await platform.start()
  platform.running().database.tail({
    topics: [SECURITY_EVENT],
    handle(events, upTo) {
      told.push(...events.map(({ data }) => securityEvent.parse(data)))
      followedTo = upTo
    },
  })
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
  await club?.stop()
  receiver?.stop()
})

const account = ({ visitor }: Person): Promise<Page> => visitor.visit(onAccounts(platform, '/account'))
const ofOrganisation = ({ visitor }: Person): Promise<Page> => visitor.visit(onAccounts(platform, `/account/organisations/${organisation}`))
const keyText = (): string => JSON.stringify(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }))
const changeMachine = async (what: string, form: Record<string, string> = {}): Promise<Core> => {
  await ada.visitor.press(await ofOrganisation(ada), new RegExp(`/services/${service}/${what}$`), form)
  return { accountId: ada.accountId, about: 'Export' }
}
const changeFrames = async (request: string, body: object): Promise<Core> => {
  assert.equal((await operator(request, body)).status, 200)
  return { about: 'Frame Maker', actor }
}
const elsewhere = ({ email }: Person): Person => ({ email, visitor: new Visitor(platform.port) })

/** After all of theirs has ended: what begins within a second of that is taken for what was under way. */
async function signInAgain(person: Person): Promise<void> {
  platform.advance(3000)
  await signIn(platform, person)
}

async function signedUp(email: string): Promise<KnownPerson> {
  const person = await signUp(platform, email)
  await signIn(platform, person)
  return { ...person, accountId: await accountIdOf(platform, person) }
}

/** An event without where it came from. */
type Core = Omit<SecurityEvent, 'type' | 'client' | 'device'>

/**
 * Stored by `ninefold keys begin-anew`, while no platform runs: test/e2e/lost-key.test.ts makes these happen; and where there are no passwords:
 * test/http/lost-passkey.test.ts.
 */
const ELSEWHERE = ['totp.lost', 'keys.begun_anew', 'passkey.reset', 'passkey.link_sent'] as const
type TypeHere = Exclude<SecurityEventType, (typeof ELSEWHERE)[number]>
const typeHere = securityEventType.exclude(ELSEWHERE)

const ROWS: Readonly<Record<TypeHere, () => Promise<Core | readonly Core[]>>> = {
  async 'operator.link_created'() {
    link = await platform.consoleLink()
    secrets.push(new URL(link).searchParams.get('code') ?? link)
    return { about: 'admin link' }
  },
  async 'operator.signed_in'() {
    operator = await operatorApi(platform, link)
    const event = await until('the event', () => told.find(({ type }) => type === 'operator.signed_in'))
    actor = event.actor ?? ''
    assert.match(actor, /^operator [0-9a-z]{26}$/)
    return { actor }
  },
  async 'account.invited'() {
    assert.equal((await operator('POST /api/invitations', { email: 'ada@example.org' })).status, 201)
    return { actor }
  },
  async 'account.invitation_withdrawn'() {
    assert.equal((await operator('POST /api/invitations', { email: 'mistyped@example.org' })).status, 201)
    assert.equal((await operator('POST /api/invitations/withdraw', { email: 'mistyped@example.org' })).status, 204)
    return { actor }
  },
  async 'account.created'() {
    ada = await signedUp('ada@example.org')
    return { accountId: ada.accountId }
  },
  async 'sign_in.succeeded'() {
    bob = await signedUp('bob@example.org')
    return { accountId: bob.accountId }
  },
  async 'sign_in.failed'() {
    await signIn(platform, elsewhere(ada), 'not the password')
    return { accountId: ada.accountId }
  },
  async 'session.ended'() {
    const other = elsewhere(bob)
    await signIn(platform, other)
    await other.visitor.press(await account(other), /\/sign-out$/)
    return { accountId: bob.accountId, about: 'Unknown device' }
  },
  async 'sessions.ended'() {
    const other = elsewhere(bob)
    await signIn(platform, other)
    await bob.visitor.press(await account(bob), /\/account\/sessions\/end$/, { sure: 'yes' })
    assert.match((await account(other)).body, /type="password"/, 'the other browser is asked to sign in')
    return { accountId: bob.accountId }
  },
  async 'account.renamed'() {
    await ada.visitor.submit(await account(ada), { name: 'Ada L' })
    return { accountId: ada.accountId, about: 'Ada L' }
  },
  async 'password.changed'() {
    await ada.visitor.submit(await account(ada), { current: PASSWORD, password: OTHER_PASSWORD })
    return { accountId: ada.accountId }
  },
  async 'password.reset'() {
    const { visitor } = elsewhere(ada)
    await visitor.submit(await visitor.visit(onAccounts(platform, '/forgot-password')), { email: ada.email })
    const address = await mailedLink(platform, ada.email, /https?:\/\/\S+\/reset-password\?token=[\w-]+/)
    await followLink({ visitor }, address, { password: PASSWORD })
    return { accountId: ada.accountId }
  },
  async 'passkey.added'() {
    await signInAgain(ada)
    device = await addPasskey(platform, ada, 'Phone')
    return { accountId: ada.accountId, about: 'Phone' }
  },
  async 'passkey.copy_suspected'() {
    const { visitor } = elsewhere(ada)
    const page = await visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
    const answer = device.get({ ...ceremonyOn(platform, page), counter: device.counter, userHandle: ada.accountId })
    await visitor.press(page, /\/passkey$/, { answer })
    return { accountId: ada.accountId, about: 'Phone' }
  },
  async 'passkey.removed'() {
    await ada.visitor.press(await account(ada), /\/passkeys\/.+\/remove$/)
    return { accountId: ada.accountId, about: 'Phone' }
  },
  async 'totp.enabled'() {
    secrets.push((await addSecondStep(platform, ada)).key)
    return { accountId: ada.accountId }
  },
  async 'recovery_codes.created'() {
    codes = codesOn(await ada.visitor.press(await account(ada), /\/recovery-codes$/))
    secrets.push(...codes)
    return { accountId: ada.accountId }
  },
  async 'recovery_codes.used'() {
    const other = elsewhere(ada)
    await other.visitor.submit(await signIn(platform, other), { way: 'recovery', recovery: codes[0] ?? '' })
    return { accountId: ada.accountId }
  },
  async 'totp.disabled'() {
    await ada.visitor.press(await account(ada), /\/second-step\/remove$/)
    return { accountId: ada.accountId }
  },
  async 'second_step.reset'() {
    await addSecondStep(platform, ada)
    assert.equal((await operator('POST /api/accounts/reset-second-step', { email: ada.email })).status, 200)
    return { accountId: ada.accountId, actor }
  },
  async 'identity.linked'() {
    await signInAgain(ada)
    club.claims = { sub: 'ada-at-the-club', email: 'ada@club.example', email_verified: true }
    await linkIdentity(platform, ada, club)
    return { accountId: ada.accountId, about: 'The Club' }
  },
  async 'identity.unlinked'() {
    await ada.visitor.press(await account(ada), /\/identities\/.+\/unlink$/)
    return { accountId: ada.accountId, about: 'The Club' }
  },
  async 'app.allowed'() {
    const granted = await redeem(platform, await authorize(platform, ada))
    token = JSON.parse(granted.body).refresh_token
    secrets.push(token)
    return { accountId: ada.accountId, about: 'Print Shop' }
  },
  async 'refresh.reuse_in_grace'() {
    for (let uses = 0; uses < 2; uses += 1) assert.equal((await refresh(platform, token)).status, 200)
    return { accountId: ada.accountId, about: 'Print Shop' }
  },
  async 'refresh.reuse_detected'() {
    platform.advance(11_000)
    assert.equal((await refresh(platform, token)).status, 400)
    return { accountId: ada.accountId, about: 'Print Shop' }
  },
  async 'app.revoked'() {
    await ada.visitor.press(await account(ada), /\/apps\/revoke$/)
    return { accountId: ada.accountId, about: 'Print Shop' }
  },
  async 'roles.changed'() {
    await platform.running().auth.changeMembership(call, { email: ada.email, addRoles: ['writer'], addGroups: ['staff'] })
    return { accountId: ada.accountId, about: 'writer, staff', ...BY_COMMAND }
  },
  async 'organisation.created'() {
    organisation = await makeOrganisation(platform, ada, 'Acme')
    return { accountId: ada.accountId, about: 'Acme' }
  },
  async 'organisation.renamed'() {
    await ada.visitor.press(await ofOrganisation(ada), /\/name$/, { name: 'Acme Works' })
    return { accountId: ada.accountId, about: 'Acme Works' }
  },
  async 'organisation.invited'() {
    await inviteMember(platform, ada, { organisation, email: bob.email })
    return { accountId: ada.accountId, about: 'Acme Works' }
  },
  async 'organisation.joined'() {
    const address = await mailedLink(platform, bob.email, /https?:\/\/\S+\/invitation\?token=[\w-]+/)
    await bob.visitor.press(await bob.visitor.visit(address), /^\/invitation$/)
    return { accountId: bob.accountId, about: 'Acme Works' }
  },
  async 'organisation.roles_changed'() {
    await ada.visitor.press(await ofOrganisation(ada), new RegExp(`/members/${bob.accountId}/roles$`), { 'role-writer': 'on' })
    return { accountId: bob.accountId, about: 'Acme Works' }
  },
  async 'organisation.left'() {
    await bob.visitor.press(await ofOrganisation(bob), /\/leave$/)
    return { accountId: bob.accountId, about: 'Acme Works' }
  },
  async 'service.created'() {
    const made = await ada.visitor.press(await ofOrganisation(ada), /\/services$/, { service: 'Export', 'scope-photos:read': 'on' })
    service = /<code class="wrap">(svc-[^<]+)<\/code>/.exec(made.body)?.[1] ?? assert.fail(made.body)
    return { accountId: ada.accountId, about: 'Export' }
  },
  'service.roles_changed': () => changeMachine('roles', { 'role-writer': 'on' }),
  'service.scopes_changed': () => changeMachine('scopes', { 'scope-photos:read': 'on' }),
  'service.secret_renewed': () => changeMachine('secret'),
  async 'service.key_changed'() {
    const { serviceAccounts: services } = platform.running().auth
    const key = keyText()
    const made = await services.create(call, { name: 'Signs', roles: [], scopes: [], key })
    await services.setKey(call, made.service.clientId, { key: keyText() })
    return { about: 'Signs', ...BY_COMMAND }
  },
  'service.proof_changed': () => changeMachine('use-key', { nextKey: keyText() }),
  'service.earlier_ended': () => changeMachine('end-earlier'),
  async 'webhook.secret_rotated'() {
    await platform.running().jobs.webhooks.rotate(call, 'listener')
    return { about: 'listener', ...BY_COMMAND }
  },
  'service.removed': () => changeMachine('remove'),
  async 'organisation.ended'() {
    const page = await ada.visitor.visit(onAccounts(platform, `/account/organisations/${organisation}/end`))
    await ada.visitor.press(page, /\/end$/, { name: 'Acme Works' })
    return { accountId: ada.accountId, about: 'Acme Works' }
  },
  async 'organisation.ownerless'() {
    const { organisations: desk, suspendAccount } = platform.running().auth
    const { id: organisationId } = (await desk.create(call, { name: 'Orphans', owner: ada.email })) ?? assert.fail('nobody')
    const { accountId, email } = await signedUp('dora@example.org')
    await desk.setMember(call, { organisationId, email, roles: ['owner'] })
    await suspendAccount(call, { email, suspended: true })
    await desk.setMember(call, { organisationId, email: ada.email, roles: [] })
    return [ada.accountId, accountId, undefined].map((whose) => ({ ...(whose && { accountId: whose }), about: 'Orphans' }))
  },
  async 'account.data_downloaded'() {
    const page = await ada.visitor.press(await account(ada), /\/account\/data$/)
    assert.equal(page.headers['content-type'], 'application/zip')
    return { accountId: ada.accountId }
  },
  async 'client.added'() {
    const definition = { clientId: 'frames', name: 'Frames', redirectUris: ['https://frames.example/'], origins: [], scopes: [] }
    const added = await operator('POST /api/clients', { definition, withSecret: true })
    assert.equal(added.status, 201, added.body)
    secrets.push(JSON.parse(added.body).secret)
    return { about: 'Frames', actor }
  },
  'client.changed': () => changeFrames('PATCH /api/clients/frames', { name: 'Frame Maker' }),
  'client.secret_rotated': () => changeFrames('POST /api/clients/frames/rotate-secret', {}),
  'client.blocked': () => changeFrames('POST /api/clients/frames/block', {}),
  'client.unblocked': () => changeFrames('POST /api/clients/frames/unblock', {}),
  async 'client.removed'() {
    assert.equal((await operator('DELETE /api/clients/frames')).status, 204)
    return { about: 'frames', actor }
  },
  async 'signing_key.made'() {
    const keys = await platform.running().auth.rotateSigningKeys(call, { now: false })
    return keys.filter(({ state }) => state === 'next').map(({ alg, kid }) => ({ about: `${alg} ${kid}`, ...BY_COMMAND }))
  },
  async 'signing_key.revoked'() {
    const { auth } = platform.running()
    const next = (await auth.signingKeys(call)).find(({ state }) => state === 'next') ?? assert.fail('there is none')
    assert.equal(await auth.revokeSigningKey(call, next.kid), true)
    return { about: `${next.alg} ${next.kid}`, ...BY_COMMAND }
  },
  async 'account.imported'() {
    const [moved] = await platform.running().auth.moving.moveIn(call, [{ email: 'cleo@example.org' }], { from: 'keycloak' })
    assert.ok(moved?.outcome === 'made')
    return { accountId: moved.accountId, about: 'keycloak', ...BY_COMMAND }
  },
  async 'accounts.exported'() {
    await platform.running().auth.moving.moveOut(call, { withPasswords: false })
    return { about: 'without passwords', ...BY_COMMAND }
  },
  async 'account.signed_out'() {
    assert.equal((await operator('POST /api/accounts/sign-out', { email: bob.email })).status, 200)
    return { accountId: bob.accountId, actor }
  },
  async 'account.suspended'() {
    assert.equal((await operator('POST /api/accounts/block', { email: bob.email })).status, 200)
    return { accountId: bob.accountId, actor }
  },
  async 'account.reinstated'() {
    assert.equal((await operator('POST /api/accounts/unblock', { email: bob.email })).status, 200)
    return { accountId: bob.accountId, actor }
  },
  async 'email.changed'() {
    await changeAddress(platform, ada, 'ada@new.example')
    return { accountId: ada.accountId }
  },
  async 'email.offered'() {
    const offer = await platform.running().auth.offerAddress(call, { email: 'cleo@example.org', to: 'cleo@offered.example' })
    return { accountId: offer?.accountId ?? assert.fail('nobody'), ...BY_COMMAND }
  },
  async 'account.ways_removed'() {
    // What an account was made with is its owner's.
    platform.advance(120_000)
    const { page, answer } = await newPasskey(platform, ada)
    let added: Page | undefined
    meanwhile = async () => {
      meanwhile = async () => {}
      added = await ada.visitor.submit(page, { name: 'Back door', answer })
    }
    const address = await mailedLink(platform, ada.email, /https?:\/\/\S+\/restore-address\?token=[\w-]+/)
    assert.equal((await followLink(elsewhere(ada), address)).status, 200)
    assert.equal(added?.status, 200, added?.body)
    return { accountId: ada.accountId }
  },
  async 'account.deletion_requested'() {
    await signInAgain(bob)
    await bob.visitor.press(await account(bob), /\/account\/delete$/, { sure: 'yes' })
    return { accountId: bob.accountId }
  },
  async 'account.deletion_cancelled'() {
    await signInAgain(bob)
    return { accountId: bob.accountId }
  },
  async 'account.deleted'() {
    await bob.visitor.press(await account(bob), /\/account\/delete$/, { sure: 'yes' })
    await until('all that is kept for owners to be there', async () => {
      const kept = (await platform.rows()).get('auth_security_events') ?? ''
      return told.every(({ type }) => kept.includes(type))
    })
    // Messages of before are not to come after their time.
    await allDelivered()
    platform.advance(DAY_MS + 3_600_000)
    return { accountId: bob.accountId }
  },
}

const allDelivered = (): Promise<true> =>
  until('a message of each event', async () => {
    assert.deepEqual(receiver.refusals, [])
    const { newest } = await platform.running().database.events(call)
    const brought = receiver.messages.map(({ type, data }) => textOf({ type, ...data }))
    // One for each, however many are alike.
    const isBrought = (event: SecurityEvent): boolean => {
      const at = brought.indexOf(textOf(event))
      if (at !== -1) brought.splice(at, 1)
      return at !== -1
    }
    return followedTo >= newest && told.every(isBrought)
  })

interface Documented {
  readonly always: readonly string[]
  readonly perhaps: readonly string[]
}

/** The list of docs/webhooks.md, in its order. */
async function documented(): Promise<ReadonlyMap<string, Documented>> {
  const page = await readFile(new URL('../../docs/webhooks.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \| [^|]+ \| ([^|]*)\|$/gm)]
  return new Map(
    rows.map(([, type = '', cell = '']) => {
      const members = [...cell.replaceAll(/\([^)]*\)/g, '').matchAll(/`(\w+)`\s?(\?)?/g)]
      const named = (mark: string | undefined): string[] => members.filter((found) => found[2] === mark).map((found) => found[1] ?? '')
      return [type, { always: named(undefined), perhaps: named('?') }]
    }),
  )
}

const coreOf = ({ type: _type, client: _client, device: _device, ...core }: SecurityEvent): Core => core
/** Not every database keeps the order of members. */
const textOf = (event: object): string => JSON.stringify(Object.entries(event).toSorted())

test('docs/webhooks.md lists each type of event, and each has a row here', async () => {
  assert.deepEqual([...(await documented()).keys()], securityEventType.options)
  assert.deepEqual([...Object.keys(ROWS), ...ELSEWHERE].toSorted(), securityEventType.options.toSorted())
})

for (const type of Object.keys(ROWS).map((name) => typeHere.parse(name))) {
  test(`${type} is told of when it happens`, async () => {
    const before = told.length
    const cores = [await ROWS[type]()].flat()
    const whose = new Set(cores.map(({ accountId }) => accountId))
    const found = await until(`${cores.length} of it`, () => {
      const events = told.slice(before).filter((event) => event.type === type && whose.has(event.accountId))
      return events.length >= cores.length && events
    })
    assert.deepEqual(found.map((event) => textOf(coreOf(event))).toSorted(), cores.map(textOf).toSorted())
  })
}

test('what a command does of organisations and service accounts says whose command it was', async () => {
  const { organisations, serviceAccounts: services } = platform.running().auth
  const before = told.length
  const { id: organisationId } = (await organisations.create(call, { name: 'By Command', owner: ada.email })) ?? assert.fail('nobody')
  for (const roles of [[], ['writer'], undefined]) await organisations.setMember(call, { organisationId, email: 'cleo@example.org', roles })
  const made = { name: 'Robot', organisationId, roles: [], scopes: ['photos:read'], key: undefined }
  const { clientId } = (await services.create(call, made)).service
  await services.setRoles(call, clientId, ['writer'])
  await services.renewSecret(call, clientId)
  await services.remove(call, clientId)
  await organisations.end(call, organisationId)
  const done = [
    ...['created', 'joined', 'roles_changed', 'left', 'ended'].map((verb) => `organisation.${verb}`),
    ...['created', 'roles_changed', 'secret_renewed', 'removed'].map((verb) => `service.${verb}`),
  ]
  for (const type of done)
    await until(`${type} by a command`, () => told.slice(before).some((event) => event.type === type && event.actor === BY_COMMAND.actor))
})

test('a webhook has brought each of them as it was stored, signed, with the members that are documented and no secret', async () => {
  await allDelivered()
  const list = await documented()
  for (const { type, data, timestamp } of receiver.messages) {
    const { always = [], perhaps = [] } = list.get(type) ?? {}
    const members = Object.keys(data)
    assert.deepEqual([type, ...always.filter((member) => !members.includes(member))], [type], 'documented, and not there')
    assert.deepEqual([type, ...members.filter((member) => ![...always, ...perhaps].includes(member))], [type], 'there, and not documented')
    const { client = 'x'.repeat(16), device: words = 'Unknown device' } = data
    assert.match(String(client), /^[\w-]{16}$/, type)
    assert.equal(words, 'Unknown device', type)
    assert.equal(new Date(timestamp).toISOString(), timestamp)
  }
  const all = JSON.stringify(receiver.messages)
  for (const secret of ['@', ...secrets]) assert.equal(all.includes(secret), false, secret)
})
