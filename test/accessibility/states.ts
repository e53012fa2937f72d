// Every page of the accounts origin in every state that it has: empty, full, with long texts, with something wrong. The name of each begins with the route
// that it is a state of, so that a route without one is found.
import assert from 'node:assert/strict'
import { callAs } from '#kernel/call.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { Html } from '#kernel/html.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Interaction } from '../../src/auth/engine.ts'
import { passkeysCollection } from '../../src/auth/passkeys/repository.ts'
import { identitiesCollection } from '../../src/auth/upstream/repository.ts'
import { enginePages, problemPages } from '../../src/auth/pages/engine-pages.ts'
import { createSpeech } from '../../src/auth/texts/speech.ts'
import { PALETTES } from '../../src/auth/theme/colours.ts'
import { createLooks } from '../../src/auth/theme/looks.ts'
import type { GatewayExchange } from '../../src/gateway/exchange.ts'
import { errorPage } from '../../src/gateway/pages/pages.ts'
import { createSpeaker } from '../../src/gateway/pages/speaker.ts'
import { pageStyle } from '../../src/gateway/pages/style.ts'
import { type AccountsWorld, call, justDone, openAccounts, tokenIn, type Visit } from '../support/accounts.ts'
import { secondStepStates } from './second-step-states.ts'

export interface State {
  /** `GET /sign-up` or `GET /sign-up, with problems`. */
  readonly name: string
  /** What the browser asks for; runs right before. */
  ask(): Visit | Promise<Visit>
}

export interface Stage {
  readonly world: AccountsWorld
  readonly states: readonly State[]
  /** Pages that the engine shows, as text, by language. */
  readonly enginePages: readonly { readonly name: string; page(language: string): string }[]
  stop(): Promise<void>
}

const LONG = 'Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenauszahlung Anna-Katharina'.slice(0, 80)
const LONG_EMAIL = `${'a-very-long-mailbox-name'.repeat(2)}@${'sub.'.repeat(12)}example.org`
const BROWSER = 'h'.repeat(43)
export const here: Readonly<Record<string, string>> = { '__Host-Http-here': BROWSER }

const client: Interaction['client'] = {
  clientId: 'print-shop',
  name: 'Print Shop',
  host: 'printshop.localhost:4001',
  redirectOrigin: 'http://printshop.localhost:4001',
  firstParty: false,
}
const asked = callAs(call, { kind: 'anonymous' })
const login: Interaction = { uid: 'u1', prompt: 'login', client, scopes: [] }
const own: Interaction = { ...login, client: { ...client, name: 'Pixel Diary', firstParty: true } }

const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='
/** With everything that a consent page warns of or links to. */
const stranger = (createdAt: number): Interaction['client'] => ({
  ...client,
  isUnknown: true,
  describedBy: 'apps.example.org',
  createdAt,
  logo: PIXEL,
  clientUri: 'https://apps.example.org/',
  policyUri: 'https://apps.example.org/privacy',
  tosUri: 'https://apps.example.org/terms',
})

/** An account that has everything: passkeys, one of them copied, and a linked account. */
async function furnish({ database, clock }: AccountsWorld, accountId: string): Promise<void> {
  const now = clock.now()
  const passkey = { accountId, credentialId: 'x', publicKey: 'x', counter: 1, transports: [], aaguid: '', createdAt: now - 86_400_000 }
  const passkeys = database.collection(passkeysCollection)
  await passkeys.insert(call, { ...passkey, id: 'key-1', name: LONG, backupEligible: true, backedUp: true, lastUsedAt: now })
  await passkeys.insert(call, { ...passkey, id: 'key-2', name: 'Old key', backupEligible: false, backedUp: false, copySuspectedAt: now })
  const identity = { accountId, issuer: 'https://club.example.org', subject: 's9', label: LONG_EMAIL, linkedAt: now }
  await database.collection(identitiesCollection).insert(call, { ...identity, id: 'identity-1' })
}

