// Which routes take the time, and which fail.
import { useState } from 'react'
import type { RouteRow, Status } from './api.ts'
import { amount, milliseconds, percent } from './format.ts'

function Row({ row, onRoute }: { readonly row: RouteRow; readonly onRoute: (route: string) => void }): React.JSX.Element {
  return (
    <tr>
      <th scope='row'>
        <span className='method'>{row.method}</span>{' '}
        <button type='button' className='link' onClick={() => onRoute(row.route)}>
          {row.route}
        </button>{' '}
        <span className='note'>{row.site}</span>
        <progress className='share' max={1} value={row.share} aria-label={`${percent(row.share)} of the time`} />
      </th>
      <td data-name='Requests'>{amount(row.requests)}</td>
      <td data-name='Mean'>{milliseconds(row.meanMs)}</td>
      <td data-name='p95'>{milliseconds(row.p95Ms)}</td>
      <td data-name='4xx' className={row.errors4xx > 0 ? 'warn' : 'none'}>
        {amount(row.errors4xx)}
      </td>
      <td data-name='5xx' className={row.errors5xx > 0 ? 'bad' : 'none'}>
        {amount(row.errors5xx)}
      </td>
    </tr>
  )
}

export function Routes(props: { readonly status: Status | undefined; readonly onRoute: (route: string) => void }): React.JSX.Element {
  const [order, setOrder] = useState<'byTime' | 'byErrors'>('byTime')
  const rows = props.status?.routes[order] ?? []
  return (
    <section className='card' aria-labelledby='routes'>
      <div className='bar'>
        <h2 id='routes'>Routes</h2>
        <span className='note'>last 15 minutes</span>
        <fieldset className='choice'>
          <legend className='unseen'>Order</legend>
          <button type='button' aria-pressed={order === 'byTime'} onClick={() => setOrder('byTime')}>
            By time
          </button>
          <button type='button' aria-pressed={order === 'byErrors'} onClick={() => setOrder('byErrors')}>
            By errors
          </button>
        </fieldset>
      </div>
      {rows.length === 0 ? (
        <p className='empty'>{order === 'byTime' ? 'No requests yet.' : 'No errors. Nice.'}</p>
      ) : (
        <table className='figures'>
          <thead>
            <tr>
              <th scope='col'>Route</th>
              <th scope='col'>Requests</th>
              <th scope='col'>Mean</th>
              <th scope='col'>p95</th>
              <th scope='col'>4xx</th>
              <th scope='col'>5xx</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={`${row.method} ${row.site} ${row.route}`} row={row} onRoute={props.onRoute} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
