// The settings of auth.
import { setting } from '#kernel/setting.ts'

export const authConfig = {
  upstreamSecrets: setting.secret(
    'Secrets of the other providers that people sign in with: a JSON object of texts by id, as in {"google":"..."}',
  ),
}