export async function openStage(): Promise<Stage> {
  const upstreams = [
    { kind: 'openid', id: 'club', name: 'The Club', issuer: 'https://club.example.org', clientId: 'us' },
    { kind: 'openid', id: 'guild', name: 'A Guild With A Long Name That Goes On', issuer: 'https://guild.example.org', clientId: 'us' },
  ] as const
  const definition = {
    upstreams,
    methods: { emailCode: true, magicLink: true },
    roles: { editor: { permissions: ['photos:write'] }, viewer: { permissions: ['photos:read'] } },
    organisations: { roles: ['editor', 'viewer'] },
  }
  const secret = 'x'.repeat(32)
  const world = await openAccounts({ definition, upstreamSecrets: { club: secret, guild: secret } })
  const person = await world.person({ email: LONG_EMAIL, name: LONG })
  const credential = (await world.accounts.find(call, person.accountId))?.credential ?? ''
  const token = async (path: string, email: string): Promise<string> => {
    const known = world.mails.length
    const form = path === '/sign-up' ? { email, name: LONG, password: 'nine folded squares' } : { email }
    await world.visit({ path, form, cookies: here, client: email })
    await world.settled()
    const sent = world.mails.slice(known).find(({ to }) => to === email) ?? (await world.mailTo(email))
    return tokenIn(sent)
  }
  const group = await world.organisations.organisations.create(asked, { name: LONG, accountId: person.accountId })
  const groupPath = `/account/organisations/${group.id}`
  const invited = async (email: string): Promise<string> => {
    const known = world.mails.length
    const inviter = { accountId: person.accountId, organisationId: group.id, client: 'c' }
    await world.organisations.invitations.invite(asked, inviter, { email, roles: ['viewer'] })
    await world.settled()
    return tokenIn(world.mails.slice(known).find(({ to }) => to === email) ?? (await world.mailTo(email)))
  }
  const during = (interaction: Interaction, visit: Visit): Visit => {
    world.engine.current = interaction
    return { cookies: here, ...visit }
  }
  const signedIn = (visit: Visit): Visit => {
    world.engine.signedInAs = person.accountId
    return { cookies: here, ...visit }
  }
  const signedOut = (visit: Visit): Visit => {
    world.engine.signedInAs = undefined
    return visit
  }
  const longAgo = (): void =>
    void world.engine.sessionList.splice(0, 1, { ...world.engine.sessionList[0]!, signedInAt: world.clock.now() - 660_000 })
  const crowd = (): void => {
    const now = world.clock.now()
    const { accountId } = person
    world.engine.sessionList.splice(
      0,
      Number.POSITIVE_INFINITY,
      { id: 'here', accountId, signedInAt: now, lastUsedAt: now, device: 'Chromium on Linux' },
      { id: 'there', accountId, signedInAt: now - 86_400_000, lastUsedAt: now - 7_200_000, device: 'Unknown device' },
    )
    world.engine.appList.splice(0, Number.POSITIVE_INFINITY, {
      clientId: 'print-shop',
      name: LONG,
      scopes: [
        { name: 'photos:read', words: 'see your photos' },
        { name: 'offline_access', words: '' },
      ],
      since: now - 86_400_000,
    })
  }
  crowd()
  await furnish(world, person.accountId)
  const arrived = (where: { uid?: string; accountId?: string }): Record<string, string> => {
    const cookies = new Map(Object.entries(here))
    const exchange = {
      cookies,
      addCookie: (cookie: string) => void cookies.set(cookie.slice(0, cookie.indexOf('=')), /=([^;]*)/.exec(cookie)?.[1] ?? ''),
    } as unknown as Exchange
    const at = world.clock.now()
    const who = { upstream: 'club', issuer: 'https://club.example.org', subject: 's1', email: 'ada@club.example.org', emailVerified: true }
    world.running.upstreams.travels.arrive(exchange, { ...who, name: 'Ada', at, ...where })
    return Object.fromEntries(cookies)
  }
  const half = (next: NonNullable<Interaction['half']>['next']): Interaction => ({
    ...own,
    half: { accountId: person.accountId, credential, next },
  })
  const proving = half({ kind: 'prove', totp: true, passkey: true, recovery: true })
  const enrolling = half({ kind: 'enrol', totp: true, passkey: true })
  const consent = (scopes: readonly string[]): Interaction => ({
    ...login,
    prompt: 'consent',
    accountId: person.accountId,
    scopes: scopes.map((name) => ({ name, words: `do what ${name} says` })),
  })
  const wrong = { email: person.email, password: 'not it' }

  let puzzled = 0
  let moves = 0
  let services = 0
  /** Somebody has got another address, and the old one may take it back. */
  const undoing = async (): Promise<string> => {
    moves += 1
    const [before, after] = [`before-${moves}@example.org`, `after-${moves}@example.org`]
    const { accountId } = await world.person({ email: before })
    await world.byMail.addresses.ask(call, { email: after, client: after, accountId })
    await world.byMail.addresses.confirm(call, { token: tokenIn(await world.mailTo(after)), accountId, by: {} })
    await world.settled()
    return tokenIn(world.mails.findLast(({ to }) => to === before) ?? (await world.mailTo(before)))
  }
  let guests = 0
  const states: State[] = [
    { name: 'GET /authorize', ask: () => during(own, { path: '/authorize?client_id=diary' }) },
    { name: 'GET /interaction/:uid', ask: () => during(own, { path: '/interaction/u1' }) },
    { name: 'GET /interaction/:uid, for a third party', ask: () => during(login, { path: '/interaction/u1?confirmed=1' }) },
    {
      name: 'GET /interaction/:uid, with a long name',
      ask: () => during({ ...login, client: { ...client, name: LONG, host: LONG_EMAIL.split('@')[1] ?? '' } }, { path: '/interaction/u1' }),
    },
    { name: 'GET /interaction/:uid, ended', ask: () => ({ path: '/interaction/gone' }) },
    { name: 'GET /interaction/:uid, a second step', ask: () => during(proving, { path: '/interaction/u1' }) },
    { name: 'GET /interaction/:uid, setting up', ask: () => during(enrolling, { path: '/interaction/u1' }) },
    { name: 'GET /interaction/:uid, consent', ask: () => during(consent(['photos:read', 'email', LONG]), { path: '/interaction/u1' }) },
    {
      name: 'GET /interaction/:uid, consent to a stranger',
      ask: () =>
        during({ ...consent(['photos:read', 'offline_access']), client: stranger(world.clock.now()) }, { path: '/interaction/u1' }),
    },
    { name: 'GET /interaction/:uid, consent to nothing', ask: () => during(consent([]), { path: '/interaction/u1' }) },
    { name: 'POST /interaction/:uid/sign-in', ask: () => during(own, { path: '/interaction/u1/sign-in', form: wrong, client: 'a1' }) },
    {
      name: 'POST /interaction/:uid/sign-in, too often',
      async ask() {
        world.engine.current = own
        for (let index = 0; index < 6; index += 1)
          await world.visit({
            path: '/interaction/u1/sign-in',
            form: { ...wrong, email: 'often@example.org' },
            cookies: here,
            client: 'a2',
          })
        return during(own, { path: '/interaction/u1/sign-in', form: { ...wrong, email: 'often@example.org' }, client: 'a2' })
      },
    },
    {
      name: 'POST /interaction/:uid/sign-in, with a puzzle',
      async ask() {
        const email = `puzzled-${(puzzled += 1)}@example.org`
        for (let index = 0; index < 4; index += 1)
          await world.accounts.signIn(call, { email, password: `p${index}`, client: `puzzled-${index}` }).catch(() => {})
        world.clock.advance(31_000)
        crowd()
        return during(own, { path: '/interaction/u1/sign-in', form: { email, password: 'p', puzzle: 'none' }, client: `a3-${puzzled}` })
      },
    },
    {
      name: 'POST /interaction/:uid/email, with a puzzle',
      async ask() {
        world.engine.current = own
        const email = `asked-${(puzzled += 1)}@example.org`
        for (let index = 0; index < 3; index += 1)
          await world.visit({ path: '/interaction/u1/email', form: { email }, cookies: here, client: `asking-${puzzled}-${index}` })
        return during(own, { path: '/interaction/u1/email', form: { email, puzzle: 'none' }, client: `a4-${puzzled}` })
      },
    },
    { name: 'POST /interaction/:uid/consent', ask: () => ({ path: '/interaction/gone/consent', form: { decision: 'allow' } }) },
    { name: 'GET /sign-up', ask: () => ({ path: '/sign-up' }) },
    { name: 'POST /sign-up', ask: () => ({ path: '/sign-up', form: { name: '', email: 'x', password: 'short' } }) },
    { name: 'GET /interaction/:uid/sign-up', ask: () => during(own, { path: '/interaction/u1/sign-up' }) },
    { name: 'POST /interaction/:uid/sign-up', ask: () => during(own, { path: '/interaction/u1/sign-up', form: { email: 'x' } }) },
    { name: 'GET /check-mail', ask: () => justDone(world, { path: '/check-mail' }) },
    {
      name: 'GET /interaction/:uid/check-mail',
      ask: () => during(own, justDone(world, { path: '/interaction/u1/check-mail', cookies: here })),
    },
    {
      name: 'GET /confirm',
      async ask() {
        return { path: `/confirm?token=${await token('/sign-up', 'confirm-1@example.org')}`, cookies: here }
      },
    },
    { name: 'GET /confirm, a dead link', ask: () => ({ path: '/confirm?token=none' }) },
    {
      name: 'POST /confirm',
      async ask() {
        return { path: '/confirm', form: { token: await token('/sign-up', 'confirm-2@example.org'), password: 'not it' } }
      },
    },
    { name: 'GET /confirmed', ask: () => justDone(world, { path: '/confirmed' }) },
    { name: 'GET /forgot-password', ask: () => ({ path: '/forgot-password' }) },
    { name: 'POST /forgot-password', ask: () => ({ path: '/forgot-password', form: { email: 'x' } }) },
    { name: 'GET /forgot-password/sent', ask: () => justDone(world, { path: '/forgot-password/sent' }) },
    { name: 'GET /interaction/:uid/forgot-password', ask: () => during(own, { path: '/interaction/u1/forgot-password' }) },
    {
      name: 'POST /interaction/:uid/forgot-password',
      ask: () => during(own, { path: '/interaction/u1/forgot-password', form: { email: 'x' } }),
    },
    {
      name: 'GET /interaction/:uid/forgot-password/sent',
      ask: () => during(own, justDone(world, { path: '/interaction/u1/forgot-password/sent', cookies: here })),
    },
    {
      name: 'GET /reset-password',
      async ask() {
        const { email } = await world.person({ email: `forgetful-${(guests += 1)}@example.org` })
        return { path: `/reset-password?token=${await token('/forgot-password', email)}` }
      },
    },
    { name: 'GET /reset-password, a dead link', ask: () => ({ path: '/reset-password?token=none' }) },
    {
      name: 'POST /reset-password',
      async ask() {
        return { path: '/reset-password', form: { token: await token('/forgot-password', LONG_EMAIL), password: 'short' } }
      },
    },
    { name: 'GET /reset-password/done', ask: () => justDone(world, { path: '/reset-password/done' }) },
    { name: 'GET /interaction/:uid/email', ask: () => during(own, { path: '/interaction/u1/email' }) },
    { name: 'POST /interaction/:uid/email', ask: () => during(own, { path: '/interaction/u1/email', form: { email: 'x' } }) },
    { name: 'GET /interaction/:uid/email/code', ask: () => during(own, { path: '/interaction/u1/email/code' }) },
    {
      name: 'POST /interaction/:uid/email/code',
      ask: () => during(own, { path: '/interaction/u1/email/code', form: { code: '1234 5678' } }),
    },
    { name: 'GET /interaction/:uid/email/link', ask: () => during(own, { path: '/interaction/u1/email/link?token=none' }) },
    { name: 'POST /interaction/:uid/email/link', ask: () => during(own, { path: '/interaction/u1/email/link', form: { token: 'none' } }) },
    { name: 'GET /upstream/:id/callback', ask: () => ({ path: '/upstream/club/callback?state=none' }) },
    { name: 'GET /interaction/:uid/upstream/:id', ask: () => ({ path: '/interaction/gone/upstream/club' }) },
    { name: 'GET /interaction/:uid/upstream', ask: () => during(own, { path: '/interaction/u1/upstream?state=none' }) },
    { name: 'GET /interaction/:uid/welcome', ask: () => during(own, { path: '/interaction/u1/welcome', cookies: arrived({ uid: 'u1' }) }) },
    { name: 'GET /interaction/:uid/welcome, ended', ask: () => during(own, { path: '/interaction/u1/welcome' }) },
    {
      name: 'POST /interaction/:uid/welcome',
      ask: () => during(own, { path: '/interaction/u1/welcome', cookies: arrived({ uid: 'u1' }), form: { name: '' } }),
    },
    { name: 'GET /interaction/:uid/choose', ask: () => during(own, { path: '/interaction/u1/choose', cookies: arrived({ uid: 'u1' }) }) },
    { name: 'GET /account', ask: () => justDone(world, signedIn({ path: '/account?done=password' })) },
    {
      name: 'GET /account, with nothing to show',
      ask() {
        world.engine.appList.length = 0
        return signedIn({ path: '/account' })
      },
    },
    { name: 'POST /account/name', ask: () => signedIn({ path: '/account/name', form: { name: ' ' } }) },
    {
      name: 'POST /account/password',
      ask: () => signedIn({ path: '/account/password', form: { current: 'not it', password: 'a much better one' } }),
    },
    {
      name: 'GET /account/sessions',
      ask() {
        const session = { accountId: person.accountId, signedInAt: 0, lastUsedAt: 0, device: LONG }
        world.engine.sessionList.push(...Array.from({ length: 60 }, (_, index) => ({ ...session, id: `more-${index}` })))
        return signedIn({ path: '/account/sessions' })
      },
    },
    {
      name: 'GET /account, before a fresh sign-in',
      ask() {
        longAgo()
        return signedIn({ path: '/account' })
      },
    },
    {
      name: 'GET /account/organisations/:id, before a fresh sign-in',
      ask() {
        longAgo()
        return signedIn({ path: groupPath })
      },
    },
    {
      name: 'POST /account/sessions/end',
      ask() {
        crowd()
        return signedIn({ path: '/account/sessions/end', form: {} })
      },
    },
    { name: 'GET /account/events', ask: () => signedIn({ path: '/account/events' }) },
    { name: 'POST /account/delete', ask: () => signedIn({ path: '/account/delete', form: {} }) },
    { name: 'GET /goodbye', ask: () => justDone(world, { path: '/goodbye' }) },
    { name: 'POST /account/organisations', ask: () => signedIn({ path: '/account/organisations', form: { organisation: '' } }) },
    {
      name: 'GET /account/organisations/:id',
      async ask() {
        await invited(`guest-${(guests += 1)}@example.org`)
        return signedIn({ path: groupPath })
      },
    },
    { name: 'GET /account/organisations/:id, of others', ask: () => signedIn({ path: `/account/organisations/${'0'.repeat(26)}` }) },
    {
      name: 'GET /account/organisations/:id/end',
      async ask() {
        await invited(`guest-${(guests += 1)}@example.org`)
        return signedIn({ path: `${groupPath}/end` })
      },
    },
    { name: 'POST /account/organisations/:id/end', ask: () => signedIn({ path: `${groupPath}/end`, form: { name: 'Another' } }) },
    { name: 'POST /account/organisations/:id/name', ask: () => signedIn({ path: `${groupPath}/name`, form: { name: '' } }) },
    {
      name: 'POST /account/organisations/:id/invitations',
      ask: () => signedIn({ path: `${groupPath}/invitations`, form: { email: 'x' } }),
    },
    {
      name: 'GET /invitation',
      async ask() {
        return signedIn({ path: `/invitation?token=${await invited(`guest-${(guests += 1)}@example.org`)}` })
      },
    },
    { name: 'GET /invitation, a dead link', ask: () => ({ path: '/invitation?token=none' }) },
    { name: 'POST /invitation', ask: () => signedIn({ path: '/invitation', form: { token: 'none' } }) },
    { name: 'POST /account/email', ask: () => signedIn({ path: '/account/email', form: { email: 'x' } }) },
    {
      name: 'GET /account/email/confirm',
      async ask() {
        const email = `moved-${(moves += 1)}@example.org`
        await world.byMail.addresses.ask(call, { email, client: email, accountId: person.accountId })
        return signedIn({ path: `/account/email/confirm?token=${tokenIn(await world.mailTo(email))}` })
      },
    },
    { name: 'GET /account/email/confirm, a dead link', ask: () => signedIn({ path: '/account/email/confirm?token=none' }) },
    { name: 'POST /account/email/confirm', ask: () => signedIn({ path: '/account/email/confirm', form: { token: 'none' } }) },
    {
      name: 'GET /restore-address',
      async ask() {
        return { path: `/restore-address?token=${await undoing()}` }
      },
    },
    {
      name: 'POST /restore-address',
      async ask() {
        return { path: '/restore-address', form: { token: await undoing() } }
      },
    },
    {
      name: 'GET /restore-address, offered',
      async ask() {
        const { email } = await world.person({ email: `stolen-${(moves += 1)}@example.org` })
        const to = `stolen-${moves}-back@example.org`
        await world.byMail.addressOffering.offer(call, { email, to })
        return { path: `/restore-address?token=${tokenIn(await world.mailTo(to))}` }
      },
    },
    {
      name: 'POST /restore-address, blocked',
      async ask() {
        const link = { token: await undoing() }
        await world.leaving.suspend(call, `after-${moves}@example.org`, true)
        return { path: '/restore-address', form: link }
      },
    },
    { name: 'POST /restore-address, a dead link', ask: () => ({ path: '/restore-address', form: { token: 'none' } }) },
    {
      name: 'POST /account/organisations/:id/services',
      ask: () => signedIn({ path: `${groupPath}/services`, form: { service: `S${(services += 1)}` } }),
    },
    {
      name: 'POST /account/organisations/:id/services, with problems',
      ask: () => signedIn({ path: `${groupPath}/services`, form: { service: '' } }),
    },
    { name: 'GET /signed-out', ask: () => signedOut({ path: '/signed-out' }) },
    { name: 'GET /signed-out, still signed in', ask: () => signedIn({ path: '/signed-out' }) },
    { name: 'GET /account/identities/link/:id', ask: () => signedIn({ path: '/account/identities/link/guild' }) },
    { name: 'GET /account/identities/answer', ask: () => signedIn({ path: '/account/identities/answer?state=none' }) },
    {
      name: 'GET /account/identities/connect',
      ask: () => signedIn({ path: '/account/identities/connect', cookies: arrived({ accountId: person.accountId }) }),
    },
    { name: 'POST /account/identities/connect', ask: () => signedIn({ path: '/account/identities/connect', form: {} }) },
    { name: 'GET /interaction/:uid/passkey', ask: () => ({ path: '/interaction/gone/passkey' }) },
    { name: 'POST /interaction/:uid/passkey', ask: () => during(own, { path: '/interaction/u1/passkey', form: { answer: '{}' } }) },
    {
      name: 'POST /interaction/:uid/passkey/add',
      ask: () => during(enrolling, { path: '/interaction/u1/passkey/add', form: { name: 'k', answer: '{}' } }),
    },
    { name: 'GET /account/passkeys/add', ask: () => signedIn({ path: '/account/passkeys/add' }) },
    { name: 'POST /account/language', ask: () => signedIn({ path: '/account/language', form: { language: 'none' } }) },
    { name: 'POST /account/passkeys/add', ask: () => signedIn({ path: '/account/passkeys/add', form: { name: 'k', answer: '{}' } }) },
    { name: 'POST /account/passkeys/:id/name', ask: () => signedIn({ path: '/account/passkeys/none/name', form: { name: '' } }) },
    ...secondStepStates({ world, own, proving, enrolling, during, signedIn }),
    { name: 'POST /account/recovery-codes', ask: () => signedIn({ path: '/account/recovery-codes', form: {} }) },
  ]
  return { world, states, enginePages: engineStates(), stop: () => world.stop() }
}

