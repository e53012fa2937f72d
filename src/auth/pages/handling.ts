// What all page handlers share: the frame's data, failures as words in the form that was sent, and errors as friendly pages.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { AppError } from '#kernel/errors.ts'
import type { Html } from '#kernel/html.ts'
import type { Answer, Exchange, RouteInput } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { Accounts } from '../accounts/service.ts'
import type { Engine } from '../engine.ts'
import type { ByMail } from '../by-mail.ts'
import type { SecurityEvents } from '../security-events/service.ts'
import type { SignInMethods } from '../methods.ts'
import type { Passkeys } from '../passkeys/service.ts'
import { errorPage } from './engine-pages.ts'
import type { Skin } from './layout.ts'
import type { FormState } from './sign-in-page.ts'

export interface PageParts {
  readonly engine: Engine
  readonly accounts: Accounts
  readonly securityEvents: SecurityEvents
  readonly passkeys: Passkeys
  readonly methods: SignInMethods
  readonly byMail: ByMail
  readonly clock: Clock
  readonly settings: {
    readonly productName: string
    /** The front page of the app. */
    readonly home: string
    /** Where mails can be read in development. */
    readonly mailbox?: string | undefined
  }
}

/** A text of a form. What it must be is said by the service, in words that can stand beside the field. */
export const formText = z.string().max(2000).default('')
/** The gateway has checked it; here it is only known, since unknown fields are refused. */
export const csrfToken = z.string().optional()
export const emptyForm = z.strictObject({ csrf_token: csrfToken })
export const uidParams = z.strictObject({ uid: z.string().regex(/^[\w-]{1,64}$/) })

/** Statuses of a page with a form: shown, done, refused, too often, too busy. */
export const formAnswers = { 200: 'html', 303: 'empty', 400: 'html', 403: 'html', 422: 'html', 429: 'html', 503: 'html' } as const

export function skinOf(parts: PageParts, exchange: Exchange): Skin {
  const { productName, home } = parts.settings
  return { productName, home, nonce: exchange.nonce() }
}

export interface FormFailure {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly state: FormState
}

const IN_THE_FORM = new Set(['auth.bad_details', 'auth.too_many_tries', 'auth.busy', 'auth.unavailable'])

/** Failures that belong into the form, so that nothing typed is lost; anything else goes on. */
export function formFailure(error: unknown, values: Readonly<Record<string, string>>): FormFailure {
  if (!(error instanceof AppError) || !IN_THE_FORM.has(error.code)) throw error
  const { status, headers = {}, fields } = error
  if (fields === undefined)
    return { status, headers, state: { values, problem: [error.title, error.detail].filter((part) => part !== undefined).join('. ') } }
  return { status, headers, state: { values, problems: Object.fromEntries(fields.map(({ field, message }) => [field, message])) } }
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

/** Known errors as a page in plain words. What nobody expected stays the gateway's: it is logged there, once. */
export function friendly<Params, Query, Body>(parts: PageParts, handle: Handle<Params, Query, Body>): Handle<Params, Query, Body> {
  return async (call, input, exchange) => {
    try {
      return await handle(call, input, exchange)
    } catch (error) {
      if (!(error instanceof AppError) || error.status === 500) throw error
      const words = error.detail ?? 'Please go back and try again.'
      const body = errorPage(skinOf(parts, exchange), { heading: error.title, words, requestId: exchange.requestId })
      return { status: error.status, headers: error.headers ?? {}, body: { html: body } }
    }
  }
}
