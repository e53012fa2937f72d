// Up to which number all events are known. Transactions take numbers in one order and commit in another, so the newest number that can be seen is no
// answer: one below it may still be on its way, and a reader that has gone past would never see it.
//
// - When every number after the last known one can be seen, nothing is on its way among them.
// - Where one is missing, it was given back or is on its way. Every transaction has its id before it takes a number (see `writer.ts`); so once all
//   transactions older than an id that is drawn now have ended, nothing up to the newest number that was seen before is on its way any more.
//   (`pg_snapshot_xmax` is no such id: it is the newest that has ended, plus one, and younger ones may be running.)
import { createTurns } from '../../turns.ts'
import type { Pool } from './pool.ts'
import { place, sql, type Statement, statement } from './statement.ts'

export interface SettledHead {
  /** Finds out where the numbers are, also after they were set from outside. */
  begin(): Promise<void>
  head(): Promise<number>
}

interface Barrier {
  /** Everything up to this number is settled when all transactions older than `id` have ended. */
  readonly upTo: number
  readonly id: string
}

const START_WAIT_MS = 3000
const START_POLL_MS = 20

const lookBeyond = statement(sql`select max(sequence), count(*) from ninefold_events where sequence > ${place()}`)
const newest = statement(sql`select case when is_called then last_value else last_value - 1 end from ninefold_events_sequence_seq`)
const drawId = statement(sql`select pg_current_xact_id()`)
const hasPassed = statement(sql`select pg_snapshot_xmin(pg_current_snapshot()) >= ${place()}::xid8`)
const reached = statement(sql`select coalesce(max(position), 0) from ninefold_consumers`)
/** The last number before the first gap. */
const unbroken = statement(
  sql`select max(sequence) from (select sequence, row_number() over (order by sequence) as nth from ninefold_events where sequence > ${place()} order by sequence limit 10000) as found where sequence = ${place()}::bigint + nth`,
)

export function createSettledHead(pool: Pick<Pool, 'read'>): SettledHead {
  const inTurn = createTurns()
  let settled = 0
  let barrier: Barrier | undefined
  const ask = async (what: Statement, ...values: string[]): Promise<readonly (string | null)[]> =>
    (await pool.read({ statement: what, values })).rows[0] ?? []
  const draw = async (upTo: number): Promise<Barrier> => ({ upTo, id: (await ask(drawId))[0] ?? '' })
  const passed = async ({ id }: Barrier): Promise<boolean> => (await ask(hasPassed, id))[0] === 't'

  const find = async (): Promise<number> => {
    const [last, count] = await ask(lookBeyond, String(settled))
    if (typeof last !== 'string') return settled
    if (Number(last) === settled + Number(count)) {
      barrier = undefined
      settled = Number(last)
      return settled
    }
    barrier ??= await draw(Number(last))
    if (await passed(barrier)) {
      settled = Math.max(settled, barrier.upTo)
      barrier = undefined
    }
    const [before] = await ask(unbroken, String(settled), String(settled))
    if (typeof before === 'string') settled = Number(before)
    return settled
  }

  const begin = async (): Promise<void> => {
    const [last] = await ask(newest)
    const first = await draw(Number(last))
    const end = performance.now() + START_WAIT_MS
    while (!(await passed(first))) {
      if (performance.now() > end) {
        // Somebody holds a transaction open. What a consumer has read was settled.
        const [position] = await ask(reached)
        settled = Number(position)
        barrier = first
        return
      }
      await new Promise((resolve) => setTimeout(resolve, START_POLL_MS))
    }
    settled = first.upTo
    barrier = undefined
  }

  // Numbers are set from outside while others look, as in a move: neither may see what the other has half changed.
  return { begin: () => inTurn('head', begin), head: shared(() => inTurn('head', find)) }
}

/** All who ask while one look is on its way share the next, since each must see what was stored before it asked. */
function shared(look: () => Promise<number>): () => Promise<number> {
  let running: Promise<number> | undefined
  let next: Promise<number> | undefined
  const begin = (): Promise<number> => {
    const mine = look().finally(() => {
      if (running === mine) running = undefined
    })
    running = mine
    return mine
  }
  return () => {
    if (running === undefined) return begin()
    next ??= running
      .catch(() => 0)
      .then(() => {
        next = undefined
        return begin()
      })
    return next
  }
}
