// Refresh, and the way of a person who is signed in from the authorization endpoint to tokens.
import { randomBytes } from 'node:crypto'
import type { CookieJar } from '../../test/support/http.ts'
import { type Person, session } from '../../test/support/person.ts'
import type { PlatformProcess } from '../../test/support/platform.ts'
import { authorizationUrl, redirectUri, thirdPartyTokens } from '../../test/support/third-party.ts'
import { requestBytes, run } from '../load.ts'
import { at, FORM, headersOf, hostOf, jsonOf, type Subject, type World } from './subject.ts'

/** Each session refreshes as soon as it has the answer to the refresh before. */
function refreshing(platform: PlatformProcess, tokens: string[]): Subject {
  const host = hostOf(platform, 'accounts')
  return {
    name: 'refresh with rotation',
    load: (durationMs) =>
      run({
        port: platform.port,
        connections: tokens.length,
        durationMs,
        expect: 200,
        answered(index, answer) {
          tokens[index] = String(jsonOf(answer)['refresh_token'])
        },
        next(index) {
          const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'print-shop', refresh_token: tokens[index] ?? '' })
          return requestBytes('POST /token', { host, ...FORM }, form.toString())
        },
      }),
  }
}

/** The app's own frontends refresh through the gateway, which is their client. */
async function sessionRefreshing(platform: PlatformProcess, people: readonly Person[]): Promise<Subject> {
  const host = hostOf(platform, 'diary')
  const sessions: { jar: CookieJar; csrfToken: string }[] = []
  for (const { visitor } of people) {
    const { csrfToken } = await session(platform, visitor)
    sessions.push({ jar: visitor.jar(host), csrfToken })
  }
  return {
    name: 'session refresh of a frontend',
    load: (durationMs) =>
      run({
        port: platform.port,
        connections: sessions.length,
        durationMs,
        expect: 200,
        answered(index, answer) {
          sessions[index]?.jar.take({ headers: { 'set-cookie': headersOf(answer, 'set-cookie') } })
        },
        next(index) {
          const { jar, csrfToken } = at(sessions, index)
          const own = { 'x-csrf-token': csrfToken, 'sec-fetch-site': 'same-origin', origin: platform.origin('diary') }
          return requestBytes('POST /session/refresh', { host, cookie: jar.header(), ...own })
        },
      }),
  }
}

/** A person who is signed in and has agreed before: through the authorization endpoint, and the code for tokens. Two requests each. */
function authorizing(platform: PlatformProcess, people: readonly Person[]): Subject {
  const host = hostOf(platform, 'accounts')
  const flows = people.map(({ visitor }) => ({ visitor, verifier: '', code: '' }))
  return {
    name: 'authorize and token, of the two requests each',
    load: (durationMs) =>
      run({
        port: platform.port,
        connections: flows.length,
        durationMs,
        expect: [303, 200],
        answered(index, answer) {
          const flow = at(flows, index)
          const [location] = headersOf(answer, 'location')
          flow.visitor.jar(host).take({ headers: { 'set-cookie': headersOf(answer, 'set-cookie') } })
          flow.code = location === undefined ? '' : (new URL(location).searchParams.get('code') ?? '')
        },
        next(index) {
          const flow = at(flows, index)
          if (flow.code === '') {
            flow.verifier = randomBytes(32).toString('base64url')
            const { pathname, search } = authorizationUrl(platform, flow.verifier, { prompt: undefined })
            return requestBytes(`GET ${pathname}${search}`, { host, cookie: flow.visitor.jar(host).header(), accept: 'text/html' })
          }
          const form = new URLSearchParams({
            grant_type: 'authorization_code',
            client_id: 'print-shop',
            code: flow.code,
            redirect_uri: redirectUri(platform),
            code_verifier: flow.verifier,
          })
          return requestBytes('POST /token', { host, ...FORM }, form.toString())
        },
      }),
  }
}

export async function flowSubjects({ platform, browsers }: World): Promise<Subject[]> {
  const tokens: string[] = []
  for (const browser of browsers) {
    const { refresh_token: token = '' } = await thirdPartyTokens(platform, browser)
    tokens.push(token)
  }
  return [refreshing(platform, tokens), await sessionRefreshing(platform, browsers), authorizing(platform, browsers)]
}
