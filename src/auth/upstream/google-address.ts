// Whether Google can say whose an address is today. One of elsewhere was verified once, when the Google account was made; its mailbox may be another's by now.

/** `domain` is that of the organisation at Google (the claim `hd`) that the account is of. */
export function isGoogles(email: string, domain: string | undefined): boolean {
  return domain !== undefined || email.toLowerCase().endsWith('@gmail.com')
}
