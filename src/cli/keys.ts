// `ninefold keys`: the keys that tokens are signed with. A running platform takes up what changes here within a second.
import { systemCall } from '../kernel/call.ts'
import type { Auth, Resealed, SigningKeyInfo } from '../auth/contract.ts'
import { printBeside } from './beside.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { table } from './table.ts'

const HELP = 'Say: ninefold keys list, ninefold keys rotate [--now], ninefold keys revoke <kid>, or ninefold keys reseal'

export async function keysCommand(line: CommandLine): Promise<number> {
  const work = workOf(line)
  return await printBeside(line, ({ auth }) => work(auth))
}

/** Before anything is opened, so that a typing mistake is answered in a line. */
function workOf({ words, now }: CommandLine): (auth: Auth) => Promise<string> {
  const [verb = 'list', kid, ...rest] = words
  const call = systemCall('keys')
  if (rest.length > 0 || (verb !== 'revoke' && kid !== undefined) || (verb !== 'rotate' && now)) throw new CommandError(HELP)
  if (verb === 'list') return async (auth) => shown(await auth.signingKeys(call))
  if (verb === 'rotate') return async (auth) => shown(await auth.rotateSigningKeys(call, { now }))
  if (verb === 'reseal') return async (auth) => resealed(await auth.reseal(call))
  if (verb !== 'revoke' || kid === undefined) throw new CommandError(HELP)
  return async (auth) => {
    if (await auth.revokeSigningKey(call, kid)) return shown(await auth.signingKeys(call))
    throw new CommandError(`There is no key ${JSON.stringify(kid)} that could be revoked. "ninefold keys list" shows all.`)
  }
}

function shown(keys: readonly SigningKeyInfo[]): string {
  return table([['key', 'algorithm', 'state', 'signs from'], ...keys.map(rowOf)])
}

function resealed({ sealedAnew, unreadable }: Resealed): string {
  const lost = unreadable === 0 ? '' : ` ${unreadable} open with no version of the master key that is given.`
  const advice = sealedAnew === 0 && unreadable === 0 ? ' A former version is needed no more.' : ' Run it again until it finds nothing.'
  return `Sealed anew with the newest version of the master key: ${sealedAnew}.${lost}${advice}\n`
}

function rowOf({ kid, alg, state, activeFrom, revokedAt }: SigningKeyInfo): string[] {
  const told = revokedAt === undefined ? state : `revoked ${new Date(revokedAt).toISOString()}`
  return [kid, alg, told, new Date(activeFrom).toISOString()]
}
