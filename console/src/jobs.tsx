// Background work: what waits, what failed, and a button to try it again.
import { useState } from 'react'
import { api, type JobFailure, type JobName, type Jobs as JobsFigures } from './api.ts'
import { amount, duration, milliseconds, moment } from './format.ts'
import { usePolling } from './poll.ts'

function Failure({
  failure,
  onRetry,
}: {
  readonly failure: JobFailure
  readonly onRetry: (id: string) => Promise<void>
}): React.JSX.Element {
  const [state, setState] = useState<'idle' | 'asking' | 'asked'>('idle')
  const [problem, setProblem] = useState<string>()
  const retry = async (): Promise<void> => {
    setState('asking')
    try {
      await onRetry(failure.id)
      setState('asked')
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'It did not work')
      setState('idle')
    }
  }
  return (
    <li className='failure'>
      <div>
        <strong>{failure.name}</strong>{' '}
        <span className='note'>
          failed at <time dateTime={failure.failedAt}>{moment(failure.failedAt)}</time> after {failure.attempts}{' '}
          {failure.attempts === 1 ? 'try' : 'tries'}
        </span>
        <p className='reason'>{failure.lastError}</p>
        {problem === undefined ? null : <p role='alert'>{problem}</p>}
      </div>
      <button type='button' disabled={state !== 'idle'} onClick={() => void retry()}>
        {state === 'asked' ? 'Waiting again' : 'Try again'}
      </button>
    </li>
  )
}

function Name({ row }: { readonly row: JobName }): React.JSX.Element {
  return (
    <tr>
      <th scope='row'>
        {row.name} {row.everyMs === undefined ? null : <span className='note'>every {duration(row.everyMs)}</span>}
      </th>
      <td data-name='Waiting'>{amount(row.waiting)}</td>
      <td data-name='Running'>{amount(row.running)}</td>
      <td data-name='Done'>{amount(row.done)}</td>
      <td data-name='Failed' className={row.failed > 0 ? 'bad' : 'none'}>
        {amount(row.failed)}
      </td>
      <td data-name='Mean'>{row.done + row.failedTries === 0 ? '-' : milliseconds(row.meanMs)}</td>
      <td data-name='Last'>{row.lastEndedAt === undefined ? '-' : moment(row.lastEndedAt)}</td>
    </tr>
  )
}

function Names({ rows }: { readonly rows: readonly JobName[] }): React.JSX.Element {
  return (
    <table className='figures'>
      <thead>
        <tr>
          <th scope='col'>Job</th>
          <th scope='col'>Waiting</th>
          <th scope='col'>Running</th>
          <th scope='col'>Done</th>
          <th scope='col'>Failed</th>
          <th scope='col'>Mean</th>
          <th scope='col'>Last</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Name key={row.name} row={row} />
        ))}
      </tbody>
    </table>
  )
}

export function Jobs({ active }: { readonly active: boolean }): React.JSX.Element {
  const [jobs, setJobs] = useState<JobsFigures>()
  usePolling(async (signal) => setJobs(await api.jobs(signal)), active)
  const counts = jobs?.counts
  const said = (count: { readonly jobs: number; readonly more: boolean }): string => `${amount(count.jobs)}${count.more ? ' or more' : ''}`
  return (
    <section className='card' aria-labelledby='jobs'>
      <div className='bar'>
        <h2 id='jobs'>Jobs</h2>
        {counts === undefined ? null : (
          <span className='note'>
            {said(counts.waiting)} waiting, {said(counts.running)} running, {said(counts.failed)} failed
            {(jobs?.overdueMs ?? 0) > 5000 ? `; the oldest is overdue by ${duration(jobs?.overdueMs ?? 0)}` : ''}
          </span>
        )}
      </div>
      {jobs === undefined ? <p className='empty'>Waiting for figures.</p> : <Names rows={jobs.names} />}
      {jobs === undefined || jobs.failures.length === 0 ? null : (
        <>
          <h3>Failed</h3>
          <ul className='failures'>
            {jobs.failures.map((failure) => (
              <Failure key={`${failure.id} ${failure.failedAt}`} failure={failure} onRetry={api.retry} />
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
