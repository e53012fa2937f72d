import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appProblems } from './app-check.ts'
import { z } from './kernel/schema.ts'

const notes = {
  name: 'notes',
  schema: z.strictObject({ text: z.string() }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: ['list', 'get'] }],
  scopes: { read: 'notes:read', write: 'notes:write' },
}
const page = { name: 'notes', title: 'Notes', mode: 'cookie', scopes: ['notes:read'], folder: 'dist' }
const app = { name: 'Notes', scopes: { 'notes:read': 'read your notes' }, resources: [notes], frontends: [page] }

test('a whole definition has no problems', () => {
  assert.deepEqual(appProblems(app), [])
  assert.deepEqual(appProblems({ ...app, buckets: [], clients: [], jobs: [] }), [])
})

test('every slip is named by its place, all at once', () => {
  const wrong = {
    ...app,
    name: '',
    resources: [{ ...notes, access: [{ who: 'everyone', may: ['read'] }], schema: { text: 'string' } }],
    frontends: [{ ...page, mode: 'cookies', titel: 'Notes' }],
    client: [],
  }
  const places = appProblems(wrong).map((problem) => problem.split(':')[0])
  assert.deepEqual(places.toSorted(), [
    'client',
    'frontends.0.mode',
    'frontends.0.titel',
    'name',
    'resources.0.access.0.may.0',
    'resources.0.access.0.who',
    'resources.0.schema',
  ])
})

test('what is no definition at all is refused', () => {
  for (const value of [undefined, null, 7, 'app', []]) assert.equal(appProblems(value).length, 1)
})

test('what belongs into auth and stands beside it is told where it belongs', () => {
  assert.deepEqual(appProblems({ ...app, theme: {}, themes: {} }), [
    'theme: Unknown field here; it belongs into auth: { theme: ... }',
    'themes: Unknown field',
  ])
  assert.deepEqual(appProblems({ ...app, clients: [7] }).length, 1)
})

test('without a frontend, the pages must be told where they lead back to', () => {
  const problem = 'auth.home: needs the address of your product: there is no frontend that the pages could lead back to'
  assert.deepEqual(appProblems({ ...app, frontends: [] }), [problem])
  assert.deepEqual(appProblems({ ...app, frontends: [], auth: { home: 'https://shop.example/' } }), [])
  const other = appProblems({ ...app, frontends: [], auth: { home: 'javascript:alert(1)' } })
  assert.deepEqual(other, ['auth.home: must be an address that begins with https: or http:'])
})

test('a name that nobody can have as a role would ask nobody for a second factor, so it is a slip', () => {
  const forcing = (roles: readonly string[], more: object = {}): string[] =>
    appProblems({ ...app, auth: { secondFactor: { roles }, ...more } })
  assert.deepEqual(forcing(['admin', 'owner']), [], 'operators give whatever roles they like where the app lists none')
  assert.match(
    forcing(['admin', 'Admin']).join(),
    /^auth\.secondFactor\.roles\.1: "Admin" cannot be a role: use up to 63 lower-case letters/,
  )
  const roles = { admin: { permissions: [] } }
  assert.deepEqual(forcing(['admin'], { roles }), [])
  const missing = (role: string): string =>
    `auth.secondFactor.roles.0: "${role}" is none of "roles", so it would ask nobody for a second factor`
  assert.deepEqual(forcing(['editor'], { roles }), [missing('editor')])
  assert.deepEqual(forcing(['owner'], { roles }), [missing('owner')])
  assert.deepEqual(forcing(['owner'], { roles, organisations: {} }), [])
})

test('what owners may give to their service accounts are scopes of the app', () => {
  const offering = (...scopes: string[]): string[] => appProblems({ ...app, auth: { organisations: { services: { scopes } } } })
  assert.deepEqual(offering(), [])
  assert.deepEqual(offering(...Object.keys(app.scopes)), [])
  const services = { scopes: ['orders:read'] }
  const resources = [{ audience: 'https://shop.example/api', scopes: { 'orders:read': 'see your orders' } }]
  assert.deepEqual(appProblems({ ...app, auth: { organisations: { services }, resources } }), [])
  assert.deepEqual(offering('nothing:read', 'toString'), [
    'auth.organisations.services.scopes.0: is no scope of the app; name it in scopes, or among those of a resource in auth.resources',
    'auth.organisations.services.scopes.1: is no scope of the app; name it in scopes, or among those of a resource in auth.resources',
  ])
})

