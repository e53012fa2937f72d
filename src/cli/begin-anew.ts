// `ninefold keys begin-anew`: for who has lost the master key, or had the secret behind refresh tokens stolen. Says what that costs; with `--confirm`, gives
// it up, so that the next start makes it anew. For a platform that is stopped: one that runs has its keys in memory, and would write on with them.
import type { BeginAnew, BegunAnew } from '../auth/contract.ts'
import { systemCall } from '../kernel/call.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { load, type Loaded } from './load.ts'

const COMMAND = 'keys begin-anew'

export async function beginAnew(line: CommandLine): Promise<number> {
  const [, refreshTokens] = line.words
  const what = refreshTokens === undefined ? 'unreadable' : 'refresh-tokens'
  const loaded = await load(line, 'run')
  const endMove = what === 'unreadable' ? loaded.premises.house.overlookLostMove() : undefined
  const done = await whileStopped(loaded, async ({ platform }) => {
    const begun = await platform.auth.beginAnew(commandCall(COMMAND), { what, confirmed: line.confirmed })
    if (begun.lost.length === 0 && endMove === undefined) throw new CommandError(NOTHING[what])
    const losses = lossesIn(begun, endMove !== undefined)
    if (!line.confirmed) throw new CommandError(`To be given up:\n${losses}\n${WARNING[what]}`)
    await endMove?.()
    return `Given up, which is recorded:\n${losses}\n${what === 'unreadable' ? await adviceOf(begun, loaded) : AFTER_REFRESH}`
  })
  process.stdout.write(done)
  return 0
}

async function whileStopped<T>(loaded: Loaded, work: (loaded: Loaded) => Promise<T>): Promise<T> {
  const { platform } = loaded
  await platform.startOnly(['lock', 'folders', 'database'])
  try {
    await platform.database.settled(systemCall(COMMAND))
    return await work(loaded)
  } finally {
    await platform.stop()
  }
}

type ByWhat = Readonly<Record<BeginAnew['what'], string>>

const NOTHING: ByWhat = {
  unreadable:
    'Everything that is sealed here opens with the master key that is given. There is nothing to begin anew, and nothing was changed.',
  'refresh-tokens': 'There are no refresh tokens, and no secret behind them. Nothing was changed.',
}

const WARNING: ByWhat = {
  unreadable: `No version of the master key that is given opens this. Accounts, passwords, passkeys, recovery codes, roles, organisations, clients with their
secrets, what people have allowed apps, documents and files are not sealed, and stay.

Nothing was changed. If the key that this data was made with is anywhere (another machine, a key management service, keys.nfb of a backup), start with
that one. If it is lost for good, stop every process that uses this database, and say: ninefold keys begin-anew --confirm`,
  'refresh-tokens': `Every app sends its people through the sign-in once; whoever is signed in at the accounts site types nothing there.

Nothing was changed. Stop every process that uses this database, and say: ninefold keys begin-anew refresh-tokens --confirm`,
}

const RETURNING = `Who has ended an account here within a year is not known any more, and legacySignIn or legacyFind would bring them back, with roles and all:
before you start, delete them in the other system, too. If you cannot tell who they are, leave both out, and move the others in by a file.`

const AFTER_REFRESH = 'The next start makes another secret.\n'

function lossesIn({ lost }: BegunAnew, hasMove: boolean): string {
  const lines = lost.map(({ what, count }) => `  ${what}: ${count}\n`)
  return `${lines.join('')}${hasMove ? '  the address of the database that follows since a move\n' : ''}`
}

async function adviceOf({ marked, stranded }: BegunAnew, { platform, app }: Loaded): Promise<string> {
  const webhooks = await platform.jobs.webhooks.list(systemCall(COMMAND))
  return [
    'The next start makes new keys. People and apps sign in again.',
    ...(marked > 0
      ? ['People with an authenticator app come in by a recovery code or a passkey, and set it up anew; each is told by mail.']
      : []),
    ...(app.auth?.legacySignIn === undefined && app.auth?.legacyFind === undefined ? [] : [RETURNING]),
    ...stranded.map((email) => `Has neither, and asks you: ninefold account ${email} --reset-second-step`),
    ...webhooks.map(({ name }) => `Its receiver needs a new secret: ninefold webhooks secret ${name}`),
    'Keep the new master key apart from the backups, and make a new backup.\n',
  ].join('\n')
}
