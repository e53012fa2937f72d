// Contract suites run on drivers that cannot do everything. An exemption is a claim, and is tested as one: the exempt test is run and must fail, so
// that a driver which learns it, or an exemption that never was one, turns the suite red.
import assert from 'node:assert/strict'
import { test } from 'node:test'

export interface Exemption {
  readonly test: string
  readonly reason: string
}

/** How long a test waits for what is to come. What is claimed never to come is waited for a moment only. Tests of a file take turns. */
export const patience = { ms: 90_000 }
const CLAIMED_NEVER_MS = 3000

export function contractTest(title: string, body: () => Promise<void>, exemptions: readonly Exemption[]): void {
  const exemption = exemptions.find((candidate) => candidate.test === title)
  if (exemption === undefined) {
    test(title, { timeout: 180_000 }, body)
    return
  }
  test(`cannot (${exemption.reason}): ${title}`, { timeout: 180_000 }, async () => {
    const usual = patience.ms
    patience.ms = CLAIMED_NEVER_MS
    try {
      await assert.rejects(body(), `It can: the exemption of "${title}" is to go`)
    } finally {
      patience.ms = usual
    }
  })
}
