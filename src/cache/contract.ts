// Short-lived shared state behind one small interface. Types only. Losing all of it at any moment must lose nothing that matters.
import type { Call } from '#kernel/call.ts'

export interface Cache {
  get(call: Call, key: string): Promise<string | undefined>
  set(call: Call, key: string, value: string, options: { readonly ttlMs: number }): Promise<void>
  /** True for the one caller that set it; false when the key is there already. */
  add(call: Call, key: string, value: string, options: { readonly ttlMs: number }): Promise<boolean>
  /** The sum after adding. The lifetime counts from the first increment. */
  increment(call: Call, key: string, options: { readonly by: number; readonly ttlMs: number }): Promise<number>
  delete(call: Call, key: string): Promise<void>
  /** At most once, to those who listen now. A hint to look, never the only news. */
  publish(call: Call, channel: string, message: string): Promise<void>
  subscribe(channel: string, listener: (message: string) => void): () => void
}
