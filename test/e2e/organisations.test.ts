// An organisation from the first page to the answer of the API: made, invited to without an account, used, and left behind with an old token.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mailedLink, type Person, PASSWORD, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'
import { authorize, redeem } from '../support/third-party.ts'
import { until } from '../support/until.ts'
import { formsOf, type Page, Visitor } from '../support/visitor.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const CONFIG = 'test/fixtures/organisations/ninefold.config.ts'
const WITHIN_MS = 1500

const claimsOf = (token: string): Record<string, unknown> => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

describe('organisations', () => {
  let platform: PlatformProcess
  let ada: Person
  let formerMember: Person
  const told: { type: string; id: string }[] = []
  const receiver = createServer((request, response) => {
    // People who come back from signing in are sent here, too.
    if (request.method !== 'POST') {
      response.writeHead(404).end()
      return
    }
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      told.push({ type: JSON.parse(body).type, id: String(request.headers['webhook-id']) })
      response.writeHead(204).end()
    })
  })

  before(async () => {
    platform = await startPlatform({ config: CONFIG })
    await new Promise<void>((resolve) => receiver.listen(platform.port + 1, '127.0.0.1', resolve))
    ada = await signUp(platform, 'ada@example.org')
    await signIn(platform, ada)
  })
  after(async () => {
    receiver.closeAllConnections()
    receiver.close()
    await platform.stop({ remove: true })
  })

  async function command(...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const env = { ...process.env, ...scenarioEnvironment(platform.dataDir) }
    const place = ['--config', CONFIG, '--data-dir', platform.dataDir, '--port', String(platform.port), '--log-level', 'silent']
    const child = spawn(process.execPath, ['src/main.ts', ...words, ...place], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number]
    return { code, out, err }
  }

  const accounts = (path: string): string => `${platform.origin('accounts')}${path}`
  const api = ({ visitor }: Person, path: string): Promise<Page> =>
    visitor.request(new URL(`${platform.origin('diary')}${path}`), { headers: { 'sec-fetch-site': 'same-origin' } })
  async function send({ visitor }: Person, address: string, fields?: object): Promise<Page> {
    const [method = '', path = ''] = address.split(' ')
    const { csrfToken } = await session(platform, visitor)
    const headers = {
      'sec-fetch-site': 'same-origin',
      origin: platform.origin('diary'),
      'x-csrf-token': csrfToken,
      'content-type': 'application/json',
    }
    const body = fields === undefined ? {} : { body: JSON.stringify(fields) }
    return visitor.request(new URL(`${platform.origin('diary')}${path}`), { method, headers, ...body })
  }
  async function renew(person: Person): Promise<void> {
    const { csrfToken } = await session(platform, person.visitor)
    const headers = { 'sec-fetch-site': 'same-origin', origin: platform.origin('diary'), 'x-csrf-token': csrfToken }
    const page = await person.visitor.request(new URL(`${platform.origin('diary')}/session/refresh`), { method: 'POST', headers })
    assert.ok(page.status < 300, `${page.status} ${page.body}`)
  }
  async function endsWithin(person: Person, path: string): Promise<void> {
    const since = Date.now()
    for (let status = 0; status !== 401; status = (await api(person, path)).status) {
      assert.ok(Date.now() - since < WITHIN_MS, `the old token still opens ${path} with ${status}`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  /** The claims of an access token for a third party. */
  async function toldOf(person: Person, scope: string): Promise<Record<string, unknown>> {
    const reply = await redeem(platform, await authorize(platform, person, { scope }))
    assert.equal(reply.status, 200, reply.body)
    return claimsOf(JSON.parse(reply.body).access_token)
  }

  test('somebody without an account is invited, signs up on the way, joins, works, and is out within a second', async () => {
    const account = await ada.visitor.visit(accounts('/account'))
    const made = await ada.visitor.submit(
      { ...account, body: account.body.slice(account.body.indexOf('id="organisations"')) },
      { organisation: 'Acme' },
    )
    assert.equal(made.status, 200, made.body)
    assert.match(made.body, /<h1 class="wrap">Acme<\/h1>/)
    const id = made.url.pathname.split('/').at(-1) ?? ''
    await endsWithin(ada, '/api/docs')
    await renew(ada)
    const doc = await send(ada, 'POST /api/docs', { title: 'Plans', organisationId: id })
    assert.equal(doc.status, 201, doc.body)
    const path = `/api/docs/${JSON.parse(doc.body).id}`

    const invited = await ada.visitor.press(made, /\/invitations$/, { email: 'bob@example.org', 'role-writer': 'on' })
    assert.match(invited.body, /The invitation is on its way/)
    const link = await mailedLink(platform, 'bob@example.org', /https?:\/\/\S+\/invitation\?token=[\w-]+/)

    // A stranger who has got hold of the link, and a scanner that looks at it.
    const eve = await signUp(platform, 'eve@example.org')
    await signIn(platform, eve)
    const looked = await eve.visitor.visit(link)
    assert.match(looked.body, /you are signed in as/)
    assert.equal(
      formsOf(looked.body).some(({ action }) => action === '/invitation'),
      false,
    )
    const csrf = formsOf((await eve.visitor.visit(accounts('/account'))).body)[0]?.hidden['csrf_token'] ?? ''
    const forced = `<form method="post" action="/invitation"><input type="hidden" name="csrf_token" value="${csrf}"><input name="token"></form>`
    const stolen = await eve.visitor.submit({ ...looked, body: forced }, { token: new URL(link).searchParams.get('token') ?? '' })
    assert.equal(stolen.status, 403)
    assert.match(stolen.body, /for another address/)
    assert.equal((await eve.visitor.visit(accounts(`/account/organisations/${id}`))).status, 404)

    const visitor = new Visitor(platform.port)
    const shown = await visitor.visit(link)
    assert.match(shown.body, /Sign in or create an account/)
    const signInLink = /href="(\/authorize\?[^"]*)"/.exec(shown.body)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const signInPage = await visitor.visit(accounts(signInLink))
    const signUpPath = /href="(\/interaction\/[^"]*\/sign-up)"/.exec(signInPage.body)?.[1] ?? ''
    const sent = await visitor.submit(await visitor.visit(accounts(signUpPath)), {
      email: 'bob@example.org',
      name: 'bob',
      password: PASSWORD,
    })
    assert.equal(sent.status, 200, sent.body)
    const confirmLink = await mailedLink(platform, 'bob@example.org', /https?:\/\/\S+\/confirm\?token=[\w-]+/)
    const confirmed = await visitor.submit(await visitor.visit(confirmLink), {
      token: new URL(confirmLink).searchParams.get('token') ?? '',
    })
    const back = await visitor.submit(confirmed, { email: 'bob@example.org', password: PASSWORD })
    assert.equal(back.url.pathname, '/invitation', back.body.slice(0, 500))
    const joined = await visitor.press(back, /^\/invitation$/)
    assert.match(joined.body, /Welcome! You are a member now/)
    assert.match((await visitor.visit(link)).body, /You are a member already: this invitation has been accepted/)
    assert.equal((await ada.visitor.visit(link)).status, 410, 'to nobody else')

    const bob = { visitor, email: 'bob@example.org' }
    formerMember = bob
    // Signed in at the accounts origin already: the app asks for nothing more.
    await visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
    assert.equal((await api(bob, path)).status, 200)
    assert.equal((await send(bob, `PATCH ${path}`, { title: 'Better plans' })).status, 200)
    assert.equal((await api(eve, path)).status, 404)

    const members = await ada.visitor.visit(accounts(`/account/organisations/${id}`))
    const removed = await ada.visitor.press(members, /\/members\/[0-9a-z]+\/remove$/)
    assert.match(removed.body, /no member any more/)
    assert.equal((await bob.visitor.visit(link)).status, 410)
    await endsWithin(bob, path)
    await renew(bob)
    assert.equal((await api(bob, path)).status, 404)
    assert.equal((await send(bob, `PATCH ${path}`, { title: 'Mine' })).status, 404)
    assert.equal((await bob.visitor.visit(accounts(`/account/organisations/${id}`))).status, 404)
    const leaving = await ada.visitor.press(removed, /\/leave$/)
    assert.equal(leaving.status, 409)
    assert.match(leaving.body, /needs an owner/)
    await until('the webhooks', () => told.some(({ type }) => type === 'organisation.left'))
    assert.deepEqual(told.map(({ type }) => type).toSorted(), [
      'organisation.created',
      'organisation.invited',
      'organisation.joined',
      'organisation.left',
    ])
  })

  test('the app itself lists what a person belongs to, and chooses for which one to act', async () => {
    const listed = await api(ada, '/api/me/organisations')
    assert.equal(listed.status, 200, listed.body)
    const [acme] = JSON.parse(listed.body).items
    assert.deepEqual([acme.name, acme.roles, acme.active], ['Acme', ['owner'], true])
    assert.equal((await send(ada, 'PUT /api/me/organisation', { id: null })).status, 204)
    await endsWithin(ada, '/api/docs')
    await renew(ada)
    assert.deepEqual(JSON.parse((await api(ada, '/api/docs')).body).items, [])
    assert.equal((await send(ada, 'PUT /api/me/organisation', { id: '0'.repeat(26) })).status, 404)
    assert.equal((await send(ada, 'PUT /api/me/organisation', { id: acme.id })).status, 204)
    await endsWithin(ada, '/api/docs')
    await renew(ada)
    assert.equal(JSON.parse((await api(ada, '/api/docs')).body).items.length, 1)
    const foreign = JSON.parse((await redeem(platform, await authorize(platform, ada, { scope: 'openid docs:read organizations' }))).body)
    const headers = { authorization: `Bearer ${foreign.access_token}` }
    assert.equal((await platform.send('diary', { path: '/api/me/organisations', headers })).status, 403)
    assert.equal((await platform.send('diary', { path: '/api/me/organisations' })).status, 401)
  })

  const codesIn = ({ body }: Page): string[] => Array.from(body.matchAll(/<code class="wrap">([^<]*)<\/code>/g), ([, words = '']) => words)
  const tokenFor = (clientId: string, secret: string) =>
    platform.send('accounts', {
      method: 'POST',
      path: '/token',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'docs:read docs:write permissions' }).toString(),
    })

  test('a machine acts for the organisation with a key of its own, and is out within a second', async () => {
    const organisation =
      /href="(\/account\/organisations\/[0-9a-z]+)"/.exec((await ada.visitor.visit(accounts('/account'))).body)?.[1] ?? ''
    const here = await ada.visitor.visit(accounts(organisation))
    const fields = {
      service: 'Nightly export',
      'role-writer': 'on',
      'scope-docs:read': 'on',
      'scope-docs:write': 'on',
      'scope-permissions': 'on',
    }
    const shown = await ada.visitor.press(here, /\/services$/, fields)
    const [clientId = '', secret = ''] = codesIn(shown)
    assert.match(clientId, /^svc-/)
    assert.equal(shown.headers['cache-control'], 'no-store')
    assert.equal((await ada.visitor.visit(accounts(organisation))).body.includes(secret), false, 'shown once')
    const granted = await tokenFor(clientId, secret)
    assert.equal(granted.status, 200, granted.body)
    const token = JSON.parse(granted.body).access_token
    const organisationId = organisation.split('/').at(-1) ?? ''
    assert.equal(claimsOf(token)['sub'], `client:${clientId}`)
    assert.deepEqual(claimsOf(token)['organization'], { id: organisationId, roles: ['writer'], permissions: ['docs:write'] })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const ask = () => platform.send('diary', { path: '/api/docs', headers })
    assert.equal((await ask()).status, 200)
    const body = JSON.stringify({ title: 'Exported', organisationId })
    assert.equal((await platform.send('diary', { method: 'POST', path: '/api/docs', headers, body })).status, 201)
    const elsewhere = JSON.stringify({ title: 'Exported', organisationId: '0'.repeat(26) })
    assert.equal((await platform.send('diary', { method: 'POST', path: '/api/docs', headers, body: elsewhere })).status, 403)
    const removed = await ada.visitor.press(await ada.visitor.visit(accounts(organisation)), /\/services\/svc-[0-9a-z]+\/remove$/)
    assert.match(removed.body, /The service account is removed/)
    const since = Date.now()
    while ((await ask()).status !== 401) assert.ok(Date.now() - since < WITHIN_MS)
    assert.equal((await tokenFor(clientId, secret)).status, 401)
  })

  test('a third party is told of the organisation with the scope, and what roles allow with the other one', async () => {
    assert.equal((await toldOf(ada, 'openid docs:read'))['organization'], undefined)
    const some = Object((await toldOf(ada, 'openid docs:read organizations'))['organization'])
    assert.deepEqual([some.roles, some.permissions], [['owner'], undefined])
    const { organization, permissions } = await toldOf(ada, 'openid docs:read organizations permissions')
    const { id } = Object(organization)
    assert.deepEqual(organization, { id, roles: ['owner'], permissions: ['books:read', 'docs:write'] }, 'as access rules have it')
    assert.equal(permissions, undefined, 'of the whole app she has none')
  })

  test('operators look after organisations and webhooks from the command line', async () => {
    const created = await command('organisations', 'create', 'Borg', 'eve@example.org')
    assert.deepEqual([created.code, created.err], [0, ''])
    const id = created.out.trim()
    assert.equal((await command('organisations', 'set', id, 'bob@example.org', '--add-role', 'writer')).code, 0)
    assert.match((await command('organisations', 'members', id)).out, /bob@example\.org\s+writer/)
    const { organization, permissions } = await toldOf(formerMember, 'openid docs:read organizations permissions')
    assert.deepEqual(organization, { id, roles: ['writer'], permissions: ['docs:write'] })
    assert.equal(permissions, undefined)
    const unknown = await command('account', 'bob@example.org', '--add-role', 'nosuch')
    assert.deepEqual([unknown.code, unknown.out], [1, ''])
    assert.match(unknown.err, /^.*"nosuch": no role of this app, which has writer, auditor\.\n$/)
    const last = await command('organisations', 'remove', id, 'eve@example.org')
    assert.deepEqual([last.code, last.out], [1, ''])
    assert.match(last.err, /needs an owner/)
    const secret = await command('webhooks', 'secret', 'alarms')
    assert.match(secret.out, /^whsec_[\w+/]{43}=\n$/)
    const rotated = await command('webhooks', 'rotate', 'alarms', '--keep-seconds', '0')
    assert.deepEqual([rotated.code, rotated.out], [1, ''])
    assert.match(rotated.err, /^"webhooks rotate" does nothing with --keep-seconds\. Nothing was done\./)
    assert.equal((await command('webhooks', 'secret', 'alarms')).out, secret.out)
    assert.match((await command('webhooks')).out, /alarms\s+http:\/\/127\.0\.0\.1:\d+\/in\s+0\s+0/)
    assert.equal(platform.output().includes(secret.out.trim().slice(6)), false)
  })

  describe('on the page of an organisation', () => {
    let eve: Visitor
    let bob: Visitor
    let borg: Page
    /** Of the organisation that is not theirs. */
    let acme: Page
    let machine: { readonly clientId: string; readonly secret: string }

    const signedIn = async (email: string): Promise<Visitor> => {
      const visitor = new Visitor(platform.port)
      await signIn(platform, { visitor, email })
      return visitor
    }
    const pageOf = async (visitor: Visitor, name: string): Promise<Page> => {
      const { body } = await visitor.visit(accounts('/account'))
      const path = new RegExp(`href="(/account/organisations/[0-9a-z]+)"><strong>${name}<`).exec(body)?.[1] ?? assert.fail(`no ${name}`)
      return visitor.visit(accounts(path))
    }
    const fill = async (visitor: Visitor, page: Page, email: string): Promise<Page> => {
      await visitor.press(page, /\/invitations$/, { email, 'role-writer': 'on' })
      const fields = { service: 'Nightly', 'role-writer': 'on', 'scope-docs:read': 'on' }
      return visitor.press(page, /\/services$/, fields)
    }
    /** Members with their roles, invitations and machines, in the words of the page. */
    const stateOf = async (visitor: Visitor, { url }: Page): Promise<readonly string[]> => {
      const { body } = await visitor.visit(url)
      return Array.from(body.matchAll(/<strong class="wrap">[\s\S]*?<\/li>/g), ([row]) =>
        row.replaceAll(/name="csrf_token" value="[^"]*"|<time[\s\S]*?<\/time>/g, ''),
      )
    }
    const actionIn = ({ body }: Page, action: RegExp): string =>
      formsOf(body).find((form) => action.test(form.action))?.action ?? assert.fail(`no form ${action}`)
    const BOBS = /\/members\/[0-9a-z]+\/roles$/
    /** As somebody sends it who has made the form themselves; with the token of their own session unless told. */
    const post = async (visitor: Visitor, path: string, { csrf = true, fields = {} } = {}): Promise<Page> => {
      const token = formsOf((await visitor.visit(accounts('/account'))).body)[0]?.hidden['csrf_token'] ?? assert.fail('no token')
      return visitor.request(new URL(accounts(path)), {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: platform.origin('accounts'),
          'sec-fetch-site': 'same-origin',
          // By a script: what has not come as far as a page is told in JSON then.
          'sec-fetch-mode': 'cors',
        },
        body: new URLSearchParams(csrf ? { ...fields, csrf_token: token } : fields).toString(),
      })
    }

    before(async () => {
      eve = await signedIn('eve@example.org')
      bob = await signedIn('bob@example.org')
      borg = await pageOf(eve, 'Borg')
      acme = await pageOf(ada.visitor, 'Acme')
      const [clientId = '', secret = ''] = codesIn(await fill(eve, borg, 'carl@example.org'))
      machine = { clientId, secret }
      await fill(ada.visitor, acme, 'dora@example.org')
      borg = await eve.visit(borg.url)
      acme = await ada.visitor.visit(acme.url)
    })

    // Each with what it would change for the worse.
    const forms: readonly (readonly [what: string, action: RegExp, fields: Record<string, string>])[] = [
      ['the roles of a member', BOBS, { 'role-owner': 'on' }],
      ['sending an invitation again', /\/resend$/, {}],
      ['withdrawing an invitation', /\/revoke$/, {}],
      ['the roles of a machine', /\/services\/svc-[0-9a-z]+\/roles$/, {}],
      ['a new secret of a machine', /\/secret$/, {}],
    ]
    for (const [what, action, fields] of forms) {
      test(`${what}: for no member, no owner of another organisation and no page of somebody else`, async () => {
        const before = [await stateOf(eve, borg), await stateOf(ada.visitor, acme)]
        const mails = (await platform.mails('carl@example.org')).length
        const [path, theirs] = [actionIn(borg, action), actionIn(acme, action)]
        const member = await post(bob, path, { fields })
        assert.equal(member.status, 403, member.body)
        assert.match(member.body, /Only owners of the organisation may do this/)
        const stranger = await post(ada.visitor, path, { fields })
        assert.equal(stranger.status, 404, stranger.body)
        assert.doesNotMatch(stranger.body, /Borg/)
        // What belongs to another organisation, at the address of the own one.
        const crossed = await post(eve, theirs.replace(acme.url.pathname, borg.url.pathname), { fields })
        assert.ok(crossed.status === 404 || crossed.status === 410, `${crossed.status} ${crossed.body}`)
        const forged = await post(eve, path, { fields, csrf: false })
        assert.deepEqual([forged.status, JSON.parse(forged.body).code], [403, 'http.csrf'])
        assert.deepEqual([await stateOf(eve, borg), await stateOf(ada.visitor, acme)], before)
        assert.equal((await platform.mails('carl@example.org')).length, mails)
        assert.equal((await tokenFor(machine.clientId, machine.secret)).status, 200, 'the secret is as good as before')
      })
    }

    test('roles of a member are those that are ticked, and the last owner stays one', async () => {
      const bobs = async (): Promise<string> => (await stateOf(eve, borg)).find((row) => row.includes('bob@example.org')) ?? ''
      const own = formsOf(borg.body).filter((form) => BOBS.test(form.action))
      assert.equal(own.length, 2)
      const [, form] = [...(await bobs()).matchAll(/action="([^"]*\/roles)"/g)].at(0) ?? []
      const path = new RegExp(`${form}$`)
      const none = await eve.press(borg, path)
      assert.match(none.body, /The roles are saved/)
      assert.doesNotMatch(await bobs(), / checked>/)
      await eve.press(borg, path, { 'role-writer': 'on', 'role-owner': 'on' })
      assert.match(await bobs(), /name="role-owner" value="on" checked>/)
      assert.match((await pageOf(bob, 'Borg')).body, /\/services"/, 'who owns it is shown what owners do')
      await eve.press(borg, path, { 'role-writer': 'on' })
      assert.match(await bobs(), /name="role-writer" value="on" checked>/)
      const eves = own.find(({ action }) => action !== form)?.action ?? ''
      const last = await eve.press(borg, new RegExp(`${eves}$`))
      assert.equal(last.status, 409)
      assert.match(last.body, /needs an owner/)
    })

    test('an invitation that is sent again has another link, and one that is withdrawn has none', async () => {
      const links = async (): Promise<string[]> => {
        const mails = await platform.mails('carl@example.org')
        return mails.map(({ text }) => /https?:\/\/\S+\/invitation\?token=[\w-]+/.exec(text)?.[0] ?? '')
      }
      const carl = new Visitor(platform.port)
      const status = async (link: string | undefined): Promise<number> => (await carl.visit(link ?? '')).status
      const [first] = await until('the first mail', async () => ((await links()).length === 1 ? links() : undefined))
      assert.equal(await status(first), 200)
      const again = await eve.press(borg, /\/resend$/)
      assert.match(again.body, /The invitation is on its way/)
      const both = await until('the second mail', async () => ((await links()).length === 2 ? links() : undefined))
      const second = both.find((link) => link !== first)
      assert.deepEqual([await status(first), await status(second)], [410, 200])
      const revoked = await eve.press(again, /\/revoke$/)
      assert.match(revoked.body, /The invitation is withdrawn/)
      assert.doesNotMatch(revoked.body, /carl@example\.org/)
      assert.equal(await status(second), 410)
    })

    test('a machine has the roles that are ticked, and a new secret in place of the one before', async () => {
      const rolesNow = async (secret: string): Promise<unknown> => {
        const reply = await tokenFor(machine.clientId, secret)
        assert.equal(reply.status, 200, reply.body)
        return Object(claimsOf(JSON.parse(reply.body).access_token)['organization']).roles
      }
      assert.deepEqual(await rolesNow(machine.secret), ['writer'])
      const saved = await eve.press(borg, /\/services\/svc-[0-9a-z]+\/roles$/)
      assert.match(saved.body, /The roles of the service account are saved/)
      assert.deepEqual(await rolesNow(machine.secret), [])
      await eve.press(borg, /\/services\/svc-[0-9a-z]+\/roles$/, { 'role-writer': 'on' })
      const shown = await eve.press(borg, /\/secret$/, { keep: '0' })
      assert.equal(shown.headers['cache-control'], 'no-store')
      const [clientId, secret = ''] = codesIn(shown)
      assert.equal(clientId, machine.clientId)
      assert.deepEqual(await rolesNow(secret), ['writer'])
      assert.equal((await tokenFor(machine.clientId, machine.secret)).status, 401)
      assert.equal((await eve.visit(borg.url)).body.includes(secret), false, 'shown once')
    })
  })

  test('operators change a machine from its secret to a key, and back, while it works', async () => {
    const { clientId, secret: first } = JSON.parse((await command('services', 'create', 'Changes', '--scope', 'docs:read')).out)
    const works = async (secret: string): Promise<number> => (await tokenFor(clientId, secret)).status
    const file = join(platform.dataDir, 'key.json')
    await writeFile(file, JSON.stringify(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })))
    assert.match((await command('services', 'use-key', clientId)).err, /Give the new public key: --from/)
    assert.match((await command('services', 'use-secret', clientId)).err, /in the other way/)
    const changed = await command('services', 'use-key', clientId, '--from', file, '--keep-seconds', '600')
    assert.deepEqual([changed.code, changed.out], [0, `${clientId} signs with its key from now on.\n`], changed.err)
    assert.match((await command('services')).out, new RegExp(`${clientId}\\s+Changes\\s+.*\\s+key\\s+[\\w-]{22}\\n`))
    assert.equal(await works(first), 200, 'for as long as was said')
    const second = (await command('services', 'use-secret', clientId, '--keep-seconds', '0')).out.trim()
    await until('the new secret to count', async () => (await works(second)) === 200)
    assert.equal(await works(first), 401)
  })

  test('a command for a new secret that is given twice says so, and tells what works still', async () => {
    const { clientId, secret: first, credential } = JSON.parse((await command('services', 'create', 'Twice', '--scope', 'docs:read')).out)
    const give = async (...options: string[]) => command('services', 'renew-secret', clientId, ...options)
    const renewed = await give('--replacing', credential)
    assert.match(renewed.out, /^[\w-]{43}\n$/, 'a script takes it as it is')
    assert.match(
      renewed.err,
      new RegExp(`^${clientId}: .* had until now is good until \\d{4}-.*Z; what it had before that is good no more\\.$`, 'm'),
    )
    const again = await give('--replacing', credential)
    assert.deepEqual([again.code, again.out], [1, ''])
    assert.match(again.err, /^Nothing was changed: .* has another secret or key than the one to be replaced, since \d{4}-/m)
    for (const good of [first, renewed.out.trim()]) assert.equal((await tokenFor(clientId, good)).status, 200)
    const instead = await give('--unseen')
    assert.match(
      instead.err,
      new RegExp(`^${clientId}: .* had until now is good no more; what it had before that goes on until its time\\.$`, 'm'),
    )
    for (const [secret, status] of [
      [first, 200],
      [renewed.out.trim(), 401],
      [instead.out.trim(), 200],
    ] as const)
      await until('the new secret to count alone', async () => (await tokenFor(clientId, secret)).status === status)
    // Without it each replaces what is there: as if the one had been given after the other.
    const both = await Promise.all([give(), give('--keep-seconds', '0')])
    const working = both.map(async ({ code, out }) => [code, (await tokenFor(clientId, out.trim())).status])
    const outcome = JSON.stringify(await Promise.all(working))
    assert.ok(['[[0,200],[0,200]]', '[[0,401],[0,200]]', '[[0,200],[0,401]]'].includes(outcome), outcome)
  })

  test('requirement 32: a machine that is left to a blocked owner is out', async () => {
    for (const name of ['gil', 'hal']) await signUp(platform, `${name}@example.org`)
    const id = (await command('organisations', 'create', 'Hands', 'gil@example.org')).out.trim()
    assert.equal((await command('organisations', 'set', id, 'hal@example.org', '--add-role', 'owner')).code, 0)
    const { clientId, secret } = JSON.parse((await command('services', 'create', 'Nightly', id, '--scope', 'docs:read')).out)
    const granted = await tokenFor(clientId, secret)
    const headers = { authorization: `Bearer ${JSON.parse(granted.body).access_token}` }
    const status = async (): Promise<number> => (await platform.send('diary', { path: '/api/docs', headers })).status
    assert.equal((await command('account', 'gil@example.org', '--suspend')).code, 0)
    assert.equal(await status(), 200, 'another owner answers for it')
    assert.equal((await command('organisations', 'remove', id, 'hal@example.org')).code, 0)
    await until('its token to be refused', async () => (await status()) === 401)
    assert.equal(JSON.parse((await tokenFor(clientId, secret)).body).error, 'invalid_client')
  })
})
