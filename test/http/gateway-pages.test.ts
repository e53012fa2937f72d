// What the gateway says to people itself: in which language, in whose words, and in which colours.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { html } from '#kernel/html.ts'
import type { ProblemPage } from '#kernel/http/problem-page.ts'
import { gatewayPages } from '../support/gateway-pages.ts'
import { ask, browse, openWorld, signIn, sites, type World } from './gateway-support.ts'
import { Jar } from './jar.ts'

const NAVIGATES = { 'sec-fetch-mode': 'navigate' }
let world: World
before(async () => {
  world = await openWorld({ settings: { rateLimits: { token: 'off' } } })
})
after(() => world.stop())

async function callbackOf(jar: Jar): Promise<string> {
  const started = await browse(world, jar, { path: '/session/sign-in' })
  return world.auth.approve(String(started.headers.location))
}

test('in friendly words when the person said no', async () => {
  const jar = new Jar()
  const started = await browse(world, jar, { path: '/session/sign-in' })
  const state = new URL(String(started.headers.location)).searchParams.get('state')
  const path = `/session/callback?error=access_denied&state=${state}&iss=${encodeURIComponent(sites.accounts)}`
  const answer = await browse(world, jar, { path })
  assert.equal(answer.status, 403)
  assert.match(answer.text, /Sign-in was cancelled/)
  assert.match(answer.text, /href="\/session\/sign-in\?return_to=%2F"/)
})

test('in the languages that the app asks for, on the pages of auth and on those here', async () => {
  const jar = new Jar()
  const headers = { 'accept-language': 'en' }
  const started = await browse(world, jar, { path: '/session/sign-in?ui_locales=fr-CA%20de', headers })
  assert.equal(new URL(String(started.headers.location)).searchParams.get('ui_locales'), 'fr-CA de')
  assert.match(started.cookies.join(), /__Secure-asked-language=fr-CA\.de; Path=\/session; Max-Age=600;/)
  const refused = await browse(world, jar, { path: '/session/callback?state=old', headers })
  assert.match(
    refused.text,
    /<html lang="de">.*<h1>Diese Anmeldung gilt nicht mehr.*href="\/session\/sign-in\?return_to=%2F&amp;ui_locales=fr-CA\+de"/s,
  )
  const next = await browse(world, jar, { path: '/session/sign-in', headers })
  assert.match(next.cookies.join(), /__Secure-asked-language=; Path=\/session; Max-Age=0/, 'it was for one sign-in')
})

test('what cannot be read of such a wish is left out: nobody is kept from signing in by it', async () => {
  for (const [wish, left] of [
    ['', null],
    ['de;q=1 <b> en-US@posix', null],
    ['zh_Hant de-DE-u-co-phonebk-nu-latn fr', 'de-DE-u-co-phonebk-nu-latn fr'],
    [`${'x'.repeat(1200)} de`, null],
    ['a b c d e f g h i j k', 'a b c d e f g h i j'],
  ] as const) {
    const { status, headers } = await browse(world, new Jar(), { path: `/session/sign-in?ui_locales=${encodeURIComponent(wish)}` })
    assert.deepEqual([status, new URL(String(headers.location)).searchParams.get('ui_locales')], [303, left], wish)
  }
})

test('a wish counts for the page that says that there will be no sign-in, too, and goes with the next try', async (t) => {
  const away = await openWorld()
  t.after(() => away.stop())
  away.auth.exchange = () => Promise.reject(new Error('auth is away'))
  const page = await ask(away, { path: '/session/sign-in?return_to=%2Fa&ui_locales=de%20en' })
  assert.equal(page.status, 503)
  assert.match(page.text, /<html lang="de">.*href="\/session\/sign-in\?return_to=%2Fa&amp;ui_locales=de\+en"/s)
})

test('in the language of the account, as long as somebody is signed in', async (t) => {
  const { ownProfile } = world.auth
  t.after(() => {
    world.auth.ownProfile = ownProfile
  })
  const jar = new Jar()
  await signIn(world, jar)
  world.auth.ownProfile = async (_call, accountId) => ({ accountId, name: 'Ada', language: 'de-AT' })
  const status = await browse(world, jar, { path: '/session' })
  assert.deepEqual(status.json['account'], { id: 'ada', name: 'Ada', locale: 'de-AT' })
  assert.match(status.cookies.join(), /__Host-Http-language=de-AT; Path=\/; Max-Age=31536000; .*SameSite=Lax/)
  assert.deepEqual((await browse(world, jar, { path: '/session' })).cookies, [], 'it is said once')
  const headers = { 'accept-language': 'en', 'sec-fetch-mode': 'navigate' }
  const german = await browse(world, jar, { path: '/session/sign-in?max_age=soon', headers })
  assert.match(german.text, /<html lang="de">/)
  world.auth.ownProfile = ownProfile
  assert.match(
    (await browse(world, jar, { path: '/session' })).cookies.join(),
    /__Host-Http-language=; Path=\/; Max-Age=0/,
    'another account has none',
  )
  world.auth.ownProfile = async (_call, accountId) => ({ accountId, name: 'Ada', language: 'de' })
  const csrf = String((await browse(world, jar, { path: '/session' })).json['csrfToken'])
  await browse(world, jar, { method: 'POST', path: '/session/sign-out', headers: { 'x-csrf-token': csrf } })
  assert.equal(jar.get('__Host-Http-language'), undefined, 'the next person may read another language')
})

