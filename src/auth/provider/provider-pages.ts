// The engine's own screens: an error that cannot go back to the client, and signing out (OpenID Connect RP-Initiated Logout).
import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider'
import type { Html } from '#kernel/html.ts'
import { formTargetOf } from '#kernel/http/policy-source.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { DevicePages } from './device-flow.ts'
import { currentExchange } from './scope.ts'

/** The looks, which are made in `pages/`. */
export interface EnginePages extends DevicePages {
  errorPage(
    exchange: Exchange,
    refused: {
      readonly error: string
      readonly description?: string | undefined
      readonly requestId?: string | undefined
      /** Where the person may go on to, by a press. */
      readonly back?: string | undefined
    },
  ): Html
  signOutPage(
    exchange: Exchange,
    form: {
      readonly action: string
      readonly hidden: Readonly<Record<string, string>>
      /** Where people go from there, of an app that is not our own. */
      readonly onTo?: { readonly app: string; readonly host: string } | undefined
    },
  ): Html
}

export interface ProviderPages {
  readonly looks: EnginePages
  /** Shows what a redirect would have told an app that nobody knows: it is not sent there without a press. */
  holdBack(context: KoaContextWithOIDC, location: URL): void
  error(context: KoaContextWithOIDC, out: ErrorOut): void
  signOut(
    context: KoaContextWithOIDC,
    asked: {
      /** What the form sends back. */
      readonly form: string
      /** Where the client wants people to go. */
      readonly back: string | undefined
      /** Its name, of an app that is not our own. */
      readonly app: string | undefined
    },
  ): void
  signedOut(context: KoaContextWithOIDC): void
}

export function createProviderPages(looks: EnginePages): ProviderPages {
  const show = (context: KoaContextWithOIDC, page: (exchange: Exchange) => Html): void => {
    const exchange = currentExchange()
    if (exchange === undefined) throw new Error('A page of the engine was asked for outside of a request.')
    context.type = 'html'
    context.set('cache-control', 'no-store')
    context.body = page(exchange).toString()
  }
  return {
    looks,
    error(context, out) {
      if (!BROWSER_ROUTES.has(context.oidc.route)) {
        // RFC 6749 section 5.2: clients read JSON, whatever they say they accept.
        context.body = out
        return
      }
      const { error, error_description: description } = out
      show(context, (exchange) => looks.errorPage(exchange, { error, description, requestId: exchange.requestId }))
    },
    holdBack(context, location) {
      const told = new URLSearchParams(location.search === '' ? location.hash.slice(1) : location.search)
      const error = told.get('error') ?? 'server_error'
      const description = told.get('error_description') ?? undefined
      context.remove('location')
      context.status = 400
      show(context, (exchange) => looks.errorPage(exchange, { error, description, requestId: exchange.requestId, back: location.href }))
    },
    signOut(context, { form, back, app }) {
      const url = back === undefined ? undefined : new URL(back)
      const onTo = app === undefined || url === undefined ? undefined : { app, host: url.host === '' ? url.protocol : url.host }
      show(context, (exchange) => looks.signOutPage(exchange, { action: '/end-session/confirm', hidden: { xsrf: form }, onTo }))
      // Browsers check where a form's answer redirects to, as well.
      const target = url === undefined ? undefined : formTargetOf(url)
      if (target !== undefined) allowFormAction(context, target)
    },
    signedOut(context) {
      // Which says what is so: the address of this page proves nothing.
      context.redirect('/signed-out')
      context.status = 303
    },
  }
}

const BROWSER_ROUTES: ReadonlySet<string> = new Set([
  'authorization',
  'resume',
  'end_session',
  'end_session_confirm',
  'end_session_success',
  'code_verification',
  'device_resume',
])

function allowFormAction(context: KoaContextWithOIDC, origin: string): void {
  const policy = context.response.get('content-security-policy')
  if (policy === '') return
  const widened = policy.replace(
    /(^|;\s*)form-action ([^;]*)/,
    (_all, start: string, sources: string) => `${start}form-action ${sources.replace("'none'", '').trim()} ${origin}`,
  )
  context.set('content-security-policy', widened)
}
