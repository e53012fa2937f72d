// One line of JSON per finished test, for scripts/test.ts to read.
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

export interface TestLine {
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly name: string
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

/** A suite is told only when it was skipped whole: else each of its tests speaks for itself. */
function lineOf(event: Ended, name: string): TestLine | undefined {
  const { details } = event.data
  const why = reasonToSkip(event.data)
  if (why !== undefined) return { outcome: 'skipped', name, why }
  if (event.type === 'test:pass') return details.type === 'suite' ? undefined : { outcome: 'passed', name }
  const error: unknown = 'error' in details ? details.error : undefined
  if (error instanceof Error && 'failureType' in error && error.failureType === 'subtestsFailed') return undefined
  return { outcome: 'failed', name, why: describeError(error) }
}

export default async function* testReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const path: string[] = []
  for await (const event of source) {
    if (event.type === 'test:start') path.splice(event.data.nesting, path.length, event.data.name)
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const line = lineOf(event, [...path.slice(0, event.data.nesting), event.data.name].join(' > '))
    if (line) yield `${JSON.stringify(line)}\n`
  }
}
