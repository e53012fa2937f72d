// Everything of auth that is sealed at rest and lives longer than an hour, for who seals it anew with another version of the master key, and for who has
// lost the key. Add yours here. The signing keys stay the first.
import { SECRET_PURPOSE, secretBinding, secretsCollection } from './keys/lasting-secret.ts'
import { SIGNING_KEY_PURPOSE, signingKeyBinding, signingKeysCollection } from './keys/repository.ts'
import { sealedField, type SealedField } from './keys/sealed-field.ts'
import { grantsCollection, refreshTokensCollection, sessionsCollection } from './provider/collections.ts'
import { REFRESH_SECRET } from './provider/refresh-values.ts'
import { payloadBinding, VAULT_PURPOSE } from './provider/vault.ts'
import { totpCollection } from './second-factors/repository.ts'
import { TOTP_PURPOSE, totpBinding } from './second-factors/service.ts'

const payload = { field: 'payload', purpose: VAULT_PURPOSE } as const

const ofSecrets = { index: 'madeAt', field: 'sealed', purpose: SECRET_PURPOSE, bindingOf: secretBinding } as const
const refreshSecret = { ...ofSecrets, what: 'secret behind refresh tokens', isMeant: (id: string) => id === REFRESH_SECRET }

const refreshTokens = sealedField(refreshTokensCollection, {
  ...payload,
  what: 'refresh tokens',
  index: 'grant',
  bindingOf: (id) => payloadBinding({ collection: refreshTokensCollection.name, id }),
})

/** What goes when the secret behind refresh tokens was stolen. */
export const REFRESH_FIELDS: readonly SealedField[] = [sealedField(secretsCollection, refreshSecret), refreshTokens]

export const SEALED_FIELDS: readonly SealedField[] = [
  sealedField(signingKeysCollection, {
    what: 'signing keys of tokens',
    index: 'generation',
    field: 'sealedPrivateJwk',
    purpose: SIGNING_KEY_PURPOSE,
    bindingOf: signingKeyBinding,
  }),
  sealedField(secretsCollection, { ...ofSecrets, what: 'secrets that outlive versions of the master key' }),
  sealedField(totpCollection, {
    what: 'authenticator apps',
    index: 'created',
    field: 'key',
    purpose: TOTP_PURPOSE,
    bindingOf: totpBinding,
  }),
  sealedField(sessionsCollection, {
    what: 'sessions of browsers',
    ...payload,
    index: 'cookie',
    bindingOf: (id) => payloadBinding({ collection: sessionsCollection.name, id }),
  }),
  sealedField(grantsCollection, {
    what: 'sign-ins to apps',
    ...payload,
    index: 'client',
    bindingOf: (id) => payloadBinding({ collection: grantsCollection.name, id }),
  }),
  refreshTokens,
]
