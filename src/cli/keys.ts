// `ninefold keys`: the keys that tokens are signed with. A running platform takes up what changes here within a second.
import { systemCall } from '../kernel/call.ts'
import type { Auth, SigningKeyInfo } from '../auth/contract.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { load } from './load.ts'
import { table } from './table.ts'

const HELP = 'Say: ninefold keys list, ninefold keys rotate [--now], or ninefold keys revoke <kid>'

export async function keysCommand(line: CommandLine): Promise<number> {
  const work = workOf(line)
  const { platform } = await load(line, 'run')
  await platform.startOnly(['folders', 'database', 'cache', 'auth'])
  try {
    const keys = await work(platform.auth)
    process.stdout.write(table([['key', 'algorithm', 'state', 'signs from'], ...keys.map(rowOf)]))
  } finally {
    await platform.stop()
  }
  return 0
}

/** Before anything is opened, so that a typing mistake is answered in a line. */
function workOf({ words, now }: CommandLine): (auth: Auth) => Promise<readonly SigningKeyInfo[]> {
  const [verb = 'list', kid, ...rest] = words
  const call = systemCall('keys')
  if (rest.length > 0 || (verb !== 'revoke' && kid !== undefined) || (verb !== 'rotate' && now)) throw new CommandError(HELP)
  if (verb === 'list') return (auth) => auth.signingKeys(call)
  if (verb === 'rotate') return (auth) => auth.rotateSigningKeys(call, { now })
  if (verb !== 'revoke' || kid === undefined) throw new CommandError(HELP)
  return async (auth) => {
    if (await auth.revokeSigningKey(call, kid)) return auth.signingKeys(call)
    throw new CommandError(`There is no key ${JSON.stringify(kid)} that could be revoked. "ninefold keys list" shows all.`)
  }
}

function rowOf({ kid, alg, state, activeFrom, revokedAt }: SigningKeyInfo): string[] {
  const told = revokedAt === undefined ? state : `revoked ${new Date(revokedAt).toISOString()}`
  return [kid, alg, told, new Date(activeFrom).toISOString()]
}
