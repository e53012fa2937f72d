// Everything of auth that is sealed at rest and lives longer than an hour, for who seals it anew with another version of the master key. Add yours here.
import { SECRET_PURPOSE, secretBinding, secretsCollection } from './keys/lasting-secret.ts'
import { SIGNING_KEY_PURPOSE, signingKeyBinding, signingKeysCollection } from './keys/repository.ts'
import { sealedField, type SealedField } from './keys/reseal.ts'
import { grantsCollection, refreshTokensCollection, sessionsCollection } from './provider/collections.ts'
import { payloadBinding, VAULT_PURPOSE } from './provider/vault.ts'
import { totpCollection } from './second-factors/repository.ts'
import { TOTP_PURPOSE, totpBinding } from './second-factors/service.ts'

const payload = { field: 'payload', purpose: VAULT_PURPOSE } as const

export const SEALED_FIELDS: readonly SealedField[] = [
  sealedField(signingKeysCollection, {
    index: 'generation',
    field: 'sealedPrivateJwk',
    purpose: SIGNING_KEY_PURPOSE,
    bindingOf: signingKeyBinding,
  }),
  sealedField(secretsCollection, { index: 'madeAt', field: 'sealed', purpose: SECRET_PURPOSE, bindingOf: secretBinding }),
  sealedField(totpCollection, { index: 'created', field: 'key', purpose: TOTP_PURPOSE, bindingOf: totpBinding }),
  sealedField(sessionsCollection, {
    ...payload,
    index: 'cookie',
    bindingOf: (id) => payloadBinding({ collection: sessionsCollection.name, id }),
  }),
  sealedField(grantsCollection, {
    ...payload,
    index: 'client',
    bindingOf: (id) => payloadBinding({ collection: grantsCollection.name, id }),
  }),
  sealedField(refreshTokensCollection, {
    ...payload,
    index: 'grant',
    bindingOf: (id) => payloadBinding({ collection: refreshTokensCollection.name, id }),
  }),
]
