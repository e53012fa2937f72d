// How saturated this process is, sampled once a second.
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { cpuUsage, memoryUsage, uptime } from 'node:process'

const SAMPLE_MS = 1000
const RESOLUTION_MS = 20
const NANOSECONDS_PER_MS = 1e6

export interface ProcessFigures {
  readonly uptimeSeconds: number
  /** Of one core: more than 1 when several threads are busy. */
  readonly cpu: number
  /** The share of the last second in which the main thread was not idle. */
  readonly loopBusy: number
  /** How late the event loop was, in 99 of 100 turns of the last second. */
  readonly loopDelayP99Ms: number
  readonly rssBytes: number
  readonly heapUsedBytes: number
}

export interface ProcessWatch {
  start(): void
  stop(): void
  latest(): ProcessFigures
}

export function createProcessWatch(): ProcessWatch {
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined
  let timer: NodeJS.Timeout | undefined
  let last: { cpu: NodeJS.CpuUsage; loop: EventLoopUtilization; at: number } | undefined
  let figures = { cpu: 0, loopBusy: 0, loopDelayP99Ms: 0 }

  const sample = (): void => {
    const at = performance.now()
    const cpu = cpuUsage()
    const loop = performance.eventLoopUtilization()
    if (last !== undefined && delay !== undefined) {
      const used = cpu.user + cpu.system - last.cpu.user - last.cpu.system
      figures = {
        cpu: used / 1000 / (at - last.at),
        loopBusy: performance.eventLoopUtilization(loop, last.loop).utilization,
        // The histogram counts the time between two ticks of its own timer, which is part of no delay.
        loopDelayP99Ms: Math.max(0, delay.percentile(99) / NANOSECONDS_PER_MS - RESOLUTION_MS),
      }
      delay.reset()
    }
    last = { cpu, loop, at }
  }

  return {
    start() {
      delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
      delay.enable()
      sample()
      timer = setInterval(sample, SAMPLE_MS)
      timer.unref()
    },
    stop() {
      clearInterval(timer)
      delay?.disable()
    },
    latest() {
      const { rss, heapUsed } = memoryUsage()
      return { ...figures, uptimeSeconds: uptime(), rssBytes: rss, heapUsedBytes: heapUsed }
    },
  }
}
