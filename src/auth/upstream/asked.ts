// What the routes of sign-in with other providers share.
import type { Answer, Exchange } from '#kernel/http/route.ts'
import type { PageParts } from '../pages/handling.ts'
import { answersOf } from '../pages/interaction-answers.ts'

export function endedPage(parts: PageParts, exchange: Exchange): Answer {
  return answersOf(parts).ended(exchange)
}

export function nameOf({ upstreams }: PageParts, id: string): string {
  return upstreams.find(id)?.name ?? id
}
