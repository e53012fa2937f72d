// Signing in on a device that has no keyboard worth the name (RFC 8628): its pages, and a limit on how often somebody may try short codes.
import { type Client, type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Html } from '#kernel/html.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { Counts } from '../accounts/counts.ts'
import type { CodeGuard } from '../guard/codes.ts'
import type { Due } from '../guard/service.ts'
import { describeDevice } from '../device.ts'
import { isNewSession, leaveSessionUnsaved } from './engine-internals.ts'
import { currentBody, currentCall, currentExchange } from './scope.ts'

export const DEVICE_PATH = '/device'
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
/** Between two polls of a device, and what is added each time that it does not wait for so long (RFC 8628 section 3.5). */
export const POLL_SECONDS = 5

/** In the address of the page: whoever came had no session any more. */
const AGAIN = 'again'
const TRIES = 10
const WINDOW_MS = 10 * 60_000
export const DEVICE_CODE_SECONDS = 600

export type DeviceProblem = 'unknown' | 'expired' | 'used' | 'aborted' | 'failed' | 'often' | 'puzzle' | 'again'

interface DeviceForm {
  readonly action: string
  readonly xsrf: string
  readonly code: string
  /** What the form has to carry (see guard/). */
  readonly due?: Due | undefined
}

export interface DevicePages {
  devicePage(exchange: Exchange, view: DeviceForm & { readonly problem?: DeviceProblem | undefined }): Html
  deviceConfirmPage(exchange: Exchange, view: DeviceForm & { readonly app: string; readonly device: string }): Html
  deviceDonePage(exchange: Exchange): Html
}

/** By the names of the engine's errors; what is not here is `failed`. */
const PROBLEMS: Readonly<Record<string, DeviceProblem | undefined>> = {
  NotFoundError: 'unknown',
  NoCodeError: 'unknown',
  ExpiredError: 'expired',
  AlreadyUsedError: 'used',
  AbortedError: 'aborted',
  PuzzleNeeded: 'puzzle',
}

/** Nothing was looked up. */
class PuzzleNeeded extends errors.OIDCProviderError {
  readonly lacked: number

  constructor(lacked: number) {
    super(422, 'puzzle_needed')
    this.name = 'PuzzleNeeded'
    this.lacked = lacked
  }
}

/** Whoever says yes has said so before, in the same session. */
export class ConnectedHere extends errors.OIDCProviderError {
  constructor() {
    super(400, 'connected_here')
    this.name = 'ConnectedHere'
  }
}

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

export function deviceFlow(pages: DevicePages, guard: CodeGuard): DeviceFlow {
  const action = DEVICE_PATH
  const show = async (context: KoaContextWithOIDC, page: (exchange: Exchange) => Html | Promise<Html>): Promise<void> => {
    const exchange = currentExchange()
    if (exchange === undefined) throw new Error('A page of the engine was asked for outside of a request.')
    context.type = 'html'
    context.set('cache-control', 'no-store')
    context.body = (await page(exchange)).toString()
  }
  return {
    enabled: true,
    charset: 'base-20',
    mask: '****-****',
    // For the person who is to confirm it; never an address.
    deviceInfo: ({ request }) => ({ device: describeDevice(request.get('user-agent')) }),
    // oxlint-disable-next-line eslint/max-params -- the engine gives four
    async userCodeInputSource(context, _form, _out, error) {
      if (error !== undefined && hasNoSession(context)) {
        beginAnew(context)
        return
      }
      const before = error === undefined ? undefined : await saidBefore(context, error)
      if (before === 'begun') {
        beginAnew(context)
        return
      }
      if (before === 'connected') {
        context.status = 200
        await show(context, (exchange) => pages.deviceDonePage(exchange))
        return
      }
      const problem = error === undefined ? (isAgain(currentExchange()) ? 'again' : undefined) : (PROBLEMS[error.name] ?? 'failed')
      const lacked = error instanceof PuzzleNeeded ? error.lacked : undefined
      await show(context, async (exchange) => {
        const due = await guard.due(currentCall(), exchange, lacked)
        return pages.devicePage(exchange, { action, xsrf: xsrfOf(context), code: givenCode(exchange), problem, due })
      })
    },
    // oxlint-disable-next-line eslint/max-params -- the engine gives five
    async userCodeConfirmSource(context, _form, client: Client, info, code) {
      const device = typeof info['device'] === 'string' ? info['device'] : describeDevice(undefined)
      const app = client.clientName ?? client.clientId
      await show(context, async (exchange) => {
        const due = await guard.due(currentCall(), exchange)
        return pages.deviceConfirmPage(exchange, { action, xsrf: xsrfOf(context), code, app, device, due })
      })
    },
    async successSource(context) {
      await show(context, (exchange) => pages.deviceDonePage(exchange))
    },
  }
}

