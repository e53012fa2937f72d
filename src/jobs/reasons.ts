// Why a job has failed. The log has no names and no addresses (docs/accounts.md), so what a foreign server has said about somebody stays with the job,
// where operators read it.

/** Beside the errors, so that no serializer finds them. */
const words = new WeakMap<Error, string>()

/** The same error, with words that are stored with the job and never logged. */
export function withWords<E extends Error>(error: E, said: string): E {
  words.set(error, said)
  return error
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const said = words.get(error)
  return said === undefined ? error.message : `${error.message} ${said}`
}
