// What all page handlers share: the frame's data, failures as words in the form that was sent, and errors as friendly pages.
import { type Call, callIn } from '#kernel/call.ts'
import { AppError } from '#kernel/errors.ts'
import type { Html } from '#kernel/html.ts'
import type { Answer, Exchange, RouteInput } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { describeDevice } from '../device.ts'
import type { Texts } from '../texts/en.ts'
import { languageOf } from '../texts/language.ts'
import { problemWords } from '../texts/problem.ts'
import { waitWords } from '../texts/wait.ts'
import { errorPage } from './engine-pages.ts'
import type { FormState, PageParts } from './parts.ts'
import { skinFor } from './skin.ts'
import { deviceWords } from './words.ts'
import type { Skin } from './layout.ts'

export type { FormState, PageParts } from './parts.ts'

/** A text of a form. What it must be is said by the service, in words that can stand beside the field. */
export const formText = z.string().max(2000).default('')
/** The gateway has checked it; here it is only known, since unknown fields are refused. */
export const csrfToken = z.string().optional()
export const emptyForm = z.strictObject({ csrf_token: csrfToken })
export const uidParams = z.strictObject({ uid: z.string().regex(/^[\w-]{1,64}$/) })

/** Statuses of a page with a form: shown, done, refused, too often, a failure of ours, too busy. */
export const formAnswers = {
  200: 'html',
  303: 'empty',
  400: 'html',
  403: 'html',
  422: 'html',
  429: 'html',
  500: 'html',
  503: 'html',
} as const

/** `here` is where the page is shown again in another language; the address of the request unless told. */
export function skinOf({ settings }: Pick<PageParts, 'settings'>, exchange: Exchange, here?: string): Skin {
  return skinFor(settings, exchange, here === undefined ? {} : { here })
}

/** What a passkey is called until its owner says otherwise: kept as it is shown, so in the words of the page. */
export function deviceNameOf(parts: Pick<PageParts, 'settings'>, exchange: Exchange): string {
  return deviceWords(skinOf(parts, exchange).texts, describeDevice(exchange.request.headers['user-agent']))
}

export interface FormFailure {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly state: FormState
}

/** A form that is shown again with what is wrong with it. */
export function refused(state: FormState, status = 422): FormFailure {
  return { status, headers: {}, state }
}

const IN_THE_FORM = new Set(['auth.bad_details', 'auth.too_many_tries', 'auth.busy', 'auth.unavailable'])

/** Failures that belong into the form, so that nothing typed is lost; anything else goes on. */
export function formFailure(texts: Texts, error: unknown, values: Readonly<Record<string, string>>): FormFailure {
  if (!(error instanceof AppError) || !IN_THE_FORM.has(error.code)) throw error
  const { status, headers = {}, fields } = error
  if (fields === undefined) return { status, headers, state: { values, problem: knownWords(texts, error) ?? error.title } }
  return { status, headers, state: { values, problems: Object.fromEntries(fields.map((one) => [one.field, problemWords(texts, one)])) } }
}

/** Refusals whose detail is in the words of the app (see hooks/). */
const OF_THE_APP = new Set(['bad_details', 'sign_in_refused'])

/** What an error says to a person in their language, where it is one of ours. */
function knownWords({ errors, ...texts }: Texts, { code, detail, headers = {} }: AppError): string | undefined {
  const name = code.startsWith('auth.') ? code.slice('auth.'.length) : ''
  const known = new Map<string, string | ((wait: string) => string)>(Object.entries(errors)).get(name)
  const wait = waitWords(texts, Number(headers['retry-after'] ?? 1))
  if (typeof known === 'function') return known(wait)
  return known !== undefined && OF_THE_APP.has(name) && detail !== undefined ? `${known} ${detail}` : known
}

export function formPage(body: Html, failure: FormFailure | undefined, policy?: Answer['policy']): Answer {
  return {
    status: failure?.status ?? 200,
    headers: failure?.headers ?? {},
    body: { html: body },
    ...(policy === undefined ? {} : { policy }),
  }
}

type Handle<Params, Query, Body> = (call: Call, input: RouteInput<Params, Query, Body>, exchange: Exchange) => Promise<Answer>

/** Handlers know what the person reads. Errors that are known here become a page in plain words; all others stay the gateway's, which says what a status means. */
export function friendly<Params, Query, Body>(parts: PageParts, handle: Handle<Params, Query, Body>): Handle<Params, Query, Body> {
  return async (call, input, exchange) => {
    try {
      const language = languageOf(parts.settings.speech, exchange)
      return await handle(callIn(call, language), input, exchange)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const skin = skinOf(parts, exchange)
      const { texts } = skin
      const known = knownWords(texts, error)
      if (known === undefined) throw error
      const words = `${known} ${texts.frame.goBack}`
      const body = errorPage(skin, { heading: texts.requests.heading, words, requestId: exchange.requestId })
      return { status: error.status, headers: error.headers ?? {}, body: { html: body } }
    }
  }
}
