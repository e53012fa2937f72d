import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html } from '#kernel/html.ts'
import { acceptedLanguages } from '#kernel/http/accept-language.ts'
import { serialiseCookie } from '#kernel/http/cookie.ts'
import { MAX_CHARACTERS as NAME_MAX } from '../accounts/name.ts'
import { MAX_CHARACTERS, MIN_CHARACTERS } from '../passwords/policy.ts'
import { de } from './de.ts'
import { en } from './en.ts'
import { keepChoice, keepUiLocales, languageOf } from './language.ts'
import { ownTexts } from './schemas.ts'
import { createSpeech } from './speech.ts'

function paths(texts: object, before = ''): string[] {
  return Object.entries(texts).flatMap(([name, text]) =>
    typeof text === 'object' ? paths(text, `${before}${name}.`) : [`${before}${name}`],
  )
}

function reader({ cookies = {}, accept }: { cookies?: Record<string, string>; accept?: string }): Parameters<typeof languageOf>[1] {
  const request = { headers: accept === undefined ? {} : { 'accept-language': accept } }
  return { request: request as Parameters<typeof languageOf>[1]['request'], cookies: new Map(Object.entries(cookies)) }
}

test('every language says everything, and says the limits as they are', () => {
  assert.deepEqual(paths(de), paths(en))
  for (const { problems } of [en, de]) {
    assert.match(problems.password_short, new RegExp(`\\b${MIN_CHARACTERS}\\b`))
    assert.match(problems.password_long, new RegExp(`\\b${MAX_CHARACTERS}\\b`))
    assert.match(problems.name_long, new RegExp(`\\b${NAME_MAX}\\b`))
  }
})

test('no name, which may be of several words, is joined to a word', () => {
  const sources = (texts: object): string[] =>
    Object.values(texts).flatMap((text: unknown) => (typeof text === 'object' && text !== null ? sources(text) : [String(text)]))
  for (const source of [en, de].flatMap(sources)) assert.doesNotMatch(source, /\$\{\w+\}-[A-Z]/, source)
})

test('one day is said as one', () => {
  for (const { leaving, events } of [en, de])
    for (const said of [leaving.words(1), leaving.goodbyeWords(1), events.lead(1)]) assert.doesNotMatch(said, /1|days|Tage[^s]/, said)
})

test('reads Accept-Language by weight and leaves out what is refused or no language', () => {
  assert.deepEqual(acceptedLanguages('en;q=0.5, de-AT, fr;q=0, ;q=1, *;q=0.1, x y'), ['de-AT', 'en'])
  assert.deepEqual(acceptedLanguages(undefined), [])
  assert.equal(acceptedLanguages(Array.from({ length: 500 }, () => 'de').join(',')).length, 10)
})

test('what the app asks for comes first, then what the person chose, then what the browser prefers', () => {
  const speech = createSpeech()
  const choice = { '__Host-Http-language': 'en' }
  assert.equal(languageOf(speech, reader({ accept: 'fr, de-CH;q=0.8' })), 'de')
  assert.equal(languageOf(speech, reader({ accept: 'de', cookies: choice })), 'en')
  assert.equal(languageOf(speech, reader({ cookies: { ...choice, '__Secure-asked-language': 'fr.de' } })), 'de')
  assert.equal(languageOf(speech, reader({ cookies: choice }), 'de-AT fr'), 'de')
  assert.equal(languageOf(speech, reader({ accept: 'fr' })), 'en')
  const early = { cookies: new Map(), request: { headers: { cookie: 'a=b; __Host-Http-language=de' } } }
  assert.equal(languageOf(speech, early as unknown as Parameters<typeof languageOf>[1]), 'de', 'before anybody has looked at the cookies')
  assert.equal(languageOf(speech, reader({ cookies: { '__Host-Http-language': '<script>' } })), 'en')
})

test('a wish holds within its interaction alone; a choice holds everywhere, and there at once', () => {
  const cookies: string[] = []
  const exchange = { addCookie: (cookie: string) => void cookies.push(cookie) }
  keepUiLocales(exchange, 'abc', 'fr-CA <b> de')
  keepUiLocales(exchange, 'abc', undefined)
  keepUiLocales(exchange, 'abc', ';;')
  assert.deepEqual(cookies, [
    serialiseCookie('__Secure-asked-language', 'fr-CA.de', { path: '/interaction/abc', sameSite: 'Lax', maxAgeSeconds: 3600 }),
  ])
  cookies.length = 0
  keepChoice(exchange, 'de', '/interaction/abc/sign-up')
  assert.equal(cookies.length, 2)
  assert.match(cookies[0] ?? '', /^__Host-Http-language=de; Path=\/; Max-Age=31536000;/)
  assert.match(cookies[1] ?? '', /^__Secure-asked-language=de; Path=\/interaction\/abc;/)
})