test('mails in own words are checked before anybody waits for one, and in a language that nobody can choose they are a slip', () => {
  const mails = { en: { mails: { 'reset-password': { body: ['Hello {nobody}'] } } } }
  assert.deepEqual(appProblems({ ...app, auth: { mails } }), [
    'auth.mails.en.mails.reset-password.body.0: nothing fills {nobody} in this mail; there is {name}, {minutes}, {product}',
    'auth.mails.en.mails.reset-password.body: lacks {link}, without which the mail is of no use',
  ])
  const fr = { mails: { 'password-changed': { subject: 'Mot de passe' } } }
  assert.deepEqual(appProblems({ ...app, auth: { mails: { fr } } }), ['auth.mails.fr: nobody can choose this language; there is en, de'])
  const texts = { 'fr-CA': { languageName: 'Fran\u00e7ais' } }
  assert.deepEqual(appProblems({ ...app, auth: { mails: { fr }, texts, languages: ['fr-CA'] } }), [])
})

test('a language is offered when there are page texts in it, and a name that it is chosen by', () => {
  const offering = (languages: readonly string[] | undefined, texts?: object, mails?: object): string[] =>
    appProblems({ ...app, auth: { ...(languages && { languages }), ...(texts && { texts }), ...(mails && { mails }) } })
  const without = (tag: string): string =>
    `the accounts pages have no texts in this language: give them by auth.texts["${tag}"], with its languageName, or leave it out`
  const fr = { languageName: 'Fran\u00e7ais', signIn: { title: 'Se connecter' } }
  assert.deepEqual(offering(['en', 'fr', 'xx']), [`auth.languages.1: ${without('fr')}`, `auth.languages.2: ${without('xx')}`])
  assert.deepEqual(offering(['en', 'fr'], undefined, { fr: { mails: { 'password-changed': { subject: 'Mot de passe' } } } }), [
    `auth.languages.1: ${without('fr')}`,
  ])
  assert.deepEqual(offering(['fr-CA'], { fr }), [`auth.languages.0: ${without('fr-CA')}`], 'these texts are not what it would say')
  const nameless = { signIn: { title: 'Se connecter' } }
  const unnamed = ['auth.texts.fr.languageName: is needed: people choose this language by its name']
  assert.deepEqual(offering(['en', 'fr'], { fr: nameless }), unnamed)
  assert.deepEqual(offering(undefined, { fr: nameless }), unnamed, 'what has texts is offered unless told')
  assert.deepEqual(offering(['en'], { fr: nameless }), [])
  assert.deepEqual(offering(['en', 'fr', 'de-AT', 'en-GB'], { fr }), [])
  assert.deepEqual(offering(undefined, { 'pt-BR': { languageName: 'Portugu\u00eas' }, de: nameless }), [])
})

test('a challenge of the app has a field of its own, and never gets what another one holds', () => {
  const challenge = { render: () => '', verify: async () => true }
  const checked = (field: string): string[] => appProblems({ ...app, auth: { challenge: { ...challenge, field } } })
  assert.deepEqual(checked('h-captcha-response'), [])
  for (const field of ['password', 'email', 'csrf_token', 'puzzle_answer'])
    assert.deepEqual(checked(field), ['auth.challenge.field: is a field of our own forms: name the one that your widget fills'], field)
})

test('a challenge of the app names exact https origins, or it does not start', () => {
  const challenge = { field: 'captcha', render: () => '', verify: async () => true }
  const checked = (sources: unknown): string[] => appProblems({ ...app, auth: { challenge: { ...challenge, sources } } })
  const good = ['https://challenges.example', 'https://api.challenges.example:8443']
  assert.deepEqual(checked({ scriptSrc: good, frameSrc: good, connectSrc: good }), [])
  assert.deepEqual(checked({ styleSrc: good }).length, 1)
  for (const wrong of [
    'http://challenges.example',
    'https://challenges.example/',
    'https://challenges.example/widget',
    'https://*.challenges.example',
    'https://challenges.example:443',
    "https://challenges.example; script-src 'unsafe-inline'",
    'https:',
    '*',
    'data:',
    '',
  ])
    assert.deepEqual(
      checked({ frameSrc: [wrong] }),
      ['auth.challenge.sources.frameSrc.0: must be an https origin like https://challenges.example, without a path'],
      wrong,
    )
})

test('a route is told how it is made a resource by itself', () => {
  const problemsOf = (protectedResource: unknown): string[] => {
    const allow = { who: 'user', scope: 'notes:read' }
    const route = { method: 'POST', path: '/api/notes/mcp', summary: 'x', allow, answers: { 200: z.unknown() }, handle: () => undefined }
    return appProblems({ ...app, resources: [{ ...notes, routes: [{ ...route, protectedResource }] }] })
  }
  for (const good of [true, {}, { scopes: ['notes:read'], name: 'Notes' }]) assert.deepEqual(problemsOf(good), [])
  for (const wrong of [false, 'yes', { scopes: 'notes:read' }])
    assert.match(problemsOf(wrong).join(), /^resources\.0\.routes\.0\.protectedResource: must be true, or \{ scopes/)
  assert.match(problemsOf({ scope: ['notes:read'] }).join(), /protectedResource\.scope: Unknown field/)
})
