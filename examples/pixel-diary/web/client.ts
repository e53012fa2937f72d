// The one client of this page, and the shapes of what it reads.
import { createClient, ProblemError, type Stored } from 'ninefold/client'

export interface PhotoFields {
  readonly caption: string
  readonly image: string
  readonly visibility: 'private' | 'public'
  readonly takenOn?: string
}

export type Photo = Stored<PhotoFields & { readonly imageUrl?: string }>

export interface Account {
  readonly id: string
  readonly name: string
}

export const client = createClient({ mode: 'cookie' })
export const photos = client.resource<PhotoFields & { readonly imageUrl?: string }>('photos')

/** What went wrong, in words for people. */
export function wordsFor(error: unknown): string {
  if (!(error instanceof ProblemError)) return 'Something went wrong. Please try again.'
  if (error.code === 'network') return 'You seem to be offline. Please try again in a moment.'
  if (error.status === 401) return 'You are no longer signed in. Please sign in again.'
  if (error.status === 429) return 'That was a bit fast. Please try again in a moment.'
  return error.fields[0]?.message ?? error.message
}