test('an app says single texts in its own words and adds languages, which say in English what they lack', () => {
  const speech = createSpeech({
    texts: {
      fr: { languageName: 'Fran\u00e7ais', signIn: { title: 'Se connecter' } },
      de: { signIn: { toContinue: (app) => `zum Weiterlesen in ${app}` }, scopes: { 'photos:read': 'Ihre Fotos sehen' } },
    },
  })
  assert.deepEqual(
    speech.languages.map(({ tag, name }) => `${tag} ${name}`),
    ['en English', 'de Deutsch', 'fr Fran\u00e7ais'],
  )
  assert.equal(speech.textsOf('fr').signIn.title, 'Se connecter')
  assert.equal(speech.textsOf('fr').signUp.title, en.signUp.title)
  assert.equal(speech.textsOf('de').signIn.toContinue('Foto'), 'zum Weiterlesen in Foto')
  assert.equal(speech.textsOf('de').signIn.title, de.signIn.title)
  assert.equal(speech.textsOf('de').scopes['photos:read'], 'Ihre Fotos sehen')
  assert.equal(speech.textsOf('de').scopes['email'], de.scopes['email'])
  assert.equal(speech.textsOf('it'), speech.textsOf('en'))
})

test('the pages of the gateway are said like the others, and name the language that they are in', () => {
  const own = { 'pt-BR': { gateway: { tryAgain: 'Tentar de novo' } }, fr: { signIn: { title: 'Se connecter' } } }
  const { gatewayTexts } = createSpeech({ texts: { ...own, de: { gateway: { problems: { 404: { title: 'Leer' } } } } } })
  assert.deepEqual(
    [...gatewayTexts].map(([tag, { language, tryAgain, problems }]) => [tag, language, tryAgain, problems[404].title]),
    [
      ['en', 'en', en.gateway.tryAgain, en.gateway.problems[404].title],
      ['de', 'de', de.gateway.tryAgain, 'Leer'],
      ['pt-BR', 'pt-BR', 'Tentar de novo', en.gateway.problems[404].title],
      ['fr', 'en', en.gateway.tryAgain, en.gateway.problems[404].title],
    ],
  )
  const austrian = createSpeech({ languages: ['de-AT'] }).gatewayTexts.get('de-AT')
  assert.deepEqual([austrian?.language, austrian?.goOn], ['de-AT', de.gateway.goOn])
})

test('the first language is for those who ask for none of them', () => {
  const speech = createSpeech({ languages: ['de', 'en'] })
  assert.equal(languageOf(speech, reader({ accept: 'ja' })), 'de')
})

test('a text of the app that throws, or gives no text, is said in our words', () => {
  const failures: string[] = []
  const broken = (() => 7) as unknown as () => string
  const throwing = (): never => {
    throw new Error('no words')
  }
  const own = { account: { hello: throwing }, confirm: { lead: broken as unknown as typeof en.confirm.lead } }
  const texts = createSpeech({ texts: { en: own } }, ({ language, text }) => void failures.push(`${language} ${text}`)).textsOf('en')
  assert.equal(texts.account.hello('Ada'), 'Hello, Ada')
  assert.equal(texts.confirm.lead('<a>', 'X').toString(), en.confirm.lead('<a>', 'X').toString())
  assert.equal(
    createSpeech({ texts: { en: { confirm: { lead: () => html`<b>` } } } })
      .textsOf('en')
      .confirm.lead('', '')
      .toString(),
    '<b>',
  )
  assert.deepEqual(failures, ['en account.hello', 'en confirm.lead'])
})

test('a language that is written from right to left sets apart what goes the other way, and ours sets apart what goes its own', () => {
  const hello = (name: string): string => `\u0645\u0631\u062d\u0628\u0627 ${name}`
  const speech = createSpeech({ texts: { ar: { account: { hello }, scopes: { 'photos:read': '\u0635\u0648\u0631' } } } })
  const arabic = speech.textsOf('ar')
  assert.equal(arabic.account.hello('Ada (2)'), hello('\u2068Ada (2)\u2069'))
  assert.equal(arabic.scopes['photos:read'], '\u0635\u0648\u0631')
  assert.equal(arabic.sessions.browserOn('Firefox', 'Linux'), '\u2066Firefox on Linux\u2069')
  assert.equal(arabic.profile.address('<a>').toString(), `<bdi lang="en" dir="ltr">${en.profile.address('<a>').toString()}</bdi>`)
  assert.deepEqual([arabic.locale, arabic.languageName], [en.locale, en.languageName])
  const english = speech.textsOf('en')
  assert.equal(english.account.hello('\u0639\u0645\u0631'), 'Hello, \u2068\u0639\u0645\u0631\u2069')
  assert.equal(english.account.hello('Ada\u202e'), 'Hello, Ada', 'nothing turns the rest of a sentence round')
  assert.equal(english.account.title, en.account.title)
})

test('texts that nobody would show are refused with their name', () => {
  assert.ok(ownTexts.safeParse({ signIn: { title: 'Hello' }, scopes: { anything: 'see it' } }).success)
  assert.ok(ownTexts.safeParse({ organisations: { roles: { editor: 'Redaktion' } } }).success, "roles are the app's, too")
  for (const wrong of [
    { signIn: { titel: 'x' } },
    { organisations: { roles: { editor: '' } } },
    { organisations: { rolls: {} } },
    { signin: {} },
    { signIn: { title: 7 } },
    { account: { hello: 'Hello' } },
    { signIn: { title: '' } },
  ])
    assert.equal(ownTexts.safeParse(wrong).success, false, JSON.stringify(wrong))
})
