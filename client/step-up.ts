// What the API wants of the sign-in (RFC 9470), as its challenge says it.

export interface StepUp {
  /** One of these ways to sign in. */
  readonly acrValues?: readonly string[]
  /** Signed in no longer ago than this. */
  readonly maxAgeSeconds?: number
}

/** How a sign-in is asked for. */
export interface SignInWishes extends StepUp {
  /** In which languages its pages should be, ten BCP 47 tags at most; the first that is offered. What the person or the browser prefers unless told. */
  readonly uiLocales?: readonly string[]
}

/** Of the header `WWW-Authenticate`; `undefined` when it is about something else. */
export function stepUpIn(challenge: string | null | undefined): StepUp | undefined {
  if (challenge?.includes('error="insufficient_user_authentication"') !== true) return undefined
  const acrValues = /\bacr_values="([^"]*)"/.exec(challenge)?.[1]
  const maxAge = /\bmax_age="?(\d{1,10})/.exec(challenge)?.[1]
  return {
    ...(acrValues === undefined ? {} : { acrValues: acrValues.split(' ') }),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Number(maxAge) }),
  }
}

/** Where the person signs in so. */
export function signInAddress(returnTo: string, { acrValues, maxAgeSeconds, uiLocales }: SignInWishes = {}): string {
  const query = new URLSearchParams({
    return_to: returnTo,
    ...(acrValues === undefined ? {} : { acr_values: acrValues.join(' ') }),
    ...(maxAgeSeconds === undefined ? {} : { max_age: String(maxAgeSeconds) }),
    ...(uiLocales === undefined || uiLocales.length === 0 ? {} : { ui_locales: uiLocales.join(' ') }),
  })
  return `/session/sign-in?${query.toString()}`
}
