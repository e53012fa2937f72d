// What owners of an organisation see and do of its service accounts, on its page.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { callAs } from '#kernel/call.ts'
import { type AccountsWorld, call, openAccounts, type Visited } from '../support/accounts.ts'

const asked = callAs(call, { kind: 'anonymous' })
const GERMAN = { '__Host-Http-language': 'de' }
const keyText = (): string => JSON.stringify(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }))

describe('service accounts on the page of an organisation', () => {
  let world: AccountsWorld
  let path: string
  let owner: { accountId: string; organisationId: string }

  before(async () => {
    const definition = { roles: { editor: { permissions: [] } }, organisations: { roles: ['editor'] } }
    world = await openAccounts({ definition })
    const { accountId } = await world.person({ email: 'ada@example.org' })
    const { id: organisationId } = await world.organisations.organisations.create(asked, { name: 'Acme', accountId })
    owner = { accountId, organisationId }
    path = `/account/organisations/${organisationId}`
    signIn(0)
  })
  after(() => world.stop())

  const signIn = (ago: number): void => {
    const signedInAt = world.clock.now() - ago
    const session = { id: 'here', accountId: owner.accountId, signedInAt, lastUsedAt: signedInAt, device: 'Firefox on Linux' }
    world.engine.sessionList.splice(0, 9, session)
    world.engine.signedInAs = owner.accountId
  }
  /** As the page has it that was opened first. */
  const presentOf = async (clientId: string): Promise<string> =>
    (await list()).find((each) => each.clientId === clientId)?.credential ?? assert.fail(clientId)
  const post = (what: string, form: Record<string, string> = {}): Promise<Visited> => world.visit({ path: `${path}/${what}`, form })
  const services = () => world.running.serviceAccounts.services
  const list = async () => services().list(asked, await services().ownerOf(asked, owner))
  const make = async (key?: string): Promise<string> =>
    (await services().create(asked, await services().ownerOf(asked, owner), { name: 'Nightly', roles: [], scopes: [], key })).service
      .clientId
  const formsOf = (text: string, clientId: string): string[] =>
    [...text.matchAll(new RegExp(`action="${path}/services/${clientId}/([a-z-]+)"`, 'g'))].map(([, name]) => name ?? '')

  test('one that has a secret can be changed to a key and back, with what it had before for as long as is chosen', async () => {
    const clientId = await make()
    const shown = async (): Promise<string> => (await world.visit({ path })).text
    const replacing = await presentOf(clientId)
    const before = await shown()
    assert.deepEqual(formsOf(before, clientId), ['roles', 'scopes', 'secret', 'use-key', 'remove'])
    assert.match(before, /has a secret/)
    const wrong = await post(`services/${clientId}/use-key`, { nextKey: 'none', of: clientId, keep: '3600', replacing })
    assert.equal(wrong.status, 422)
    assert.match(wrong.text, /<details open><summary>Change to a key<\/summary>/)
    assert.match(wrong.text, new RegExp(`id="key-${clientId}"[^>]* aria-invalid="true"[^>]*>none</textarea>`), 'what was typed is not lost')
    assert.equal((await list())[0]?.authentication, 'secret')

    const changed = await post(`services/${clientId}/use-key`, { nextKey: keyText(), of: clientId, keep: '86400', replacing })
    assert.equal(changed.headers?.['location'], `${path}?done=service-key`)
    const between = await shown()
    assert.deepEqual(formsOf(between, clientId), ['roles', 'scopes', 'key', 'use-secret', 'end-earlier', 'remove'])
    assert.match(between, /signs with its key/)
    assert.match(between, /What it had before is good until/)
    assert.equal((await list())[0]?.earlierUntil, world.clock.now() + 86_400_000)
    const twice = await post(`services/${clientId}/use-key`, { nextKey: keyText(), of: clientId, keep: '0', replacing })
    assert.equal(twice.status, 409)
    assert.match(twice.text, /Nothing was changed: Nightly has another secret or key by now/)
    const now = { replacing: await presentOf(clientId) }
    const other = await post(`services/${clientId}/use-key`, { nextKey: keyText(), of: clientId, keep: '0', ...now })
    assert.equal(other.status, 409)
    assert.match(other.text, /It proves itself in another way by now/)

    const back = await post(`services/${clientId}/use-secret`, { keep: '0', ...now })
    assert.equal(back.status, 200)
    assert.match(back.text, /<code class="wrap">[\w-]{43}<\/code>/)
    assert.match(back.text, /The secret of the service account/)
    assert.deepEqual(formsOf(await shown(), clientId), ['roles', 'scopes', 'secret', 'use-key', 'remove'])
    assert.match((await world.visit({ path, cookies: GERMAN })).text, /Auf einen Schl\u00fcssel umstellen/)

    signIn(11 * 60_000)
    for (const [what, form] of [
      ['use-key', { nextKey: keyText(), of: clientId }],
      ['use-secret', {}],
    ] as const)
      assert.match(String((await post(`services/${clientId}/${what}`, form)).headers?.['location']), /^\/authorize\?.*&again$/, what)
    assert.equal((await list())[0]?.authentication, 'secret')
    signIn(0)
  })

  test('a second press on the same page makes no second secret, and says what the first one did', async () => {
    const made = await services().create(asked, await services().ownerOf(asked, owner), { name: 'Pressed', roles: [], scopes: [] })
    const { clientId } = made.service
    const marks = (text: string): string[] => {
      const [, form = ''] = new RegExp(`action="${path}/services/${clientId}/secret"(.*?)</form>`, 's').exec(text) ?? []
      return [...form.matchAll(/name="replacing" value="([^"]*)"/g)].map(([, mark = '']) => mark)
    }
    const [replacing = assert.fail()] = marks((await world.visit({ path })).text)
    const secretIn = (text: string): boolean => /<code class="wrap">[\w-]{43}<\/code>/.test(text)
    const press = async (cookies = {}): Promise<Visited> =>
      world.visit({ path: `${path}/services/${clientId}/secret`, form: { keep: '86400', replacing }, cookies })
    const first = await press()
    assert.deepEqual([first.status, secretIn(first.text)], [200, true])
    const after = (await list()).find((each) => each.clientId === clientId)
    const until = world.clock.now() + 86_400_000
    for (const [cookies, words] of [
      [{}, [/Nothing was changed: Pressed has another/, /from you: perhaps the button was pressed twice/, /had before is good until/]],
      [
        GERMAN,
        [/Es wurde nichts ge\u00e4ndert: Pressed hat/, /von Ihnen: Vielleicht wurde zweimal gedr\u00fcckt/, /vorher hatte, gilt bis/],
      ],
    ] as const) {
      const again = await press(cookies)
      assert.deepEqual([again.status, secretIn(again.text)], [409, false])
      for (const said of words) assert.match(again.text, said)
      assert.match(
        again.text,
        new RegExp(`<details open><summary>[^<]*</summary><form[^>]*/${clientId}/secret"`),
        'the form for another one',
      )
      assert.deepEqual(marks(again.text), [after?.credential])
      assert.match(again.text, /<option value="86400" selected>/)
    }
    assert.deepEqual(
      (await list()).find((each) => each.clientId === clientId),
      after,
    )
    assert.equal(after?.earlierUntil, until, 'what is deployed goes on')
    const unseen = /<option value="unseen">no longer: it got lost<\/option>/
    assert.match((await world.visit({ path })).text, unseen)
    const instead = await post(`services/${clientId}/secret`, { keep: 'unseen', replacing: after?.credential ?? '' })
    assert.deepEqual([instead.status, secretIn(instead.text)], [200, true], 'the answer was lost')
    assert.equal((await list()).find((each) => each.clientId === clientId)?.earlierUntil, until)
    const unmarked = await post(`services/${clientId}/secret`, { keep: '0' })
    assert.deepEqual([unmarked.status, secretIn(unmarked.text)], [409, false], 'a form of before')
    for (const keep of [' ', '-1', '1e3', '0x10', '2592001'])
      await assert.rejects(post(`services/${clientId}/secret`, { keep }), { name: 'ZodError' }, keep)
    assert.equal((await post(`services/${clientId}/secret`, { keep: '', replacing: await presentOf(clientId) })).status, 200)
    const hour = world.clock.now() + 3_600_000
    assert.equal((await list()).find((each) => each.clientId === clientId)?.earlierUntil, hour, 'who says nothing gets the usual time')
    const wanted = await post(`services/${clientId}/secret`, { keep: '0', replacing: await presentOf(clientId) })
    assert.deepEqual([wanted.status, secretIn(wanted.text)], [200, true])
    assert.equal((await list()).find((each) => each.clientId === clientId)?.earlierUntil, undefined)

    assert.doesNotMatch((await world.visit({ path })).text, unseen, 'nothing is before it')
    const none = await post(`services/${clientId}/secret`, { keep: 'unseen', replacing: await presentOf(clientId) })
    assert.equal(none.status, 422)
    assert.match(none.text, /<p class="problem" id="keep-secret-[^"]*">It has nothing from before that is still good\.<\/p>/)
    const system = await presentOf(clientId)
    await world.running.serviceAccounts.desk.renewSecret(call, clientId)
    const overtaken = await post(`services/${clientId}/secret`, { replacing: system })
    assert.match(overtaken.text, /It got that on [^<]* UTC\./, 'somebody else has')
    assert.doesNotMatch(overtaken.text, /from you/)
  })

  test('who has no time left to fill a form proves first who they are, so nothing that was typed is lost', async () => {
    const clientId = await make()
    const fillable = (text: string): string[] =>
      ['invitations', 'services', `services/${clientId}/use-key`, `services/${clientId}/scopes`, `members/${owner.accountId}/roles`].filter(
        (action) => text.includes(`action="${path}/${action}"`),
      )
    const all = fillable((await world.visit({ path })).text)
    assert.equal(all.length, 5)
    signIn(4 * 60_000)
    assert.deepEqual(fillable((await world.visit({ path })).text), all, 'minutes are left')
    for (const ago of [6, 11]) {
      signIn(ago * 60_000)
      const { text } = await world.visit({ path })
      assert.deepEqual(fillable(text), [])
      for (const section of ['members', 'invitations', 'services']) {
        const back = encodeURIComponent(`${path}#${section}`)
        assert.ok(text.includes(`href="/authorize?return_to=${back}&amp;again">Show that it is me</a>`), section)
      }
      assert.match((await world.visit({ path, cookies: GERMAN })).text, /Zeigen, dass ich es bin/)
    }
    signIn(6 * 60_000)
    const wrong = await post('invitations', { email: 'nobody' })
    assert.equal(wrong.status, 422)
    assert.match(wrong.text, /name="email"[^>]* value="nobody"/, 'a form that has been filled stays')
    signIn(0)
  })

  test('one that is made with a key has no secret to keep', async () => {
    const { text } = await post('services', { service: 'Signs', key: keyText() })
    assert.match(text, /<h1[^>]*>The service account is there<\/h1>/)
    assert.doesNotMatch(text, /[Ss]ecret/)
  })

  test('whoever names nothing is asked for a name, and not how they would like to be called', async () => {
    const unnamed = async (at: string, form: Record<string, string>): Promise<string[]> => {
      const words: string[] = []
      for (const cookies of [{}, GERMAN]) {
        const { status, text } = await world.visit({ path: at, form, cookies })
        assert.equal(status, 422)
        words.push(...[...text.matchAll(/<p class="problem"[^>]*>([^<]+)<\/p>/g)].map(([, said]) => said ?? ''))
      }
      return words
    }
    const asks = ['Please give it a name.', 'Bitte geben Sie einen Namen an.']
    assert.deepEqual(await unnamed(`${path}/services`, { service: ' ' }), asks)
    assert.deepEqual(await unnamed(`${path}/name`, { name: '' }), asks)
    assert.deepEqual(await unnamed('/account/organisations', { organisation: '' }), asks)
    assert.deepEqual(await unnamed('/account/name', { name: '' }), [
      'Please say how you would like to be called.',
      'Bitte sagen Sie, wie Sie genannt werden m\u00f6chten.',
    ])
  })
})
