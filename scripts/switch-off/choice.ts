// Which defences are switched off in one go.
import type { Defence } from './defence.ts'

/** So many that a part takes about a minute on two processors, one that waits in vain included. */
const PARTS = 60
const DAY_MS = 86_400_000
const PART = /^--part=(\d+)\/(\d+)$/

export interface Choice {
  readonly chosen: readonly Defence[]
  /** How to have it once more. */
  readonly name: string
}

/** Neighbours are alike and meet in the same test: a part takes them from far apart, so that none is much slower than the others. */
function part(all: readonly Defence[], number: number, parts: number): Choice {
  if (number < 1 || number > parts) throw new Error(`There is no part ${number} of ${parts}: they are counted from 1.`)
  return { chosen: all.filter((_, index) => index % parts === number - 1), name: `--part=${number}/${parts}` }
}

function ofRequirements(words: readonly string[], all: readonly Defence[]): Choice {
  const numbers = words.map(Number)
  const unknown = words.filter((_, index) => !all.some(({ requirement }) => requirement === numbers[index]))
  if (unknown.length > 0) throw new Error(`Not a requirement with a defence, nor an option: ${unknown.join(' ')}`)
  return { chosen: all.filter(({ requirement }) => numbers.includes(requirement)), name: words.join(' ') }
}

export function chooseBy(words: readonly string[], all: readonly Defence[], now = Date.now()): Choice {
  const [first = '', ...others] = words
  const [isPart, number, parts] = PART.exec(first) ?? []
  if (words.length === 0) return { chosen: all, name: 'all' }
  if (others.length > 0) return ofRequirements(words, all)
  if (first === '--fit') return { chosen: [], name: first }
  if (first === '--today') return part(all, (Math.floor(now / DAY_MS) % PARTS) + 1, PARTS)
  if (isPart !== undefined) return part(all, Number(number), Number(parts))
  return ofRequirements(words, all)
}
