// The first argument of every contract method: on whose authority, for which request, until when.

/** Who is asking. Plain data, so that it travels between processes as it is. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user'
      readonly accountId: string
      /** The `sid` claim: one browser session of one client. Ending it ends every token that carries it. */
      readonly sessionId: string
      readonly clientId: string
      readonly scopes: readonly string[]
      /** True for the app's own frontends, false for third parties that a person has let in. */
      readonly firstParty: boolean
      /** What an operator has made of this person, as the token carries it. */
      readonly roles?: readonly string[]
      readonly groups?: readonly string[]
      /** The organisation that the person acts for, and what they are there. */
      readonly organisation?: { readonly id: string; readonly roles: readonly string[] }
      /** How the person has signed in, and when (epoch seconds), as far as the token says. */
      readonly signIn?: { readonly acr?: string; readonly at?: number }
    }
  | { readonly kind: 'operator'; readonly sessionId: string }
  | {
      readonly kind: 'system'
      readonly name: string
      /** Whose command it is: the account on the machine. Without it the platform does something by itself. */
      readonly by?: string
    }

export type UserPrincipal = Extract<Principal, { kind: 'user' }>

/** An operator, or the platform itself: a command, a schedule. Never a person, a client or a service. */
export const isOperator = ({ kind }: Principal): boolean => kind === 'operator' || kind === 'system'

export interface Call {
  readonly principal: Principal
  /** Ties every log line and every error answer of one request together. */
  readonly requestId: string
  /** Aborted when the client goes away or the deadline passes. */
  readonly signal: AbortSignal
  /** Epoch milliseconds after which the caller no longer waits. */
  readonly deadline: number
  /** What whoever asks reads, a BCP 47 tag; known on pages, for the mails that come of them. */
  readonly language?: string
}

const never = new AbortController().signal

/** A call that the platform makes for itself: start-up, schedules, event delivery. */
export function systemCall(name: string): Call {
  return { principal: { kind: 'system', name }, requestId: `system-${name}`, signal: never, deadline: Number.POSITIVE_INFINITY }
}

/** The same request on other authority, for example when a server acts for itself on behalf of a person. */
export function callAs(call: Call, principal: Principal): Call {
  return { principal, requestId: call.requestId, signal: call.signal, deadline: call.deadline }
}

/** The same request, with what its reader reads. The members are asked for one by one: a call may make some of them when they are first asked for. */
export function callIn(call: Call, language: string): Call {
  return new CallIn(call, language)
}

// A class, not a literal with a getter: that would be another function in each, and each an object of another shape.
class CallIn implements Call {
  readonly principal: Principal
  readonly requestId: string
  readonly deadline: number
  readonly language: string
  readonly #call: Call

  constructor(call: Call, language: string) {
    this.principal = call.principal
    this.requestId = call.requestId
    this.deadline = call.deadline
    this.language = language
    this.#call = call
  }

  get signal(): AbortSignal {
    return this.#call.signal
  }
}
