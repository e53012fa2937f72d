// `ninefold keys`: the keys that tokens are signed with. A running platform takes up what changes here within a second.
import type { Auth, Resealed, SigningKeyInfo } from '../auth/contract.ts'
import { beginAnew } from './begin-anew.ts'
import { printBeside } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine, named } from './command-line.ts'
import { recoverKey } from './recover-key.ts'
import { table } from './table.ts'
import type { WayOf } from './uses.ts'

const HELP =
  'Say: ninefold keys list, ninefold keys rotate [--now], ninefold keys revoke <kid>, ninefold keys reseal, ninefold keys recover --from <backup>, or ninefold keys begin-anew [refresh-tokens] [--confirm]'

export async function keysCommand(line: CommandLine): Promise<number> {
  requireSense(line)
  const [verb = 'list'] = line.words
  if (verb === 'begin-anew') return await beginAnew(line)
  if (verb === 'recover') return await recoverKey(line)
  const work = named(WORKS, verb)
  if (work === undefined) throw new CommandError(HELP)
  return await printBeside(line, ({ auth }) => work(auth, line))
}

type Work = (auth: Auth, line: CommandLine) => Promise<string>

const call = commandCall('keys')

const WORKS: Readonly<Record<Exclude<WayOf<'keys'>, 'begin-anew' | 'recover'>, Work>> = {
  list: async (auth) => shown(await auth.signingKeys(call)),
  rotate: async (auth, { now }) => shown(await auth.rotateSigningKeys(call, { now })),
  reseal: async (auth) => resealed(await auth.reseal(call)),
  async revoke(auth, { words: [, kid = ''] }) {
    if (await auth.revokeSigningKey(call, kid)) return shown(await auth.signingKeys(call))
    throw new CommandError(`There is no key ${JSON.stringify(kid)} that could be revoked. "ninefold keys list" shows all.`)
  },
}

/** Before anything is opened, so that a typing mistake is answered in a line. */
function requireSense({ words }: CommandLine): void {
  const [verb = 'list', ...rest] = words
  const isBeginning = verb === 'begin-anew' && (rest.length === 0 || rest.join(' ') === 'refresh-tokens')
  const takes = verb === 'revoke' ? 1 : 0
  if (!isBeginning && rest.length !== takes) throw new CommandError(HELP)
}

function shown(keys: readonly SigningKeyInfo[]): string {
  return table([['key', 'algorithm', 'state', 'signs from'], ...keys.map(rowOf)])
}

function resealed({ sealedAnew, unreadable }: Resealed): string {
  const lost =
    unreadable === 0
      ? ''
      : ` ${unreadable} open with no version of the master key that is given; "ninefold keys begin-anew" says what they are.`
  const done = unreadable === 0 ? ' A former version is needed no more.' : ''
  const advice = sealedAnew === 0 ? done : ' Run it again until it finds nothing.'
  return `Sealed anew with the newest version of the master key: ${sealedAnew}.${lost}${advice}\n`
}

function rowOf({ kid, alg, state, activeFrom, revokedAt }: SigningKeyInfo): string[] {
  const told = revokedAt === undefined ? state : `revoked ${new Date(revokedAt).toISOString()}`
  return [kid, alg, told, new Date(activeFrom).toISOString()]
}
