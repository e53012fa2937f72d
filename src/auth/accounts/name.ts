// Names of people: anything that can be written in one line.
const MAX_CHARACTERS = 80
// Controls, and the marks that turn the direction of the text around them: a name must not rewrite the page it is shown on.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

export function tidyName(typed: string): string {
  return typed.normalize('NFC').trim().replace(/\s+/g, ' ')
}

export function nameProblem(typed: string): string | undefined {
  const name = tidyName(typed)
  if (name === '') return 'Please say how you would like to be called.'
  if (Array.from(name).length > MAX_CHARACTERS) return `Use at most ${MAX_CHARACTERS} characters.`
  if (UNPRINTABLE.test(name)) return 'There is a character in it that cannot be shown.'
  return undefined
}
