// The one client of this page. Names and types of what it reads are those of the app definition: a slip does not compile.
import { type AppResources, createClient, ProblemError, type Stored } from 'ninefold/client'
import type app from '../ninefold.config.ts'

type Photos = AppResources<typeof app>['photos']
export type Photo = Stored<Photos['object']>
export type NewPhoto = Photos['create']
export type PhotoChange = Photos['change']

export interface Account {
  readonly id: string
  readonly name: string
}

export const client = createClient<typeof app>({ mode: 'cookie' })
export const { photos } = client.resources

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