/** A form whose session is gone, or a way back to one: none is stored whose secret a page could carry. The page itself makes one. */
function hasNoSession({ method, path, oidc: { session } }: KoaContextWithOIDC): boolean {
  return session !== undefined && isNewSession(session) && !(method === 'GET' && path === DEVICE_PATH)
}

/** What has come of the same yes in this session, where this one came too late: what the form proves itself by is gone with the first one. */
async function saidBefore(context: KoaContextWithOIDC, error: Error): Promise<'begun' | 'connected' | undefined> {
  if (error instanceof ConnectedHere) return 'connected'
  const code = error instanceof errors.InvalidRequest ? confirmedCode(context) : ''
  if (code === '') return undefined
  const { provider, session } = context.oidc
  try {
    const found = await provider.DeviceCode.findByUserCode(code)
    return found !== undefined && found.sessionUid === session?.uid ? 'begun' : undefined
  } catch (failure) {
    if (failure instanceof errors.OIDCProviderError) return failure instanceof ConnectedHere ? 'connected' : undefined
    throw failure
  }
}

function confirmedCode({ oidc: { params, route } }: KoaContextWithOIDC): string {
  const isYes = route === 'code_verification' && params?.['confirm'] !== undefined
  return isYes ? typedCode(params['user_code']).replace(/[- ]/, '') : ''
}

/** At the page that makes a session, with what was typed. */
function beginAnew(context: KoaContextWithOIDC): void {
  const { session, params } = context.oidc
  // The engine would store what it has just put into it, and cannot.
  if (session !== undefined) leaveSessionUnsaved(session)
  const code = typedCode(params?.['user_code'])
  const query = new URLSearchParams({ ...(code === '' ? {} : { user_code: code }), [AGAIN]: 'yes' })
  context.status = 303
  context.set('cache-control', 'no-store')
  context.redirect(`${DEVICE_PATH}?${query.toString()}`)
}

function isAgain(exchange: Exchange | undefined): boolean {
  return new URLSearchParams(exchange?.search).has(AGAIN)
}

function xsrfOf({ oidc }: KoaContextWithOIDC): string {
  const secret = oidc.session?.state?.['secret']
  return typeof secret === 'string' ? secret : ''
}

/** From `verification_uri_complete`; what looks like no code is not shown again. */
function givenCode({ search }: Exchange): string {
  return typedCode(new URLSearchParams(search).get('user_code'))
}

function typedCode(given: unknown): string {
  const code = typeof given === 'string' ? given.trim() : ''
  return /^[A-Za-z]{4}[- ]?[A-Za-z]{4}$/.test(code) ? code.toUpperCase() : ''
}

/** Whether this address may try one more short code: most people need one. Section 5.1 wants guessing to be hopeless. */
export async function mayTryCode(counts: Counts, call: Call, client: string): Promise<boolean> {
  return (await counts.seen(call, keyOf(client))) < TRIES
}

/** Looks a short code up for the browser that has typed it: a code that is none counts against the address that it came from. */
export async function tryCode<Found>(
  { counts, guard }: { readonly counts: Counts; readonly guard: CodeGuard },
  find: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const exchange = currentExchange()
  if (exchange?.method !== 'POST' || exchange.path !== DEVICE_PATH) return find()
  const call = currentCall()
  const lacked = await guard.lacks(call, exchange, currentBody() ?? {})
  if (lacked !== undefined) throw new PuzzleNeeded(lacked)
  const found = await find()
  if (found === undefined) await counts.add(call, keyOf(exchange.client), { by: 1, ttlMs: WINDOW_MS })
  else await guard.honest(call, exchange)
  return found
}

const keyOf = (client: string): string => `user-code:${client}`
