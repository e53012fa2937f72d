// What operators give members and service accounts of organisations from the command line, one by one and beside what there is; and what owners may not give.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ninefold, type Ran } from '../support/command.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'
import { formsOf, type Page } from '../support/visitor.ts'

const config = 'test/fixtures/organisations/ninefold.config.ts'

describe('organisations and their machines from the command line', () => {
  let platform: PlatformProcess
  let ada: Person
  /** Of an organisation that ada alone owns. */
  let id: string

  before(async () => {
    platform = await startPlatform({ config })
    ada = await signUp(platform, 'ada@example.org')
    for (const name of ['bob', 'eve']) await signUp(platform, `${name}@example.org`)
    id = (await command('organisations', 'create', 'Acme', 'ada@example.org')).out.trim()
  })
  after(() => platform.stop({ remove: true }))

  const command = (...words: string[]): Promise<Ran> =>
    ninefold([...words, '--data-dir', platform.dataDir, '--port', String(platform.port), '--log-level', 'error'], {
      environment: scenarioEnvironment(platform.dataDir),
      config,
    })
  const done = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await command(...words)
    assert.equal(code, 0, err)
    return out.trim()
  }
  const refused = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await command(...words)
    assert.deepEqual([code, out], [1, ''], err)
    return err
  }

  test('roles of a member are added to those that there are, and taken from them', async () => {
    const set = (who: string, ...options: string[]) => ['organisations', 'set', id, `${who}@example.org`, ...options] as const
    assert.equal(await done(...set('bob', '--add-role', 'writer')), 'bob@example.org: writer')
    assert.equal(await done(...set('bob', '--add-role', 'auditor')), 'bob@example.org: writer, auditor')
    assert.equal(await done(...set('bob', '--remove-role', 'writer')), 'bob@example.org: auditor')
    assert.equal(await done(...set('bob')), 'bob@example.org: auditor', 'without an option nothing changes')
    assert.equal(await done(...set('ada', '--add-role', 'writer')), 'ada@example.org: owner, writer', 'the only owner stays one')
    assert.match(await refused(...set('ada', '--remove-role', 'owner')), /needs an owner/)
    assert.match(await refused(...set('bob', '--remove-role', 'wriiter')), /role/)
    assert.match(await refused(...set('eve', '--remove-role', 'writer')), /eve@example\.org is no member/)
    assert.match(await refused(...set('bob', '--add-group', 'team')), /"organisations set" does nothing with --add-group/)
    assert.match(await refused(...set('bob', '--scope', 'docs:read')), /does nothing with --scope/)
    assert.match(await refused('organisations', 'remove', id, 'bob@example.org', '--remove-role', 'auditor'), /nothing with --remove-role/)
    assert.match(await refused('organisations', 'members', id, '--without-owner'), /nothing with --without-owner/)
    const members = await done('organisations', 'members', id)
    assert.match(members, /bob@example\.org\s+auditor$/m)
    assert.doesNotMatch(members, /eve@/)
    assert.equal(await done(...set('eve')), 'eve@example.org: member')
  })

  test('so are those of a machine, of the platform and of an organisation', async () => {
    for (const where of [[], [id]]) {
      const { clientId } = JSON.parse(await done('services', 'create', 'Nightly', ...where, '--add-role', 'writer'))
      const roles = (...options: string[]): Promise<string> => done('services', 'roles', clientId, ...options)
      assert.equal(await roles('--add-role', 'auditor'), `${clientId}: writer, auditor`)
      assert.equal(await roles('--remove-role', 'writer'), `${clientId}: auditor`)
      assert.equal(await roles('--remove-role', 'auditor'), `${clientId}: no roles`)
    }
    assert.match(await refused('services', 'roles', 'svc-1', '--scope', 'docs:read'), /does nothing with --scope/)
    assert.match(await refused('services', 'scopes', 'svc-1', '--scope', 'docs:read', '--add-role', 'writer'), /with --add-role/)
    assert.match(await refused('services', 'remove', 'svc-1', '--keep-seconds', '5'), /with --keep-seconds/)
  })

  test('who ends one is told when it is taken apart, whether a platform runs or not', async () => {
    const ended = await done('organisations', 'create', 'Short', 'eve@example.org')
    assert.equal(await done('organisations', 'end', ended), 'It has ended. It is taken apart as soon as a platform runs on this data.')
    assert.match(await refused('organisations', 'end', ended), /There is no organisation with the id/)
  })

  test('whoever gives the name of an organisation is told that its id is meant', async () => {
    for (const words of [
      ['services', 'create', 'Nightly', 'Acme'],
      ['services', 'list', 'Acme'],
      ['organisations', 'members', 'Acme'],
      ['organisations', 'set', 'Acme', 'bob@example.org', '--add-role', 'writer'],
    ])
      assert.match(await refused(...words), /There is no organisation with this id\. Give the id/)
  })

  test('owners give the scopes of the frontends on their page, and what an operator has given they take away', async () => {
    await signIn(platform, ada)
    await session(platform, ada.visitor)
    const address = `${platform.origin('accounts')}/account/organisations/${id}`
    const page = (): Promise<Page> => ada.visitor.visit(address)
    const fields = { service: 'Purges', 'scope-docs:read': 'on' }
    const forge = async (path: string, more: Record<string, string>): Promise<Page> => {
      const csrf = formsOf((await page()).body)[0]?.hidden['csrf_token'] ?? ''
      return ada.visitor.request(new URL(`${address}/services${path}`), {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: platform.origin('accounts'),
          'sec-fetch-site': 'same-origin',
        },
        body: new URLSearchParams({ ...more, 'scope-docs:purge': 'on', csrf_token: csrf }).toString(),
      })
    }
    assert.match((await page()).body, /name="scope-docs:write"/)
    assert.match((await page()).body, /see what its roles allow/)
    assert.doesNotMatch((await page()).body, /docs:purge/)
    assert.equal((await forge('', { ...fields, key: '' })).status, 422)
    assert.doesNotMatch((await page()).body, /<strong class="wrap">Purges/)
    const [clientId = ''] = /svc-[0-9a-z]+/.exec((await ada.visitor.press(await page(), /\/services$/, fields)).body) ?? []
    const wanted = new RegExp(`/services/${clientId}/scopes$`)
    assert.equal((await forge(`/${clientId}/scopes`, { 'scope-docs:read': 'on' })).status, 422)

    await done('services', 'scopes', clientId, '--scope', 'docs:read docs:purge')
    assert.match((await page()).body, new RegExp(`id="scope-${clientId}-docs:purge"[^>]* checked>`))
    await ada.visitor.press(await page(), wanted, { 'scope-docs:read': 'on' })
    assert.doesNotMatch((await page()).body, /docs:purge/)
    assert.match(await done('services', 'list', id), new RegExp(`${clientId}\\s+Purges\\s+docs:read\\s+secret`))
  })
})
