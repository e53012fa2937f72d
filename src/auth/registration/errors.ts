// How a registration is refused (RFC 7591 section 3.2.2).

export type RegistrationErrorCode = 'invalid_redirect_uri' | 'invalid_client_metadata' | 'invalid_token' | 'temporarily_unavailable'

/** The description is shown to the client: it says what was wrong, and nothing of others. */
export class RegistrationError extends Error {
  override readonly name = 'RegistrationError'
  readonly code: RegistrationErrorCode

  constructor(code: RegistrationErrorCode, description: string) {
    super(description)
    this.code = code
  }
}
