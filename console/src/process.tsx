// How saturated the process is.
import type { Status } from './api.ts'
import { amount, bytes, duration, milliseconds, percent } from './format.ts'

function Meter(props: {
  readonly name: string
  readonly value: string
  readonly share?: number
  readonly high?: number
}): React.JSX.Element {
  const { share, high = 0.8 } = props
  return (
    <div className='meter'>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
      {share === undefined ? null : (
        <dd>
          <progress className={share > high ? 'bad' : ''} max={1} value={Math.min(1, share)} aria-label={props.name} />
        </dd>
      )}
    </div>
  )
}

export function Process({ status }: { readonly status: Status | undefined }): React.JSX.Element {
  const process = status?.process
  const log = status?.requestLog
  return (
    <section className='card' aria-labelledby='process'>
      <div className='bar'>
        <h2 id='process'>Process</h2>
        {process === undefined ? null : <span className='note'>up {duration(process.uptimeSeconds * 1000)}</span>}
      </div>
      {process === undefined || log === undefined ? (
        <p className='empty'>Waiting for figures.</p>
      ) : (
        <dl className='meters'>
          <Meter name='CPU' value={`${percent(process.cpu)} of a core`} share={process.cpu} />
          <Meter name='Main thread busy' value={percent(process.loopBusy)} share={process.loopBusy} />
          <Meter
            name='Event loop delay, p99'
            value={milliseconds(process.loopDelayP99Ms)}
            share={process.loopDelayP99Ms / 100}
            high={0.5}
          />
          <Meter name='Memory' value={bytes(process.rssBytes)} />
          <Meter name='JavaScript heap' value={bytes(process.heapUsedBytes)} />
          <Meter name='Request log, dropped' value={log.dropped === 0 ? 'none' : amount(log.dropped)} />
        </dl>
      )}
    </section>
  )
}
