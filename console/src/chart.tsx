// A live chart by uPlot. It draws on a canvas and styles by script objects, which the content security policy allows.
import { useEffect, useEffectEvent, useRef, useSyncExternalStore } from 'react'
import uPlot from 'uplot'
import { milliseconds } from './format.ts'
import { lonelyPoints, longGaps } from './gaps.ts'

export interface Line {
  readonly label: string
  /** A colour of the style sheet, for example `--accent`. */
  readonly colour: string
  readonly filled?: boolean
}

export interface ChartProps {
  /** Read by screen readers in place of the picture. */
  readonly summary: string
  readonly lines: readonly Line[]
  readonly seconds: readonly number[]
  readonly values: readonly (readonly (number | null)[])[]
  readonly shownSeconds: number
  readonly unit: 'count' | 'ms'
}

const HEIGHT = 220
const dark = window.matchMedia('(prefers-color-scheme: dark)')
const twoDigits = (value: number): string => String(value).padStart(2, '0')

function useDark(): boolean {
  return useSyncExternalStore(
    (changed) => {
      dark.addEventListener('change', changed)
      return () => dark.removeEventListener('change', changed)
    },
    () => dark.matches,
  )
}

function dataOf({ seconds, values, shownSeconds }: ChartProps): uPlot.AlignedData {
  const last = seconds.at(-1) ?? 0
  const from = Math.max(
    0,
    seconds.findIndex((second) => second > last - shownSeconds),
  )
  return [seconds.slice(from), ...values.map((column) => column.slice(from))]
}

function optionsOf({ lines, unit }: ChartProps, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const said = (value: number): string => (unit === 'ms' ? milliseconds(value) : String(value))
  const axis = { stroke: colour('--soft'), font: '12px ui-sans-serif, system-ui, sans-serif', ticks: { show: false }, gap: 6 }
  const time = (at: number): string => {
    const moment = new Date(at * 1000)
    return `${twoDigits(moment.getHours())}:${twoDigits(moment.getMinutes())}:${twoDigits(moment.getSeconds())}`
  }
  return {
    width,
    height: HEIGHT,
    padding: [12, 8, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    legend: { live: true, markers: { width: 0, fill: (_chart, index) => colour(lines[index - 1]?.colour ?? '--soft') } },
    // The greatest value decides, with some air; an idle platform does not show its noise as mountains.
    scales: { y: { range: (_chart, _least, most) => [0, Math.max(unit === 'ms' ? 5 : 4, (most ?? 0) * 1.15)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_chart, splits) => splits.map((at) => (at % 60 === 0 ? time(at).slice(0, 5) : time(at))),
        space: 80,
        size: 30,
      },
      { ...axis, grid: { stroke: colour('--line'), width: 1 }, values: (_chart, splits) => splits.map(said), size: 58, space: 44 },
    ],
    series: [
      { label: 'Time', value: (_chart, at) => (at === null ? '' : time(at)) },
      ...lines.map((line) => ({
        label: line.label,
        stroke: colour(line.colour),
        width: 1.75,
        gaps: longGaps,
        points: { show: false, size: 4, filter: lonelyPoints, fill: colour(line.colour) },
        value: (_chart: uPlot, value: number | null) => (value === null ? '-' : said(value)),
        ...(line.filled === true ? { fill: `color-mix(in srgb, ${colour(line.colour)} 14%, transparent)` } : {}),
      })),
    ],
  }
}

export function Chart(props: ChartProps): React.JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(null)
  const isDark = useDark()
  const draw = useEffectEvent((element: HTMLElement) => new uPlot(optionsOf(props, element.clientWidth), dataOf(props), element))

  // Colours are drawn, not styled: another scheme needs another chart.
  useEffect(() => {
    const { current: element } = place
    if (element === null) return undefined
    element.dataset['scheme'] = isDark ? 'dark' : 'light'
    const made = draw(element)
    chart.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [isDark])

  useEffect(() => {
    const { current } = chart
    if (current === null) return
    current.setData(dataOf(props))
    // Nobody points at a moment: the legend tells the latest.
    const newest = current.data[0].length - 1
    if (newest >= 0 && (current.cursor.left ?? -1) < 0) current.setLegend({ idx: newest })
  })

  return <div className='chart' ref={place} role='img' aria-label={props.summary} />
}
