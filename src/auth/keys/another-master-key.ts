// What is said of something that was sealed with another master key, and without which nothing starts.
export function anotherMasterKey(what: string): Error {
  return new Error(
    `${what} does not open with this master key. Start with the master key that this data was made with. ` +
      'Only if that one is lost for good: "ninefold keys begin-anew" says what is lost with it, and makes a start without it possible.',
  )
}