test('not of an account whose session has ended elsewhere', async () => {
  const jar = new Jar()
  const cookie = '__Host-Http-language=de'
  assert.match(
    (await browse(world, jar, { path: '/session', headers: { cookie } })).cookies.join(),
    /__Host-Http-language=; Path=\/; Max-Age=0/,
  )
})

test('two servers cannot both have the pages of a site', async () => {
  const page: ProblemPage = () => html``
  const twice = [
    { site: 'accounts', page },
    { site: 'accounts', page },
  ] as const
  await assert.rejects(openWorld({ problemPages: twice }), /two servers have pages for the errors of accounts/)
})

test('in the words and the colours of the app', async (t) => {
  const texts = { en: { gateway: { problems: { 404: { title: 'An empty page' } } } } }
  const own = await openWorld({ settings: gatewayPages({ texts, theme: { colours: { light: { accent: '#0b57d0' } } } }) })
  t.after(() => own.stop())
  const page = await ask(own, { origin: sites.frontends.gallery, path: '/nothing', headers: NAVIGATES })
  assert.equal(page.status, 404)
  assert.match(page.text, /--accent: #0b57d0;.*<h1>An empty page<\/h1><p>There is nothing at this address\.<\/p>/s)
})

test('from the right in a language that is written so', async (t) => {
  const title = '\u0644\u0627 \u0634\u064a\u0621 \u0647\u0646\u0627'
  const own = await openWorld({ settings: gatewayPages({ texts: { ar: { gateway: { problems: { 404: { title } } } } } }) })
  t.after(() => own.stop())
  const headers = { ...NAVIGATES, 'accept-language': 'ar' }
  const page = await ask(own, { origin: sites.frontends.gallery, path: '/nothing', headers })
  assert.ok(page.text.includes('<html lang="ar" dir="rtl">') && page.text.includes(`<h1>${title}</h1>`), page.text)
})

test('in the frame of the server whose host it is, unless that fails, or what it loads would be refused as well', async (t) => {
  let fails = false
  const log: string[] = []
  const page: ProblemPage = (_exchange, { status }) => {
    if (fails) throw new Error('no frame')
    return html`<!doctype html><title>framed ${status}</title>`
  }
  const framed = await openWorld({
    log,
    problemPages: [{ site: 'accounts', page }],
    settings: { rateLimits: { page: { quota: 3, windowSeconds: 60 } } },
  })
  t.after(() => framed.stop())
  const cookie = '__Host-Http-language=de'
  const look = (origin: string) => ask(framed, { origin, path: '/nothing', headers: { ...NAVIGATES, 'accept-language': 'en', cookie } })
  assert.match((await look(sites.accounts)).text, /framed 404/)
  assert.match((await look(sites.frontends.gallery)).text, /<html lang="de">.*<h1>Hier ist nichts<\/h1>/s)
  assert.deepEqual(log, [])
  fails = true
  assert.match((await look(sites.accounts)).text, /<html lang="de">.*<h1>Hier ist nichts<\/h1>/s)
  assert.match(log.join(), /"event":"gateway\.problem_page_failed"/, 'the operator is told')
  fails = false
  const limited = await look(sites.accounts)
  assert.equal(limited.status, 429)
  assert.match(
    limited.text,
    /<h1>Zu viele Anfragen<\/h1><p>Das war viel auf einmal\. Bitte warten Sie (eine Sekunde|\d+ Sekunden) und versuchen Sie es dann noch einmal\.<\/p><p><a /,
  )
  assert.match(String(limited.headers['retry-after']), /^\d+$/)
  const inTheClear = await openWorld({ problemPages: [{ site: 'accounts', page }], settings: { development: false } })
  t.after(() => inTheClear.stop())
  const { status, text } = await ask(inTheClear, { origin: sites.accounts, path: '/sign-up', headers: NAVIGATES })
  assert.equal(status, 403)
  assert.doesNotMatch(text, /framed/)
})

test('in the language of the browser, as every page of the gateway speaks', async () => {
  const headers = { 'accept-language': 'de-AT, en;q=0.5', 'sec-fetch-mode': 'navigate' }
  const jar = new Jar()
  const refused = await browse(world, new Jar(), { path: await callbackOf(jar), headers })
  assert.equal(refused.status, 400)
  assert.match(
    refused.text,
    /<html lang="de">.*<h1>Diese Anmeldung gilt nicht mehr<\/h1>.*>Noch einmal versuchen<.*>Wenn Sie jemanden um Hilfe bitten[^<]* [\w-]+</s,
  )
  const unknown = await browse(world, jar, { path: '/session/sign-in?max_age=soon', headers })
  assert.equal(unknown.status, 422)
  assert.match(unknown.text, /<html lang="de">.*<h1>Das hat nicht geklappt<\/h1>.*>Zur Startseite</s)
  const back = await browse(world, jar, { path: await callbackOf(jar), headers })
  assert.match(back.text, /<html lang="de">.*>Weiter<\/a>/s)
})
