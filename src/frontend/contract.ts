// What the app definition says about frontends: single-page apps and server-rendered views. Types only.
import type { Call } from '#kernel/call.ts'
import type { Html } from '#kernel/html.ts'
import type { PolicySources } from '#kernel/http/route.ts'
import type { FieldProblem, Schema } from '#kernel/schema.ts'
import type { PublicProfile } from '../auth/contract.ts'
import type { Resources } from '../resource/contract.ts'

export interface ViewContext<Input = unknown> {
  readonly call: Call
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** The parsed form of a POST, else `undefined`. */
  readonly form: Input
  readonly resources: Resources
  readonly profile: (accountId: string) => Promise<PublicProfile | undefined>
  /** The hidden field that every form needs. */
  readonly csrfField: () => Html
  /** For `<script nonce>` and `<style nonce>`. */
  readonly nonce: () => string
  /** Where to send a person who must sign in first; comes back to this page. */
  readonly signInPath: string
}

/** A form that did not fit its schema: what was typed, so that it can be shown again, and what is wrong with it. */
export interface InvalidForm {
  readonly values: Readonly<Record<string, string>>
  readonly problems: readonly FieldProblem[]
}

export type ViewResult =
  | { readonly html: Html; readonly status?: 200 | 400 | 403 | 404 | 409 | 410 | 422 }
  /** A path of this frontend, sent as 303. */
  | { readonly redirect: string }

export interface ViewDefinition {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly who: 'anyone' | 'user'
  readonly form?: Schema
  render(context: ViewContext): Promise<ViewResult>
  /** Answers a form that does not fit. Without it people see a plain page that says what was wrong. */
  invalid?(context: ViewContext<InvalidForm>): Promise<ViewResult>
}

export interface FrontendDefinition {
  /** Also the client id and, unless `host` says otherwise, the first label of the host. */
  readonly name: string
  readonly title: string
  readonly host?: string
  /**
   * `cookie`: the API is on this origin and scripts never see a token. `memory`: the page gets the access token once and calls an API of another origin;
   * the refresh token stays in its cookie.
   */
  readonly mode: 'cookie' | 'memory'
  /** Scopes of its sessions. */
  readonly scopes: readonly string[]
  /** The built single-page app: an absolute folder with `index.html` and hashed `assets/`. */
  readonly folder: string
  readonly views?: readonly ViewDefinition[]
  /** Named sources that pages of this frontend may use beside their own. */
  readonly sources?: PolicySources
}
