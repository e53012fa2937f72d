// The files that the pages load, over HTTP.
import { type Route, route } from '#kernel/http/route.ts'
import { passkeyScript } from '../passkeys/script.ts'
import { strengthScript } from '../passwords/strength-script.ts'
import { puzzleScript } from '../guard/script.ts'
import { type Asset, asset } from './asset.ts'
import { onceScript } from './once-script.ts'

const puzzle = asset(puzzleScript, { extension: 'js', about: 'Script for puzzles' })
const strength = asset(strengthScript, { extension: 'js', about: 'Script for new passwords' })
const passkeys = asset(passkeyScript, { extension: 'js', about: 'Script for passkeys' })
const once = asset(onceScript, { extension: 'js', about: 'Script for forms that are sent once' })

export const puzzleScriptPath = puzzle.path
export const strengthScriptPath = strength.path
export const passkeyScriptPath = passkeys.path
export const onceScriptPath = once.path

export function assetRoutes(ofTheme: readonly Asset[]): Route[] {
  const all = new Map([...ofTheme, once, passkeys, puzzle, strength].map((one) => [one.path, one]))
  return [...all.values()].map(({ path, bytes, type, about }) =>
    route({
      method: 'GET',
      path,
      site: 'accounts',
      allow: { who: 'anyone' },
      rate: 'page',
      summary: `${about} of the account pages`,
      answers: { 200: 'bytes' },
      handle: async () => ({ status: 200, headers: { 'cache-control': 'public, max-age=31536000, immutable' }, body: { bytes, type } }),
    }),
  )
}
