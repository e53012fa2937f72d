// The settings of auth.
import { setting } from '#kernel/setting.ts'

export const authConfig = {
  upstreamSecrets: setting.secret(
    'Secrets of the other providers that people sign in with: a JSON object of texts by id, as in {"google":"..."}',
  ),
  keyRotationDays: setting.integer({
    default: 90,
    min: 0,
    max: 3650,
    about: 'Days that a signing key signs before the next one takes over; 0 leaves it to "ninefold keys rotate"',
  }),
}
