// What callers are told when the server cannot do what was asked.
import { databaseErrors } from '../../errors.ts'
import { Lost, Refused } from './session.ts'

// SQLSTATE classes of a server that is not able now: connection, resources, operator (timeouts and shutdown), system, read-only after a failover.
const NOT_NOW = /^(08|53|57|58|25006|40|55P03)/

export function unavailable(detail: string, cause?: unknown): Error {
  return databaseErrors.unavailable({ detail, headers: { 'Retry-After': '1' }, ...(cause === undefined ? {} : { cause }) })
}

export function lostWrite(cause: Lost): Error {
  return unavailable('The connection to the database ended before it answered; the write may or may not be stored.', cause)
}

export function failedRead(error: Error): Error {
  if (error instanceof Lost) return unavailable('The connection to the database ended before it answered.', error)
  return error instanceof Refused && NOT_NOW.test(error.code) ? unavailable('The database could not answer.', error) : error
}
