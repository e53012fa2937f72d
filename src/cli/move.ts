// `ninefold move`: brings the data to another database while people use it, and back, and ends that.
import { z } from '../kernel/schema.ts'
import { atDesk, barFor } from './at-desk.ts'
import { CommandError, type CommandLine } from './command-line.ts'
import { load } from './load.ts'
import { table } from './table.ts'

const sum = z.object({ rows: z.number(), checksum: z.string() })
const movedSchema = z.object({
  from: z.string(),
  to: z.string(),
  again: z.number(),
  heldMs: z.number(),
  collections: z.array(z.object({ collection: z.string(), source: sum, target: sum, different: z.number() })),
})
const statusSchema = z.object({
  present: z.string(),
  follower: z.object({ place: z.string(), behind: z.number(), problem: z.string().optional() }).optional(),
})

export async function moveCommand(line: CommandLine): Promise<number> {
  const { to, back, finish } = line.premises
  if ([to !== undefined, back, finish].filter(Boolean).length > 1) throw new CommandError('Say one of --to <url>, --back and --finish.')
  const loaded = await load(line, 'run')
  const bar = barFor(process.stderr)
  if (to === undefined && !back) {
    const status = statusSchema.parse(await atDesk(loaded, { kind: finish ? 'finish' : 'status', input: {}, report: bar.report }))
    process.stdout.write(described(status))
    return 0
  }
  // So that the address, which may hold a password, need not be in a list of processes: "-" reads it.
  const url = to === '-' ? await firstLine() : (to ?? '')
  const result = await atDesk(loaded, { kind: back ? 'back' : 'move', input: back ? {} : { to: url }, report: bar.report }).finally(() =>
    bar.end(),
  )
  const moved = movedSchema.parse(result)
  const rows = moved.collections.map(({ collection, source, target }) => [
    collection,
    String(source.rows),
    source.checksum.slice(0, 16),
    source.checksum === target.checksum ? 'equal' : 'different',
  ])
  process.stdout.write(
    `${table([['collection', 'rows', 'checksum', 'on both'], ...rows])}\n` +
      `The data is in ${moved.to}. ${moved.again} rows were written while they were copied and copied again; writes waited ${Math.round(moved.heldMs)} ms.\n` +
      `${moved.from} follows: "ninefold move --back" goes back to it. Set NINEFOLD_DATABASE_URL to where the data is, start again when it suits you,\n` +
      'and then "ninefold move --finish" ends the following.\n',
  )
  return 0
}

function described({ present, follower }: z.infer<typeof statusSchema>): string {
  if (follower === undefined) return `The data is in ${present}. No other database follows.\n`
  const problem = follower.problem === undefined ? '' : ` It cannot at the moment: ${follower.problem}`
  return `The data is in ${present}. ${follower.place} follows, ${follower.behind} rows behind.${problem}\n`
}

async function firstLine(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return text.split('\n')[0]?.trim() ?? ''
}
