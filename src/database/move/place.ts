// Where a database is, as an operator may read it: without passwords.
import { resolve } from 'node:path'

const SECRET_PARAMETERS = /pass|secret|token|key/i

/** What tells one database from another, and may be printed and stored: no user, no password. */
export function placeOf(url: string): string {
  if (url.startsWith('sqlite:')) return `sqlite:${resolve(decodeURIComponent(url.replace(/^sqlite:(?:\/\/(?=\/))?/, '')))}`
  if (!URL.canParse(url)) return '(an address that cannot be read)'
  const { protocol, host, pathname, searchParams } = new URL(url)
  // A schema or a folder of sockets is part of the place; how to get there is not.
  const parts = ['schema', 'host'].flatMap((name) => {
    const value = searchParams.get(name)
    return value === null || SECRET_PARAMETERS.test(name) ? [] : [`${name}=${value}`]
  })
  return `${protocol}//${host}${pathname}${parts.length === 0 ? '' : `?${parts.join('&')}`}`
}
