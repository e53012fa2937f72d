// A challenge of the app's own, in place of our puzzle: a captcha, for one. Types only.
import type { Call } from '#kernel/call.ts'
import type { Html } from '#kernel/html.ts'

export interface ChallengeDefinition {
  /** The name of the form field that carries the answer, as the widget names it. */
  readonly field: string
  /** What stands in the form. Scripts need the nonce; the content security policy of the accounts origin holds for them. */
  render(this: void, view: { readonly nonce: string; readonly language: string }): Html
  /** True lets the form through. Within 3 seconds; anything else, and a throw, is a no. `client` is the day's pseudonym of the address. */
  verify(this: void, given: { readonly answer: string; readonly client: string; readonly call: Call }): Promise<boolean>
}
