// Asking again and again, but only while somebody looks.
import { useEffect, useEffectEvent, useState } from 'react'
import { SignedOut } from './api.ts'

export const EVERY_MS = 2000

/** `gone`: nobody is signed in. `lost`: the platform did not answer, and for the same reason may still be well. */
export type Link = 'waiting' | 'live' | 'paused' | 'lost' | 'gone'

/** Calls `look` at once, then every two seconds while the page is visible and `active`, never twice at a time. */
export function usePolling(look: (signal: AbortSignal) => Promise<void>, active: boolean): Link {
  const [link, setLink] = useState<Link>('waiting')
  const once = useEffectEvent(async (signal: AbortSignal) => {
    try {
      await look(signal)
      setLink('live')
    } catch (error) {
      if (signal.aborted) return
      setLink(error instanceof SignedOut ? 'gone' : 'lost')
    }
  })
  useEffect(() => {
    if (!active) return undefined
    const abort = new AbortController()
    let timer: number | undefined
    const turn = async (): Promise<void> => {
      if (!document.hidden) await once(abort.signal)
      if (!abort.signal.aborted) timer = window.setTimeout(() => void turn(), EVERY_MS)
    }
    const seen = (): void => {
      if (document.hidden) return
      window.clearTimeout(timer)
      void turn()
    }
    document.addEventListener('visibilitychange', seen, { signal: abort.signal })
    void turn()
    return () => {
      abort.abort()
      window.clearTimeout(timer)
    }
  }, [active])
  return active || link === 'gone' ? link : 'paused'
}
