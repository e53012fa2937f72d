// What is stored of a link by which somebody makes a new passkey. Whoever has the token has the link.
import { randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import { TOKEN_MS } from '../accounts/mail-limits.ts'
import { type Account, credentialOf } from '../accounts/schemas.ts'
import type { PasswordReset } from '../recovery/schemas.ts'

interface Permitted {
  readonly email: string
  /** Whose it is; nothing can come of it without. */
  readonly account: Account | undefined
  readonly interaction?: string | undefined
}

export function permitOf(now: number, { account, ...permitted }: Permitted): { readonly token: string; readonly reset: PasswordReset } {
  const token = randomToken()
  return { token, reset: stored(now, { ...permitted, token, accountId: account?.id, credential: credentialOf(account ?? {}) }) }
}

/**
 * For the commit that takes the account back from somebody, by way of an operator. Of the account when all is done: it counts once in that commit, and once
 * when what was added meanwhile is removed; until then nothing comes of the link.
 */
export function permitAfter(
  now: number,
  {
    account: { id: accountId, waysVersion = 0 },
    ...permitted
  }: { readonly account: Account; readonly email: string; readonly token: string },
): PasswordReset {
  const credential = credentialOf({ waysVersion: waysVersion + 2 })
  return { ...stored(now, { ...permitted, accountId, credential }), byOperator: true }
}

function stored(
  now: number,
  { token, ...permitted }: Pick<PasswordReset, 'accountId' | 'email' | 'interaction' | 'credential'> & { readonly token: string },
): PasswordReset {
  return { ...permitted, id: sha256(token), for: 'passkey', expiresAt: now + TOKEN_MS }
}
