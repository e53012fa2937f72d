// The first look: how much, how well, how fast.
import { useState } from 'react'
import type { Status } from './api.ts'
import { Chart, type Line } from './chart.tsx'
import { amount, milliseconds, percent } from './format.ts'

const WINDOWS = [
  { seconds: 60, label: '1 min' },
  { seconds: 300, label: '5 min' },
  { seconds: 900, label: '15 min' },
]
// The last one is drawn on top: where all are zero, the line is calm.
const TRAFFIC: readonly Line[] = [
  { label: '5xx', colour: '--bad' },
  { label: '4xx', colour: '--warn' },
  { label: 'Requests', colour: '--accent', filled: true },
]
const LATENCY: readonly Line[] = [
  { label: 'p50', colour: '--good' },
  { label: 'p95', colour: '--accent' },
  { label: 'p99', colour: '--violet' },
]

function Tile(props: { readonly name: string; readonly value: string; readonly note?: string; readonly mood?: string }): React.JSX.Element {
  return (
    <div className={`tile ${props.mood ?? ''}`}>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
      {props.note === undefined ? null : <dd className='note'>{props.note}</dd>}
    </div>
  )
}

function Tiles({ status }: { readonly status: Status | undefined }): React.JSX.Element {
  const now = status?.now
  const said = (value: string | undefined): string => value ?? '-'
  return (
    <dl className='tiles' aria-label='The last minute'>
      <Tile name='Requests per second' value={said(now && amount(now.requestsPerSecond))} note='over the last minute' />
      <Tile
        name='Errors'
        value={said(now && percent(now.errorRatio))}
        note={now === undefined ? '' : `${percent(now.serverErrorRatio)} are ours`}
        mood={now !== undefined && now.serverErrorRatio > 0 ? 'bad' : ''}
      />
      <Tile name='p50' value={said(now && milliseconds(now.p50))} note='half are faster' />
      <Tile name='p95' value={said(now && milliseconds(now.p95))} note='95 of 100 are faster' />
      <Tile name='p99' value={said(now && milliseconds(now.p99))} note='99 of 100 are faster' />
    </dl>
  )
}

function Charts({ status, shown }: { readonly status: Status; readonly shown: number }): React.JSX.Element {
  const { now, series } = status
  return (
    <div className='columns even'>
      <figure className='card'>
        <figcaption>Requests per second</figcaption>
        <Chart
          summary={`Requests per second, ${amount(now.requestsPerSecond)} over the last minute`}
          lines={TRAFFIC}
          seconds={series.second}
          values={[series.errors5xx, series.errors4xx, series.requests]}
          shownSeconds={shown}
          unit='count'
        />
      </figure>
      <figure className='card'>
        <figcaption>Time to answer</figcaption>
        <Chart
          summary={`Time to answer, 95 of 100 within ${milliseconds(now.p95)}`}
          lines={LATENCY}
          seconds={series.second}
          values={[series.p50, series.p95, series.p99]}
          shownSeconds={shown}
          unit='ms'
        />
      </figure>
    </div>
  )
}

export function Overview({ status, onErrors }: { readonly status: Status | undefined; readonly onErrors: () => void }): React.JSX.Element {
  const [shown, setShown] = useState(300)
  return (
    <section aria-labelledby='overview'>
      <div className='bar'>
        <h2 id='overview'>Right now</h2>
        {status !== undefined && status.now.serverErrorRatio > 0 ? (
          <button type='button' className='quiet alert' onClick={onErrors}>
            See the errors
          </button>
        ) : null}
        <fieldset className='choice'>
          <legend className='unseen'>Time shown</legend>
          {WINDOWS.map(({ seconds, label }) => (
            <button type='button' key={seconds} aria-pressed={shown === seconds} onClick={() => setShown(seconds)}>
              {label}
            </button>
          ))}
        </fieldset>
      </div>
      <Tiles status={status} />
      {status === undefined ? null : <Charts status={status} shown={shown} />}
    </section>
  )
}
