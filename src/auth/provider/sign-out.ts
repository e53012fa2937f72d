// Signing out for a client (OpenID Connect RP-Initiated Logout): what is asked, and what the form of that page may end. The engine keeps the wish in the
// session, where a second page of the same browser takes the place of the first; here each form carries its own, sealed, and who is not signed in gets no session by looking.
import { errors, type Client, type KoaContextWithOIDC } from 'oidc-provider'
import type Provider from 'oidc-provider'
import type { KeyRing } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import { factsOf } from './client-facts.ts'
import type { ClientRegistry } from './clients.ts'
import { signOutSteps } from './engine-internals.ts'
import type { ProviderPages } from './provider-pages.ts'

export interface SignOutParts {
  readonly keyRing: Pick<KeyRing, 'seal' | 'open'>
  readonly clients: Pick<ClientRegistry, 'isFirstParty'>
  readonly pages: Pick<ProviderPages, 'signOut'>
}

type Next = () => Promise<unknown>

const PURPOSE = 'auth.sign-out'
const BINDING = 'form'

const wishShape = z.strictObject({ clientId: z.string().optional(), back: z.string().optional(), state: z.string().optional() })
const formShape = wishShape.extend({ uid: z.string(), accountId: z.string() })

/** Where somebody goes after it. An address only ever with its client, which has registered it. */
type Wish = z.infer<typeof wishShape>

const known = new WeakMap<Provider, SignOutParts>()

export function offerSignOut(provider: Provider, parts: SignOutParts): void {
  known.set(provider, parts)
}

/** For the engine that is built next: it takes its steps then. */
export function settleSignOut(): void {
  const { init, confirm } = signOutSteps
  if (init.includes(askToSignOut)) return
  const secret = init.findIndex(({ name }) => name === 'generateXsrf')
  const check = confirm.findIndex(({ name }) => name === 'verifyXsrf')
  if (init[secret + 1]?.name !== 'renderLogout' || secret + 2 !== init.length || check === -1)
    throw new Error('The OpenID engine signs people out in another way than this release knows.')
  init.splice(secret, 2, askToSignOut)
  confirm.splice(check, 1, takeWish)
}

/** Nobody is asked where nobody is signed in. */
async function askToSignOut(context: KoaContextWithOIDC): Promise<void> {
  const { client, session, params } = context.oidc
  const wish: Wish = { clientId: client?.clientId, back: textOf(params?.['post_logout_redirect_uri']), state: textOf(params?.['state']) }
  if (session?.accountId === undefined) {
    leave(context, client, wish)
    return
  }
  const { keyRing, clients, pages } = partsOf(context)
  const form = keyRing.seal(PURPOSE, BINDING, JSON.stringify({ ...wish, uid: session.uid, accountId: session.accountId }))
  const isOurs = client !== undefined && clients.isFirstParty(client.clientId)
  pages.signOut(context, { form, back: wish.back, app: isOurs ? undefined : (client?.clientName ?? client?.clientId) })
}

/**
 * A form that this session has shown goes on to the engine, which ends the session. One that has ended it already, as after a second press, leads to the
 * same place; of one that another session has shown the person is asked anew. What was not made here is refused.
 */
async function takeWish(context: KoaContextWithOIDC, next: Next): Promise<void> {
  const { session, params } = context.oidc
  const form = formOf(context, params?.['xsrf'])
  if (form === undefined) throw new errors.InvalidRequest('could not find what was asked: ask for the sign-out once more')
  const client = await clientOf(context, form.clientId)
  const wish = allowed(client, form)
  if (session?.accountId === undefined) leave(context, client, wish)
  else if (form.uid !== session.uid || form.accountId !== session.accountId) askAgain(context, wish)
  else {
    const { back: postLogoutRedirectUri, state } = wish
    // Where all ends the engine has no other use for the name of a client than to look it up once more.
    const clientId = (textOf(params?.['logout']) ?? '') === '' ? wish.clientId : undefined
    if (client !== undefined) context.oidc.entity('Client', client)
    // Beside the setter, which would have the session stored.
    Reflect.defineProperty(session, 'state', { value: { clientId, postLogoutRedirectUri, state }, ...PLAIN })
    await next()
  }
}

const PLAIN = { writable: true, enumerable: true, configurable: true } as const

function formOf(context: KoaContextWithOIDC, given: unknown): z.infer<typeof formShape> | undefined {
  const text = typeof given === 'string' ? partsOf(context).keyRing.open(PURPOSE, BINDING, given) : undefined
  return text === undefined ? undefined : formShape.parse(JSON.parse(text))
}

/** It may have been blocked, or have ended, since the page was made. */
async function clientOf({ oidc }: KoaContextWithOIDC, clientId: string | undefined): Promise<Client | undefined> {
  if (clientId === undefined) return undefined
  try {
    return await oidc.provider.Client.find(clientId)
  } catch (error) {
    if (error instanceof errors.InvalidClient) return undefined
    throw error
  }
}

function allowed(client: Client | undefined, wish: Wish): Wish {
  if (client === undefined) return {}
  const { clientId } = client
  if (wish.back === undefined || !client.postLogoutRedirectUriAllowed(wish.back)) return { clientId }
  return { clientId, back: wish.back, state: wish.state }
}

/**
 * Where a client that nobody here knows wants people to go they go only from a page of ours, or its link to us would be a link of ours to it. The engine
 * would answer with a form that a script sends, and our pages allow no such script.
 */
function leave(context: KoaContextWithOIDC, client: Client | undefined, { back, state }: Wish): void {
  const goesBack = back !== undefined && factsOf(client).isStranger !== true
  const target = new URL(goesBack ? back : context.oidc.urlFor('end_session_success'))
  if (goesBack && state !== undefined) target.searchParams.set('state', state)
  seeOther(context, target)
}

function askAgain(context: KoaContextWithOIDC, { clientId, back, state }: Wish): void {
  const target = new URL(context.oidc.urlFor('end_session'))
  const query = { client_id: clientId, post_logout_redirect_uri: back, state }
  for (const [name, value] of Object.entries(query)) if (value !== undefined) target.searchParams.set(name, value)
  seeOther(context, target)
}

function seeOther(context: KoaContextWithOIDC, { href }: URL): void {
  context.status = 303
  context.redirect(href)
}

function partsOf({ oidc }: KoaContextWithOIDC): SignOutParts {
  const parts = known.get(oidc.provider)
  if (parts === undefined) throw new Error('This engine was built without what signs people out.')
  return parts
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
