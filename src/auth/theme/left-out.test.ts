// Refusals, good news and the way to an account are on the page whatever a template makes of it, and no page has them twice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Html, html } from '#kernel/html.ts'
import { templateV1 } from '../../../test/fixtures/template-v1.ts'
import type { Interaction } from '../engine.ts'
import { accountPage } from '../pages/account-page.ts'
import { consentPage } from '../pages/consent-page.ts'
import { devicePage } from '../pages/device-page.ts'
import { errorPage } from '../pages/engine-pages.ts'
import type { Skin } from '../pages/layout.ts'
import { signInPage } from '../pages/sign-in-page.ts'
import { signUpPage } from '../pages/sign-up-page.ts'
import { en } from '../texts/en.ts'
import type { PageViewV1, ThemeDefinition } from './contract.ts'
import { createLooks } from './looks.ts'

/** Made of the members that came later. */
function laidOut({ details, parts }: PageViewV1): Html {
  if (details.page === 'sign-in')
    return html`<main id="content">${details.lead}${details.messages}${details.methods.map(({ body }) => body)}<hr>${details.signUp}</main>`
  if (details.page === 'account')
    return html`<main id="content">${details.messages}${details.sections.map(({ heading, body }) => html`<h2>${heading}</h2>${body}`)}</main>`
  return parts.main
}

const ready = ({ parts }: PageViewV1): Html => html`<div class="mine">${parts.main}</div>`

/** Asks for neither, and has a link of its own. */
const linked = ({ details, parts }: PageViewV1): Html =>
  details.page === 'sign-in' ? html`<p>No account? <a class="mine" href='/sign-up?ui_locales=en'>Get one</a></p>` : parts.main

const TEMPLATES: Readonly<Record<string, ThemeDefinition>> = {
  'the built-in pages': {},
  'a template of before': { template: templateV1 },
  'a template that asks for messages': { template: { version: 1, body: laidOut } },
  'a template of ready-made parts': { template: { version: 1, body: ready } },
}

function skinWith(theme: ThemeDefinition): Skin {
  const looks = createLooks(theme, ({ error }) => assert.ifError(error))
  return { productName: 'Pixel', home: 'http://app.test/', nonce: 'NONCE', texts: en, looks, language: 'en', languages: [] }
}

const client = { clientId: 'shop', name: 'Shop', host: 'shop.example', redirectOrigin: 'https://shop.example', firstParty: false }
const interaction: Interaction = { uid: 'u1', prompt: 'login', scopes: [], client }

function signIn(skin: Skin, state: { problem?: string; confirmed?: boolean; signUpOpen?: boolean; present?: string } = {}): string {
  const { problem, confirmed = false, signUpOpen = true, present } = state
  const view = { skin, interaction, present, csrfToken: 'c', confirmed, signUpOpen, state: problem === undefined ? {} : { problem } }
  return signInPage({ ...view, parts: [{ id: 'password', body: html`<form>the form</form>` }] }).toString()
}

function account(skin: Skin, state: { problem?: string; done?: string } = {}): string {
  const sections = [{ id: 'password', heading: 'Password', body: html`<form>the form</form>` }]
  const { problem, done } = state
  return accountPage(skin, {
    person: { name: 'Ada' },
    csrfToken: 'c',
    sections,
    done,
    state: problem === undefined ? {} : { problem },
  }).toString()
}

const times = (page: string, words: string): number => page.split(words).length - 1

for (const [what, theme] of Object.entries(TEMPLATES)) {
  const skin = skinWith(theme)

  test(`${what}: a refusal, good news and the way to an account are on the sign-in page, once`, () => {
    const plain = signIn(skin)
    assert.equal(times(plain, 'role="alert"') + times(plain, 'role="status"'), 0)
    assert.equal(times(plain, 'href="/interaction/u1/sign-up"'), 1)
    assert.equal(times(plain, `>${en.signIn.createAccount}</a>`), 1)
    const refused = signIn(skin, { problem: en.signIn.refused })
    assert.equal(times(refused, `role="alert">${en.signIn.refused}</div>`), 1)
    assert.equal(times(refused, en.signIn.refused), 1)
    const both = signIn(skin, { problem: en.signIn.refused, confirmed: true })
    assert.equal(times(both, `role="status">${en.signIn.confirmed}</div>`), 1)
    assert.equal(times(both, en.signIn.refused), 1)
    assert.equal(times(both, 'the form'), 1)
    assert.doesNotMatch(signIn(skin, { signUpOpen: false }), /\/sign-up/)
  })

  test(`${what}: what was refused and what is done is on the account page, once`, () => {
    assert.doesNotMatch(account(skin), /role="(?:alert|status)"/)
    for (const shown of [account(skin, { problem: 'Not this one.', done: 'Saved.' }), account(skin, { problem: 'Not this one.' })])
      assert.equal(times(shown, 'role="alert">Not this one.</div>'), 1)
    const done = account(skin, { done: 'Saved.' })
    assert.equal(times(done, 'role="status">Saved.</div>'), 1)
    assert.equal(times(done, 'Saved.'), 1)
  })

  test(`${what}: every other page says what it has to say once`, () => {
    const asked: Interaction = { ...interaction, prompt: 'consent', client: { ...client, host: 'localhost:3000', isUnknown: true } }
    const consent = consentPage(skin, {
      interaction: asked,
      person: { name: 'Ada', email: 'ada@x.test' },
      csrfToken: 'c',
      now: 0,
    }).toString()
    assert.equal(times(consent, en.consent.local), 1)
    assert.equal(times(consent, 'action="/interaction/u1/consent"'), 1)
    const device = devicePage(skin, { action: '/device', xsrf: 'x', code: '', problem: 'unknown' }).toString()
    assert.equal(times(device, `role="alert">${en.device.problems.unknown}`), 1)
    const signUp = { action: '/sign-up', signInPath: '/account', csrfToken: 'c', password: true, guard: undefined }
    assert.equal(times(signUpPage(skin, { ...signUp, state: { problem: 'Not now.' } }).toString(), 'role="alert">Not now.'), 1)
    assert.equal(times(errorPage(skin, { heading: 'Gone', words: 'It is gone.' }).toString(), 'It is gone.'), 1)
  })
}

test('what a template of before leaves out stands outside of what it makes', () => {
  const page = signIn(skinWith({ template: templateV1 }), { problem: en.signIn.refused })
  const [above = '', inside = '', below = ''] = page.split(/<div data-template="1"|<\/footer><\/div>/)
  assert.ok(above.includes(en.signIn.refused))
  assert.match(inside, /data-method="password"/)
  assert.match(below, new RegExp(`<aside class="left-out" aria-label="${en.signIn.createAccount}">.*</aside>`), 'a landmark with a name')
})

test('a template has the headline of the page, and what the way to an account leads to may be a link of its own', () => {
  assert.match(signIn(skinWith({ template: { version: 1, body: laidOut } }), { present: 'ada@x.test' }), /ada@x\.test/)
  const page = signIn(skinWith({ template: { version: 1, body: linked } }), { problem: en.signIn.refused })
  assert.equal(times(page, '/sign-up'), 1)
  assert.equal(times(page, en.signIn.refused), 1)
})
