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

// The platform's own words are for whoever builds on it; these are for whoever keeps a diary.
const WORDS: Readonly<Record<string, string>> = {
  network: 'You seem to be offline. Please try again in a moment.',
  'files.too_large': 'This picture is larger than 10 MB.',
  'files.unsupported_type': 'This is not a JPEG, PNG, WebP or GIF picture, whatever its name says.',
  'files.empty': 'This file is empty.',
  'files.damaged': 'This picture is damaged.',
  'resource.version_conflict': 'This photo was changed somewhere else meanwhile. Reload the page to see how it is now.',
  'resource.not_found': 'This photo is not there any more.',
}

/** What went wrong, in words for people. */
export function wordsFor(error: unknown): string {
  if (!(error instanceof ProblemError)) return 'Something went wrong. Please try again.'
  const words = WORDS[error.code]
  if (words !== undefined) return words
  if (error.status === 401) return 'You are no longer signed in. Please sign in again.'
  if (error.status === 429) return 'That was a bit fast. Please try again in a moment.'
  if (error.status >= 500) return 'Something went wrong on our side. Please try again in a moment.'
  return error.fields[0]?.message ?? error.message
}

/** Whether the same bytes may be taken another time: not when it is they that were refused. */
export function mayPassLater(error: unknown): boolean {
  return !(error instanceof ProblemError) || ![413, 415, 422].includes(error.status)
}
