// Waiting for what happens by itself: asks again until it is so, and fails with a reason after a while.
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

/** Long enough for a machine with much else to do: only what never happens takes all of it. */
const PATIENCE_MS = Number(process.env['NINEFOLD_TEST_PATIENCE_MS'] ?? 45_000)

export async function until<T>(what: string, ask: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    assert.ok(Date.now() < deadline, `waited ${PATIENCE_MS} ms in vain for: ${what}`)
    await delay(5)
  }
}
