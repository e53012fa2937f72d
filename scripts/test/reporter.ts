// One line of JSON per finished test or suite, for ./processes.ts to read.
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

export interface TestLine {
  /** A suite has `ended` with all that is in it; the others are of tests. */
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'ended'
  /** With those of the suites around it, the outermost first. */
  readonly name: readonly string[]
  /** How long it took. */
  readonly seconds: number
  /** Why it was skipped, or how it failed. */
  readonly why?: string
}

function describeError(error: unknown): string {
  // node:test wraps what the test threw.
  const thrown = error instanceof Error && error.cause !== undefined ? error.cause : error
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown)
}

type Ended = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>

function reasonToSkip({ skip, todo }: Ended['data']): string | undefined {
  const excuse = skip ?? todo
  if (excuse === undefined || excuse === false) return undefined
  return typeof excuse === 'string' && excuse !== '' ? excuse : 'no reason given'
}

/** A suite has an outcome of its own only when it was skipped whole, or failed beside its tests: else each of them speaks for itself. */
function lineOf(event: Ended, name: readonly string[]): TestLine {
  const { details } = event.data
  const line = { name, seconds: details.duration_ms / 1000 }
  const why = reasonToSkip(event.data)
  if (why !== undefined) return { ...line, outcome: 'skipped', why }
  if (event.type === 'test:pass') return { ...line, outcome: details.type === 'suite' ? 'ended' : 'passed' }
  const error: unknown = 'error' in details ? details.error : undefined
  if (error instanceof Error && 'failureType' in error && error.failureType === 'subtestsFailed') return { ...line, outcome: 'ended' }
  return { ...line, outcome: 'failed', why: describeError(error) }
}

export default async function* testReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const path: string[] = []
  for await (const event of source) {
    if (event.type === 'test:start') path.splice(event.data.nesting, path.length, event.data.name)
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    yield `${JSON.stringify(lineOf(event, [...path.slice(0, event.data.nesting), event.data.name]))}\n`
  }
}