function engineStates(): Stage['enginePages'] {
  const frame = { productName: 'Pixel Diary', home: 'http://app.test/', speech: createSpeech(), looks: createLooks() }
  const [problem] = problemPages(frame)
  assert.ok(problem)
  const looks = { ...enginePages(frame), problemPage: problem.page, gatewayPage: errorPage }
  const exchange = (language: string): Exchange =>
    ({
      path: '/authorize',
      search: '',
      cookies: new Map([['__Host-Http-language', language]]),
      request: { headers: {} },
      nonce: () => 'NONCE',
    }) as unknown as Exchange
  const refused = { error: 'invalid_redirect_uri', description: sha256('long').repeat(3), requestId: 'request-1' }
  // One that is added without a state here does not compile.
  const pages: { readonly [Name in keyof typeof looks]: (shown: Exchange) => Html } = {
    errorPage: (shown) => looks.errorPage(shown, refused),
    signOutPage: (shown) => looks.signOutPage(shown, { action: '/x', hidden: { xsrf: 'x' }, onTo: { app: LONG, host: 'app.example' } }),
    devicePage: (shown) => looks.devicePage(shown, { action: '/device', xsrf: 'x', code: 'ABCD', problem: 'unknown' }),
    deviceConfirmPage: (shown) =>
      looks.deviceConfirmPage(shown, { action: '/device', xsrf: 'x', code: 'ABCD-EFGH', app: LONG, device: 'Chromium on Linux' }),
    deviceDonePage: (shown) => looks.deviceDonePage(shown),
    problemPage: (shown) => looks.problemPage(shown, { status: 409, title: LONG, detail: LONG }),
    gatewayPage(shown) {
      const host = { speak: createSpeaker(frame.speech.gatewayTexts), style: pageStyle(PALETTES) }
      return looks.gatewayPage(
        { ...shown, host, requestId: 'request-1' } as unknown as GatewayExchange,
        { status: 409, title: LONG },
        assert.ifError,
      )
    },
  }
  return Object.entries(pages).map(([name, page]) => ({ name, page: (language) => page(exchange(language)).toString() }))
}
