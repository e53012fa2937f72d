// Server-rendered pages: from a route to a view and back. They work without script; every form is protected by the gateway's CSRF check.
import type { Call, Principal } from '#kernel/call.ts'
import { type Html, html } from '#kernel/html.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Answer, type Exchange, page, type Route, type RouteInput, type Rule, route, seeOther } from '#kernel/http/route.ts'
import { fieldProblems, z } from '#kernel/schema.ts'
import type { SiteName } from '#kernel/sites.ts'
import type { Auth } from '../auth/contract.ts'
import type { Resources } from '../resource/contract.ts'
import type { InvalidForm, ViewContext, ViewDefinition, ViewResult } from './contract.ts'

export interface ViewDependencies {
  readonly resources: Resources
  readonly auth: Pick<Auth, 'profile'>
}

const CSRF_FIELD = 'csrf_token'
const MAX_FORM_BYTES = 64 * 1024
const words = z.record(z.string(), z.string())
type Words = z.infer<typeof words>

export function viewRoute(view: ViewDefinition, site: SiteName, dependencies: ViewDependencies): Route {
  const isPost = view.method === 'POST'
  const common = {
    method: view.method,
    path: view.path,
    site,
    allow: ruleOf(view),
    rate: 'page',
    summary: `The page ${view.path}`,
  } as const
  const answers = { 200: 'html', 303: 'empty', 400: 'html', 403: 'html', 404: 'html', 409: 'html', 410: 'html', 422: 'html' } as const
  const handle = async (call: Call, input: RouteInput<Words, Words, Words | undefined>, exchange: Exchange): Promise<Answer> => {
    if (view.who === 'user' && !isPerson(call.principal)) return seeOther(signInPath(exchange))
    const { params, query, body = {} } = input
    const context = { call, params, query, form: undefined, ...dependenciesOf(call, dependencies), ...protectionOf(exchange) }
    return answerOf(await show(view, context, body))
  }
  if (isPost) {
    return route({
      ...common,
      body: 'form',
      maxBodyBytes: MAX_FORM_BYTES,
      input: { params: words, query: words, body: words },
      answers,
      handle,
    })
  }
  return route({ ...common, input: { params: words, query: words }, answers, handle })
}

function ruleOf(view: ViewDefinition): Rule {
  if (view.who === 'anyone') return { who: 'anyone' }
  // The gateway leads a navigation to the session that it needs, and back. A form cannot be sent again: its sender goes back to the page.
  if (view.method === 'GET') return { who: 'user', firstParty: true }
  return { who: 'handler', reason: 'people who are not signed in are sent to sign in, and back to the page of the form' }
}

/** Pages are for people at one of the app's own frontends. A third party's token opens the API, not pages. */
function isPerson(principal: Principal): boolean {
  if (principal.kind !== 'user') return false
  if (!principal.firstParty) throw httpErrors.forbidden({ detail: 'Pages are not part of the API' })
  return true
}

async function show(view: ViewDefinition, context: ViewContext<undefined>, values: Words): Promise<ViewResult> {
  if (view.form === undefined) return view.render(context)
  const parsed = view.form.safeParse(values)
  if (parsed.success) return view.render({ ...context, form: parsed.data })
  const form: InvalidForm = { values, problems: fieldProblems(parsed.error) }
  if (view.invalid === undefined) return { status: 422, html: invalidPage(form, context) }
  return view.invalid({ ...context, form })
}

function dependenciesOf(call: Call, { resources, auth }: ViewDependencies): Pick<ViewContext, 'resources' | 'profile'> {
  return { resources, profile: (accountId) => auth.profile(call, accountId) }
}

function protectionOf(exchange: Exchange): Pick<ViewContext, 'csrfField' | 'nonce' | 'signInPath'> {
  return {
    csrfField: () => html`<input type="hidden" name="${CSRF_FIELD}" value="${exchange.csrfToken()}">`,
    nonce: () => exchange.nonce(),
    signInPath: signInPath(exchange),
  }
}

function signInPath(exchange: Exchange): string {
  return `/session/sign-in?return_to=${encodeURIComponent(pageOf(exchange))}`
}

/** The page that the person was on. A form is sent from a page: coming back to its target would ask for something that only a POST gives. */
function pageOf(exchange: Exchange): string {
  if (exchange.method !== 'POST') return exchange.search === '' ? exchange.path : `${exchange.path}?${exchange.search}`
  const referer = exchange.request.headers.referer ?? ''
  if (!URL.canParse(referer)) return '/'
  const { origin, pathname, search } = new URL(referer)
  return origin === exchange.origin ? pathname + search : '/'
}

function answerOf(result: ViewResult): Answer {
  if (!('redirect' in result)) return page(result.html, result.status)
  // A backslash or a second slash would leave this site.
  if (!/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(result.redirect)) throw new Error('A view redirects to a path of its own frontend only')
  return seeOther(result.redirect)
}

function invalidPage({ problems }: InvalidForm, context: ViewContext): Html {
  return html`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Please check the form</title>
<style nonce="${context.nonce()}">:root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem}</style>
<h1>Please check the form</h1><ul>${problems.map(({ field, message }) => html`<li>${field === '' ? '' : html`<strong>${field}</strong>: `}${message}</li>`)}</ul>
<p>Go back in your browser, change it and send it again.</p></html>`
}
