// What the rest of the platform may know about monitoring. Types only. Nothing here may fail or slow a request.

export interface RequestRecord {
  readonly requestId: string
  /** Epoch milliseconds of the first byte. */
  readonly at: number
  readonly durationMs: number
  readonly method: string
  readonly site: string
  /** The declared pattern (`/api/photos/:id`), never the address that was asked; `unmatched` when there is none. */
  readonly route: string
  readonly status: number
  readonly bytesOut: number
  /** The day's pseudonym of the client's address. */
  readonly client: string
  readonly principal: 'anonymous' | 'user' | 'operator' | 'system'
  readonly accountId?: string
  readonly clientId?: string
  readonly errorCode?: string
}

export interface Monitoring {
  /** One call per request, at its end: counts it, logs one line, keeps it in the request log. Never throws, never waits. */
  recordRequest(record: RequestRecord): void
  /**
   * The day's pseudonym of a client address: an HMAC under a random key of the day that is destroyed 24 hours after its day. IPv6 addresses are taken
   * by their /64. Cheap: remembered per address.
   */
  pseudonym(address: string): string
  /** A content security policy report that a browser sent. */
  recordPolicyReport(report: { readonly documentUri: string; readonly directive: string; readonly blockedUri: string }): void
}
