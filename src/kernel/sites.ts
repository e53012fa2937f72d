// The public origins of the platform. Separate origins are the wall between accounts, apps, user content and operators.

export interface Sites {
  /** The authorization server and the account pages; also the issuer, exactly as written here. */
  readonly accounts: string
  /** The data API, under `/api`; the first frontend, if there is one, shares this origin. */
  readonly app: string
  /** User content, and nothing else. */
  readonly files: string
  readonly console: string
  /** Where clients show certificates, if that has a host of its own: what they call of the authorization server (RFC 8705 section 5) and the API, and nothing else. */
  readonly certificates?: string
  /** Each frontend by its name. */
  readonly frontends: Readonly<Record<string, string>>
}

/** Where a route lives: `accounts`, `app`, `files`, `console`, `certificates`, `frontend:<name>`, or `*` for every host. */
export type SiteName = 'accounts' | 'app' | 'files' | 'console' | 'certificates' | '*' | `frontend:${string}`

/** The audience of access tokens (RFC 9068 `aud`, RFC 8707 `resource`) for the data API and the files. */
export function apiAudience(sites: Sites): string {
  return `${sites.app}/api`
}
