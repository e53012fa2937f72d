// `ninefold organisations`: what operators see and do of them. Works beside a running platform.
import type { OrganisationOnDesk, OrganisationsDesk, RolesChange } from '../auth/organisations/contract.ts'
import { printBeside } from './beside.ts'
import { commandCall } from './command-call.ts'
import { CommandError, type CommandLine, named, rolesIn } from './command-line.ts'
import { table } from './table.ts'
import type { WayOf } from './uses.ts'

const call = commandCall('organisations')

interface Action {
  /** How many words follow the name of the action. */
  readonly words: number
  run(
    desk: OrganisationsDesk,
    words: readonly string[],
    asked: { readonly roles: RolesChange; readonly withoutOwner: boolean },
  ): Promise<string>
}

export async function organisationsCommand(line: CommandLine): Promise<number> {
  const [name = 'list', ...words] = line.words
  const action = named(ACTIONS, name)
  const { withoutOwner } = line
  if (action?.words !== words.length)
    throw new CommandError(
      'Say ninefold organisations list, with --without-owner if you like; create <name> <address of the owner>; members <id>; set <id> <address> --add-role <role> --remove-role <role>; remove <id> <address>; or end <id>.',
    )
  return await printBeside(line, ({ auth }) => action.run(auth.organisations, words, { roles: rolesIn(line), withoutOwner }))
}

const ACTIONS: Readonly<Record<WayOf<'organisations'>, Action>> = {
  list: {
    words: 0,
    async run(desk, _words, { withoutOwner }) {
      const all = await everything((after) => desk.list(call, after))
      const shown = withoutOwner ? all.filter(({ isAttended }) => !isAttended) : all
      const rows = shown.map((each) => [each.id, each.name, String(each.members), ownersOf(each), new Date(each.createdAt).toISOString()])
      if (rows.length > 0) return table([['id', 'name', 'members', 'owners', 'since'], ...rows])
      return withoutOwner ? 'Somebody answers for every organisation.\n' : 'There are no organisations.\n'
    },
  },
  create: {
    words: 2,
    async run(desk, [name = '', owner = '']) {
      if (!desk.isOn) throw new CommandError('This app has no organisations: its definition needs "organisations" under "auth".')
      const made = await desk.create(call, { name, owner })
      if (made === undefined) throw nobody(owner)
      return `${made.id}\n`
    },
  },
  members: {
    words: 1,
    async run(desk, [id = '']) {
      const all = await everything((after) => desk.members(call, id, after))
      return table([['account', 'address', 'roles'], ...all.map(({ accountId, email, roles }) => [accountId, email, roles.join(', ')])])
    },
  },
  set: {
    words: 2,
    async run(desk, [organisationId = '', email = ''], { roles }) {
      const set = await desk.setMember(call, { organisationId, email, roles })
      if (set === undefined) throw nobody(email)
      if (set.roles === undefined) throw new CommandError(`${email} is no member, and has no roles there to take away.`)
      return `${email}: ${set.roles.length === 0 ? 'member' : set.roles.join(', ')}\n`
    },
  },
  remove: {
    words: 2,
    async run(desk, [organisationId = '', email = '']) {
      if ((await desk.setMember(call, { organisationId, email, roles: undefined })) === undefined) throw nobody(email)
      return `${email} is no member.\n`
    },
  },
  end: {
    words: 1,
    async run(desk, [id = '']) {
      if (!(await desk.end(call, id)))
        throw new CommandError(`There is no organisation with the id ${JSON.stringify(id)}; "ninefold organisations" prints ids.`)
      return 'It has ended. It is taken apart as soon as a platform runs on this data.\n'
    },
  },
}

function ownersOf({ owners, isAttended }: OrganisationOnDesk): string {
  if (owners === 0) return 'none'
  return isAttended ? String(owners) : `${owners}, blocked`
}

function nobody(email: string): CommandError {
  return new CommandError(`Nobody has the address ${JSON.stringify(email)}.`)
}

async function everything<T>(list: (after?: string) => Promise<{ readonly items: readonly T[]; readonly next?: string }>): Promise<T[]> {
  const found: T[] = []
  let page = await list()
  found.push(...page.items)
  while (page.next !== undefined) {
    page = await list(page.next)
    found.push(...page.items)
  }
  return found
}
