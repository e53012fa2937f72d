// Where to go after sign-in: a path of the own origin and nothing else, so that our address never becomes a door to another site.
import { normalisePath } from '../strict-http.ts'

const MAX_LENGTH = 2048
const SAFE = /^\/[\w\-.~!$&'()*+,;=:@/?%[\]]*$/

/** The path if it is one; `/` for anything else: schemes, `//host`, backslashes, control characters, dot segments, encoded slashes. */
export function safeReturnTo(value: string | undefined, ownOrigin: string): string {
  if (value === undefined || value.length > MAX_LENGTH || !SAFE.test(value)) return '/'
  const mark = value.indexOf('?')
  const path = mark === -1 ? value : value.slice(0, mark)
  try {
    normalisePath(path)
    // The browser has the last word: what it makes of the value must be of this origin, and the same path.
    const url = new URL(value, ownOrigin)
    if (url.origin !== ownOrigin || url.pathname !== path) return '/'
  } catch {
    return '/'
  }
  return isSessionPath(path) ? '/' : value
}

/** Returning to the sign-in itself would go round in circles. */
function isSessionPath(path: string): boolean {
  return path === '/session' || path.startsWith('/session/')
}
