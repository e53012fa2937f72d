// A challenge of the app's own, in place of our puzzle: a captcha, for one. Types only.
import type { Call } from '#kernel/call.ts'
import type { Html } from '#kernel/html.ts'
import type { ForeignSources } from '#kernel/http/route.ts'

export interface ChallengeDefinition {
  /** The name of the form field that carries the answer, as the widget names it. */
  readonly field: string
  /** What stands in the form. Scripts need the nonce; the content security policy of the accounts origin holds for them. */
  render(this: void, view: { readonly nonce: string; readonly language: string }): Html
  /**
   * Origins that a widget of somebody else loads from, let in by the pages on which the challenge stands and by no others. A script of theirs can read what
   * is typed there, the password as well; a frame cannot.
   */
  readonly sources?: ForeignSources
  /** True lets the form through. Within 3 seconds; anything else, and a throw, is a no. `client` is the day's pseudonym of the address. */
  verify(this: void, given: { readonly answer: string; readonly client: string; readonly call: Call }): Promise<boolean>
}
