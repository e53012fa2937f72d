// What was looked up of people. The answer to what was asked last counts, and further pages are of what was searched for, whatever is typed by then.
import { useRef, useState } from 'react'
import { type Account, api, type Person } from './api.ts'
import { amount } from './format.ts'

export interface FoundList {
  readonly searched: string
  readonly items: readonly Account[]
  /** Where those of the newest page begin. */
  readonly from: number
  readonly next?: string
}

interface Heard {
  /** What came of it, in words for everybody who does not see it. */
  readonly onFound: (words: string) => void
  readonly onFailure: (error: unknown) => void
}

function summary({ items, next }: FoundList): string {
  if (items.length === 0) return 'Nobody has an address that begins so.'
  return `${amount(items.length)} found${next === undefined ? '' : ', there are more'}`
}

export function useLookup({ onFound, onFailure }: Heard) {
  const [found, setFound] = useState<FoundList>()
  const [person, setPerson] = useState<Person>()
  const turn = useRef(0)

  const lookUp = async <T>(asked: Promise<T>, show: (answer: T) => void): Promise<void> => {
    turn.current += 1
    const mine = turn.current
    try {
      const answer = await asked
      if (mine === turn.current) show(answer)
    } catch (error) {
      if (mine === turn.current) onFailure(error)
    }
  }
  const list = (next: FoundList): void => {
    setFound(next)
    setPerson(undefined)
    onFound(summary(next))
  }
  return {
    found,
    person,
    find: (searched: string) => lookUp(api.find(searched), (page) => list({ searched, from: 0, ...page })),
    more: ({ searched, items, next }: FoundList) =>
      lookUp(api.find(searched, next), (page) => list({ ...page, searched, from: items.length, items: [...items, ...page.items] })),
    show: (email: string) =>
      lookUp(api.view(email), (shown) => {
        setPerson(shown)
        setFound(undefined)
        onFound(`${shown.email} is shown below.`)
      }),
    /** Who is shown may be another one by now, or gone. */
    async renew() {
      setFound(undefined)
      const fresh = person === undefined ? Promise.resolve(undefined) : api.view(person.email).catch(() => undefined)
      await lookUp(fresh, setPerson)
    },
  }
}
