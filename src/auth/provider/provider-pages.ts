// The engine's own screens: an error that cannot go back to the client, and signing out (OpenID Connect RP-Initiated Logout).
import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider'
import type { Html } from '#kernel/html.ts'
import { currentExchange } from './scope.ts'

export interface PageSkin {
  readonly productName: string
  readonly nonce: string
}

/** The looks, which are made in `pages/`. */
export interface EnginePages {
  errorPage(skin: PageSkin, error: { readonly heading: string; readonly words: string; readonly requestId?: string }): Html
  signOutPage(skin: PageSkin, form: { readonly action: string; readonly hidden: Readonly<Record<string, string>> }): Html
  signedOutPage(skin: PageSkin): Html
}

export interface ProviderPages {
  error(context: KoaContextWithOIDC, out: ErrorOut): void
  signOut(context: KoaContextWithOIDC): void
  signedOut(context: KoaContextWithOIDC): void
}

export function createProviderPages(looks: EnginePages, productName: string): ProviderPages {
  const skin = (): PageSkin => ({ productName, nonce: currentExchange()?.nonce() ?? '' })
  const show = (context: KoaContextWithOIDC, page: Html): void => {
    context.type = 'html'
    context.set('cache-control', 'no-store')
    context.body = page.toString()
  }
  return {
    error(context, out) {
      if (!BROWSER_ROUTES.has(context.oidc.route)) {
        // RFC 6749 section 5.2: clients read JSON, whatever they say they accept.
        context.body = out
        return
      }
      const requestId = currentExchange()?.requestId
      const words = `${WORDS[out.error] ?? 'The app sent a request that cannot be answered.'} (${out.error}${out.error_description === undefined ? '' : `: ${out.error_description}`})`
      show(context, looks.errorPage(skin(), { heading: 'This did not work', words, ...(requestId === undefined ? {} : { requestId }) }))
    },
    signOut(context) {
      const { state } = context.oidc.session ?? {}
      const secret = state?.['secret']
      const back = state?.['postLogoutRedirectUri']
      show(
        context,
        looks.signOutPage(skin(), { action: '/end-session/confirm', hidden: { xsrf: typeof secret === 'string' ? secret : '' } }),
      )
      // Browsers check where a form's answer redirects to, as well.
      if (typeof back === 'string') allowFormAction(context, new URL(back).origin)
    },
    signedOut(context) {
      show(context, looks.signedOutPage(skin()))
    },
  }
}

const BROWSER_ROUTES: ReadonlySet<string> = new Set([
  'authorization',
  'resume',
  'end_session',
  'end_session_confirm',
  'end_session_success',
])

const WORDS: Readonly<Record<string, string>> = {
  invalid_client: 'The app that sent you here is not known.',
  invalid_redirect_uri: 'The app wants to send you to an address that it is not registered with.',
  access_denied: 'This is not possible with your account.',
  server_error: 'Something went wrong on our side.',
}

function allowFormAction(context: KoaContextWithOIDC, origin: string): void {
  const policy = context.response.get('content-security-policy')
  if (policy === '') return
  const widened = policy.replace(
    /(^|;\s*)form-action ([^;]*)/,
    (_all, start: string, sources: string) => `${start}form-action ${sources.replace("'none'", '').trim()} ${origin}`,
  )
  context.set('content-security-policy', widened)
}
