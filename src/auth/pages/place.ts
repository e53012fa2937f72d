// Pages that stand by themselves and inside an authorization, which they then come back to.
import { z } from '#kernel/schema.ts'
import { uidParams } from './handling.ts'

export interface Place {
  readonly base: string
  readonly signInPath: string
  readonly interaction?: string
}

export const BASES = ['', '/interaction/:uid'] as const
export type Base = (typeof BASES)[number]

const alone: Place = { base: '', signInPath: '/account' }

export const paramsAt = (base: Base) => (base === '' ? z.strictObject({}) : uidParams)

export function placeOf(params: object): Place {
  if (!('uid' in params) || typeof params.uid !== 'string') return alone
  const base = `/interaction/${params.uid}`
  return { base, signInPath: base, interaction: params.uid }
}
