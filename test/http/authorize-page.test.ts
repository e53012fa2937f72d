// The authorization endpoint asks on the spot: its answer is the page itself, and nobody is sent to another address for it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Interaction } from '../../src/auth/engine.ts'
import { keepUiLocales } from '../../src/auth/texts/language.ts'
import { type AccountsWorld, openAccounts, WENT_ON } from '../support/accounts.ts'

const login: Interaction = {
  uid: 'u1',
  prompt: 'login',
  client: {
    clientId: 'print-shop',
    name: 'Print Shop',
    host: 'print.example.org',
    redirectOrigin: 'https://print.example.org',
    firstParty: false,
  },
  scopes: [],
}

let world: AccountsWorld

before(async () => {
  world = await openAccounts()
})

after(() => world.stop())

test('who is to sign in gets the page with the answer, and its forms lead to the interaction', async () => {
  world.engine.current = login
  const { status, text, answer } = await world.visit({ path: '/authorize?client_id=print-shop&client_id=twice' })
  assert.equal(status, 200)
  assert.match(text, /action="\/interaction\/u1\/sign-in"/)
  assert.match(text, /Print Shop/)
  assert.deepEqual(answer.policy, { formAction: ['https://print.example.org'] })
  assert.doesNotMatch(text, /back=%2Fauthorize/, 'another language is chosen at the interaction, which stays')
  assert.equal((await world.visit({ path: '/interaction/u1' })).status, 200, 'it can be shown again there')
})

test('who is signed in and asked by an app gets the question', async () => {
  const { accountId } = await world.person()
  world.engine.current = { ...login, prompt: 'consent', accountId, scopes: [{ name: 'photos:read', words: 'see your photos' }] }
  const { status, text } = await world.visit({ path: '/authorize' })
  assert.equal(status, 200)
  assert.match(text, /see your photos/)
  assert.match(text, /action="\/interaction\/u1\/consent"/)
})

test('who need not be asked goes on at once', async () => {
  world.engine.current = undefined
  const { status, headers, text } = await world.visit({ path: '/authorize' })
  assert.deepEqual([status, headers?.['location'], text], [303, WENT_ON, ''])
})

test('the language that the app asks for is that of this very page', async () => {
  world.engine.current = login
  const { authorize } = world.engine
  world.engine.authorize = async (call, exchange) => {
    keepUiLocales(exchange, 'u1', 'de')
    return authorize(call, exchange)
  }
  const { text } = await world.visit({ path: '/authorize?ui_locales=de', headers: { 'accept-language': 'en' } })
  world.engine.authorize = authorize
  assert.match(text, /<html lang="de">/)
  assert.match(text, /Anmelden/)
})
