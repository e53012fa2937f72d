// Reading the request log: the most telling filter chooses the index, the others are applied to what it gives.
import type { Call } from '#kernel/call.ts'
import type { RequestQuery, RequestRepository } from './repository.ts'
import type { LoggedRequest, RequestFilter, RequestPage } from './schemas.ts'

// Rare combinations would otherwise walk the whole log for one page; the cursor lets the reader go on.
const MOST_PAGES = 20

export async function searchRequests(repository: RequestRepository, call: Call, filter: RequestFilter): Promise<RequestPage> {
  const { limit } = filter
  const found: LoggedRequest[] = []
  const query = queryOf(filter)
  let after = filter.after
  for (let page = 0; page < MOST_PAGES; page += 1) {
    // Never more than what is still missing: the cursor of a page stands behind its last row.
    const { items, next } = await repository.newest(call, {
      ...query,
      limit: limit - found.length,
      ...(after === undefined ? {} : { after }),
    })
    found.push(...items.map((item) => item.value).filter((row) => matches(row, filter)))
    after = next
    if (after === undefined || found.length >= limit) break
  }
  return { items: found.map(shown), ...(after === undefined ? {} : { next: after }) }
}

function queryOf({ requestId, accountId, client, route, status }: RequestFilter): Pick<RequestQuery, 'index' | 'where'> {
  if (requestId !== undefined) return { index: 'byRequest', where: { requestId } }
  if (accountId !== undefined) return { index: 'byAccount', where: { accountId } }
  if (client !== undefined) return { index: 'byClient', where: { client } }
  if (route !== undefined) return { index: 'byRoute', where: { route } }
  if (status !== undefined) return { index: 'byStatus', where: { statusClass: status } }
  return { index: 'newest', where: {} }
}

function matches(row: LoggedRequest, { requestId, accountId, client, route, status }: RequestFilter): boolean {
  return (
    (requestId === undefined || row.requestId === requestId) &&
    (accountId === undefined || row.accountId === accountId) &&
    (client === undefined || row.client === client) &&
    (route === undefined || row.route === route) &&
    (status === undefined || row.statusClass === status)
  )
}

function shown({ at, statusClass: _class, expiresAt: _expiry, ...row }: LoggedRequest): RequestPage['items'][number] {
  return { ...row, at: new Date(at).toISOString() }
}
