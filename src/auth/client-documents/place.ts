// Where documents are that describe clients, for operators who refuse all of such a place: whoever writes one document there writes the next.
import type { Call } from '#kernel/call.ts'
import type { ClientsRepository } from '../clients/repository.ts'
import type { StoredClient } from '../clients/schemas.ts'
import { isHere } from './address.ts'

/** The host of an address, at whatever port, since whoever has one has the others. In development, each port of this machine is somebody else. */
export function placeOf(address: string): string | undefined {
  const url = URL.parse(address)
  if (url === null || url.hostname === '') return undefined
  if (url.protocol === 'http:') return url.origin
  // With a dot at its end it is the same host.
  return url.protocol === 'https:' ? `https://${url.hostname.replace(/\.+$/, '')}` : undefined
}

/** What an operator has written when it names a whole place, and no document. */
export function asPlace(given: string, development: boolean): string | undefined {
  const url = /^https?:\/\/[^/?#@\\\s]+\/?$/.test(given) ? URL.parse(given) : null
  if (url === null || (url.protocol === 'http:' && !(development && isHere(url)))) return undefined
  return placeOf(given)
}

/** The record of a place is stored among the clients, under an id that no client can have. */
export function isPlace({ id, source }: Pick<StoredClient, 'id' | 'source'>): boolean {
  return source === 'document' && placeOf(id) === id
}

/** What operators have said of the place of a document. */
export async function foundPlace(stored: Pick<ClientsRepository, 'find'>, call: Call, address: string): Promise<StoredClient | undefined> {
  const place = placeOf(address)
  return place === undefined ? undefined : (await stored.find(call, place))?.value
}
