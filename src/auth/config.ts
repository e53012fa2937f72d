// The settings of auth.
import { setting } from '#kernel/setting.ts'
import { MOST_COST, USUAL_COST } from './passwords/cost.ts'

export const authConfig = {
  passwordFilter: setting.optionalText(
    'A file of passwords that nobody may choose, beside those that ship with Ninefold; made by "ninefold passwords build-filter"',
  ),
  // What is too cheap is a matter of both together: see `costProblem`.
  passwordMemoryKib: setting.integer({
    default: USUAL_COST.memoryKiB,
    min: 1,
    max: MOST_COST.memoryKiB,
    about: 'KiB of memory that the hash of a password takes while it is computed (argon2id); with too few for the passes, nothing starts',
  }),
  passwordPasses: setting.integer({
    default: USUAL_COST.passes,
    min: 1,
    max: MOST_COST.passes,
    about: 'How often the hash of a password goes over its memory; hashes of another cost are replaced when their owners sign in',
  }),
  suspicionFactor: setting.integer({
    default: 1,
    min: 1,
    max: 1_000_000,
    about: 'Multiplies how many failed sign-ins it takes until the form asks for more, for measurements and for offices behind one address',
  }),
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
