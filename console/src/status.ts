// The live status: new seconds are added to those that are known, so that a poll carries two of them and not nine hundred.
import { useRef, useState } from 'react'
import { api, type Series, type Status } from './api.ts'
import { type Link, usePolling } from './poll.ts'

const MOST_SECONDS = 900

function joined(known: Series | undefined, news: Series): Series {
  if (known === undefined) return news
  const last = known.second.at(-1) ?? 0
  const from = news.second.findIndex((second) => second > last)
  if (from === -1) return known
  const add = <T>(left: readonly T[], right: readonly T[]): readonly T[] => [...left, ...right.slice(from)].slice(-MOST_SECONDS)
  return {
    second: add(known.second, news.second),
    requests: add(known.requests, news.requests),
    errors4xx: add(known.errors4xx, news.errors4xx),
    errors5xx: add(known.errors5xx, news.errors5xx),
    p50: add(known.p50, news.p50),
    p95: add(known.p95, news.p95),
    p99: add(known.p99, news.p99),
  }
}

export function useStatus(active: boolean): { readonly status: Status | undefined; readonly link: Link } {
  const [status, setStatus] = useState<Status>()
  const series = useRef<Series>(undefined)
  const link = usePolling(async (signal) => {
    const news = await api.status(series.current?.second.at(-1), signal)
    series.current = joined(series.current, news.series)
    setStatus({ ...news, series: series.current })
  }, active)
  return { status, link }
}
